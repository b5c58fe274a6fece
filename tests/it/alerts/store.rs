//! Alerts about what is in the store, its disk, and the clock.

use std::sync::{Arc, atomic::Ordering};

use handoff::{
    clock::Clock as _,
    model::{
        alert::{Alert, Limits},
        event::{EventKind, Fate, NewEvent},
        time::Span,
    },
    store::{EventFilter, Store, postgres::PostgresStore},
};
use rusqlite::Connection;

use super::{Proof, on_a_file, over, raised, watched};
use crate::{
    harness::{Config, Plant, Tune, postgres},
    store::fixture::Database,
};

/// Somebody else holds the database: nothing can be written until this is dropped.
pub(super) fn lock(path: &std::path::Path) -> Connection {
    let conn = Connection::open(path).expect("it opens");
    conn.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").expect("it is free");
    conn
}

/// Somebody changes the store behind the daemon's back.
fn tamper(path: &std::path::Path, sql: &str) {
    let conn = Connection::open(path).expect("it opens");
    conn.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert!(conn.execute(sql, []).expect("it is changed") > 0, "{sql}");
}

pub(super) async fn rows_that_do_not_match_the_tally(alert: Alert) -> Proof {
    let (plant, _folder, path) = on_a_file(Limits::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.books_balance().await;
    tamper(&path, "UPDATE event SET fate = 2 WHERE fate = 1");
    raised(&plant, alert, "", Span::minutes(1)).await;
    let said = plant.running().worker.lookout.raised().await;
    let found = said.iter().find(|one| one.key.alert == alert).unwrap();
    assert!(found.says.contains("opened: 1 in the books, 0 there"), "{}", found.says);
    tamper(&path, "UPDATE event SET fate = 1 WHERE fate = 2");
    over(&plant, alert, "").await
}

pub(super) async fn a_fill_that_nobody_decides(alert: Alert) -> Proof {
    let (plant, _folder, path) = on_a_file(Limits::default()).await;
    plant.idle().await;
    // Nobody is woken by this, and deciding polls by the clock, which stands.
    let event = NewEvent {
        kind: EventKind::Fill,
        source: "website".into(),
        delivery: "one".into(),
        received_at: plant.clock.now(),
        content_type: Some("application/json".into()),
        actor: None,
        body: br#"{"data":{"email":"eva@linden.example"}}"#.to_vec(),
    };
    plant.store.accept(vec![event]).await.unwrap();
    let held = lock(&path);
    assert_eq!(plant.store.undecided(1).await.unwrap().len(), 1, "it is under way");
    raised(&plant, alert, "", Span::minutes(5)).await;
    drop(held);
    let proof = over(&plant, alert, "").await;
    assert!(plant.lead_of("eva@linden.example").await.is_some());
    plant.books_balance().await;
    proof
}

pub(super) async fn an_event_that_cannot_be_decided(alert: Alert) -> Proof {
    let (plant, _folder, path) = on_a_file(Limits::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    tamper(&path, "UPDATE lead SET doc = 'x' || doc");
    let body = r#"{"data":{"email":"eva@linden.example","company":"Linden"}}"#;
    assert_eq!(plant.post(body, "two").await.0, 200);
    raised(&plant, alert, "", Span::seconds(5)).await;
    let dead = EventFilter { fate: Some(Fate::Dead), max: 10, ..EventFilter::default() };
    let dead = plant.store.events(dead).await.unwrap().rows;
    assert_eq!(dead.len(), 1);
    tamper(&path, "UPDATE lead SET doc = substr(doc, 2)");
    assert_eq!(plant.store.redo(vec![dead[0].uuid]).await.unwrap(), 1);
    let proof = over(&plant, alert, "").await;
    plant.books_balance().await;
    proof
}

pub(super) async fn work_that_nobody_can_claim(alert: Alert) -> Proof {
    let (plant, _folder, path) = on_a_file(Limits::default()).await;
    plant.crm.set_down(true);
    plant.fill("eva@linden.example", &[]).await;
    let held = lock(&path);
    raised(&plant, alert, "write:hubspot", Span::minutes(2)).await;
    drop(held);
    plant.crm.set_down(false);
    let proof = over(&plant, alert, "write:hubspot").await;
    assert_eq!(plant.crm.records().len(), 1);
    proof
}

pub(super) async fn reminders_after_an_outage(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.clock.advance(Span::hours(1));
    plant.running().worker.wakes.decide();
    raised(&plant, alert, "", Span::seconds(1)).await;
    over(&plant, alert, "").await
}

pub(super) async fn a_disk_that_fills_up(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.free.store(1 << 20, Ordering::Relaxed);
    raised(&plant, alert, "", Span::seconds(5)).await;
    plant.free.store(u64::MAX, Ordering::Relaxed);
    over(&plant, alert, "").await
}

pub(super) async fn a_clock_that_was_set(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let now = plant.clock.now();
    plant.clock.set(now.plus(Span::hours(1)));
    raised(&plant, alert, "", Span::seconds(5)).await;
    assert_unraised(&plant, Alert::LeadStuck).await;
    over(&plant, alert, "").await
}

pub(super) async fn a_transaction_that_is_held_open(alert: Alert) -> Proof {
    if !postgres::is_there(alert.name()) {
        return Proof(alert);
    }
    let database = Database::new();
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&database.options()).unwrap());
    let alerts = Limits { transaction: Span::seconds(1), ..Limits::default() };
    let tune: Tune = Arc::new(move |parts| parts.store = Arc::clone(&store));
    let plant = Plant::start(Config { alerts, tune: Some(tune), ..Config::default() }).await;
    let url = database.server.url(&database.name);
    let (holder, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE pulse").await.unwrap();
    raised(&plant, alert, "", Span::seconds(5)).await;
    holder.batch_execute("COMMIT").await.unwrap();
    over(&plant, alert, "").await
}

pub(super) async fn a_decision_that_was_changed_behind_its_back(alert: Alert) -> Proof {
    let alerts = Limits { repeat: Span::days(3), ..Limits::default() };
    let (plant, _folder, path) = on_a_file(alerts).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    assert_unraised(&plant, alert).await;
    tamper(&path, "UPDATE decision SET doc = replace(doc, '\"owner\":\"', '\"owner\":\"x')");
    raised(&plant, alert, "", Span::minutes(1)).await;
    let said = plant.running().worker.lookout.raised().await;
    let found = said.iter().find(|one| one.key.alert == alert).unwrap();
    assert!(found.says.contains("does not come out as it was stored"), "{}", found.says);
    tamper(&path, "UPDATE decision SET doc = replace(doc, '\"owner\":\"x', '\"owner\":\"')");
    // A difference stands for a day: somebody must have looked.
    plant.clock.advance(Span::hours(23));
    over(&plant, alert, "").await
}

/// What only seems late because the clock was set is no alert.
async fn assert_unraised(plant: &Plant, alert: Alert) {
    let raised = plant.running().worker.lookout.raised().await;
    assert!(raised.iter().all(|one| one.key.alert != alert), "{raised:?}");
}
