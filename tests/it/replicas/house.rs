//! Two processes of the built binary on one PostgreSQL and one stand-in CRM.
//!
//! Guarantees: each replica reaches the database over a link of its own that can be cut, and the
//! CRM by a host name of its own, so that its calls are told from the other's; what was started is
//! ended by its id. Does not know: what is tested.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Child, Command, Stdio},
    time::Duration,
};

use handoff::{
    clock::{Clock as _, SystemClock},
    demo::crm::{Kind, StandIn, TOKEN},
    model::lead::Lead,
    store::{
        Store,
        postgres::{Options, PostgresStore},
    },
};
use tokio::time::Instant;

use super::link::Link;
use crate::{
    faults::daemon::all_leads,
    harness::{
        RULEBOOK, SECRET,
        postgres::{self, PASSWORD, Server, USER},
    },
};

const BINARY: &str = env!("CARGO_BIN_EXE_handoff");
/// The lease of these replicas, in seconds.
pub const LEASE: u64 = 5;

/// One replica: its folder, its link, its process.
pub struct Replica {
    pub port: u16,
    pub link: Link,
    /// The `host` of its calls to the CRM.
    pub host: String,
    pub folder: tempfile::TempDir,
    child: Option<Child>,
}

/// Everything.
pub struct House {
    pub server: Server,
    pub database: String,
    pub crm: StandIn,
    pub replicas: [Replica; 2],
    http: reqwest::Client,
}

/// Whether it can be built here.
pub fn is_there(test: &str) -> bool {
    postgres::is_there(test)
}

impl House {
    /// Starts the server, the CRM and both replicas.
    pub async fn start() -> Self {
        let server = tokio::task::block_in_place(Server::start);
        let database = server.create();
        let crm = StandIn::start(Kind::Hubspot).expect("a port");
        let replicas = [
            Replica::new("127.0.0.1", &server, &crm).await,
            Replica::new("localhost", &server, &crm).await,
        ];
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
        let http = client.expect("a client");
        let mut house = Self { server, database, crm, replicas, http };
        for place in [0, 1] {
            house.launch(place);
        }
        for place in [0, 1] {
            house.until_ready(place, Duration::from_mins(1)).await;
        }
        house
    }

    /// Starts a replica's process.
    pub fn launch(&mut self, place: usize) {
        let replica = &mut self.replicas[place];
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(replica.folder.path().join("log"))
            .expect("a log");
        let url = format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{}",
            replica.link.port, self.database
        );
        let child = Command::new(BINARY)
            .arg("serve")
            .current_dir(replica.folder.path())
            .env("STORE_URL", url)
            .env("WEBSITE_SECRET", SECRET)
            .env("HUBSPOT_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        replica.child = Some(child);
    }

