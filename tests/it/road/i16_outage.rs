//! I16: after an outage a target is probed once, then called below its limit, the hot leads first;
//! and nobody waits for a pause that was meant for the outage.

use handoff::{model::time::Span, outbound::gate::Limits};

use super::many::{accept, either, pass};
use crate::harness::{Config, Plant, RULEBOOK, until};

/// Calls of a step a second, and at once.
const LIMIT: u32 = 2;

/// One wish in ten is hot; the others have a day.
fn rulebook() -> String {
    let cold = r#"
[[rule]]
id = "cold"
if.form = "ebook"
assign_to = "pool: inbound"
sla = "cold"

[[rule]]
id = "everyone""#;
    let sla = r#"
[[sla]]
id = "cold"
respond_within = "1d"
clock = "always"
escalation = "chain"

[[escalation]]"#;
    RULEBOOK.replacen("\n[[rule]]\nid = \"everyone\"", cold, 1).replacen("\n[[escalation]]", sla, 1)
}

fn form(number: usize) -> &'static str {
    if number.is_multiple_of(10) { "demo" } else { "ebook" }
}

/// The most calls that a step needs: by id, by key, by address, an upsert, an update, owners twice.
const CALLS_A_STEP: usize = 7;

/// Steps that wrote: each makes its new records by one request.
fn steps(plant: &Plant) -> usize {
    plant.crm.requests().iter().filter(|one| one.path.ends_with("/batch/upsert")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn i16_after_an_hour_one_probe_then_below_the_limit_and_the_hot_first() {
    let limits =
        Limits { per_second: LIMIT, burst: LIMIT, opens_after: 5, probe_after: Span::seconds(2) };
    let plant = Plant::start(Config { rulebook: rulebook(), limits, ..Config::default() }).await;
    plant.crm.set_down(true);
    let count = either(1_000, 10_000);
    // They come all over an hour; each is tried while the CRM is down.
    let rounds = 30;
    for round in 0..rounds {
        accept(&plant, round * count / rounds..(round + 1) * count / rounds, form).await;
        plant.decided().await;
        for _ in 0..6 {
            pass(&plant, Span::seconds(20));
            tokio::time::sleep(std::time::Duration::from_millis(4)).await;
        }
    }
    let tried = plant.crm.requests().len();
    assert!(plant.crm.records().is_empty() && tried > 20, "it was down: {tried}");
    plant.crm.set_down(false);
    plant.crm.set_delay(3);
    let (mut waited, mut first) = (0_i64, None);
    // Calls of every kind in each tenth of a second since the first that was answered.
    let mut calls: Vec<usize> = Vec::new();
    let (mut before, mut seen) = (steps(&plant), plant.crm.requests().len());
    while plant.crm.records().iter().filter(|one| !one.owners.is_empty()).count() < count {
        let tick = if first.is_some() { Span(100) } else { Span(1_000) };
        pass(&plant, tick);
        waited += tick.0;
        assert!(waited < 600_000, "{} of {count} after ten minutes", plant.crm.records().len());
        // Every call that was admitted has ended before time goes on.
        let mut last = usize::MAX;
        until("calls have ended", || {
            let now = plant.crm.requests().len();
            let is_still = now == last;
            last = now;
            async move {
                tokio::time::sleep(std::time::Duration::from_millis(12)).await;
                is_still
            }
        })
        .await;
        let now = steps(&plant);
        if now > before && first.is_none() {
            first = Some((waited, now - before));
        }
        before = now;
        let now = plant.crm.requests().len();
        if first.is_some() {
            calls.push(now - seen);
        }
        seen = now;
    }
    let records = plant.crm.records();
    let place = |is_hot: bool| {
        let mut places: Vec<usize> = records
            .iter()
            .enumerate()
            .filter(|(_, record)| {
                let number = record.text("email")[1..].split('@').next().unwrap().parse::<usize>();
                (form(number.unwrap()) == "demo") == is_hot
            })
            .map(|(place, _)| place)
            .collect();
        places.sort_unstable();
        places[places.len() / 2]
    };
    let made: usize = calls.iter().sum();
    let busiest = calls.windows(100).map(|span| span.iter().sum::<usize>()).max().unwrap_or(made);
    let (probe_at, probes) = first.unwrap();
    println!(
        "I16: an hour down with {count} waiting: the first probe {probe_at} ms after it was back \
         with {probes} call, all written after {waited} ms, {made} calls, at most {busiest} in ten \
         seconds (limit {LIMIT} a second), the median hot lead was number {}, of the others {}",
        place(true),
        place(false)
    );
    assert_eq!(probes, 1, "the first probe is alone");
    assert!(probe_at <= 61_000, "probed within a minute: {probe_at}");
    // A burst, and the calls of the step that the last token let through.
    let most = 10 * LIMIT as usize * 11 / 10 + LIMIT as usize + CALLS_A_STEP;
    assert!(busiest <= most, "{busiest}: {calls:?}");
    let drain = waited - probe_at;
    let needed = made as i64 * 1_000 / i64::from(LIMIT);
    assert!(drain <= needed * 11 / 10 + 10_000, "{drain} ms for {needed} ms of work");
    assert!(place(true) < place(false));
    assert_eq!(records.len(), count, "no twin");
}
