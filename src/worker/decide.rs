//! The deciding step: events under way and due reviews become decisions.
//!
//! Guarantees: a body is prepared outside any transaction with panics caught; a batch is decided
//! with one rulebook, so each decision names exactly one version; one poison event costs itself a
//! try and nobody else anything. Does not know: how the store runs the pure function.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
};

use super::Worker;
use crate::{
    decide::{self, Reach},
    model::{
        event::{Event, EventKind},
        news::News,
        plan::{Input, Step, StepEvent, Unread},
        time::{Span, Time},
    },
    rulebook::Rulebook,
    store::{Batch, BatchDone, StoreResult},
};

/// Events and reviews in one batch: what a writer's turn decides in a few milliseconds.
const BATCH_MAX: usize = 64;

/// A difference of the clocks above this is a jump, not drift.
const JUMP: Span = Span::seconds(5);
/// How long the time is not believed after a jump.
const UNSURE_FOR: Span = Span::minutes(1);

/// What a step of a loop leaves to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// How much was done.
    pub done: usize,
    /// There is more to do now.
    pub is_more: bool,
    /// When the next work is due, if any is known.
    pub next: Option<Time>,
}

impl Worker {
    /// Decides one batch.
    pub async fn decide_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        let events = self.store.undecided(BATCH_MAX).await?;
        let count = events.len();
        let book = self.book.load_full();
        let steps = events.iter().map(|event| self.prepare(&book, event)).collect();
        let reach = Reach { time_is_unsure: self.is_time_unsure(), ..self.reach.clone() };
        let decide: Arc<crate::model::plan::Decide> =
            Arc::new(move |snapshot, step, now| decide::decide(&book, &reach, snapshot, step, now));
        let batch = Batch { now, steps, reviews_max: BATCH_MAX, decide };
        let began = self.clock.monotonic();
        let done = self.store.decide(batch).await?;
        if count + done.reviews > 0 {
            self.metrics.batch(Span(self.clock.monotonic().0.saturating_sub(began.0)));
        }
        self.note(&done, &events);
        Ok(Worked {
            done: count + done.reviews,
            is_more: !done.decided.is_empty() || done.reviews == BATCH_MAX,
            next: done.next_review,
        })
    }

    /// After a jump of the wall clock, nothing that cannot be undone happens for a minute.
    fn is_time_unsure(&self) -> bool {
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        let jump = jumps.watch.look(self.clock.as_ref());
        let monotonic = self.clock.monotonic();
        if jump.0.abs() > JUMP.0 {
            tracing::error!(by_ms = jump.0, "the wall clock jumped; hand-overs and pages wait");
            jumps.unsure_until = Span(monotonic.0.saturating_add(UNSURE_FOR.0));
        }
        monotonic < jumps.unsure_until
    }

    fn prepare(&self, book: &Rulebook, event: &Event) -> Step {
        let read = || match event.arrived.kind {
            EventKind::Fill => {
                let document = (self.read)(
                    &event.arrived.source,
                    event.arrived.content_type.as_deref(),
                    &event.arrived.body,
                );
                decide::prepare::prepare(book, &event.arrived.source, document)
            }
            EventKind::News => match serde_json::from_slice::<News>(&event.arrived.body) {
                Ok(news) => Input::News(Box::new(news)),
                Err(error) => {
                    let reason = format!("news that cannot be read: {error}");
                    Input::Unreadable(Unread::because(reason))
                }
            },
        };
        let input = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
            self.metrics.panicked();
            Input::Unreadable(Unread::because("reading it failed inside handoff"))
        });
        Step { event: Some(StepEvent::of(event)), input }
    }

    /// Counts, logs and wakes: the one place where decisions are told to the operator.
    fn note(&self, done: &BatchDone, events: &[Event]) {
        let now = self.clock.now();
        for due in &done.reviews_due {
            self.metrics.reviewed(now.since(*due));
        }
        for decided in &done.decided {
            self.metrics.decided(decided.decision.what);
            tracing::info!(
                seq = decided.seq.0,
                lead = decided.lead.map(|lead| lead.0),
                what = ?decided.decision.what,
                rulebook = decided.decision.rulebook,
                "decided"
            );
        }
        for event in events {
            self.metrics.stage("decided", now.since(event.arrived.received_at));
        }
        for (event, why) in &done.failed {
            tracing::error!(event = event.0, why, "deciding failed; the event got a try more");
        }
        for (kind, lane) in &done.woken {
            self.wakes.job(*kind, lane);
        }
        if let Some(last) = done.decided.last() {
            self.wakes.decided(last.seq.0);
        }
    }
}