    /// What a replica answers when it is asked whether it is ready, and what it says.
    pub async fn readiness(&self, place: usize) -> Option<(u16, serde_json::Value)> {
        let url = format!("http://127.0.0.1:{}/health/ready", self.replicas[place].port);
        let answer = self.http.get(url).send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// Waits until a replica is ready; answers how long that took.
    pub async fn until_ready(&self, place: usize, within: Duration) -> Duration {
        let began = Instant::now();
        while self.readiness(place).await.is_none_or(|(status, _)| status != 200) {
            assert!(began.elapsed() < within, "not ready:\n{}", self.replicas[place].log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }

    /// The store, as another process sees it.
    pub fn store(&self) -> PostgresStore {
        let options = Options::new(self.server.url(&self.database));
        tokio::task::block_in_place(|| PostgresStore::open(&options)).expect("the store opens")
    }

    /// The jobs that are under a lease now, with their attempts.
    pub fn leased(&self) -> BTreeSet<(i64, i64)> {
        let sql = "SELECT id || ' ' || attempts FROM job WHERE lease_until > 1";
        let text = tokio::task::block_in_place(|| self.server.sql(&self.database, sql));
        let number = |text: &str| text.parse::<i64>().expect("a number");
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(a, b)| (number(a), number(b)))
            .collect()
    }

    /// How many calls that change something a replica has made at the CRM.
    pub fn writes_of(&self, place: usize) -> usize {
        let host = &self.replicas[place].host;
        let is_write =
            |path: &str| path.ends_with("/batch/upsert") || path.ends_with("/batch/update");
        let all = self.crm.requests();
        all.iter()
            .filter(|one| is_write(&one.path) && one.headers.get("host") == Some(host))
            .count()
    }

    /// Waits until every event is decided and every job done.
    pub async fn until_done(&self, store: &dyn Store, within: Duration) {
        let end = Instant::now() + within;
        loop {
            let tally = store.tally(SystemClock::new().now()).await;
            if let Ok(tally) = &tally {
                let under_way = tally.fates.get("underway").copied().unwrap_or(0);
                let open: i64 = tally
                    .jobs
                    .iter()
                    .filter(|(name, _)| !name.starts_with("review"))
                    .map(|(_, jobs)| jobs.open)
                    .sum();
                if under_way == 0
                    && open == 0
                    && store.undecided(1).await.is_ok_and(|rest| rest.is_empty())
                {
                    return;
                }
            }
            assert!(Instant::now() < end, "not done: {tally:?}\n{}", self.replicas[0].log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What must hold when everything is done: the books balance, each lead has one record at the
    /// CRM, which shows the lead's owner and was never given to another by us.
    pub async fn assert_consistent(&self, store: &dyn Store) -> Vec<Lead> {
        crate::harness::assert_conserved(store, SystemClock::new().now()).await;
        let leads = all_leads(store).await;
        let mut records: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
        self.crm.people(|person| {
            let one = (person.owner.to_owned(), person.owner_writes);
            records.entry(person.key.to_owned()).or_default().push(one);
        });
        let ids: BTreeMap<&str, String> =
            ["ada", "bob"].map(|name| (name, self.crm.owner(name))).into();
        let mut doubles = 0;
        for lead in &leads {
            let records = records.get(&lead.uuid.to_string()).map_or(&[][..], Vec::as_slice);
            assert_eq!(records.len(), 1, "one record for {lead:?}");
            let owner = lead.owner.as_deref().expect("it has an owner");
            assert_eq!(records[0].0, ids[owner], "the lead's owner at the CRM");
            doubles += usize::from(lead.had.len() > 1);
        }
        assert_eq!(
            (records.len(), doubles),
            (leads.len(), 0),
            "and no other record, no other owner"
        );
        leads
    }
}

impl Replica {
    async fn new(host: &str, server: &Server, crm: &StandIn) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let link = Link::to(server.port()).await;
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let crm_port = crm.url.trim_end_matches('/').rsplit(':').next().expect("a port").to_owned();
        let rulebook = RULEBOOK
            .replace("OWNER_ADA", &crm.owner("ada"))
            .replace("OWNER_BOB", &crm.owner("bob"))
            .replace(r#"tell_by = ["email"]"#, "")
            .replace(r#"alarm = ["channel: alerts"]"#, r#"alarm = ["rep: mary"]"#)
            .replace(r#", "channel: alerts""#, "")
            .replace(r#"respond_within = "5m""#, r#"respond_within = "8h""#)
            .replace(r#"  { late_by = "15m", page = "oncall", repeat = "10m", times = 2 },"#, "");
        let settings = format!(
            r#"
listen = "127.0.0.1:{port}"
store = {{ kind = "postgres", url = "env:STORE_URL" }}
rulebook = "rulebook.toml"

[limits]
lease = "{LEASE}s"
drain = "500ms"

[[source]]
name = "website"
kind = "standard-webhooks"
secrets = ["env:WEBSITE_SECRET"]

[crm.hubspot]
kind = "hubspot"
base_url = "http://{host}:{crm_port}/"
token = "env:HUBSPOT_TOKEN"
allow_private = true
ask = false
per_second = 10000
burst = 10000
"#
        );
        std::fs::write(folder.path().join("handoff.toml"), settings).expect("a file");
        std::fs::write(folder.path().join("rulebook.toml"), rulebook).expect("a file");
        Self { port, link, host: format!("{host}:{crm_port}"), folder, child: None }
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().expect("kill runs");
        assert!(sent.success(), "{name}");
    }

    /// Waits for its end; whether it ended well.
    pub fn ended(&mut self) -> bool {
        let mut child = self.child.take().expect("it runs");
        tokio::task::block_in_place(|| child.wait()).expect("it ends").success()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
