//! One database, several stores: who opens it, who decides, and what they make of each other.
//!
//! Guarantees: every case has a PostgreSQL of its own or a database of its own on the shared one.
//! Does not know: processes; stopping and freezing whole replicas is tested with daemons.

use std::{
    sync::{
        Arc, Barrier,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use handoff::{
    model::{
        event::NewEvent,
        field::Field,
        id::{EventId, Seq},
        lead::Identity,
        plan::{Decide, Input},
        team::{TeamChange, Turn},
    },
    store::{
        Batch, LeadFilter, Store, StoreError, StoreResult, Wake,
        postgres::{Options, PostgresStore},
    },
};

use super::fixture::{Database, T0, fill, fill_step, plain, road, step};
use crate::harness::postgres;

fn opened(database: &Database) -> PostgresStore {
    PostgresStore::open(&database.options()).expect("it opens")
}

fn refusal(opened: StoreResult<PostgresStore>) -> String {
    match opened {
        Err(StoreError::Refused(why)) => why,
        Err(other) => panic!("refused: {other:?}"),
        Ok(_) => panic!("refused, but it opened"),
    }
}

async fn batch_of(store: &PostgresStore, max: usize, decide: Arc<Decide>) -> Batch {
    let steps = store.undecided(max).await.unwrap().iter().map(step).collect();
    Batch { now: T0, steps, reviews_max: 0, decide }
}

#[test]
fn replicas_that_start_at_once_make_one_schema() {
    if !postgres::is_there("replicas_that_start_at_once_make_one_schema") {
        return;
    }
    let database = Database::empty();
    let together = Barrier::new(6);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                together.wait();
                drop(opened(&database));
            });
        }
    });
    let is_once = "SELECT count(*) = count(DISTINCT number) AND count(*) > 0 FROM migration";
    assert_eq!(database.sql(is_once), "t");
    assert_eq!(database.sql("SELECT count(*) FROM decider"), "1");
}

#[test]
fn a_migration_that_is_ended_half_way_leaves_nothing_and_is_made_again() {
    if !postgres::is_there("a_migration_that_is_ended_half_way") {
        return;
    }
    let database = Database::empty();
    // It waits at its first table until somebody lets it go on, or ends it.
    database.sql("CREATE TABLE migration (number bigint PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL)");
    thread::scope(|scope| {
        let hold = "BEGIN; LOCK TABLE migration; SELECT pg_sleep(60); COMMIT";
        let locked = scope.spawn(|| database.server.try_sql(&database.name, hold));
        let sleeps = "SELECT count(*) FROM pg_stat_activity
            WHERE wait_event = 'PgSleep' AND datname = current_database()";
        while database.sql(sleeps) != "1" {
            thread::sleep(Duration::from_millis(20));
        }
        let who = "FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let waits = format!("SELECT count(*) {who}");
        let opens = scope.spawn(|| PostgresStore::open(&database.options()).err());
        while database.sql(&waits) != "1" {
            thread::sleep(Duration::from_millis(20));
        }
        database.sql(&format!("SELECT pg_terminate_backend(pid) {who}"));
        let ended = opens.join().unwrap();
        assert!(matches!(ended, Some(StoreError::Busy(_))), "it was ended: {ended:?}");
        database.sql(&sleeps.replace("count(*)", "pg_cancel_backend(pid)"));
        assert!(locked.join().unwrap().is_err(), "it was held until now");
    });
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.sql(tables), "1", "only the one that was there");
    drop(opened(&database));
    assert!(database.sql(tables).parse::<i64>().unwrap() > 15);
}

#[test]
fn a_newer_a_changed_and_a_foreign_schema_are_refused_and_left_alone() {
    if !postgres::is_there("a_newer_a_changed_and_a_foreign_schema_are_refused") {
        return;
    }
    for (statement, words) in [
        ("INSERT INTO migration VALUES (99, '0099_later', '')", "start the newer version again"),
        ("UPDATE migration SET checksum = 'x'", "a build that was never released"),
    ] {
        let database = Database::new();
        database.sql(statement);
        let why = refusal(PostgresStore::open(&database.options()));
        assert!(why.contains(words), "{why}");
    }
    let foreign = Database::empty();
    foreign.sql("CREATE TABLE job (id int)");
    let why = refusal(PostgresStore::open(&foreign.options()));
    assert!(why.contains("a database of its own"), "{why}");
    assert_eq!(foreign.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
}

#[test]
fn a_database_that_acknowledges_too_early_is_refused_unless_it_is_allowed_by_name() {
    if !postgres::is_there("a_database_that_acknowledges_too_early_is_refused") {
        return;
    }
    let database = Database::new();
    let store = opened(&database);
    assert!(store.promise().contains("synced to the disk of the database's server"));
    drop(store);
    database.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name));
    let why = refusal(PostgresStore::open(&database.options()));
    assert!(why.contains("synchronous_commit is off"), "{why}");
    let allowed = Options { allow_unsafe_durability: true, ..database.options() };
    let store = PostgresStore::open(&allowed).expect("it is allowed");
    assert!(store.promise().contains("may lose it"), "{}", store.promise());
}

