//! Observe mode: the same webhooks as another router, nothing written, nobody told, and every
//! disagreement counted and explained.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use handoff::{
    clock::Clock as _,
    model::{
        job::JobKind,
        lead::{Lead, State},
        observe::Observing,
        time::Span,
    },
    replay::{Replay, Which},
    store::{
        JobFilter,
        postgres::{Leases, Options, PostgresStore},
    },
};
use serde_json::{Value, json};

use crate::{
    api::{Caller, caller},
    harness::{Config, NOON, Plant, RULEBOOK, postgres, until},
};

/// The owner id of mary in the CRM, whom no rule but one names.
const MARY: &str = "9001";
/// An owner of the CRM who counts as nobody, as the integration's own user does.
const ROBOT: &str = "9999";

/// A daemon with a switch for observe mode, which holds from its next start on.
fn switched(is_on: &Arc<AtomicBool>, more: Config) -> Config {
    let is_on = Arc::clone(is_on);
    let observing = || Observing {
        crm: "hubspot".to_owned(),
        after: Span::minutes(15),
        until: Span::hours(24),
    };
    let tune = Arc::new(move |parts: &mut handoff::app::Parts| {
        parts.observe = is_on.load(Ordering::Relaxed).then(observing);
    });
    Config { tune: Some(tune), ..more }
}

/// The rulebook of the harness, with a pool of mary, who waits for nobody else.
fn rulebook() -> String {
    let mary = "name = \"Mary Somerville\"\n";
    let rule = "[[rule]]\nid = \"everyone\"";
    assert!(RULEBOOK.contains(mary) && RULEBOOK.contains(rule), "the harness has changed");
    let dach = "[[pool]]\nid = \"dach\"\nmembers = [\"mary\"]\nif_nobody = \"wait\"\n\
                max_wait = \"30d\"\n\n[[rule]]\nid = \"dach\"\nif.country = \"Germany\"\n\
                assign_to = \"pool: dach\"\n\n";
    RULEBOOK
        .replace(mary, &format!("{mary}crm.hubspot = \"{MARY}\"\n"))
        .replace(rule, &format!("{dach}{rule}"))
}

/// What another router does: the CRM shows this owner.
fn gives(plant: &Plant, email: &str, owner: &str) {
    plant.crm.add("contact", &[("email", email), ("hubspot_owner_id", owner)]);
}

/// Nothing was asked of the CRM but what it knows, and nobody heard of anything.
fn nothing_was_written_or_told(plant: &Plant) {
    let calls = plant.crm.stats().calls;
    assert!(calls.keys().all(|call| matches!(*call, "read" | "search" | "owners")), "{calls:?}");
    assert!(calls.get("read").is_some_and(|reads| *reads > 0), "it was looked at: {calls:?}");
    assert_eq!(plant.mail.mails().all().len(), 0, "nobody got a mail");
    assert_eq!(plant.chat.posts().all().len(), 0, "no channel and no pager was called");
}

fn result(lead: &Lead) -> Value {
    let watched = lead.observed.as_ref().and_then(|watched| watched.result);
    json!(watched)
}

async fn of(plant: &Plant, kind: JobKind) -> usize {
    let filter = JobFilter { kind: Some(kind), max: 500, ..JobFilter::default() };
    plant.store.jobs(filter).await.expect("jobs").rows.len()
}

/// Moves the clock in steps, as the looks come due.
async fn pass(plant: &Plant, hours: i64) {
    for _ in 0..hours * 2 {
        plant.after(Span::minutes(30)).await;
    }
}

