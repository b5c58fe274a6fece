//! A destination's gate, as the steps use it.
//!
//! Guarantees: the gate is asked before anything is claimed, so parking a connection parks its
//! jobs without costing them attempts. Does not know: how a gate judges.

use std::sync::{Mutex, PoisonError};

use super::{Worker, decide::Worked};
use crate::{
    model::{
        failure::Failure,
        job::{Claimed, JobKind},
        time::Time,
    },
    outbound::gate::{Admit, Gate},
    store::{Claim, StoreResult},
};

/// What a claim behind a gate gave.
pub(super) enum Took {
    /// Jobs: a call is admitted and must be reported.
    Jobs(Vec<Claimed>),
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
        Ok(Took::Jobs(claimed.jobs))
    }

    /// Tells the gate how a call with many items went; answers whether the destination is back
    /// after an outage, or answers for the first time.
    pub(super) fn report<'a>(
        &self,
        name: &str,
        gate: &Mutex<Gate>,
        failures: impl Iterator<Item = Option<&'a Failure>>,
        now: Time,
    ) -> bool {
        let failures: Vec<Option<&Failure>> = failures.collect();
        let worst = failures.iter().copied().flatten().next();
        self.lookout.called(name, failures.iter().any(Option::is_none));
        let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.report_batch(now, failures.iter().copied());
        self.metrics.circuit(name, gate.is_closed());
        if let Some(failure) = worst {
            let failed = failures.iter().flatten().count();
            tracing::warn!(destination = name, failure = failure.word(), failed, "a call failed");
        }
        gate.take_came_back()
    }
}
