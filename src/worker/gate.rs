//! A destination's gate, as the steps use it.
//!
//! Guarantees: the gate is asked before anything is claimed, so parking a connection parks its
//! jobs without costing them attempts. Does not know: how a gate judges.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Worker, decide::Worked};
use crate::{
    model::{
        failure::Failure,
        job::{Claimed, JobKind},
        time::Time,
    },
    outbound::{
        gate::{Admit, Gate},
        lease::Lease,
    },
    store::{Claim, StoreResult},
};

/// What a claim behind a gate gave.
pub(super) enum Took {
    /// Jobs, and the lease that all calls for them keep to: a call is admitted and must be reported.
    Jobs(Vec<Claimed>, Lease),
    /// Nothing now.
    Nothing(Worked),
}

/// Whether a call may be made now.
pub(super) fn admit(gate: &Mutex<Gate>, now: Time) -> Admit {
    gate.lock().unwrap_or_else(PoisonError::into_inner).admit(now)
}

/// Nothing was sent after all.
pub(super) fn unused(gate: &Mutex<Gate>, now: Time) {
    gate.lock().unwrap_or_else(PoisonError::into_inner).release(now);
}

/// So many calls were made in all.
pub(super) fn made(gate: &Mutex<Gate>, calls: u64) {
    gate.lock().unwrap_or_else(PoisonError::into_inner).made(calls);
}

impl Worker {
    /// Claims jobs of a lane if its gate lets a call through now.
    pub(super) async fn take(
        &self,
        gate: &Mutex<Gate>,
        kind: JobKind,
        lane: &str,
        max: usize,
    ) -> StoreResult<Took> {
        let now = self.clock.now();
        if let Admit::NotBefore(at) = admit(gate, now) {
            return Ok(Took::Nothing(Worked { next: Some(at), ..Worked::default() }));
        }
        // From before the claim is sent: whatever its way took, the store's lease ends later.
        let lease = self.lease_from_now();
        let claim = Claim { kind, lane: lane.to_owned(), now, max, lease: self.lease };
        let claimed = self.store.claim(claim).await.inspect_err(|_| unused(gate, now))?;
        if claimed.jobs.is_empty() {
            unused(gate, now);
            return Ok(Took::Nothing(Worked { next: claimed.next_due, ..Worked::default() }));
        }
        if claimed.jobs.len() >= max {
            // There is more than one call can carry: the next worker of this lane begins too.
            self.wake(kind, lane);
        }
        Ok(Took::Jobs(claimed.jobs, lease))
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
        gate: &Mutex<Gate>,
        failures: impl Iterator<Item = Option<&'a Failure>>,
        now: Time,
    ) -> bool {
        let failures: Vec<Option<&Failure>> =
            failures.filter(|one| *one != Some(&Failure::TooLate)).collect();
        let worst = failures.iter().copied().flatten().next();
        let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.is_empty() {
            gate.release(now);
            return false;
        }
        self.lookout.called(name, failures.iter().any(Option::is_none));
        gate.report_batch(now, failures.iter().copied());
        self.metrics.circuit(name, gate.is_closed());
        if let Some(failure) = worst {
            let failed = failures.iter().flatten().count();
            tracing::warn!(destination = name, failure = failure.word(), failed, "a call failed");
        }
        gate.take_came_back()
    }
}
