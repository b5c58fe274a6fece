//! The shadow: a draft decides beside the rulebook in force, and nothing of it is written.
//!
//! Guarantees: the decision in force is made first and is not touched by what the draft does, a
//! panic of it included; only what was committed is counted; without a run, a batch costs one look
//! at a pointer. What was counted is added to the run's paper every other second and when the
//! daemon stops, so several replicas and a restart count into one report; a crash may lose the last
//! two seconds of counting.
//! Does not know: how a draft differs; `decide::shadow` does.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;

use super::{Worker, decide::Worked, reload::Watch};
use crate::{
    decide::{
        Reach,
        shadow::{Compared, Turns, look},
    },
    model::{
        id::{EventId, LeadId},
        plan::{Decided, Input, Plan, Snapshot, Step},
        shadow::{Counted, Example, SHADOW, ShadowHead},
        time::{Span, Time},
    },
    rulebook::{Files, Rulebook},
    store::{
        Papers, StoreResult,
        paper::{self, Amended},
    },
};

/// How often is looked for a run that began or ended, and counts are kept.
const EVERY: Span = Span::seconds(2);

/// The run, if there is one.
#[derive(Default)]
pub struct Shadow(ArcSwapOption<Run>);

/// A run.
struct Run {
    book: Rulebook,
    draft: String,
    started_at: Time,
    turns: Mutex<Turns>,
    counted: Mutex<Counted>,
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

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
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

impl Worker {
    /// Keeps what was counted, and looks whether a run began or ended.
    pub async fn shadow_once(&self, watch: &Watch) -> StoreResult<Worked> {
        self.keep_shadow().await?;
        let worked = Worked { next: Some(self.clock.now().plus(EVERY)), ..Worked::default() };
        let found = self.store.papers(Papers::Under(SHADOW.to_owned())).await?;
        let head = found.iter().find(|paper| paper.name == SHADOW);
        let head = head.and_then(|paper| serde_json::from_str::<ShadowHead>(&paper.head).ok());
        let runs = head.filter(|head| head.stopped_at.is_none() && head.refused.is_none());
        let Some(head) = runs else {
            self.shadow.0.store(None);
            return Ok(worked);
        };
        let is_it = |run: &Arc<Run>| run.draft == head.draft && run.started_at == head.started_at;
        if self.shadow.0.load_full().is_some_and(|run| is_it(&run)) {
            return Ok(worked);
        }
        let body = paper::named(self.store.as_ref(), SHADOW).await?.and_then(|paper| paper.body);
        let files = Files::from_json(&body.unwrap_or_default());
        let book = files.and_then(|files| {
            let first = |findings: Vec<crate::model::finding::Finding>| {
                findings.first().map(ToString::to_string).unwrap_or_default()
            };
            (watch.compile)(&files, 0).map_err(first)
        });
        match book {
            Ok(book) => {
                tracing::info!(draft = head.draft, "a draft decides beside the rulebook in force");
                let run = Run {
                    book,
                    draft: head.draft,
                    started_at: head.started_at,
                    turns: Mutex::default(),
                    counted: Mutex::default(),
                };
                self.shadow.0.store(Some(Arc::new(run)));
            }
            Err(why) => {
                self.shadow.0.store(None);
                tracing::warn!(
                    draft = head.draft,
                    why,
                    "a draft cannot decide with the settings here"
                );
            }
        }
        Ok(worked)
    }

    /// Adds what was counted to the report.
    pub(super) async fn keep_shadow(&self) -> StoreResult<()> {
        let Some(run) = self.shadow.0.load_full() else { return Ok(()) };
        let counted = std::mem::take(&mut *locked(&run.counted));
        if counted.is_empty() {
            return Ok(());
        }
        let (more, started_at) = (counted.clone(), run.started_at);
        let kept = paper::amend(self.store.as_ref(), SHADOW, move |head| {
            let head = head.and_then(|head| serde_json::from_str::<ShadowHead>(head).ok());
            let Some(mut head) = head.filter(|head| head.started_at == started_at) else {
                return (Amended::Kept, ());
            };
            head.counted.merge(more.clone());
            (serde_json::to_string(&head).map_or(Amended::Kept, Amended::Head), ())
        })
        .await;
        if kept.is_err() {
            locked(&run.counted).merge(counted);
        }
        kept
    }
}
