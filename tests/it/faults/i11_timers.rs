//! I11 with the real binary and real time: how late timers are, also right after a start.

use handoff::model::{
    plan::What,
    time::{Span, Time},
};

use super::{daemon::Daemon, senders::post};
use crate::road::many::{decisions, either, leads};

/// The only step of the ladder: so long after the assignment.
const WITHIN: Span = Span::seconds(5);

#[tokio::test(flavor = "multi_thread")]
async fn i11_timers_are_at_most_a_second_late_and_five_after_a_start() {
    let mut daemon = Daemon::new();
    let path = daemon.folder.path().join("rulebook.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let steps = text.find("step = [").unwrap();
    let text = format!("{}step = [{{ at = \"100%\", tell = [\"rep: mary\"] }}]\n", &text[..steps]);
    std::fs::write(path, text.replace("respond_within = \"5m\"", "respond_within = \"5s\""))
        .unwrap();
    daemon.start().await;
    let count = either(300, 3_000);
    post(daemon.port, 0..count, |_| "demo").await;
    // Killed and away while the second half falls due.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    post(daemon.port, count..2 * count, |_| "demo").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    daemon.kill();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    daemon.start().await;
    let started = handoff::clock::Clock::now(&handoff::clock::SystemClock::new());
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended_well, "{}", daemon.log());
    let store = daemon.store();
    let mut late: Vec<(Time, i64)> = Vec::new();
    let all = leads(&store).await;
    for decided in decisions(&store).await {
        if decided.decision.what == What::Escalated {
            let lead = all.iter().find(|lead| Some(lead.id) == decided.lead).unwrap();
            let due = lead.assigned_at.unwrap().plus(WITHIN);
            late.push((due, decided.decision.at.since(due).0));
        }
    }
    let fired = late.len();
    let early = late.iter().filter(|(_, late)| *late < 0).count();
    let (mut up, mut down): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for (due, late) in late {
        if due.plus(Span(late)) < started.minus(Span::seconds(4)) {
            up.push(late);
        } else {
            down.push(due.plus(Span(late)).since(started).0);
        }
    }
    up.sort_unstable();
    let p99 = up[up.len() * 99 / 100];
    let last = down.iter().max().copied().unwrap_or(0);
    println!(
        "I11: {fired} timers in real time: {early} early, p99 {p99} ms late; after a kill {} \
         overdue ones, the last {last} ms after it was ready",
        down.len()
    );
    assert_eq!((fired, early), (2 * count, 0));
    assert!(p99 <= 1_000 && last <= 5_000);
    assert!(down.len() >= count / 2, "many were overdue");
}
