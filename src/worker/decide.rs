//! The deciding step: events under way and due reviews become decisions.
//!
//! Guarantees: a body is prepared outside any transaction with panics caught; a batch is decided
//! with one rulebook, so each decision names exactly one version; one poison event costs itself a
//! try and nobody else anything. Does not know: how the store runs the pure function.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError, atomic::Ordering},
};

use super::{Worker, answers::Answers, beside::Beside, hasten::Which};
use crate::{
    decide::{self, Reach},
    model::{
        event::{Event, EventKind},
        id::EventId,
        news::News,
        plan::{Input, Step, StepEvent, Unread},
        time::{Span, Time},
    },
    rulebook::Rulebook,
    store::{Batch, BatchDone, Boxed, StoreResult},
};

/// Events and reviews in one batch.
const BATCH_MAX: usize = 256;
/// Batches of one step; then the loop looks whether it is to stop.
const BATCHES_MAX: usize = 16;
/// Batches in the store's line: it decides one while the next is read and prepared.
const AHEAD: usize = 2;
/// When another replica decides, it is looked again so soon: it may die over it.
const ELSEWHERE: Span = Span(75);

/// A difference of the clocks above this is a jump, not drift.
pub(super) const JUMP: Span = Span::seconds(5);
/// How long the time is not believed after a jump.
pub(super) const UNSURE_FOR: Span = Span::minutes(1);

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

/// What a batch in the store's line came to.
struct Ended {
    worked: Worked,
    is_elsewhere: bool,
}

impl Worked {
    /// Another part of the same step, after this one.
    fn add(&mut self, later: Self) {
        self.done += later.done;
        self.is_more |= later.is_more;
        self.next = later.next;
    }
}

/// A batch in the store's line.
struct Begun<'a> {
    events: Vec<Event>,
    began: Span,
    reviews_max: usize,
    is_unsure: bool,
    answers: Arc<Answers>,
    beside: Option<Arc<Beside>>,
    done: Boxed<'a, StoreResult<BatchDone>>,
}

impl Worker {
    /// Decides what is under way, batch after batch, and what is due then.
    pub async fn decide_once(&self) -> StoreResult<Worked> {
        let (mut worked, mut line, mut after) = (Worked::default(), VecDeque::new(), EventId(0));
        // While another replica decides, one event is enough to see whether it still does.
        let mut size = if self.is_elsewhere.load(Ordering::Relaxed) { 1 } else { BATCH_MAX };
        for place in 1..=BATCHES_MAX {
            let events = self.store.undecided_after(after, size).await?;
            // The batch's instant is the one that was looked at: the clock may be set at any time.
            let (now, is_unsure) = self.is_time_unsure().await?;
            let is_last = events.len() < size || place == BATCHES_MAX;
            after = events.last().map_or(after, |event| event.id);
            // What is due by a clock that has just jumped stays due, untouched: the clock may be
            // put right again.
            let reviews_max = if is_last && !is_unsure { BATCH_MAX } else { 0 };
            line.push_back(self.begin(events, reviews_max, (now, is_unsure)));
            let mut is_elsewhere = false;
            while line.len() > if is_last || is_elsewhere || size == 1 { 0 } else { AHEAD - 1 } {
                let Some(batch) = line.pop_front() else { break };
                let ended = self.end(batch).await?;
                worked.add(ended.worked);
                is_elsewhere |= ended.is_elsewhere;
            }
            self.is_elsewhere.store(is_elsewhere, Ordering::Relaxed);
            if is_elsewhere {
                // What was prepared is forgotten: it is read again when it is still to be decided.
                let next = Some(self.clock.now().plus(ELSEWHERE));
                return Ok(Worked { is_more: false, next, ..worked });
            }
            if is_last {
                break;
            }
            size = BATCH_MAX;
        }
        Ok(worked)
    }

