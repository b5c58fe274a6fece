//! The built binary as a process of its own, with a store on disk and a stand-in CRM in ours.
//!
//! Guarantees: it ends with the test, by its own id. Does not know: what is tested.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use handoff::{
    demo::crm::{Kind, StandIn, TOKEN},
    model::time::Time,
    store::{EventFilter, LeadFilter, Store, StoreError, StoreResult, sqlite::SqliteStore},
};
use tokio::sync::Mutex;

use crate::harness::{RULEBOOK, SECRET, website};

const BINARY: &str = env!("CARGO_BIN_EXE_handoff");

/// A folder with settings, a rulebook and a store, and the process that runs on it.
pub struct Daemon {
    pub folder: tempfile::TempDir,
    pub crm: StandIn,
    pub port: u16,
    /// What the environment of its commands has beside the usual.
    pub environment: Vec<(String, String)>,
    /// Where its store is, if not in the folder.
    pub elsewhere: Option<PathBuf>,
    /// What starts the process, with its arguments, if it is not started at once.
    pub under: Vec<String>,
    child: Option<Child>,
}

impl Daemon {
    /// Writes the folder; starts nothing yet.
    pub fn new() -> Self {
        let crm = StandIn::start(Kind::Hubspot).expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let rulebook = RULEBOOK
            .replace("OWNER_ADA", &crm.owner("ada"))
            .replace("OWNER_BOB", &crm.owner("bob"))
            .replace(r#"tell_by = ["email"]"#, "")
            .replace(r#"alarm = ["channel: alerts"]"#, r#"alarm = ["rep: mary"]"#)
            .replace(r#", "channel: alerts""#, "")
            .replace(r#"  { late_by = "15m", page = "oncall", repeat = "10m", times = 2 },"#, "");
        let settings = format!(
            r#"
listen = "127.0.0.1:{port}"
store = "sqlite:handoff.db"
rulebook = "rulebook.toml"

[[source]]
name = "website"
kind = "standard-webhooks"
secrets = ["env:WEBSITE_SECRET"]

[crm.hubspot]
kind = "hubspot"
base_url = "{}"
token = "env:HUBSPOT_TOKEN"
allow_private = true
ask = false
per_second = 10000
burst = 10000
"#,
            crm.url
        );
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        write("handoff.toml", &settings);
        write("rulebook.toml", &rulebook);
        let (environment, under) = (Vec::new(), Vec::new());
        Self { folder, crm, port, environment, elsewhere: None, under, child: None }
    }

    /// A command of the binary on this folder.
    pub fn command(&self) -> Command {
        let mut line = self.under.iter().map(String::as_str).chain([BINARY]);
        let mut command = Command::new(line.next().expect("a program"));
        command
            .args(line)
            .env("HANDOFF_STORE", format!("sqlite:{}", self.path().display()))
            .current_dir(self.folder.path())
            .env("WEBSITE_SECRET", SECRET)
            .env("HUBSPOT_TOKEN", TOKEN)
            .env("HANDOFF_URL", format!("http://127.0.0.1:{}", self.port))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Starts the process and waits until it is ready.
    pub async fn start(&mut self) {
        self.launch();
        for _ in 0..3_000 {
            if self.readiness().await == Some(200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not become ready:\n{}", self.log());
    }

    /// What it answers when it is asked whether it is ready, if it answers.
    pub async fn readiness(&self) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        Some(reqwest::get(&url).await.ok()?.status().as_u16())
    }

    /// Starts the process.
    pub fn launch(&mut self) {
        released(&self.path().with_extension("db.lock"));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("a log");
        let child = self
            .command()
            .arg("serve")
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        self.child = Some(child);
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        let started = self.child.as_ref().expect("it runs").id();
        if self.under.is_empty() { started } else { child_of(started).unwrap_or(started) }
    }

    /// How it ended by itself, if it did within this time.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let end = tokio::time::Instant::now() + within;
        let child = self.child.as_mut()?;
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                self.child = None;
                return Some(status);
            }
            if tokio::time::Instant::now() > end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it as a power cut of the process would: no chance to tidy up.
    pub fn kill(&mut self) {
        if self.child.is_some() {
            // A tracer ends with what it traces.
            signal("-KILL", self.pid());
        }
        if let Some(mut child) = self.child.take() {
            child.wait().expect("it ends");
        }
    }

    /// Asks it to stop, and answers how long that took and whether it ended well.
    pub fn stop(&mut self) -> (Duration, bool) {
        let pid = self.pid();
        let mut child = self.child.take().expect("it runs");
        let began = std::time::Duration::from_millis(now_ms());
        assert!(signal("-TERM", pid));
        let status = child.wait().expect("it ends");
        (Duration::from_millis(now_ms()).saturating_sub(began), status.success())
    }

    /// The store of the stopped daemon.
    pub fn store(&self) -> SqliteStore {
        assert!(self.child.is_none(), "stop it first");
        opened(&self.path()).expect("the store opens")
    }

    /// Every accepted fill is accounted for, as the stopped daemon's own command finds.
    pub fn assert_conserved(&self) {
        assert!(self.child.is_none(), "stop it first: a running one wants a token");
        let output = self.command().args(["check", "--store", "--json"]).output();
        let output = output.expect("the command runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(report["books"]["differences"], serde_json::json!([]), "{text}");
        assert_eq!(report["books"]["balances"], true, "{text}");
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.elsewhere.clone().unwrap_or_else(|| self.folder.path().join("handoff.db"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Opens a store as a command does. What this process holds, a lock too, is held by any process
/// that another test starts at this moment as well, until that becomes a program of its own: so a
/// store that was just closed may be in use for an instant.
pub fn opened(path: &Path) -> StoreResult<SqliteStore> {
    let end = tokio::time::Instant::now() + Duration::from_secs(5);
    loop {
        match SqliteStore::open_offline(path) {
            Err(StoreError::Refused(why))
                if why.contains("in use") && tokio::time::Instant::now() < end =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Waits until nobody holds a lock that this process may have had (see [`opened`]).
fn released(lock: &Path) {
    let Ok(lock) = std::fs::File::open(lock) else { return };
    let end = tokio::time::Instant::now() + Duration::from_secs(5);
    while lock.try_lock().is_err() && tokio::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(name: &str, pid: u32) -> bool {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    sent.expect("kill runs").success()
}

/// The process that this one started.
fn child_of(parent: u32) -> Option<u32> {
    let is_child = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status
            .lines()
            .any(|line| line.strip_prefix("PPid:").map(str::trim) == Some(&parent.to_string()))
    };
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(is_child)
}

fn now_ms() -> u64 {
    u64::try_from(jiff_now()).unwrap_or(0)
}

fn jiff_now() -> i64 {
    handoff::clock::Clock::now(&handoff::clock::SystemClock::new()).0
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Senders that post unique people until they are told to stop, and what was acknowledged.
#[derive(Default)]
pub struct Acknowledged {
    /// Public ids of events, and the address in each.
    pub events: Mutex<Vec<(uuid::Uuid, String)>>,
    next: AtomicU64,
    pub refused: AtomicU64,
    /// How often each status was answered, with what it said about coming again.
    pub answers: Mutex<BTreeMap<(u16, Option<String>), u64>>,
    /// Ends the senders before their time.
    pub is_over: AtomicBool,
}

impl Acknowledged {
    /// Numbers deliveries from here on, where another run used the numbers before.
    pub fn begin_at(&self, number: u64) {
        self.next.store(number, Ordering::Relaxed);
    }

    /// How many of them are not in this store.
    pub async fn lost_in(&self, store: &dyn Store) -> usize {
        let stored: std::collections::BTreeSet<_> =
            all_events(store).await.into_iter().map(|one| one.uuid).collect();
        self.events.lock().await.iter().filter(|(id, _)| !stored.contains(id)).count()
    }
}

/// Posts signed fills for so long, from so many senders at once.
pub async fn send(port: u16, acknowledged: &Arc<Acknowledged>, senders: usize, span: Duration) {
    let mut tasks = tokio::task::JoinSet::new();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
    let http = client.expect("a client");
    let end = tokio::time::Instant::now() + span;
    for _ in 0..senders {
        let (http, acknowledged) = (http.clone(), Arc::clone(acknowledged));
        tasks.spawn(async move {
            while tokio::time::Instant::now() < end && !acknowledged.is_over.load(Ordering::Relaxed)
            {
                let number = acknowledged.next.fetch_add(1, Ordering::Relaxed);
                let email = format!("p{number}@linden.example");
                if !post(&http, port, number, &email, &acknowledged).await {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// Posts one fill; whether it was acknowledged.
async fn post(
    http: &reqwest::Client,
    port: u16,
    number: u64,
    email: &str,
    acknowledged: &Acknowledged,
) -> bool {
    let uri = format!("http://127.0.0.1:{port}/in/website");
    let body = format!(r#"{{"data":{{"email":"{email}"}}}}"#);
    let delivery = format!("msg_{number}");
    let mut request = http.post(&uri).header("content-type", "application/json");
    let headers = website().sign("POST", &uri, body.as_bytes(), Time(jiff_now()), &delivery);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let Ok(answer) = request.body(body).send().await else { return false };
    let again = answer.headers().get("retry-after");
    let again = again.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let key = (answer.status().as_u16(), again);
    *acknowledged.answers.lock().await.entry(key).or_default() += 1;
    if answer.status() != 200 {
        acknowledged.refused.fetch_add(1, Ordering::Relaxed);
        return false;
    }
    let Ok(text) = answer.text().await else { return false };
    let Ok(answer) = serde_json::from_str::<serde_json::Value>(&text) else { return false };
    let id = serde_json::from_value(answer["events"][0].clone()).expect("an id");
    acknowledged.events.lock().await.push((id, email.to_owned()));
    true
}

/// Every row of a paged read.
pub async fn all_leads(store: &dyn Store) -> Vec<handoff::model::lead::Lead> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let filter = LeadFilter { before, max: 500, ..LeadFilter::default() };
        let page = store.leads(filter).await.expect("leads");
        all.extend(page.rows.into_iter().map(|row| row.lead));
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// Every event's public id.
pub async fn all_events(store: &dyn Store) -> Vec<handoff::model::event::Event> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let filter = EventFilter { before, max: 500, ..EventFilter::default() };
        let page = store.events(filter).await.expect("events");
        all.extend(page.rows);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// Resident memory of a process in MiB: all of it, and the part that is not a file's pages.
pub fn resident_mib(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))
        .expect("the process is there");
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("the line is there");
        let kib: u64 =
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("KiB");
        kib / 1024
    };
    (mib("VmRSS"), mib("RssAnon"))
}
