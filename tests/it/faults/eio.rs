//! The N-th sync of a thread fails: nobody in that commit is answered 2xx, the process says what
//! happened and ends, and starts afresh with everything acknowledged.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use super::{
    daemon::{Acknowledged, Daemon, send},
    needs,
    trace::{Call, Trace, strace},
};

fn numbers() -> Vec<u32> {
    // The first few are syncs of the start, the others of commits.
    if needs::is_long() { (1..=50).collect() } else { vec![1, 2, 3, 4, 5, 6, 8, 12, 20, 40] }
}

/// What one failing sync did.
struct Failed {
    /// SQLite goes on when it cannot sync a folder; the start then syncs it itself.
    is_made_good: bool,
    /// How long the process lived on, in seconds.
    lived: f64,
    /// Deliveries that were answered 2xx by then, and those too early.
    answered: usize,
    early: usize,
}

/// Whether a folder's sync failed and another of that folder went well afterwards.
fn is_made_good(trace: &Trace) -> bool {
    let is_of_folder = |call: &&Call| call.is_sync() && !call.text.contains(".db");
    let mut folders = trace.calls.iter().filter(is_of_folder);
    let failed = folders.by_ref().find(|call| call.is_injected());
    failed.is_some() && folders.any(|call| call.result() == 0)
}

/// Lets the N-th sync fail under load and reads the trace.
async fn fail(daemon: &mut Daemon, number: u32, acknowledged: &Arc<Acknowledged>) -> Failed {
    let file = daemon.folder.path().join(format!("trace-{number}"));
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={number}");
    daemon.under = strace(&file, Some(&inject));
    daemon.launch();
    acknowledged.is_over.store(false, Ordering::Relaxed);
    let (port, all) = (daemon.port, Arc::clone(acknowledged));
    let sending = tokio::spawn(async move { send(port, &all, 8, Duration::from_mins(1)).await });
    let mut trace = Trace::default();
    let mut status = None;
    for _ in 0..300 {
        status = daemon.ended(Duration::from_millis(100)).await;
        trace = Trace::parse(&std::fs::read_to_string(&file).unwrap_or_default());
        if status.is_some() || is_made_good(&trace) {
            break;
        }
    }
    // Each thread counts for itself: another sync may have failed since, and ended it.
    let is_made_good = is_made_good(&trace);
    daemon.kill();
    acknowledged.is_over.store(true, Ordering::Relaxed);
    sending.await.expect("the senders end");
    daemon.under.clear();
    let failed = trace.calls.iter().find(|call| call.is_injected());
    let failed = failed.unwrap_or_else(|| panic!("sync {number} never came:\n{}", daemon.log()));
    if !is_made_good {
        let code = status.and_then(|status| status.code());
        assert_eq!(code, Some(5), "sync {number} ends the process:\n{}", daemon.log());
        let later = trace.calls.iter().filter(|call| call.began > failed.ended && call.is_sync());
        let later: Vec<_> = later.collect();
        assert!(later.is_empty(), "nothing is synced after sync {number} failed: {later:?}");
    }
    let lived = trace.ended_at.map_or(0.0, |ended| ended - failed.at);
    let verdict = trace.judge();
    Failed { is_made_good, lived, answered: verdict.answered.len(), early: verdict.early.len() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_ends_the_process_and_nobody_is_told_otherwise() {
    const TEST: &str = "failing syncs";
    if !needs::tracing(TEST) {
        return;
    }
    let mut daemon = Daemon::new();
    let acknowledged = Arc::new(Acknowledged::default());
    let (mut made_good, mut longest, mut early, mut under_load) = (0, 0.0_f64, 0, 0);
    let numbers = numbers();
    for number in &numbers {
        // In order first: so the syncs of a start are those of a database that is there.
        daemon.start().await;
        assert!(daemon.stop().1, "a start after a failure is like any other:\n{}", daemon.log());
        std::fs::write(daemon.folder.path().join("log"), "").expect("an empty log");
        let failed = fail(&mut daemon, *number, &acknowledged).await;
        early += failed.early;
        under_load += usize::from(failed.answered > 0);
        if failed.is_made_good {
            made_good += 1;
        } else {
            longest = longest.max(failed.lived);
            let said = daemon.log();
            assert!(said.contains("the disk failed"), "sync {number}:\n{said}");
            assert!(said.contains("start handoff again"), "sync {number}:\n{said}");
        }
    }
    daemon.start().await;
    assert!(daemon.stop().1, "{}", daemon.log());
    let store = daemon.store();
    let lost = acknowledged.lost_in(&store).await;
    let sent = acknowledged.events.lock().await.len();
    println!(
        "failing syncs {}: acknowledged {sent}, lost {lost}, early {early}, the longest life after \
         one {longest:.2} s; {under_load} came under load, {made_good} of a folder was made good",
        numbers.len()
    );
    assert_eq!((lost, early), (0, 0));
    assert!(longest <= 5.0, "{longest} s");
    assert!(under_load >= 3 && sent > 0, "some came under load");
    assert!(made_good <= 1, "{made_good}: SQLite syncs the folder once");
}
