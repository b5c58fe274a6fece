//! The seeded simulation of the whole: the pure core, the real store, the real worker steps, a
//! model CRM and model channels, with faults at every seam.
//!
//! Guarantees: everything follows from one number; a failure prints it with the shortest schedule
//! that fails and the command that runs it again.
//! Does not know: HTTP, threads, vendors' dialects; other tests have those.

mod channels;
mod clock;
mod crm;
mod faults;
mod found;
mod house;
mod invariants;
mod mutations;
mod people;
mod replay;
mod replica;
mod rulebooks;
mod run;
mod schedule;
mod shrink;
mod step;
mod store;
mod witness;
mod world;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use self::{
    faults::KINDS,
    mutations::Mutation,
    run::run,
    schedule::{Action, Schedule},
    step::Kind,
};

/// Threads that simulate.
const THREADS: usize = 2;

/// Seeds of a usual run.
const SEEDS: u64 = 10_000;
/// Seeds within which every planted bug must be found.
const MUTATION_SEEDS: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn whatever_goes_wrong_in_any_order_nothing_is_lost_or_done_twice() {
    if let Some(seed) = number("HANDOFF_SIM_SEED") {
        let schedule = Schedule::of(seed);
        let found = run(&schedule, None);
        println!("seed {seed}: {} leads, {} decisions", found.leads, found.decisions);
        assert!(found.wrong.is_empty(), "{}", shrink::told(&schedule, None));
        return;
    }
    let is_long = std::env::var_os("HANDOFF_TEST_LONG").is_some();
    let seeds = number("HANDOFF_SIM_SEEDS").unwrap_or(if is_long { 200_000 } else { SEEDS });
    let began = tokio::time::Instant::now();
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let total: Mutex<(BTreeMap<&str, u64>, usize, usize)> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds || failures.lock().unwrap().len() > 20 {
                        return;
                    }
                    let found = run(&Schedule::of(seed), None);
                    let mut total = total.lock().unwrap();
                    for (what, count) in found.fired {
                        *total.0.entry(what).or_default() += count;
                    }
                    total.1 += found.leads;
                    total.2 += found.decisions;
                    drop(total);
                    if !found.wrong.is_empty() {
                        failures.lock().unwrap().push((seed, found.wrong));
                    }
                }
            });
        }
    });
    let (fired, leads, decisions) = total.into_inner().unwrap();
    println!("{fired:#?}");
    println!(
        "simulation: {seeds} seeds, {leads} leads, {decisions} decisions in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let failures = failures.into_inner().unwrap();
    for (seed, wrong) in &failures {
        println!("{seed}: {}", wrong.first().map_or("", |first| first));
    }
    if let Some((seed, _)) = failures.first() {
        panic!("{}", shrink::told(&Schedule::of(*seed), None));
    }
    if seeds >= SEEDS {
        let silent: Vec<&&str> = KINDS
            .iter()
            .filter(|kind| fired.get(**kind).is_none_or(|n| *n < seeds / 200))
            .collect();
        assert!(
            silent.is_empty(),
            "these kinds of fault fired less than once in 200 seeds: {silent:?}"
        );
    }
}

/// One replica is in the middle of an attempt until its lease is over, another makes the next one,
/// and then the first goes on: chance seldom brings them that close together.
fn stale_attempts() -> impl Iterator<Item = Schedule> {
    let kinds = [Kind::Ask(0), Kind::Write(0)]
        .map(|kind| Kind::ALL.iter().position(|one| *one == kind).map_or(0, |place| place as u8));
    let seams = |first: u8| (1..9).map(move |second| (first, second));
    kinds.into_iter().flat_map(move |kind| {
        (1..9).flat_map(seams).map(move |(first, second)| {
            let go = |at, kind, seams| Action::Go { at, kind, seams };
            let actions = vec![
                Action::Fill { at: 0, person: 0, form: 0, number: 1 },
                go(0, 0, 9),
                go(0, kind, first),
                Action::Pass { ms: 90_000 },
                go(1, kind, second),
                go(0, kind, 30),
            ];
            Schedule { seed: 0, replicas: 2, ahead: [0, 0], variant: 0, actions }
        })
    })
}

#[test]
fn every_planted_bug_is_found() {
    for mutation in Mutation::ALL {
        let seeds = number("HANDOFF_SIM_SEEDS").unwrap_or(u64::MAX).min(MUTATION_SEEDS);
        let schedules = stale_attempts().chain((0..seeds).map(Schedule::of));
        let found = schedules.zip(1..).find_map(|(schedule, count)| {
            let found = run(&schedule, Some(mutation));
            // It must be the planted bug that was found.
            let is_found = !found.wrong.is_empty() && run(&schedule, None).wrong.is_empty();
            is_found.then_some((count, found))
        });
        let (count, found) =
            found.unwrap_or_else(|| panic!("{mutation:?} was not found in {seeds} seeds"));
        let first = found.wrong.first().map_or("", |first| first.lines().next().unwrap_or(""));
        let first: String = first.chars().take(120).collect();
        println!("planted {mutation:?}: found after {count} schedules: {first}");
    }
}
