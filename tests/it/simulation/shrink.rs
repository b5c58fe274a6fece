//! Shrinking: the shortest schedule that still fails in the same way.
//!
//! Guarantees: what is left fails, and without any one of its actions it does not.
//! Does not know: why it fails.

use super::{mutations::Mutation, run::run, schedule::Schedule};

/// Runs at most so often.
const RUNS_MAX: usize = 400;

/// What kind of failure it is: the number of the invariant.
fn kind(wrong: &[String]) -> Option<String> {
    wrong.first().map(|first| first.split(':').next().unwrap_or_default().to_owned())
}

/// Takes out whatever may be taken out.
pub fn shrink(schedule: &Schedule, mutation: Option<Mutation>) -> Schedule {
    let wanted = kind(&run(schedule, mutation).wrong);
    let mut least = schedule.clone();
    let (mut size, mut runs) = (least.actions.len().div_ceil(2).max(1), 0);
    while runs < RUNS_MAX {
        let mut at = 0;
        let mut is_smaller = false;
        while at < least.actions.len() && runs < RUNS_MAX {
            let mut actions = least.actions.clone();
            actions.drain(at..(at + size).min(actions.len()));
            let fewer = least.with(actions);
            runs += 1;
            if kind(&run(&fewer, mutation).wrong) == wanted {
                (least, is_smaller) = (fewer, true);
            } else {
                at += size;
            }
        }
        if size == 1 && !is_smaller {
            break;
        }
        size = if is_smaller { size } else { size.div_ceil(2) }.min(least.actions.len()).max(1);
    }
    least
}

/// What to print of a failure.
pub fn told(schedule: &Schedule, mutation: Option<Mutation>) -> String {
    let least = shrink(schedule, mutation);
    let wrong = run(&least, mutation).wrong;
    let actions: Vec<String> = least
        .actions
        .iter()
        .enumerate()
        .map(|(at, one)| format!("  {:2}. {one}", at + 1))
        .collect();
    format!(
        "seed {}: {}\n{} replica(s), clocks ahead by {:?} ms, rulebook {}; of {} actions these are \
         left:\n{}\n  then everything goes well until nothing is left to do\nagain: \
         HANDOFF_SIM_SEED={} cargo test --test it simulation:: -- --nocapture\n",
        least.seed,
        wrong.join("\n  "),
        least.replicas,
        &least.ahead[..usize::from(least.replicas)],
        least.variant,
        schedule.actions.len(),
        actions.join("\n"),
        least.seed,
    )
}
