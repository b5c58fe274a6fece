//! One run of one schedule, and what it found.
//!
//! Guarantees: it stops at the first thing that is wrong; a panic is a thing that is wrong.
//! Does not know: which schedules are worth running.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{invariants, mutations::Mutation, schedule::Schedule, world::World};

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong, if anything.
    pub wrong: Vec<String>,
    /// How often each kind of fault fired.
    pub fired: BTreeMap<&'static str, u64>,
    /// How many decisions were made.
    pub decisions: usize,
    /// How many leads there were.
    pub leads: usize,
}

/// Runs it.
pub fn run(schedule: &Schedule, mutation: Option<Mutation>) -> Report {
    let run = || within(schedule, mutation);
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Report {
            wrong: vec![format!("a panic: {}", text.unwrap_or_default())],
            ..Report::default()
        }
    })
}

fn within(schedule: &Schedule, mutation: Option<Mutation>) -> Report {
    let mut world = World::begin(schedule, mutation);
    let mut wrong = Vec::new();
    for (number, action) in schedule.actions.iter().enumerate() {
        world.act(action);
        wrong = invariants::cheap(&mut world, number + 1);
        if !wrong.is_empty() {
            break;
        }
    }
    if wrong.is_empty() {
        world.drain();
        wrong = invariants::dear(&mut world);
    }
    let fired = std::mem::take(&mut world.ground.house.state().faults.fired);
    Report { wrong, fired, decisions: world.history.len(), leads: world.leads().len() }
}
