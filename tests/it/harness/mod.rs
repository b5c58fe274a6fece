//! A whole daemon with a clock moved by hand, a stand-in CRM, a chat sink and a mail sink, all
//! over real sockets.
//!
//! Guarantees: a test waits for a state with a deadline, never for a while; the clock moves only
//! when the test moves it. Does not know: what a test is about.

pub mod desk;
mod dice;
mod given;
pub mod postgres;
pub mod shared;
mod wait;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use handoff::{
    app::{self, ChannelPart, CrmPart, Parts, Running},
    clock::{Clock as _, ManualClock},
    crm::{
        Crm, Salesforce,
        hubspot::{Hubspot, HubspotSettings},
    },
    demo::{
        channels::{posts::Sink, smtp::MailSink},
        crm::{Kind as CrmKind, StandIn, TOKEN},
    },
    intake::Scheme,
    model::{
        alert,
        lead::{Lead, State},
        time::{Span, Time},
    },
    notify::{
        email::{Email, EmailSettings},
        link::LinkKey,
        pagerduty::{PagerDuty, PagerDutySettings},
        slack::{Slack, SlackSettings},
    },
    outbound::gate::Limits,
    rulebook::Files,
    store::{
        LeadFilter, Store,
        postgres::{Leases, Options, PostgresStore},
        sqlite::SqliteStore,
    },
    telemetry::Metrics,
};
use serde_json::{Value, json};

pub use dice::Dice;
pub use given::{RULEBOOK, SECRET, callback, rotated, survey, website};
pub use wait::{assert_conserved, until};

/// Thursday 2026-01-01 12:00 UTC.
pub const NOON: Time = Time(1_767_268_800_000);
/// How long a state may take to come, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Limits that hold nobody back.
const WIDE: Limits =
    Limits { per_second: 10_000, burst: 10_000, opens_after: 5, probe_after: Span::seconds(2) };
/// What a daemon under test is made of.
pub struct Plant {
    pub clock: ManualClock,
    pub store: Arc<dyn Store>,
    pub crm: StandIn,
    pub chat: Sink,
    pub mail: MailSink,
    pub files: Arc<Mutex<Files>>,
    /// How many bytes the store's disk claims to have free.
    pub free: Arc<AtomicU64>,
    pub running: Option<Running>,
    pub http: reqwest::Client,
    website: Scheme,
    config: Config,
}

/// What differs between tests.
#[derive(Clone)]
pub struct Config {
    pub rulebook: String,
    pub crm: CrmKind,
    pub asks: bool,
    pub store: Option<PathBuf>,
    /// The address of a PostgreSQL database, if that is the store.
    pub database: Option<String>,
    pub body_within: Duration,
    /// Alerts are told to nobody unless a test asks for it: clocks jump in most of them.
    pub alerts: alert::Limits,
    /// The first secret of the website, which then still signs with its old one.
    pub new_secret: Option<&'static str>,
    /// Changes the parts before the daemon starts.
    pub tune: Option<Tune>,
    /// What the CRM's gate keeps to.
    pub limits: Limits,
}

/// A change of the parts.
pub type Tune = Arc<dyn Fn(&mut Parts) + Send + Sync>;

impl Default for Config {
    fn default() -> Self {
        Self {
            rulebook: RULEBOOK.to_owned(),
            crm: CrmKind::Hubspot,
            asks: false,
            store: None,
            database: None,
            body_within: Duration::from_secs(10),
            alerts: alert::Limits { tell: false, ..alert::Limits::default() },
            new_secret: None,
            tune: None,
            limits: WIDE,
        }
    }
}

/// The name of the connection to this CRM.
fn named(kind: CrmKind) -> &'static str {
    match kind {
        CrmKind::Hubspot => "hubspot",
        CrmKind::Salesforce => "salesforce",
    }
}

