//! The disk is full: 503 and a time to come again, never a false 2xx; reads go on; and it works
//! again by itself when there is room.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    daemon::{Acknowledged, Daemon, send},
    disk::Disk,
    needs,
    trace::{Trace, strace},
};
use crate::harness::until;

/// Everything was answered 200, or 503 with a time to come again; answers how many of each.
async fn answers(acknowledged: &Acknowledged) -> (u64, u64) {
    let (mut kept, mut later) = (0, 0);
    for ((status, again), count) in acknowledged.answers.lock().await.iter() {
        match (status, again.as_deref().map(str::parse::<u32>)) {
            (200, None) => kept += count,
            (503, Some(Ok(_))) => later += count,
            other => panic!("neither kept nor asked to come again: {other:?}"),
        }
    }
    (kept, later)
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_find_no_room_are_asked_to_come_again() {
    const TEST: &str = "a full disk for a moment";
    if !needs::tracing(TEST) {
        return;
    }
    let mut daemon = Daemon::new();
    daemon.start().await;
    assert!(daemon.stop().1, "{}", daemon.log());
    let file = daemon.folder.path().join("trace");
    // Counted in each thread: the start writes less, so that they all are of commits.
    daemon.under = strace(&file, Some("inject=pwrite64:error=ENOSPC:when=100..112"));
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    for _ in 0..30 {
        send(daemon.port, &acknowledged, 8, Duration::from_secs(1)).await;
        if answers(&acknowledged).await.1 > 0 {
            break;
        }
    }
    let (kept_so_far, later) = answers(&acknowledged).await;
    // It needs no start and no help.
    until("it is ready again", || async { daemon.readiness().await == Some(200) }).await;
    send(daemon.port, &acknowledged, 8, Duration::from_millis(300)).await;
    assert!(daemon.stop().1, "{}", daemon.log());
    daemon.under.clear();
    let trace = Trace::parse(&std::fs::read_to_string(&file).expect("a trace"));
    let failed = trace.calls.iter().filter(|call| call.is_injected()).count();
    let verdict = trace.judge();
    let lost = acknowledged.lost_in(&daemon.store()).await;
    let kept = answers(&acknowledged).await.0;
    println!(
        "a full disk for {failed} writes: acknowledged {kept}, asked to come again {later}, \
         early {}, lost {lost}",
        verdict.early.len()
    );
    assert_eq!((verdict.early.len(), lost), (0, 0));
    assert!(failed > 0 && later > 0 && kept > kept_so_far, "it was full, and then not");
}

/// Fills the disk until only so many bytes are free.
fn fill(filler: &Path, free: u64) {
    let room = rustix::fs::statvfs(filler.parent().expect("a folder")).expect("a disk");
    let bytes = (room.f_bavail * room.f_frsize).saturating_sub(free);
    let zeros = vec![0_u8; usize::try_from(bytes).expect("a small disk")];
    let mut file = std::fs::File::options().create(true).append(true).open(filler).expect("a file");
    // At the very end there may be less room than was said.
    let _ = std::io::Write::write_all(&mut file, &zeros);
}

/// A read of the API, with its status and body.
async fn read(daemon: &Daemon, token: &str, path: &str) -> (u16, Value) {
    let url = format!("http://127.0.0.1:{}{path}", daemon.port);
    let answer =
        reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
}

/// The cookie of somebody who signed in on the pages.
async fn signed_in(daemon: &Daemon, token: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.expect("a client");
    let url = format!("http://127.0.0.1:{}/api/v1/open", daemon.port);
    let opened = client.post(url).bearer_auth(token).send().await.expect("an answer");
    let opened: Value = serde_json::from_str(&opened.text().await.expect("a body")).expect("JSON");
    let link = opened["url"].as_str().expect("a link");
    let answer = client.get(link).send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie");
    cookie.split(';').next().expect("its value").to_owned()
}

/// Everything can still be read.
async fn reads_work(daemon: &Daemon, token: &str) {
    let cookie = signed_in(daemon, token).await;
    let board = format!("http://127.0.0.1:{}/", daemon.port);
    let board = reqwest::Client::new().get(board).header("cookie", cookie).send().await;
    assert_eq!(board.expect("an answer").status(), 200, "the board");
    for path in ["/api/v1/books", "/api/v1/leads", "/api/v1/events", "/health/live", "/metrics"] {
        assert_eq!(read(daemon, token, path).await.0, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_is_over_when_there_is_room() {
    const TEST: &str = "a small disk";
    const MIB: u64 = 1 << 20;
    if !needs::mounting(TEST) {
        return;
    }
    let disk = match Disk::small(32 * 1024) {
        Ok(disk) => disk,
        Err(why) => {
            needs::skipped(TEST, &why);
            return;
        }
    };
    let filler = disk.path().join("filler");
    let mut daemon = Daemon::new();
    daemon.elsewhere = Some(disk.path().join("handoff.db"));
    daemon.environment.push(("HANDOFF_LIMITS_FREE_MIN".to_owned(), "16 MiB".to_owned()));
    let made = daemon.command().args(["token", "create", "ops"]).output().expect("it runs");
    let token = String::from_utf8(made.stdout).expect("a token").trim().to_owned();
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    send(daemon.port, &acknowledged, 4, Duration::from_millis(200)).await;
    assert_eq!(answers(&acknowledged).await.1, 0, "there is room");

    // Nearly full: not ready any more, and everything is still taken.
    fill(&filler, 12 * MIB);
    let (status, said) = read(&daemon, &token, "/health/ready").await;
    assert_eq!(status, 503, "{said}");
    assert!(said["detail"].as_str().unwrap_or_default().contains("limits.free_min"), "{said}");
    let before = answers(&acknowledged).await;
    until("it still takes events", || async {
        send(daemon.port, &acknowledged, 1, Duration::from_millis(20)).await;
        answers(&acknowledged).await.0 > before.0
    })
    .await;
    assert_eq!(answers(&acknowledged).await.1, 0, "nobody was asked to come again");

    // Full.
    fill(&filler, 0);
    let full = tokio::time::Instant::now();
    while answers(&acknowledged).await.1 < 200 && full.elapsed() < Duration::from_secs(20) {
        send(daemon.port, &acknowledged, 4, Duration::from_millis(200)).await;
    }
    let (kept_so_far, later) = answers(&acknowledged).await;
    assert!(later > 0, "it got full");
    assert_eq!(daemon.readiness().await, Some(503));
    reads_work(&daemon, &token).await;

    // Room again.
    std::fs::remove_file(&filler).expect("the filler was there");
    let free = tokio::time::Instant::now();
    until("it takes events again", || async {
        send(daemon.port, &acknowledged, 1, Duration::from_millis(20)).await;
        answers(&acknowledged).await.0 > kept_so_far
    })
    .await;
    let took = free.elapsed();
    assert_eq!(daemon.readiness().await, Some(200));
    assert!(daemon.stop().1, "{}", daemon.log());

    // A start on a full disk says so and ends; what is there waits for the next.
    fill(&filler, 0);
    daemon.launch();
    let status = daemon.ended(Duration::from_secs(20)).await.expect("it ends");
    assert_eq!(status.code(), Some(5), "{}", daemon.log());
    assert!(daemon.log().contains("the disk is full"), "{}", daemon.log());
    std::fs::remove_file(&filler).expect("the filler was there");
    let lost = acknowledged.lost_in(&daemon.store()).await;
    println!(
        "a full disk: acknowledged {}, asked to come again {later}, lost {lost}, 2xx again after \
         {took:.1?}",
        answers(&acknowledged).await.0
    );
    assert_eq!(lost, 0);
    assert!(took <= Duration::from_secs(5), "{took:?}");
}
