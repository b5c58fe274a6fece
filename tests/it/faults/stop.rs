//! SIGTERM under load, and an idle daemon's memory.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::daemon::{Acknowledged, Daemon, all_events, resident_mib, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_and_takes_a_bounded_time() {
    let mut daemon = Daemon::new();
    let acknowledged = Arc::new(Acknowledged::default());
    for _ in 0..3 {
        daemon.start().await;
        let (port, all) = (daemon.port, Arc::clone(&acknowledged));
        let sending = tokio::spawn(async move {
            send(port, &all, 4, Duration::from_millis(600)).await;
        });
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (took, ended_well) = daemon.stop();
        sending.await.expect("the senders end");
        assert!(ended_well, "{}", daemon.log());
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
    let store = daemon.store();
    let stored: BTreeSet<_> = all_events(&store).await.into_iter().map(|one| one.uuid).collect();
    let acknowledged = acknowledged.events.lock().await;
    let lost = acknowledged.iter().filter(|(id, _)| !stored.contains(id)).count();
    println!("three stops under load: acknowledged {}, lost {lost}", acknowledged.len());
    assert_eq!(lost, 0);
    assert!(!acknowledged.is_empty());
    drop(store);
    daemon.assert_conserved();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_daemon_is_small() {
    let mut daemon = Daemon::new();
    daemon.start().await;
    let (all, own) = resident_mib(daemon.pid());
    println!("idle: {all} MiB resident, {own} of it not a file's pages");
    // The pages of a binary with debug information are many; its own memory is what can grow.
    assert!(own < 40, "{own} MiB");
}