#[tokio::test]
async fn a_default_that_changes_later_does_not_make_the_promise_untrue() {
    if !postgres::is_there("a_default_that_changes_later") {
        return;
    }
    let database = Database::new();
    let store = opened(&database);
    database.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name));
    // Every connection that is made from now on has the new default.
    database.sql(
        "CREATE TABLE seen (setting text);
         CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER see BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION see()",
    );
    store.accept(vec![fill(1)]).await.unwrap();
    assert_eq!(database.sql("SELECT setting FROM seen; SHOW synchronous_commit"), "on\noff");
}

#[tokio::test]
async fn the_same_delivery_to_two_replicas_at_once_is_one_event() {
    if !postgres::is_there("the_same_delivery_to_two_replicas_at_once_is_one_event") {
        return;
    }
    let database = Database::new();
    let stores = [opened(&database), opened(&database)];
    let mut answers = Vec::new();
    for round in 0..20 {
        let deliveries = || (round * 50..(round + 1) * 50).map(fill);
        // The other way round at the other one: they must not wait for each other in a circle.
        let (one, other) = tokio::join!(
            stores[0].accept(deliveries().collect()),
            stores[1].accept(deliveries().rev().collect())
        );
        let (one, mut other) = (one.unwrap(), other.unwrap());
        other.reverse();
        for (a, b) in one.iter().zip(&other) {
            assert_eq!(a.uuid, b.uuid);
            assert_ne!(a.is_duplicate, b.is_duplicate, "one of them was first");
        }
        answers.extend(one);
    }
    let tally = stores[0].tally(T0).await.unwrap();
    assert_eq!((tally.accepted, answers.len()), (1000, 1000));
    assert_eq!(stores[1].audit(T0).await.unwrap().differences(), Vec::<String>::new());
}

