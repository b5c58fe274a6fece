//! The server goes away and comes back: what a store on it answers meanwhile and afterwards.
//!
//! Guarantees: the faults are real: a server that is killed, sessions that are ended.
//! Does not know: daemons; what they answer to senders is tested with them.

#![expect(
    clippy::disallowed_methods,
    reason = "how long a request took against a real server is of the real clock"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use handoff::{
    model::event::Fate,
    store::{
        Batch, EventFilter, Store, StoreError,
        postgres::{Options, PostgresStore},
    },
};

use super::fixture::{Database, T0, fill, plain, step};
use crate::harness::postgres::{self, Server, Stop};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_started_is_used_again_and_nothing_is_lost() {
    if !postgres::is_there("a_server_that_is_killed_and_started_is_used_again") {
        return;
    }
    let server = Server::start();
    let name = server.create();
    let store = Arc::new(PostgresStore::open(&Options::new(server.url(&name))).unwrap());
    let acknowledged = Arc::new(AtomicI64::new(0));
    for round in 0..3_i64 {
        let before = acknowledged.load(Ordering::Relaxed);
        let callers: Vec<_> = (0..16)
            .map(|caller| {
                let (store, acknowledged) = (Arc::clone(&store), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    for n in 0.. {
                        let number = (round * 16 + caller) * 1_000_000 + n;
                        let asked = std::time::Instant::now();
                        let accepted = store.accept(vec![fill(number)]).await;
                        assert!(asked.elapsed() < Duration::from_secs(5), "no request hangs");
                        match accepted {
                            Ok(_) => acknowledged.fetch_add(1, Ordering::Relaxed),
                            Err(StoreError::Busy(_)) => return,
                            Err(error) => panic!("busy, not {error:?}"),
                        };
                    }
                })
            })
            .collect();
        while acknowledged.load(Ordering::Relaxed) < before + 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.stop(Stop::Immediate);
        for caller in callers {
            caller.await.unwrap();
        }
        assert!(matches!(store.ready().await, Err(StoreError::Busy(_))));
        server.start_again();
        let back = std::time::Instant::now();
        while store.ready().await.is_err() {
            assert!(back.elapsed() < Duration::from_secs(10), "ready within ten seconds");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let tally = store.tally(T0).await.unwrap();
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    println!("killed 3 times: {acknowledged} acknowledged, {} stored", tally.accepted);
    assert!(tally.accepted >= acknowledged, "nothing that was acknowledged is lost");
    assert_eq!(store.audit(T0).await.unwrap().differences(), Vec::<String>::new());
}

#[tokio::test]
async fn sessions_that_are_ended_cost_a_retry_at_most() {
    if !postgres::is_there("sessions_that_are_ended_cost_a_retry_at_most") {
        return;
    }
    let database = Database::new();
    let store = PostgresStore::open(&database.options()).expect("it opens");
    let mut busy = 0;
    for n in 0..30 {
        if n % 3 == 2 {
            assert!(database.server.end_sessions(&database.name) > 0, "there were some");
        }
        while let Err(error) = store.accept(vec![fill(n)]).await {
            assert!(matches!(error, StoreError::Busy(_)), "{error:?}");
            busy += 1;
        }
        let batch = loop {
            match store.undecided(10).await {
                Ok(events) => break events.iter().map(step).collect(),
                Err(_) => busy += 1,
            }
        };
        let batch = Batch { now: T0, steps: batch, reviews_max: 0, decide: plain() };
        if store.decide(batch).await.is_err() {
            busy += 1;
        }
    }
    while !store.undecided(10).await.unwrap().is_empty() {
        let steps = store.undecided(10).await.unwrap().iter().map(step).collect();
        let batch = Batch { now: T0, steps, reviews_max: 0, decide: plain() };
        store.decide(batch).await.unwrap();
    }
    println!("10 times all sessions ended: {busy} times busy");
    let filter = EventFilter { fate: Some(Fate::Opened), max: 100, ..EventFilter::default() };
    assert_eq!(store.events(filter).await.unwrap().rows.len(), 30);
    assert_eq!(store.audit(T0).await.unwrap().differences(), Vec::<String>::new());
}
