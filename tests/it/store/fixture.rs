//! What the cases are made of: stores, fills, leads, plans.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use handoff::{
    model::{
        event::{Event, EventKind, Fate, NewEvent},
        field::Fields,
        id::{EventId, lead_uuid},
        job::{Claimed, JobKind, JobWanted, Settlement, Verdict, Why},
        lead::{Identity, Lead},
        news::News,
        plan::{Decide, Decision, Draft, ENGINE, Input, Plan, Snapshot, Step, StepEvent, What},
        record::{Basis, Record},
        time::{Span, Time},
    },
    store::{
        Batch, BatchDone, Claim, Store,
        postgres::{Leases, Options, PostgresStore},
        sqlite::SqliteStore,
    },
};

use crate::harness::postgres::{self, Server};

/// An instant to count from.
pub const T0: Time = Time(1_767_225_600_000);
/// How long leases are.
pub const LEASE: Span = Span::seconds(30);

/// So many milliseconds after [`T0`].
pub fn t(ms: i64) -> Time {
    T0.plus(Span(ms))
}

/// A store of its own, and what it is in.
pub struct Db {
    store: Arc<dyn Store>,
    _place: Place,
}

/// Where a store is; gone with it.
enum Place {
    Memory,
    Folder { _folder: tempfile::TempDir },
    Database { _database: Database },
}

/// A database of a test's own on a server, with nobody connected to it yet.
pub struct Database {
    pub server: &'static Server,
    pub name: String,
}

impl Database {
    /// One without tables.
    pub fn empty() -> Self {
        let server = postgres::shared();
        Self { server, name: server.create() }
    }

    /// One with the schema.
    pub fn new() -> Self {
        static TEMPLATE: OnceLock<String> = OnceLock::new();
        let server = postgres::shared();
        let template = TEMPLATE.get_or_init(|| {
            let name = server.create();
            drop(PostgresStore::open(&Options::new(server.url(&name))).unwrap());
            server.end_sessions(&name);
            name
        });
        Self { server, name: server.create_like(template) }
    }

    /// How to open a store in it, with leases that go by the time passed in.
    pub fn options(&self) -> Options {
        Options { leases: Leases::Caller, ..Options::new(self.server.url(&self.name)) }
    }

    /// Runs statements beside the store; answers their values.
    pub fn sql(&self, statements: &str) -> String {
        self.server.sql(&self.name, statements)
    }
}

impl Drop for Database {
    /// The database itself goes with its server: removing it would wait for a checkpoint.
    fn drop(&mut self) {
        self.server.end_sessions(&self.name);
    }
}

impl Deref for Db {
    type Target = dyn Store;
    fn deref(&self) -> &(dyn Store + 'static) {
        &*self.store
    }
}

#[expect(clippy::unnecessary_wraps, reason = "another database may not be there")]
pub fn memory(_case: &str) -> Option<Db> {
    Some(Db { store: Arc::new(SqliteStore::open_in_memory().unwrap()), _place: Place::Memory })
}

#[expect(clippy::unnecessary_wraps, reason = "another database may not be there")]
pub fn file(_case: &str) -> Option<Db> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("handoff.db")).unwrap();
    Some(Db { store: Arc::new(store), _place: Place::Folder { _folder: folder } })
}

pub fn postgres(case: &str) -> Option<Db> {
    if !postgres::is_there(case) {
        return None;
    }
    let database = Database::new();
    let store = PostgresStore::open(&database.options()).unwrap();
    Some(Db { store: Arc::new(store), _place: Place::Database { _database: database } })
}

/// The fill number `n`, arrived `n` milliseconds after [`T0`].
pub fn fill(n: i64) -> NewEvent {
    NewEvent {
        kind: EventKind::Fill,
        source: "typeform".into(),
        delivery: format!("delivery-{n}"),
        received_at: t(n),
        content_type: Some("application/json".into()),
        actor: None,
        body: format!("{{\"n\":{n}}}").into_bytes(),
    }
}

/// News as an event.
pub fn news(n: i64, news: &News) -> NewEvent {
    NewEvent {
        kind: EventKind::News,
        source: "handoff:test".into(),
        delivery: format!("news-{n}"),
        received_at: t(n),
        content_type: None,
        actor: Some("ada".into()),
        body: serde_json::to_vec(news).unwrap(),
    }
}

/// The step that decides a fill by this address.
pub fn fill_step(event: &Event, email: &str) -> Step {
    let mut fields = Fields::default();
    fields.put_text("email", email);
    let draft = Draft {
        fields,
        identities: vec![Identity::Email(email.to_owned())],
        intent: None,
        account: None,
        filled: vec!["email".to_owned()],
        unfilled: Vec::new(),
    };
    Step { event: Some(StepEvent::of(event)), input: Input::Fill(Box::new(draft)) }
}

/// The step for any event: a fill is by a person of its own, news is read.
pub fn step(event: &Event) -> Step {
    match event.arrived.kind {
        EventKind::Fill => fill_step(event, &format!("{}@linden.example", event.arrived.delivery)),
        EventKind::News => Step {
            event: Some(StepEvent::of(event)),
            input: Input::News(Box::new(serde_json::from_slice(&event.arrived.body).unwrap())),
        },
    }
}