/// A decision that says that it was begun and waits to be let go on.
fn waiting() -> (Arc<Decide>, Receiver<()>, Sender<()>) {
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let gates = std::sync::Mutex::new((begun, may_go));
    let decide = road(move |_, _, _| {
        let gates = gates.lock().unwrap();
        gates.0.send(()).unwrap();
        let _ = gates.1.recv_timeout(Duration::from_secs(3));
    });
    (decide, has_begun, go)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_replica_decides_the_other_is_told_so_and_decides_nothing() {
    if !postgres::is_there("while_one_replica_decides_the_other_is_told_so") {
        return;
    }
    let database = Database::new();
    let (one, other) = (opened(&database), opened(&database));
    one.accept((1..=2).map(fill).collect()).await.unwrap();
    let (decide, has_begun, go) = waiting();
    let deciding = one.decide(batch_of(&one, 1, decide).await);
    let batch = batch_of(&other, 10, plain()).await;
    has_begun.recv_timeout(Duration::from_secs(5)).expect("the first one decides");
    let elsewhere = other.decide(batch).await.unwrap();
    assert!(elsewhere.is_elsewhere && elsewhere.decided.is_empty(), "{elsewhere:?}");
    go.send(()).unwrap();
    let done = deciding.await.unwrap();
    assert_eq!((done.decided.len(), done.is_elsewhere), (1, false));
    // What was decided meanwhile is passed over.
    let batch = batch_of(&other, 10, plain()).await;
    let done = other.decide(batch).await.unwrap();
    assert_eq!(done.decided.iter().map(|one| one.seq).collect::<Vec<_>>(), [Seq(2)]);
}

#[tokio::test]
async fn what_another_replica_decided_about_people_is_seen_by_the_next_decision() {
    if !postgres::is_there("what_another_replica_decided_about_people_is_seen") {
        return;
    }
    let database = Database::new();
    let stores = [opened(&database), opened(&database)];
    // Each lead is one more turn of ada's, on top of what was there.
    let turning: Arc<Decide> = Arc::new(|snapshot, step, now| {
        let before = snapshot.team.rotations.get("inbound").and_then(|pool| pool.turns.get("ada"));
        let mut turn: Turn = before.copied().unwrap_or_default();
        turn.received += 1;
        turn.credit += 0.1;
        let mut plan = super::fixture::opened(step, now);
        plan.team = vec![TeamChange::Turn { pool: "inbound".into(), rep: "ada".into(), turn }];
        plan
    });
    for n in 0..12 {
        stores[0].accept(vec![fill(n)]).await.unwrap();
        let store = &stores[usize::from(n % 3 == 0)];
        let done = store.decide(batch_of(store, 10, Arc::clone(&turning)).await).await.unwrap();
        assert_eq!(done.decided[0].seq, Seq(n + 1));
    }
    let team = stores[0].team().await.unwrap();
    assert_eq!((team.rotations["inbound"].turns["ada"].received, team.open["ada"]), (12, 12));
}

#[tokio::test]
async fn a_plan_that_the_database_refuses_costs_its_event_a_try_and_harms_no_other() {
    if !postgres::is_there("a_plan_that_the_database_refuses_costs_its_event_a_try") {
        return;
    }
    let database = Database::new();
    let store = opened(&database);
    store.accept((1..=20).map(fill).collect()).await.unwrap();
    database.sql("ALTER TABLE lead ADD CHECK (doc NOT LIKE '%delivery-7@%')");
    let batch = batch_of(&store, 100, plain()).await;
    let bad = batch.steps[6].event.clone().unwrap().id;
    let done = store.decide(batch).await.unwrap();
    assert_eq!((done.decided.len(), done.failed.len()), (19, 1));
    let seqs: Vec<i64> = done.decided.iter().map(|one| one.seq.0).collect();
    assert_eq!(seqs, (1..=19).collect::<Vec<_>>(), "without a gap");
    assert_eq!(done.failed[0].0, bad);
    assert!(!done.failed[0].1.contains("linden"), "{}", done.failed[0].1);
    let [event] = &store.undecided(100).await.unwrap()[..] else { panic!("one is left") };
    assert_eq!((event.id, event.tries), (bad, 1));
    assert_eq!(store.audit(T0).await.unwrap().differences(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_with_nul_is_stored_and_harms_nobody() {
    if !postgres::is_there("a_text_with_nul_is_stored_and_harms_nobody") {
        return;
    }
    let database = Database::new();
    let store = opened(&database);
    let hostile = |n: i64| NewEvent {
        delivery: format!("a\0b\u{1}0-{n}"),
        content_type: Some("text/\0".into()),
        actor: Some("\0".into()),
        body: vec![0, 1, 255],
        ..fill(n)
    };
    let mut given: Vec<NewEvent> = (1..=3).map(hostile).collect();
    given.push(fill(4));
    store.accept(given.clone()).await.unwrap();
    let again = store.accept(vec![hostile(2)]).await.unwrap();
    assert!(again[0].is_duplicate);
    let events = store.undecided(10).await.unwrap();
    let arrived: Vec<NewEvent> = events.iter().map(|event| event.arrived.clone()).collect();
    assert!(arrived == given, "they read back to the byte");
    let nul = |event| {
        let mut step = fill_step(event, "eva\0@linden.example");
        if let Input::Fill(draft) = &mut step.input {
            draft.identities = vec![Identity::Email("eva\0@linden.example".into())];
        }
        step
    };
    let decide = road(|plan, _, _| {
        let Some(lead) = &mut plan.lead else { return };
        lead.owner = Some("a\0da".into());
        lead.fields.0.insert("note".into(), Field::Text("\0\u{1}".into()));
    });
    let steps = events.iter().map(nul).collect();
    let batch = Batch { now: T0, steps, reviews_max: 0, decide };
    let done = store.decide(batch).await.unwrap();
    assert_eq!((done.decided.len(), done.failed.len()), (4, 0), "{:?}", done.failed);
    let leads = store.leads(LeadFilter { max: 10, ..LeadFilter::default() }).await.unwrap().rows;
    assert_eq!(leads.len(), 1, "the person was recognised");
    assert_eq!((leads[0].lead.fills, leads[0].lead.owner.as_deref()), (4, Some("a\0da")));
    assert_eq!(store.team().await.unwrap().open["a\0da"], 1);
}

#[tokio::test]
async fn an_event_that_becomes_visible_late_is_not_passed_over_for_good() {
    if !postgres::is_there("an_event_that_becomes_visible_late") {
        return;
    }
    let database = Database::new();
    let store = opened(&database);
    // Somebody took a number and has not committed when a later one is already decided.
    database.sql("SELECT nextval('event_id_seq')");
    store.accept(vec![fill(2)]).await.unwrap();
    let done = store.decide(batch_of(&store, 10, plain()).await).await.unwrap();
    assert_eq!(done.decided[0].event, Some(EventId(2)));
    database.sql(
        "INSERT INTO event (id, key, uuid, kind, fate, received_at, source, delivery)
            VALUES (1, 'k', gen_random_uuid(), 0, 0, 0, 'typeform', 'late');
         INSERT INTO body VALUES (1, '{}')",
    );
    let found = store.undecided(10).await.unwrap();
    assert_eq!(found.iter().map(|event| event.id.0).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn what_one_replica_did_wakes_the_other() {
    if !postgres::is_there("what_one_replica_did_wakes_the_other") {
        return;
    }
    let database = Database::new();
    let (one, other) = (opened(&database), opened(&database));
    let mut heard = other.wakes().expect("there can be others");
    let woken = async {
        loop {
            if let Ok(Wake::Events) = heard.recv().await {
                return;
            }
        }
    };
    let works = async {
        // It may not listen yet: nothing depends on a wake-up.
        for n in 0.. {
            one.accept(vec![fill(n)]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! { () = woken => {}, () = works => {} }
    })
    .await
    .expect("it was woken");
}
