//! A destination's gate, as the steps use it.
//!
//! Guarantees: the gate is asked before anything is claimed, so parking a connection parks its
//! jobs without costing them attempts. Does not know: how a gate judges.

use std::sync::{Mutex, PoisonError};

use super::{Guarded, Worker, decide::Worked};
use crate::{
    model::{
        failure::Failure,
        job::{Claimed, JobKind},
        time::Time,
    },
    outbound::gate::{Admit, Gate},
    store::{Claim, StoreResult},
};

impl<T: ?Sized> Guarded<T> {
    /// Whether a call may be made now.
    fn admit(&self, now: Time) -> Admit {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).admit(now)
    }

    /// Nothing was sent after all.
    fn unused(&self, now: Time) {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).release(now);
    }
}

impl Worker {
    /// Claims work for a destination; nothing while its gate is shut. Without work: when to look
    /// again.
    pub(super) async fn take<T: ?Sized>(
        &self,
        to: &Guarded<T>,
        (kind, name): (JobKind, &str),
        max: usize,
        now: Time,
    ) -> StoreResult<Result<Vec<Claimed>, Worked>> {
        if let Admit::NotBefore(at) = to.admit(now) {
            return Ok(Err(Worked { next: Some(at), ..Worked::default() }));
        }
        let claim = Claim { kind, lane: name.to_owned(), now, max, lease: self.lease };
        let claimed = self.store.claim(claim).await?;
        if claimed.jobs.is_empty() {
            to.unused(now);
            return Ok(Err(Worked { next: claimed.next_due, ..Worked::default() }));
        }
        Ok(Ok(claimed.jobs))
    }

    /// Tells the gate how a call with many items went.
    pub(super) fn report<'a>(
        &self,
        name: &str,
        gate: &Mutex<Gate>,
        failures: impl Iterator<Item = Option<&'a Failure>>,
        now: Time,
    ) {
        let failures: Vec<Option<&Failure>> = failures.collect();
        let worst = failures.iter().copied().flatten().next();
        let mut gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.report_batch(now, failures.iter().copied());
        self.metrics.circuit(name, gate.is_closed());
        if let Some(failure) = worst {
            let failed = failures.iter().flatten().count();
            tracing::warn!(destination = name, failure = failure.word(), failed, "a call failed");
        }
    }
}