/// A lead that this step's fill opens, assigned to ada.
pub fn new_lead(step: &Step) -> Lead {
    let event = step.event.clone().unwrap();
    let Input::Fill(draft) = &step.input else { panic!("a fill") };
    let at = event.received_at;
    let deadline = at.plus(Span::minutes(5));
    let lead = serde_json::json!({
        "uuid": lead_uuid(at, event.uuid), "revision": 0, "event": event.id, "state": "assigned",
        "source": event.source, "fields": draft.fields, "owner": "ada",
        "ladder": {
            "sla": "hot", "started_at": at, "deadline": deadline, "first_deadline": deadline,
            "steps_done": 0,
        },
        "opened_at": at, "filled_at": at, "assigned_at": at, "fills": 1,
    });
    serde_json::from_value(lead).unwrap()
}

pub fn decision(what: What, now: Time) -> Decision {
    Decision { engine: ENGINE, rulebook: 1, at: now, what, why: serde_json::Map::new() }
}

pub fn job(kind: JobKind, destination: &str, due_at: Time) -> JobWanted {
    let why = (kind == JobKind::Tell).then_some(Why::Assigned);
    JobWanted { kind, destination: destination.to_owned(), due_at, rank: 0, why }
}

/// Opens a lead for the step, with nothing to do.
pub fn opened(step: &Step, now: Time) -> Plan {
    let Input::Fill(draft) = &step.input else { panic!("a fill") };
    Plan {
        fate: Some(Fate::Opened),
        lead: Some(new_lead(step)),
        identities: draft.identities.clone(),
        decision: Some(decision(What::Opened, now)),
        ..Plan::nothing()
    }
}

/// Changes the lead that was shown, with nothing to do.
pub fn changed(snapshot: &Snapshot<'_>, step: &Step, now: Time) -> Plan {
    let mut lead = snapshot.lead.cloned().unwrap();
    let is_fill = matches!(step.input, Input::Fill(_));
    lead.fills += u32::from(is_fill);
    Plan {
        fate: step.event.as_ref().map(|_| if is_fill { Fate::Joined } else { Fate::Noted }),
        lead: Some(lead),
        decision: Some(decision(if is_fill { What::Joined } else { What::Noted }, now)),
        ..Plan::nothing()
    }
}

/// Opens what is new and changes what is there; `more` adds to the plan.
pub fn road(more: impl Fn(&mut Plan, &Step, Time) + Send + Sync + 'static) -> Arc<Decide> {
    Arc::new(move |snapshot, step, now| {
        let mut plan = match (&step.input, snapshot.lead) {
            (Input::Fill(_), None) => opened(step, now),
            (_, Some(_)) => changed(snapshot, step, now),
            _ => Plan { decision: Some(decision(What::Noted, now)), ..Plan::nothing() },
        };
        more(&mut plan, step, now);
        plan
    })
}

/// Opens what is new and changes what is there.
pub fn plain() -> Arc<Decide> {
    road(|_, _, _| {})
}

/// Every plan wants these jobs, due at once.
pub fn wanting(jobs: &'static [(JobKind, &'static str)]) -> Arc<Decide> {
    road(move |plan, _, now| {
        plan.jobs = jobs.iter().map(|(kind, to)| job(*kind, to, now)).collect();
    })
}

pub async fn accept(db: &Db, events: Vec<NewEvent>) {
    db.accept(events).await.unwrap();
}

/// Decides everything that is under way, and due reviews.
pub async fn decide(db: &Db, now: Time, decide: Arc<Decide>) -> BatchDone {
    let steps = db.undecided(500).await.unwrap().iter().map(step).collect();
    decide_steps(db, now, steps, decide).await
}

pub async fn decide_steps(db: &Db, now: Time, steps: Vec<Step>, decide: Arc<Decide>) -> BatchDone {
    db.decide(Batch { now, steps, reviews_max: 100, decide }).await.unwrap()
}

/// Accepts the fills and decides them.
pub async fn open(db: &Db, fills: impl IntoIterator<Item = i64>, with: Arc<Decide>) -> Vec<Lead> {
    accept(db, fills.into_iter().map(fill).collect()).await;
    let done = decide(db, T0, with).await;
    assert_eq!(done.failed, Vec::new());
    leads(db).await
}

/// All leads, oldest first.
pub async fn leads(db: &Db) -> Vec<Lead> {
    let filter = handoff::store::LeadFilter { max: 500, ..Default::default() };
    let mut rows = db.leads(filter).await.unwrap().rows;
    rows.reverse();
    rows.into_iter().map(|row| row.lead).collect()
}

/// The event in this row.
pub async fn event(db: &Db, id: EventId) -> Event {
    let filter = handoff::store::EventFilter { max: 500, ..Default::default() };
    db.events(filter).await.unwrap().rows.into_iter().find(|event| event.id == id).unwrap()
}

pub async fn claim(db: &Db, kind: JobKind, lane: &str, now: Time, max: usize) -> Vec<Claimed> {
    let claim = Claim { kind, lane: lane.to_owned(), now, max, lease: LEASE };
    db.claim(claim).await.unwrap().jobs
}

pub fn settlement(job: &Claimed, verdict: Verdict) -> Settlement {
    Settlement {
        job: job.id,
        attempt: job.attempt,
        revision: job.wanted,
        verdict,
        effect: None,
        news: Vec::new(),
    }
}

pub async fn settle(db: &Db, settlement: Settlement) -> handoff::model::job::Settled {
    db.settle(vec![settlement], T0).await.unwrap()[0]
}

/// A record like no other.
pub fn record(n: i64) -> Record {
    let basis = Arc::new(Basis::of("basis".into()));
    Record { saw: format!("{{\"b\":{n}}}"), moved: None, basis }
}
