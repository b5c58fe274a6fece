//! The store as a replica sees it: every call is a seam, and may fail on either side of it.
//!
//! Guarantees: what a verb did is seen before its answer can be lost. Leases are judged by one
//! clock when there are two replicas, as they are on a database of several; by the replica's own
//! when it is alone. Does not know: rows.

use std::{panic, sync::Arc};

use handoff::{
    model::{
        event::{Accepted, Event, NewEvent},
        id::EventId,
        job::{JobRow, Settled, Settlement},
        plan::Decide,
        time::Time,
    },
    store::{
        Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, JobFilter, JobOrder, Keep, NewRulebook,
        Page, Published, Store, StoreError, StoreResult, Swept, Terms, Wrapped,
    },
};

use super::{
    faults::{StoreFault, Verb},
    house::{House, State},
    step::seam,
};

/// A part of the delivery id by which a fill is known whose decision panics.
pub const PANICS: &str = "panics";

/// The store, seen by one replica.
pub struct Seen {
    pub inner: Arc<dyn Store>,
    pub house: Arc<House>,
    pub replica: usize,
}

impl Seen {
    /// Calls a verb between two seams.
    fn call<'a, T: Send + 'a>(
        &'a self,
        verb: Verb,
        work: impl FnOnce() -> Boxed<'a, StoreResult<T>> + Send + 'a,
        note: impl FnOnce(&mut State, &T) + Send + 'a,
    ) -> Boxed<'a, StoreResult<T>> {
        Box::pin(async move {
            seam().await;
            let fault = self.fault(verb);
            match fault {
                Some(StoreFault::BusyBefore) => return Err(busy()),
                Some(StoreFault::FatalBefore) => return Err(fatal()),
                _ => {}
            }
            let answer = work().await;
            if let Ok(done) = &answer {
                note(&mut self.house.state(), done);
            }
            seam().await;
            match fault {
                Some(StoreFault::BusyAfter) => Err(busy()),
                Some(StoreFault::FatalAfter) => Err(fatal()),
                _ => answer,
            }
        })
    }

    fn fault(&self, verb: Verb) -> Option<StoreFault> {
        let faults = &mut self.house.state().faults;
        let fault = faults.at_store(self.replica, verb)?;
        faults.fired(fault.name());
        Some(fault)
    }

    /// What a batch must be like.
    fn look_at(&self, batch: &Batch) {
        let doubt = self.house.clocks[self.replica].doubt();
        if let Some(doubt) = doubt.filter(|_| batch.reviews_max > 0) {
            let now = batch.now.rfc3339();
            let wrong = format!("I12: reviews are decided at {now}, {doubt}");
            self.house.state().seen.wrong.push(wrong);
        }
    }

    /// The pure function, which panics over some fills while the fault is on.
    fn panicking(&self, decide: Arc<Decide>) -> Arc<Decide> {
        let house = Arc::clone(&self.house);
        Arc::new(move |snapshot, step, now| {
            let poison = step.event.as_ref().is_some_and(|event| {
                let mut state = house.state();
                let is_poison = state.seen.poison.contains(&event.uuid);
                if is_poison {
                    state.faults.fired("poison: deciding panics");
                }
                is_poison
            });
            if poison {
                panic::resume_unwind(Box::new("planted")); // past the hook, which would print it
            }
            decide(snapshot, step, now)
        })
    }
}

fn busy() -> StoreError {
    StoreError::Busy("planted".to_owned())
}

fn fatal() -> StoreError {
    StoreError::Fatal("planted".to_owned())
}

impl Wrapped for Seen {
    fn within(&self) -> &dyn Store {
        &*self.inner
    }

    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        let sent = events.clone();
        self.call(
            Verb::Accept,
            move || self.inner.accept(events),
            move |state, answers| state.seen.accepted(&sent, answers),
        )
    }

    fn undecided_after(&self, after: EventId, max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        self.call(Verb::Undecided, move || self.inner.undecided_after(after, max), |_, _| {})
    }

    fn decide(&self, mut batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        self.look_at(&batch);
        batch.decide = self.panicking(batch.decide);
        self.call(
            Verb::Decide,
            move || self.inner.decide(batch),
            |state, done| {
                let here = state.here;
                state.seen.decided(here, &done.decided);
            },
        )
    }

    fn claim(&self, mut claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        self.call(
            Verb::Claim,
            move || {
                if self.house.is_shared() {
                    claim.now = self.house.time.now();
                }
                let (now, lease) = (claim.now, claim.lease);
                let claimed = self.inner.claim(claim);
                Box::pin(async move {
                    let claimed = claimed.await?;
                    let mut state = self.house.state();
                    let here = state.here;
                    let until = (now.plus(lease), self.house.time.now().plus(lease));
                    state.seen.claimed(here, &claimed.jobs, now, until);
                    Ok(claimed)
                })
            },
            |_, _| {},
        )
    }

    fn settle(
        &self,
        settlements: Vec<Settlement>,
        now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        let sent = settlements.clone();
        self.call(
            Verb::Settle,
            move || self.inner.settle(settlements, now),
            move |state, answers| {
                if state.seen.settled(&sent, answers, self.house.lease_now()) {
                    state.faults.fired("a stale attempt could not settle");
                }
            },
        )
    }

    fn order(&self, jobs: Vec<i64>, order: JobOrder, now: Time) -> Boxed<'_, StoreResult<usize>> {
        self.call(Verb::Any, move || self.inner.order(jobs, order, now), |_, _| {})
    }

    fn redo(&self, events: Vec<uuid::Uuid>) -> Boxed<'_, StoreResult<usize>> {
        self.call(Verb::Any, move || self.inner.redo(events), |_, _| {})
    }

    fn publish_on(&self, rulebook: NewRulebook, terms: Terms) -> Boxed<'_, StoreResult<Published>> {
        self.call(
            Verb::Any,
            move || self.inner.publish_on(rulebook, terms),
            |state, published| {
                if let Published::As(version) = published {
                    state.seen.published = state.seen.published.max(*version);
                }
            },
        )
    }

    fn sweep(&self, keep: Keep, now: Time) -> Boxed<'_, StoreResult<Swept>> {
        self.call(
            Verb::Any,
            move || self.inner.sweep(keep, now),
            |state, swept| {
                if swept.bodies > 0 {
                    state.faults.fired("bodies swept");
                }
            },
        )
    }

    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<JobRow>>> {
        self.call(Verb::Any, move || self.inner.jobs(filter), |_, _| {})
    }

    fn audit(&self, now: Time) -> Boxed<'_, StoreResult<Audit>> {
        self.call(Verb::Any, move || self.inner.audit(now), |_, _| {})
    }
}
