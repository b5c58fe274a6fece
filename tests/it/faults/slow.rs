//! A slow disk, 200 ms a sync: many deliveries share each sync, the line before it is bounded, and
//! nothing is lost.

use std::{sync::Arc, time::Duration};

use super::{
    daemon::{Acknowledged, Daemon, resident_mib, send},
    needs,
    trace::{Trace, strace},
};

const SENDERS: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn on_a_slow_disk_many_deliveries_share_a_sync() {
    const TEST: &str = "a slow disk";
    if !needs::tracing(TEST) {
        return;
    }
    let mut daemon = Daemon::new();
    daemon.start().await;
    assert!(daemon.stop().1, "{}", daemon.log());
    let file = daemon.folder.path().join("trace");
    daemon.under = strace(&file, Some("inject=fsync,fdatasync:delay_enter=200ms"));
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    let began = tokio::time::Instant::now();
    send(daemon.port, &acknowledged, SENDERS, Duration::from_secs(4)).await;
    let took = began.elapsed();
    let kept = acknowledged.events.lock().await.len();
    daemon.kill();
    daemon.under.clear();
    let trace = Trace::parse(&std::fs::read_to_string(&file).expect("a trace"));
    let delayed = trace.calls.iter().filter(|call| call.text.ends_with("(DELAYED)")).count();
    let verdict = trace.judge();
    let lost = acknowledged.lost_in(&daemon.store()).await;
    let per_sync = kept / verdict.syncs.max(1);
    println!(
        "200 ms a sync: {kept} acknowledged in {took:.1?} ({:.0} a second), {} syncs of the log, \
         {per_sync} events a sync, early {}, lost {lost}",
        kept as f64 / took.as_secs_f64(),
        verdict.syncs,
        verdict.early.len()
    );
    assert_eq!((verdict.early.len(), lost), (0, 0));
    assert!(delayed > 0, "the disk was slow");
    assert!(per_sync >= 50, "{per_sync} events a sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_slow_disk_the_line_is_bounded() {
    const TEST: &str = "the line before a slow disk";
    if !needs::tracing(TEST) {
        return;
    }
    let mut daemon = Daemon::new();
    daemon.environment.push(("HANDOFF_LIMITS_LINE".to_owned(), "32".to_owned()));
    daemon.start().await;
    assert!(daemon.stop().1, "{}", daemon.log());
    let file = daemon.folder.path().join("trace");
    daemon.under = strace(&file, Some("inject=fsync,fdatasync:delay_enter=200ms"));
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    send(daemon.port, &acknowledged, SENDERS, Duration::from_secs(3)).await;
    let (_, own) = resident_mib(daemon.pid());
    daemon.kill();
    daemon.under.clear();
    let answers = acknowledged.answers.lock().await;
    let later = answers.get(&(503, Some("2".to_owned()))).copied().unwrap_or(0);
    let kept = answers.get(&(200, None)).copied().unwrap_or(0);
    let others: Vec<_> =
        answers.keys().filter(|(status, _)| ![200, 503].contains(status)).collect();
    let lost = acknowledged.lost_in(&daemon.store()).await;
    println!(
        "a line of 32: acknowledged {kept}, asked to come again {later}, lost {lost}, {own} MiB"
    );
    assert_eq!((others.len(), lost), (0, 0), "{others:?}");
    assert!(kept > 0 && later > 0, "the line was full");
    assert!(own < 100, "{own} MiB");
}
