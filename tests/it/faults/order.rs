//! The order of syncs and answers, as the kernel saw it: no delivery is answered 2xx before a sync
//! that began after it had arrived.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    daemon::{Acknowledged, Daemon, send},
    needs,
    trace::{Trace, strace},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_comes_after_a_sync_that_began_after_its_request() {
    const TEST: &str = "the order of syncs and answers";
    const ANSWERS: usize = 1_000;
    if !needs::tracing(TEST) {
        return;
    }
    let mut daemon = Daemon::new();
    let file = daemon.folder.path().join("trace");
    daemon.under = strace(&file, None);
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    for _ in 0..60 {
        send(daemon.port, &acknowledged, 16, Duration::from_secs(1)).await;
        if acknowledged.events.lock().await.len() >= ANSWERS {
            break;
        }
    }
    assert!(daemon.stop().1, "{}", daemon.log());
    let text = std::fs::read_to_string(&file).expect("a trace");
    let verdict = Trace::parse(&text).judge();
    let acknowledged = acknowledged.events.lock().await;
    println!(
        "order: {} answers 2xx, {} syncs of the log, {} answers early",
        verdict.answered.len(),
        verdict.syncs,
        verdict.early.len()
    );
    assert_eq!(verdict.early, Vec::<String>::new());
    // What the senders saw is what the trace shows: nothing was judged by luck of the parser.
    let seen: BTreeSet<_> = acknowledged.iter().map(|(id, _)| *id).collect();
    assert_eq!(seen.difference(&verdict.answered).count(), 0);
    assert!(verdict.answered.len() >= ANSWERS && verdict.syncs > 0);
}