impl Plant {
    /// Starts everything.
    pub async fn start(config: Config) -> Self {
        let crm = StandIn::start(config.crm).expect("a port");
        let chat = Sink::start().expect("a port");
        let mail = MailSink::start().await.expect("a port");
        let text = config
            .rulebook
            .replace("OWNER_ADA", &crm.owner("ada"))
            .replace("OWNER_BOB", &crm.owner("bob"))
            .replace("crm.hubspot", &format!("crm.{}", named(config.crm)));
        let store: Arc<dyn Store> = match (&config.store, &config.database) {
            (Some(path), _) => Arc::new(SqliteStore::open(path).expect("the store opens")),
            (None, Some(url)) => {
                // The clock is moved by hand: leases go by it too.
                let options = Options { leases: Leases::Caller, ..Options::new(url.clone()) };
                Arc::new(PostgresStore::open(&options).expect("the store opens"))
            }
            (None, None) => Arc::new(SqliteStore::open_in_memory().expect("the store opens")),
        };
        let mut plant = Self {
            clock: ManualClock::at(NOON),
            store,
            crm,
            chat,
            mail,
            files: Arc::new(Mutex::new(Files::new(text))),
            free: Arc::new(AtomicU64::new(u64::MAX)),
            running: None,
            http: reqwest::Client::new(),
            website: website(),
            config,
        };
        plant.begin().await;
        plant
    }

    /// Starts the daemon on what is there: the store, the files, the stand-ins.
    pub async fn begin(&mut self) {
        let mut parts = self.parts();
        if let Some(tune) = &self.config.tune {
            tune(&mut parts);
        }
        self.running = Some(app::start(parts).await.expect("the daemon starts"));
    }

    fn crm(&self, config: &Config) -> Arc<dyn Crm> {
        match config.crm {
            CrmKind::Hubspot => {
                let settings: HubspotSettings = serde_json::from_value(json!({
                    "base_url": self.crm.url, "token": TOKEN, "allow_private": true,
                    "default_owners": ["9999"],
                }))
                .expect("settings");
                Arc::new(Hubspot::new(settings).expect("hubspot"))
            }
            CrmKind::Salesforce => {
                let settings = serde_json::from_value(json!({
                    "base_url": self.crm.url, "allow_private": true,
                    "grant": { "client_credentials": { "client_id": "id", "client_secret": "s" } },
                }))
                .expect("settings");
                Arc::new(Salesforce::new(settings).expect("salesforce"))
            }
        }
    }

    /// The parts of a daemon on what is there.
    pub fn parts(&self) -> Parts {
        let config = &self.config;
        let (files, free) = (Arc::clone(&self.files), Arc::clone(&self.free));
        let email: EmailSettings = serde_json::from_value(json!({
            "host": "127.0.0.1", "port": self.mail.address().port(), "tls": "plain",
            "from": "handoff <handoff@acme.example>",
        }))
        .expect("settings");
        let slack: SlackSettings = serde_json::from_value(json!({
            "url": self.chat.url("/slack"), "allow_private": true,
        }))
        .expect("settings");
        let pager: PagerDutySettings = serde_json::from_value(json!({
            "routing_key": "0123456789abcdef0123456789abcdef",
            "base_url": self.chat.url("/"), "allow_private": true,
        }))
        .expect("settings");
        let channel =
            |channel: Arc<dyn handoff::notify::Channel>| ChannelPart { channel, limits: WIDE };
        Parts {
            store: Arc::clone(&self.store),
            clock: Arc::new(self.clock.clone()),
            metrics: Arc::new(Metrics::new("sqlite")),
            sources: [
                ("website".to_owned(), rotated(config.new_secret)),
                ("survey".to_owned(), survey()),
            ]
            .into(),
            crms: [(
                named(config.crm).to_owned(),
                CrmPart {
                    crm: self.crm(config),
                    limits: config.limits,
                    is_asked: config.asks,
                    callback: Some(Arc::new(callback())),
                },
            )]
            .into(),
            channels: [
                ("email".to_owned(), channel(Arc::new(Email::new(&email, None).expect("email")))),
                ("alerts".to_owned(), channel(Arc::new(Slack::new(&slack).expect("slack")))),
                ("oncall".to_owned(), channel(Arc::new(PagerDuty::new(&pager).expect("pager")))),
            ]
            .into(),
            read_rulebook: Box::new(move || Ok(files.lock().expect("files").clone())),
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: None,
            body_max: 64 * 1024,
            body_within: config.body_within,
            bounds: handoff::http::bounds::Bounds::default(),
            link_key: Arc::new(LinkKey::new(&[[7_u8; 32]]).expect("a key")),
            link_life: Span::days(2),
            keep: Span::days(30),
            // The hand moves by minutes while a call takes milliseconds.
            lease: Span::hours(1),
            workers_per_lane: 2,
            calendars: Vec::new(),
            alerts: config.alerts.clone(),
            free: Box::new(move || Some(free.load(Ordering::Relaxed))),
            drain: Span::ZERO,
            accounts: usize::MAX,
            observe: None,
            demo: None,
        }
    }

