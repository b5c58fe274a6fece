//! I12 with the real binary: its wall clock is set by libfaketime while the monotonic one goes on.

use std::time::Duration;

use handoff::{
    clock::Clock as _,
    model::{plan::What, time::Span},
};

use super::{daemon::Daemon, senders::post};
use crate::{
    harness::until,
    road::many::{decisions, is_ladder, leads},
};

/// Where Debian puts it.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];
const LEADS: usize = 50;

fn library() -> Option<&'static str> {
    let found = LIBRARIES.into_iter().find(|path| std::path::Path::new(path).exists());
    if found.is_none() {
        let is_needed = ["HANDOFF_TEST_REQUIRE", "HANDOFF_TEST_REQUIRE"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        assert!(!is_needed, "libfaketime is missing: install the package faketime");
        println!("I12: SKIPPED, libfaketime is missing: install the package faketime");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_the_binary_holds_its_ladders_when_its_clock_is_set() {
    let Some(library) = library() else { return };
    let mut daemon = Daemon::new();
    let path = daemon.folder.path().join("rulebook.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // A reminder after twelve seconds, late after twenty, taken away after thirty.
    let text = text.replace("respond_within = \"5m\"", "respond_within = \"20s\"");
    std::fs::write(path, text.replace("late_by = \"5m\"", "late_by = \"10s\"")).unwrap();
    let hand = daemon.folder.path().join("hand");
    let set = |offset: i64| {
        // Replaced as a whole, so that a half-written file is never read.
        let next = hand.with_extension("next");
        std::fs::write(&next, format!("{offset:+}\n")).unwrap();
        std::fs::rename(next, &hand).unwrap();
    };
    set(0);
    for (name, value) in [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", hand.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ] {
        daemon.environment.push((name.to_owned(), value.to_owned()));
    }
    daemon.start().await;
    post(daemon.port, 0..LEADS, |_| "demo").await;
    let jumps = |log: &str| log.matches("the wall clock jumped").count();
    let (mut slowest, mut seen) = (Duration::ZERO, 0);
    for offset in [3_600, 0, -3_600, 0, 86_400, 0] {
        let began = tokio::time::Instant::now();
        set(offset);
        until("the jump was noticed", || async { jumps(&daemon.log()) > seen }).await;
        slowest = slowest.max(began.elapsed());
        seen = jumps(&daemon.log());
    }
    let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended_well, "{}", daemon.log());
    let store = daemon.store();
    let now = handoff::clock::SystemClock::new().now();
    let (all, made) = (leads(&store).await, decisions(&store).await);
    let odd = made.iter().filter(|one| {
        let lead = all.iter().find(|lead| Some(lead.id) == one.lead).unwrap();
        let due = lead.assigned_at.unwrap().plus(Span::seconds(12));
        is_ladder(one.decision.what) && (one.decision.at < due || one.decision.at > now)
    });
    let odd = odd.count();
    let taken = made.iter().filter(|one| one.decision.what == What::Reassigned).count();
    println!(
        "I12: the binary's clock set six times by an hour and a day: noticed within {} ms, {odd} \
         early or in a wrong hour, {taken} taken away",
        slowest.as_millis()
    );
    assert_eq!((all.len(), odd, taken), (LEADS, 0, 0));
    assert!(slowest < Duration::from_secs(7), "{slowest:?}");
}
