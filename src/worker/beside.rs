//! The shadow: a draft decides beside the rulebook in force, and nothing of it is written.
//!
//! Guarantees: the decision in force is made first and is not touched by what the draft does, a
//! panic of it included; only what was committed is counted; without a run, a batch costs one look
//! at a pointer.
//! Does not know: how a draft differs (`decide::shadow`), nor when a run begins (`shadow`).

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;

use crate::{
    decide::{
        Reach,
        shadow::{Compared, Turns, look},
    },
    model::{
        id::{EventId, LeadId},
        plan::{Decided, Input, Plan, Snapshot, Step},
        shadow::{Counted, Example},
        time::Time,
    },
    rulebook::Rulebook,
};

/// The run, if there is one.
#[derive(Default)]
pub struct Shadow(pub(super) ArcSwapOption<Run>);

/// A run.
pub struct Run {
    pub(super) book: Rulebook,
    pub(super) draft: String,
    pub(super) started_at: Time,
    pub(super) turns: Mutex<Turns>,
    pub(super) counted: Mutex<Counted>,
}

/// A run beside one batch.
pub(super) struct Beside {
    run: Arc<Run>,
    /// Fills as the draft reads them.
    inputs: HashMap<EventId, Input>,
    seen: Mutex<HashMap<Key, Seen>>,
}

/// A step: by its event, or by its lead if it was a review.
type Key = (Option<EventId>, Option<LeadId>);

/// What was seen of a step; none when the draft's decision failed.
type Seen = Option<(Compared, Example)>;

pub(super) fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shadow {
    /// Whether a draft decides beside.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load().is_some()
    }

    /// The run beside a batch; `read` prepares its steps by the draft.
    pub(super) fn beside(&self, read: impl FnOnce(&Rulebook) -> Vec<Step>) -> Option<Arc<Beside>> {
        let run = self.0.load_full()?;
        let steps = catch_unwind(AssertUnwindSafe(|| read(&run.book))).unwrap_or_default();
        let inputs = steps.into_iter().filter_map(|step| Some((step.event?.id, step.input)));
        let inputs = inputs.filter(|(_, input)| !matches!(input, Input::News(_))).collect();
        Some(Arc::new(Beside { run, inputs, seen: Mutex::default() }))
    }
}

impl Beside {
    /// Decides a step by the draft too, after the plan in force was made.
    pub(super) fn look(
        &self,
        reach: &Reach,
        snapshot: &Snapshot<'_>,
        step: &Step,
        live: &Plan,
        now: Time,
    ) {
        let event = step.event.as_ref().map(|event| event.id);
        let input = event.and_then(|id| self.inputs.get(&id));
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let mut turns = locked(&self.run.turns);
            look((&self.run.book, reach, &mut turns), snapshot, (step, input), live, now)
        }));
        let seen = match looked {
            Ok(None) => return,
            Ok(Some(compared)) => {
                let example = Example {
                    lead: live.lead.as_ref().map(|lead| lead.uuid),
                    at: now,
                    differs: String::new(),
                    live: compared.live.says(),
                    shadow: compared.shadow.says(),
                };
                Some((compared, example))
            }
            Err(_) => None,
        };
        // A transaction that was tried again says it anew: the last word counts.
        locked(&self.seen).insert((event, live.lead.as_ref().map(|lead| lead.id)), seen);
    }

    /// Counts those that were committed; answers how many were the same, and how many differ.
    pub(super) fn end(&self, decided: &[Decided]) -> (u64, u64) {
        let mut seen = std::mem::take(&mut *locked(&self.seen));
        let mut counted = Counted::default();
        for one in decided {
            let Some(seen) = seen.remove(&(one.event, one.lead)) else { continue };
            let Some((compared, example)) = seen else {
                counted.failed += 1;
                continue;
            };
            let rule = |rule: &Option<String>| rule.clone().unwrap_or_else(|| "none".to_owned());
            let rules = (rule(&compared.live.rule), rule(&compared.shadow.rule));
            let differs = compared.live.differs(&compared.shadow);
            counted.add(
                differs.map(|differs| (differs.word(), (rules.0.as_str(), rules.1.as_str()))),
                || Example {
                    differs: differs.map_or("", |differs| differs.word()).to_owned(),
                    ..example
                },
            );
        }
        let tally = (counted.compared - counted.differ, counted.differ);
        if !counted.is_empty() {
            locked(&self.run.counted).merge(counted);
        }
        tally
    }
}