    /// The daemon.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// An address of the daemon.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running().address)
    }

    /// Signs a body as the website does.
    pub fn signed(&self, body: &str, delivery: &str) -> Vec<(String, String)> {
        let uri = self.url("/in/website");
        self.website.sign("POST", &uri, body.as_bytes(), self.clock.now(), delivery)
    }

    /// Posts a signed fill and answers with the status and the body.
    pub async fn post(&self, body: &str, delivery: &str) -> (u16, Value) {
        let mut request = self.http.post(self.url("/in/website")).body(body.to_owned());
        for (name, value) in self.signed(body, delivery) {
            request = request.header(name, value);
        }
        let answer = request.header("content-type", "application/json").send().await;
        let answer = answer.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Posts a fill by this person and waits until nothing is under way.
    pub async fn fill(&self, email: &str, more: &[(&str, &str)]) -> Lead {
        let mut data = json!({ "email": email });
        for (name, value) in more {
            data[*name] = json!(value);
        }
        let body = json!({ "type": "lead.created", "data": data }).to_string();
        let delivery = format!("msg_{}", handoff::model::id::hash64(&[body.as_bytes()]));
        let (status, answer) = self.post(&body, &delivery).await;
        assert_eq!(status, 200, "{answer}");
        self.decided().await;
        self.lead_of(&email.to_lowercase()).await.expect("the fill made a lead")
    }

    /// The newest lead with this address.
    pub async fn lead_of(&self, email: &str) -> Option<Lead> {
        let leads = self.leads().await;
        leads.into_iter().find(|lead| lead.fields.text("email") == Some(email))
    }

    /// Every lead, newest first.
    pub async fn leads(&self) -> Vec<Lead> {
        self.leads_newest(500).await
    }

    /// The newest leads, so many of them.
    pub async fn leads_newest(&self, max: usize) -> Vec<Lead> {
        let filter = LeadFilter { max, ..LeadFilter::default() };
        let page = self.store.leads(filter).await.expect("leads");
        page.rows.into_iter().map(|row| row.lead).collect()
    }

    /// Waits until every event is decided.
    pub async fn decided(&self) {
        until("every event is decided", || async {
            self.store.undecided(1).await.expect("a read").is_empty()
        })
        .await;
    }

    /// Waits until nothing is left to do now: no event, no due job.
    pub async fn idle(&self) {
        until("nothing is left to do", || async {
            let now = self.clock.now();
            let before = self.store.tally(now).await.expect("the books");
            let jobs = self
                .store
                .jobs(handoff::store::JobFilter { max: 500, ..Default::default() })
                .await
                .expect("jobs");
            // News too, and nothing decided in between: what is decided makes jobs, and the other
            // way round.
            let is_decided = self.store.undecided(1).await.expect("a read").is_empty();
            let after = self.store.tally(now).await.expect("the books");
            is_decided
                && before.last_seq == after.last_seq
                && jobs.rows.iter().all(|job| job.is_dead || job.due_at > now)
        })
        .await;
    }

    /// Moves the clock and waits until what became due is done.
    pub async fn after(&self, span: Span) {
        self.clock.advance(span);
        self.running().worker.wakes.decide();
        self.running().worker.wakes.all_jobs();
        self.idle().await;
    }

    /// Waits until this lead is in this state.
    pub async fn in_state(&self, email: &str, state: State) -> Lead {
        until("the lead is in its state", || async {
            self.lead_of(email).await.is_some_and(|lead| lead.state == state)
        })
        .await;
        self.lead_of(email).await.expect("it is there")
    }

    /// Every accepted fill is accounted for: the books balance, and counting the rows gives the
    /// same. To be asked after every fault.
    pub async fn books_balance(&self) {
        assert_conserved(self.store.as_ref(), self.clock.now()).await;
    }

    /// The subjects of the mails to this address, in order.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        self.mail
            .mails()
            .all()
            .into_iter()
            .filter(|mail| mail.to.iter().any(|to| to.contains(address)))
            .map(|mail| {
                let subject = mail.content.lines().find_map(|line| line.strip_prefix("Subject: "));
                subject.unwrap_or_default().to_owned()
            })
            .collect()
    }

    /// Stops the daemon in order.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }
}