    /// Prepares a batch and puts it in the store's line.
    fn begin(
        &self,
        events: Vec<Event>,
        reviews_max: usize,
        (now, is_unsure): (Time, bool),
    ) -> Begun<'_> {
        let book = self.book.load_full();
        let steps = events.iter().map(|event| self.prepare(&book, event)).collect();
        let reach = Reach { time_is_unsure: is_unsure, ..self.reach.clone() };
        let answers = Arc::new(Answers::default());
        let beside = self
            .shadow
            .beside(|draft| events.iter().map(|event| self.prepare(draft, event)).collect());
        let decide: Arc<crate::model::plan::Decide> = {
            let (answers, beside) = (Arc::clone(&answers), beside.clone());
            Arc::new(move |snapshot, step, now| {
                let plan = decide::recorded(&book, &reach, snapshot, step, now);
                answers.note(&plan);
                if let Some(beside) = &beside {
                    beside.look(&reach, snapshot, step, &plan, now);
                }
                plan
            })
        };
        let began = self.clock.monotonic();
        let batch = Batch { now, steps, reviews_max, decide };
        // In the line from here on, awaited or not.
        Begun {
            events,
            began,
            reviews_max,
            is_unsure,
            answers,
            beside,
            done: self.store.decide(batch),
        }
    }

    /// Waits for a batch, and tells what it did.
    async fn end(&self, batch: Begun<'_>) -> StoreResult<Ended> {
        let done = batch.done.await?;
        if let Some(beside) = &batch.beside {
            let (same, differ) = beside.end(&done.decided);
            self.metrics.shadowed(same, differ);
        }
        let count = batch.events.len() + done.reviews;
        if done.is_elsewhere {
            // Some of it may be decided; who does the rest counts it.
            self.note(&done, &[]);
            let worked = Worked { done: done.decided.len() + done.reviews, ..Worked::default() };
            return Ok(Ended { worked, is_elsewhere: true });
        }
        if count > 0 {
            self.metrics.batch(Span(self.clock.monotonic().0.saturating_sub(batch.began.0)));
        }
        self.note(&done, &batch.events);
        for (after, is_in_time) in batch.answers.take() {
            self.metrics.answered_lead(after, is_in_time);
        }
        let is_more =
            !done.decided.is_empty() || (done.reviews > 0 && done.reviews == batch.reviews_max);
        let next = done.next_review.filter(|_| !batch.is_unsure);
        Ok(Ended { worked: Worked { done: count, is_more, next }, is_elsewhere: false })
    }

    /// After a jump of the wall clock no review is decided for a minute: nobody is reminded, loses
    /// a lead or is paged because of it. A jump back also ends waits that it made longer.
    async fn is_time_unsure(&self) -> StoreResult<(Time, bool)> {
        let (now, jump, is_unsure) = self.look_for_jump();
        if jump.0 < -JUMP.0 {
            self.hasten(Which::All).await?;
        }
        Ok((now, is_unsure))
    }

    /// The instant, how far the clock was set since the last look, and whether its time is unsure.
    fn look_for_jump(&self) -> (Time, Span, bool) {
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        let jump = jumps.watch.look(self.clock.as_ref());
        let monotonic = self.clock.monotonic();
        if jump.0.abs() > JUMP.0 {
            tracing::error!(by_ms = jump.0, "the wall clock jumped; ladders wait");
            jumps.unsure_until = Span(monotonic.0.saturating_add(UNSURE_FOR.0));
        }
        (jumps.watch.now(), jump, monotonic < jumps.unsure_until)
    }

    fn prepare(&self, book: &Rulebook, event: &Event) -> Step {
        let read = || match event.arrived.kind {
            EventKind::Fill => {
                let document = (self.read)(
                    &event.arrived.source,
                    event.arrived.content_type.as_deref(),
                    &event.arrived.body,
                );
                let mut input = decide::prepare::prepare(book, &event.arrived.source, document);
                decide::matching::attach(book, &self.accounts.now.load(), &mut input);
                input
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
        for decided in &done.decided {
            self.metrics.decided(decided.decision.what);
            if let Some(seen) = decide::observe::result_of(&decided.decision) {
                self.metrics.observed(seen);
            }
            // The store has it all; a line a lead would be the log's largest part.
            tracing::debug!(
                seq = decided.seq.0,
                lead = decided.lead.map(|lead| lead.0),
                what = ?decided.decision.what,
                rulebook = decided.decision.rulebook,
                "decided"
            );
        }
        for late in &done.late {
            self.metrics.reviewed(*late);
            self.lookout.reviewed(*late);
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