async fn report(ops: &Caller<'_>) -> Value {
    ops.get("/observe?since=0").await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_router_is_watched_and_every_disagreement_is_counted_and_explained() {
    let is_on = Arc::new(AtomicBool::new(true));
    let config = Config { rulebook: rulebook(), asks: true, ..Config::default() };
    let plant = Plant::start(switched(&is_on, config)).await;
    another_router(plant, &is_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_router_is_watched_on_postgresql_too() {
    if !postgres::is_there("another_router_is_watched_on_postgresql_too") {
        return;
    }
    let is_on = Arc::new(AtomicBool::new(true));
    let config = Config { rulebook: rulebook(), asks: true, ..Config::default() };
    let mut plant = Plant::start(switched(&is_on, config)).await;
    plant.stop().await;
    let server = postgres::shared();
    let database = server.create();
    let options = Options { leases: Leases::Caller, ..Options::new(server.url(&database)) };
    let store = tokio::task::block_in_place(|| PostgresStore::open(&options));
    plant.store = Arc::new(store.expect("the store opens"));
    plant.begin().await;
    another_router(plant, &is_on).await;
}

/// Watches another router for a day, and switches over.
async fn another_router(mut plant: Plant, is_on: &AtomicBool) {
    let (ada, bob) = (plant.crm.owner("ada"), plant.crm.owner("bob"));
    let owner = |lead: &Lead| if lead.owner.as_deref() == Some("ada") { &ada } else { &bob };
    let other = |lead: &Lead| if lead.owner.as_deref() == Some("ada") { &bob } else { &ada };
    // The CRM is asked before deciding, and knows nobody yet.
    for (email, more) in [
        ("agrees@linden.example", &[][..]),
        ("turn@linden.example", &[][..]),
        ("elsewhere@linden.example", &[][..]),
        ("unknown@linden.example", &[][..]),
        ("nobody@linden.example", &[][..]),
        ("robot@linden.example", &[][..]),
        ("aside@linden.example", &[("persona", "student")][..]),
    ] {
        plant.fill(email, more).await;
    }
    plant.idle().await;
    let lead = async |email: &str| plant.lead_of(&format!("{email}@linden.example")).await.unwrap();
    assert_eq!(lead("agrees").await.state, State::Assigned);
    // Mary is out: what is hers waits, and whom handoff passes over is remembered.
    let ops = caller(&plant, "ops").await;
    assert_eq!(ops.post("/reps/mary/away", json!({ "for": "72h" })).await.0, 202);
    assert_eq!(ops.post("/reps/bob/away", json!({ "for": "72h" })).await.0, 202);
    plant.decided().await;
    plant.fill("held@linden.example", &[("country", "Germany")]).await;
    plant.fill("skipped@linden.example", &[]).await;
    let (status, _) = plant.post(r#"{"type":"lead.created","data":{"name":"Eva"}}"#, "m1").await;
    assert_eq!(status, 200, "what cannot be read is taken all the same");
    plant.idle().await;
    assert_eq!(lead("skipped").await.owner.as_deref(), Some("ada"));
    // What the other router did meanwhile.
    gives(&plant, "agrees@linden.example", owner(&lead("agrees").await));
    gives(&plant, "turn@linden.example", other(&lead("turn").await));
    gives(&plant, "elsewhere@linden.example", MARY);
    gives(&plant, "unknown@linden.example", "4711");
    gives(&plant, "robot@linden.example", ROBOT);
    gives(&plant, "aside@linden.example", &ada);
    gives(&plant, "held@linden.example", MARY);
    gives(&plant, "skipped@linden.example", &bob);
    plant.after(Span::minutes(14)).await;
    assert_eq!(report(&ops).await["observed"]["results"], 1, "only the one that was not read");
    plant.after(Span::minutes(2)).await;
    for (email, seen) in [
        ("agrees", "agrees"),
        ("turn", "turn"),
        ("elsewhere", "elsewhere"),
        ("unknown", "unknown_owner"),
        ("aside", "set_aside"),
        ("held", "held"),
        ("skipped", "skipped"),
    ] {
        assert_eq!(result(&lead(email).await), seen, "{email}");
    }
    // Nobody has it yet, and our own user is nobody: it is looked again, and given up in the end.
    let open = [lead("nobody").await, lead("robot").await];
    assert!(open.iter().all(|lead| lead.state == State::Assigned && result(lead).is_null()));
    // One of them is given away in the evening.
    pass(&plant, 6).await;
    gives(&plant, "nobody@linden.example", owner(&lead("nobody").await));
    pass(&plant, 18).await;
    assert_eq!(result(&lead("nobody").await), "agrees");
    assert_eq!(result(&lead("robot").await), "nobody");
    let looks = plant.crm.stats().calls["read"];
    assert!(looks < 80, "a person is looked up at growing pauses: {looks} reads");
    nothing_was_written_or_told(&plant);
    plant.books_balance().await;
    let tally = plant.store.tally(plant.clock.now()).await.expect("the books");
    assert_eq!((tally.states["observed"], tally.states["set_aside"]), (8, 1), "{tally:?}");
    assert_eq!((tally.fates["rejected"], tally.accepted), (1, 10));
    let team = plant.store.team().await.expect("people");
    assert!(team.open.values().all(|open| *open == 0), "nobody owes an answer: {:?}", team.open);

    let said = report(&ops).await;
    let found = &said["observed"];
    let counts = json!({
        "agrees": 2, "turn": 1, "elsewhere": 1, "unknown_owner": 1, "set_aside": 1, "held": 1,
        "skipped": 1, "nobody": 1, "rejected": 1,
    });
    assert_eq!(found["kinds"], counts);
    assert_eq!((&said["is_on"], &said["watched"]), (&json!(true), &json!(0)));
    assert_eq!((&found["compared"], &found["same_person"]), (&json!(8), &json!(2)), "{found}");
    assert_eq!(found["rules"]["dach"]["compared"], 1, "{found}");
    let sentences: Vec<&str> = found["disagreements"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["says"].as_str())
        .collect();
    assert_eq!(sentences.len(), 8, "each is explained: {sentences:?}");
    for part in [
        "Bob Noyce has it in hubspot, but handoff gave it to Ada Byron by the rule everyone; \
         Bob Noyce: out today until",
        "the rule dach gives to Mary Somerville and does not hold for this lead",
        "whom no rep of the rulebook has as crm.hubspot",
        "handoff set it aside as nurture by the rule students",
        "hubspot showed no owner in time",
        "handoff could not read it: ",
    ] {
        assert!(sentences.iter().any(|one| one.contains(part)), "{part} in {sentences:#?}");
    }
    let page = plant.http.get(plant.url("/metrics")).bearer_auth(&ops.token).send().await;
    let page = page.expect("an answer").text().await.expect("text");
    assert!(page.contains("handoff_observed_total{result=\"agrees\"} 2"), "{page}");

    // Whoever asks years later gets the same.
    let mut replay = Replay::of(plant.store.as_ref());
    let again = replay.verify(&Which::default(), |_, _| {}).await.expect("a replay");
    assert!(again.same > 25 && again.differing == 0, "{again:?}");
    // A draft is tried on what was only watched; the one in force differs from itself in nothing.
    let book = plant.running().worker.book.load_full();
    let mut replay = Replay::of(plant.store.as_ref());
    let tested = replay.backtest((Arc::clone(&book), book), NOON, |_| {}, |_| {}).await;
    let tested = tested.expect("a replay").expect("there is something to try it on");
    assert_eq!((tested.leads, tested.diff.moved), (9, 0), "{tested:?}");
    let statement = ops.get("/reps/ada/statement?since=0").await;
    assert_eq!(statement["statement"]["unanswered"], 0, "{statement}");
    assert!(statement["statement"]["watched"].as_u64().is_some_and(|count| count > 0));
    println!("observe mode: {looks} reads for 9 leads in 24 h, {} decisions the same", again.same);

    // Switched over: the old ones are left alone, a new fill is ours.
    plant.stop().await;
    is_on.store(false, Ordering::Relaxed);
    plant.begin().await;
    pass(&plant, 2).await;
    nothing_was_written_or_told(&plant);
    plant.fill("agrees@linden.example", &[("form", "demo")]).await;
    plant.idle().await;
    until("the new lead is written and told", || async {
        let calls = plant.crm.stats().calls;
        let is_written = calls.keys().any(|call| matches!(*call, "upsert" | "update"));
        is_written && of(&plant, JobKind::Write).await == 0 && !plant.mail.mails().all().is_empty()
    })
    .await;
    let leads = plant.leads().await;
    let watched = leads.iter().filter(|lead| lead.observed.is_some()).count();
    assert_eq!((leads.len(), watched), (10, 9), "one lead of the same person, and ours");
    assert_eq!(report(&caller(&plant, "later").await).await["observed"]["kinds"], counts);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_on_over_a_live_store_what_is_left_stays_where_it_is_until_it_is_over() {
    let is_on = Arc::new(AtomicBool::new(false));
    let mut plant = Plant::start(switched(&is_on, Config::default())).await;
    plant.crm.set_down(true);
    for number in 0..5 {
        plant.fill(&format!("p{number}@linden.example"), &[]).await;
    }
    until("everybody was told", || async { of(&plant, JobKind::Tell).await == 0 }).await;
    plant.stop().await;
    let told = plant.mail.mails().all().len();
    is_on.store(true, Ordering::Relaxed);
    plant.crm.set_down(false);
    plant.begin().await;
    let before = plant.crm.stats().requests;
    plant.fill("eva@linden.example", &[]).await;
    // Reminders, hand-overs and pages would have been due long ago.
    for _ in 0..8 {
        plant.clock.advance(Span::minutes(10));
        plant.running().worker.wakes.decide();
        plant.running().worker.wakes.all_jobs();
        until("nothing due is left to look at", || async {
            let now = plant.clock.now();
            let filter = JobFilter { max: 500, ..JobFilter::default() };
            let jobs = plant.store.jobs(filter).await.expect("jobs").rows;
            jobs.iter().all(|job| job.kind == JobKind::Write || job.due_at > now)
        })
        .await;
    }
    assert!(plant.crm.records().is_empty(), "nothing was written");
    assert!(plant.crm.stats().requests > before, "eva was looked up");
    assert_eq!((plant.mail.mails().all().len(), plant.chat.posts().all().len()), (told, 0));
    assert_eq!(of(&plant, JobKind::Write).await, 5, "the writes are where they were");
    let lead = plant.lead_of("p0@linden.example").await.expect("it is there");
    assert!(
        lead.ladder.is_some_and(|ladder| !ladder.is_late && ladder.deadline < plant.clock.now())
    );
    plant.books_balance().await;
    plant.stop().await;
    is_on.store(false, Ordering::Relaxed);
    plant.begin().await;
    until("what was left is written", || async { plant.crm.records().len() == 5 }).await;
    assert!(plant.lead_of("eva@linden.example").await.expect("it is there").observed.is_some());
    assert!(plant.clock.now() > NOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_is_away_ends_nothing() {
    let is_on = Arc::new(AtomicBool::new(true));
    let plant = Plant::start(switched(&is_on, Config::default())).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let owner = plant.crm.owner(lead.owner.as_deref().expect("an owner"));
    plant.crm.set_down(true);
    for _ in 0..60 {
        plant.clock.advance(Span::minutes(30));
        plant.running().worker.wakes.all_jobs();
        tokio::task::yield_now().await;
    }
    assert!(result(&plant.lead_of("eva@linden.example").await.expect("it is there")).is_null());
    gives(&plant, "eva@linden.example", &owner);
    plant.crm.set_down(false);
    until("the CRM was looked at again", || async {
        plant.clock.advance(Span::minutes(10));
        plant.running().worker.wakes.all_jobs();
        plant.running().worker.wakes.decide();
        result(&plant.lead_of("eva@linden.example").await.expect("it is there")) == "agrees"
    })
    .await;
    nothing_was_written_or_told(&plant);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_only_a_telephone_is_counted_apart_and_stands_on_the_page() {
    let is_on = Arc::new(AtomicBool::new(true));
    let plant = Plant::start(switched(&is_on, Config::default())).await;
    let body = r#"{"type":"lead.created","data":{"phone":"+49 30 1234567","company":"Linden"}}"#;
    assert_eq!(plant.post(body, "p1").await.0, 200);
    plant.idle().await;
    plant.after(Span::minutes(16)).await;
    let ops = caller(&plant, "ops").await;
    let said = report(&ops).await;
    assert_eq!(said["observed"]["kinds"], json!({ "not_looked_up": 1 }), "{said}");
    assert_eq!(said["observed"]["compared"], 0, "it is no part of the agreement");
    assert_eq!(plant.crm.stats().calls.get("read"), None, "nobody was asked");
    let cookie = crate::pages::sign_in(&plant).await;
    let board = crate::pages::text(&plant, "/board", &cookie).await;
    assert!(board.contains("href=\"observe\""), "{board}");
    let page = crate::pages::text(&plant, "/observe", &cookie).await;
    let lead = &plant.leads().await[0];
    assert!(page.contains("no mail address") && page.contains(&lead.uuid.to_string()), "{page}");
    plant.books_balance().await;
}
