//! A second process on the same store: it refuses, says who has it and what to do, and the first
//! goes on as if nothing had been.

use std::{sync::Arc, time::Duration};

use super::daemon::{Acknowledged, Daemon, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_store_is_refused_and_harms_nobody() {
    let mut daemon = Daemon::new();
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    let (port, all) = (daemon.port, Arc::clone(&acknowledged));
    let sending = tokio::spawn(async move { send(port, &all, 4, Duration::from_secs(2)).await });
    for line in [&["serve"][..], &["check", "--store"]] {
        let mut second = daemon.command();
        // Nothing answers there, so that a command looks for the store itself.
        second
            .args(line)
            .env("HANDOFF_LISTEN", "127.0.0.1:0")
            .env("HANDOFF_URL", "http://127.0.0.1:9");
        let second = second.output().expect("it runs");
        let said = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(5), "{line:?}: {said}");
        let holder = format!("process {}", daemon.pid());
        for part in ["handoff.db", "in use by another handoff", &holder, "stop that one first"] {
            assert!(said.contains(part), "{part} in:\n{said}");
        }
    }
    assert_eq!(daemon.readiness().await, Some(200));
    sending.await.expect("the senders end");
    assert_eq!(acknowledged.answers.lock().await.keys().filter(|key| key.0 != 200).count(), 0);
    assert!(daemon.stop().1, "{}", daemon.log());
    let lost = acknowledged.lost_in(&daemon.store()).await;
    println!(
        "a second process, twice: refused; the first acknowledged {}, lost {lost}",
        acknowledged.events.lock().await.len()
    );
    assert_eq!(lost, 0);
}
