//! I19: a stop loses nothing and takes a bounded time, also when it is asked for twice.

use std::{
    collections::BTreeSet,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    daemon::{Daemon, all_events, all_leads},
    wire::{Post, Wire, event_of},
};
use crate::{
    harness::{Dice, until},
    road::many::either,
};

/// Sends unique people over one connection until told to end; the events that were acknowledged.
async fn sender(port: u16, next: Arc<AtomicU64>, end: Arc<AtomicBool>) -> Vec<uuid::Uuid> {
    let mut acknowledged = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let Ok(mut wire) = Wire::connect(port).await else { break };
        while !end.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
            match wire.send(&Post::new(port, &body, &format!("msg_{number}"))).await {
                Ok((200, body)) => acknowledged.push(event_of(&body)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn i19_stops_under_load_lose_nothing_and_end_within_thirty_seconds() {
    let mut daemon = Daemon::new();
    daemon.crm.set_down(true);
    let next = Arc::new(AtomicU64::new(0));
    let (stops, mut dice) = (either(10, 100), Dice::new(19));
    let (mut acknowledged, mut longest) = (Vec::new(), Duration::ZERO);
    for _ in 0..stops {
        daemon.start().await;
        let end = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..8)
            .map(|_| tokio::spawn(sender(daemon.port, Arc::clone(&next), Arc::clone(&end))))
            .collect();
        tokio::time::sleep(Duration::from_millis(20 + dice.below(250))).await;
        let (took, ended_well) = tokio::task::block_in_place(|| daemon.stop());
        end.store(true, Ordering::Relaxed);
        for sender in senders {
            acknowledged.extend(sender.await.expect("it ends"));
        }
        assert!(ended_well, "{}", daemon.log());
        longest = longest.max(took);
    }
    let store = daemon.store();
    let stored: BTreeSet<_> = all_events(&store).await.into_iter().map(|one| one.uuid).collect();
    let lost = acknowledged.iter().filter(|id| !stored.contains(id)).count();
    println!(
        "I19: {stops} stops under load: {} acknowledged, {lost} lost, longest stop {} ms",
        acknowledged.len(),
        longest.as_millis()
    );
    assert!(acknowledged.len() > stops * 5, "it was under load: {}", acknowledged.len());
    assert_eq!(lost, 0);
    assert!(longest < Duration::from_secs(30), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn i19_who_is_stopped_as_soon_as_it_listens_ends_well() {
    let mut daemon = Daemon::new();
    for round in 0..12 {
        daemon.launch();
        let listens = || std::net::TcpStream::connect(("127.0.0.1", daemon.port)).is_ok();
        let patience = Duration::from_mins(1);
        let waits = async {
            while !listens() {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(patience, waits).await.is_ok(), "{}", daemon.log());
        let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
        assert!(ended_well, "round {round}: {}", daemon.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i19_a_second_signal_ends_it_at_once_and_nothing_is_lost() {
    let mut daemon = Daemon::new();
    daemon.start().await;
    // Calls hang, so that an ordered stop would have to wait for them.
    daemon.crm.set_delay(8_000);
    let mut wire = Wire::connect(daemon.port).await.expect("a connection");
    for number in 0..20 {
        let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
        let post = Post::new(daemon.port, &body, &format!("msg_{number}"));
        assert_eq!(wire.send(&post).await.expect("an answer").0, 200);
    }
    drop(wire);
    until("a call is under way", || async { !daemon.crm.requests().is_empty() }).await;
    let pid = daemon.pid().to_string();
    let first = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(first.expect("kill runs").success());
    until("it is stopping", || async { daemon.log().contains("stopping") }).await;
    let (took, _) = tokio::task::block_in_place(|| daemon.stop());
    daemon.crm.set_delay(0);
    daemon.start().await;
    until("every lead is in the CRM", || async {
        let records = daemon.crm.records();
        records.iter().filter(|record| !record.text("hubspot_owner_id").is_empty()).count() >= 20
    })
    .await;
    let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended_well, "{}", daemon.log());
    let (leads, records) = (all_leads(&daemon.store()).await.len(), daemon.crm.records().len());
    println!(
        "I19: a second signal during a stop: ended after {} ms, {leads} leads, {records} records",
        took.as_millis()
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!((leads, records), (20, 20));
}
