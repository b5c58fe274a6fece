//! A destination's gate, as the steps use it.
//!
//! Guarantees: the gate is asked before anything is claimed, so parking a connection parks its
//! jobs without costing them attempts; what is claimed comes with its lease, begun before the claim
//! was sent. Does not know: how a gate judges, nor how it speaks with those of other processes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Worker, decide::Worked};
use crate::{
    model::{
        failure::Failure,
        job::{Claimed, JobKind, Settlement, Verdict},
        time::{Span, Time},
    },
    outbound::{
        gate::{Admit, Gate, Limits},
        lease::Lease,
    },
    store::{Claim, StoreResult},
};

/// When the other processes had nothing to give.
const AGAIN: Span = Span(50);

/// The gate that all workers of a destination stand before.
pub struct DestinationGate {
    /// The destination's name among all gates.
    pub(super) name: String,
    /// What it keeps to.
    pub(super) limits: Limits,
    gate: Mutex<Gate>,
    /// Held while the others are asked for calls: whoever comes meanwhile finds what was granted.
    pub(super) asking: tokio::sync::Mutex<()>,
    /// What was kept last for the time after a restart; none before the first look.
    pub(super) kept: Mutex<Option<String>>,
}

impl DestinationGate {
    /// An open gate.
    #[must_use]
    pub fn new(name: String, limits: Limits, is_shared: bool) -> Self {
        let gate = Gate::new(limits);
        let gate = Mutex::new(if is_shared { gate.shared() } else { gate });
        Self { name, limits, gate, asking: tokio::sync::Mutex::default(), kept: Mutex::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call may be made now, as far as this process knows.
    fn admit(&self, now: Time) -> Admit {
        self.lock().admit(now)
    }

    /// Nothing was sent after all.
    pub(super) fn unused(&self, now: Time) {
        self.lock().release(now);
    }

    /// So many calls were made in all.
    pub(super) fn made(&self, calls: u64) {
        self.lock().made(calls);
    }

    /// Whether calls are held back.
    #[must_use]
    pub fn is_held(&self, now: Time) -> bool {
        self.lock().is_held(now)
    }
}

/// What a claim behind a gate gave.
pub(super) enum Took {
    /// Jobs, and the lease that all calls for them keep to: a call is admitted and must be reported.
    Jobs(Vec<Claimed>, Lease),
    /// Nothing now.
    Nothing(Worked),
}

impl Worker {
    /// Whether a call may be made now; asks the others if only they can say.
    pub(super) async fn admit(&self, gate: &DestinationGate) -> StoreResult<Admit> {
        let admit = gate.admit(self.clock.now());
        if admit != Admit::Exchange {
            return Ok(admit);
        }
        let _asking = gate.asking.lock().await;
        let admit = gate.admit(self.clock.now());
        if admit != Admit::Exchange {
            return Ok(admit);
        }
        self.exchange(gate, true).await?;
        let now = self.clock.now();
        Ok(match gate.admit(now) {
            Admit::Exchange => Admit::NotBefore(now.plus(AGAIN)),
            admit => admit,
        })
    }

    /// Claims jobs of a lane if its gate lets a call through now.
    pub(super) async fn take(
        &self,
        gate: &DestinationGate,
        kind: JobKind,
        lane: &str,
        max: usize,
    ) -> StoreResult<Took> {
        let nothing = |next| Ok(Took::Nothing(Worked { next, ..Worked::default() }));
        if self.is_stopping() {
            return nothing(None);
        }
        if self.store.is_shared() {
            // Nobody is asked for calls that nothing waits for.
            let now = self.clock.now();
            let look = Claim { kind, lane: lane.to_owned(), now, max: 0, lease: self.lease };
            let next = self.store.claim(look).await?.next_due;
            if next.is_none_or(|at| at > now) {
                return nothing(next);
            }
        }
        if let Admit::NotBefore(at) = self.admit(gate).await? {
            return nothing(Some(at));
        }
        // From before the claim is sent: whatever its way took, the store's lease ends later.
        let lease = self.lease_from_now();
        let now = self.clock.now();
        let claim = Claim { kind, lane: lane.to_owned(), now, max, lease: self.lease };
        let claimed = self.store.claim(claim).await.inspect_err(|_| gate.unused(now))?;
        if claimed.jobs.is_empty() {
            gate.unused(now);
            return nothing(claimed.next_due);
        }
        if self.is_stopping() {
            gate.unused(now);
            self.give_back(claimed.jobs).await?;
            return nothing(None);
        }
        if claimed.jobs.len() >= max {
            // There is more than one call can carry: the next worker of this lane begins too.
            self.wake(kind, lane);
        }
        Ok(Took::Jobs(claimed.jobs, lease))
    }

    /// What was claimed and not begun is anybody's again, at once and at its old place in the line.
    pub(super) async fn give_back(&self, jobs: Vec<Claimed>) -> StoreResult<()> {
        let settlements = jobs.into_iter().map(|job| Settlement {
            job: job.id,
            attempt: job.attempt,
            revision: job.wanted,
            verdict: Verdict::Snooze {
                at: job.due_at,
                why: "the process that had it was stopped".to_owned(),
            },
            effect: None,
            news: Vec::new(),
        });
        self.store.settle(settlements.collect(), self.clock.now()).await?;
        Ok(())
    }

    /// A lease that begins now. It is over as soon as either reading of the clock says so: after a
    /// machine slept, the one that only grows may not know of it.
    fn lease_from_now(&self) -> Lease {
        let (clock, span) = (Arc::clone(&self.clock), self.lease);
        let (at, reading) = clock.both();
        Lease::new(move || {
            let (now, monotonic) = clock.both();
            let passed = now.since(at).0.max(monotonic.0.saturating_sub(reading.0));
            let left = span.0.saturating_sub(passed);
            Duration::from_millis(u64::try_from(left).unwrap_or(0))
        })
    }

    /// Tells the gate how a call with many items went; answers whether the destination is back
    /// after an outage, or answers for the first time. What our lease cut off says nothing of the
    /// destination.
    pub(super) fn report<'a>(
        &self,
        name: &str,
        gate: &DestinationGate,
        failures: impl Iterator<Item = Option<&'a Failure>>,
        now: Time,
    ) -> bool {
        let failures: Vec<Option<&Failure>> =
            failures.filter(|one| *one != Some(&Failure::TooLate)).collect();
        if failures.is_empty() {
            gate.unused(now);
            return false;
        }
        let worst = failures.iter().copied().flatten().next();
        self.lookout.called(name, failures.iter().any(Option::is_none));
        let mut gate = gate.lock();
        gate.report_batch(now, failures.iter().copied());
        self.metrics.circuit(name, gate.is_closed());
        if gate.has_news() {
            self.wakes.gates();
        }
        if let Some(failure) = worst {
            let failed = failures.iter().flatten().count();
            tracing::warn!(destination = name, failure = failure.word(), failed, "a call failed");
        }
        gate.take_came_back()
    }
}
