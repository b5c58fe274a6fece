//! I11: a timer is never early, never missing, and fires once per lead, owner and step, over
//! restarts and hours in which nobody was there; what is overdue collapses to the newest step.

use std::collections::{BTreeMap, BTreeSet};

use handoff::{
    clock::Clock as _,
    model::{
        lead::Lead,
        plan::{Decided, What},
        time::{Span, Time},
    },
};

use super::many::{accept, decisions, either, leads, quiet, restart};
use crate::harness::{Config, Dice, Plant};

/// When the steps of the harness's ladder are due, after the clock of an owner began.
const STEPS: [Span; 3] = [Span::minutes(3), Span::minutes(5), Span::minutes(10)];
/// When its pages are due, after the first owner's clock began.
const PAGES: [Span; 2] = [Span::minutes(20), Span::minutes(30)];
/// The place of the page in the ladder.
const PAGE: u64 = 3;
const TICK: Span = Span::seconds(30);

#[derive(Default)]
struct Seen {
    fired: usize,
    skipped: usize,
    early: usize,
    double: usize,
    missing: usize,
    late: Vec<i64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_over_restarts_no_timer_is_early_double_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handoff.db");
    let mut plant = Plant::start(Config { store: Some(file.clone()), ..Config::default() }).await;
    let (count, restarts) = (either(1_000, 10_000), either(5, 20));
    let (arriving, lasting) = (40, 40 + 32 * 2 + 20);
    let mut dice = Dice::new(11);
    // When it is away, and for how long: from a moment to more than a ladder.
    let mut away: BTreeMap<usize, Span> = BTreeMap::new();
    while away.len() < restarts {
        let span = Span::seconds(*dice.of(&[5, 60, 240, 420, 720]));
        away.insert(3 + dice.below(arriving as u64 + 30) as usize, span);
    }
    let mut downs: Vec<(Time, Time)> = Vec::new();
    for tick in 0..lasting {
        if tick < arriving {
            let part = count / arriving + 1;
            accept(&plant, (tick * part).min(count)..((tick + 1) * part).min(count), |_| "demo")
                .await;
        }
        quiet(&plant).await;
        if let Some(span) = away.get(&tick) {
            let from = plant.clock.now();
            restart(&mut plant, &file, *span).await;
            downs.push((from, plant.clock.now()));
            quiet(&plant).await;
        }
        super::many::pass(&plant, TICK);
    }
    quiet(&plant).await;
    let all = leads(plant.store.as_ref()).await;
    let mut by_lead: BTreeMap<i64, Vec<Decided>> = BTreeMap::new();
    for decided in decisions(plant.store.as_ref()).await {
        by_lead.entry(decided.lead.unwrap().0).or_default().push(decided);
    }
    let mut seen = Seen::default();
    for lead in &all {
        look(&mut seen, &by_lead[&lead.id.0], &downs);
    }
    let told = told_twice(&plant, &all).await;
    seen.late.sort_unstable();
    println!(
        "I11: {} leads, {restarts} restarts: {} firings, {} collapsed, {} early, {} double, {} \
         missing, {told} told twice; {} of them had been due while it was away",
        all.len(),
        seen.fired,
        seen.skipped,
        seen.early,
        seen.double,
        seen.missing,
        seen.late.iter().filter(|late| **late >= TICK.0).count(),
    );
    assert_eq!((seen.early, seen.double, seen.missing, told), (0, 0, 0, 0));
    assert_eq!(all.len(), count);
    assert!(seen.skipped > 0 && seen.fired > count * 4, "overdue steps collapsed");
    let outside = seen.late.iter().filter(|late| **late < 0).count();
    assert_eq!(outside, 0, "late only while it was away");
    plant.books_balance().await;
}

/// Holds one lead's decisions against its ladder.
fn look(seen: &mut Seen, decided: &[Decided], downs: &[(Time, Time)]) {
    let (mut first, mut started) = (None, None);
    let mut steps: Vec<u64> = Vec::new();
    let mut pages = 0;
    let mut owners = 0;
    for one in decided {
        let (at, why) = (one.decision.at, &one.decision.why);
        let places = |name: &str| -> Vec<u64> {
            why.get(name).map_or_else(Vec::new, |all| serde_json::from_value(all.clone()).unwrap())
        };
        let (fired, skipped) = (places("steps"), places("skipped_as_late"));
        seen.fired += fired.len();
        seen.skipped += skipped.len();
        for step in skipped.iter().chain(&fired) {
            let due = if *step == PAGE {
                pages += 1;
                first.map(|first: Time| first.plus(PAGES[(pages - 1).min(1)]))
            } else {
                seen.double += usize::from(steps.contains(step));
                steps.push(*step);
                started.map(|started: Time| started.plus(STEPS[*step as usize]))
            };
            let late = at.since(due.expect("the clock runs")).0;
            seen.early += usize::from(late < 0);
            if fired.contains(step) {
                // Late by no more than a tick, unless it was away when the step was due.
                let was_away = downs
                    .iter()
                    .any(|(from, to)| *from <= at.minus(Span(late)) && at <= to.plus(TICK));
                seen.late.push(if late < TICK.0 || was_away { late } else { -1 });
            }
        }
        if matches!(one.decision.what, What::Opened | What::Routed | What::Reassigned) {
            if owners > 0 {
                seen.missing += 3 - steps.len();
            }
            owners += 1;
            steps.clear();
            started = Some(at);
            first = first.or(started);
        }
    }
    seen.missing += 3 - steps.len() + 2_usize.saturating_sub(pages);
    seen.double += pages.saturating_sub(2);
}

/// How many notices were given twice: the same lead, to the same, for the same.
async fn told_twice(plant: &Plant, all: &[Lead]) -> usize {
    let mut twice = 0;
    for lead in all {
        let story = plant.store.lead(lead.uuid).await.unwrap().unwrap();
        let keys: BTreeSet<String> = story
            .notices
            .iter()
            .map(|one| format!("{} {:?} {}", one.destination, one.why, one.revision.0))
            .collect();
        twice += story.notices.len() - keys.len();
    }
    twice
}
