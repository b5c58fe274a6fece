//! A destination's gate, as the steps use it.
//!
//! Guarantees: the gate is asked before anything is claimed, so parking a connection parks its
//! jobs without costing them attempts. Does not know: how a gate judges.

use std::sync::{Mutex, PoisonError};

use super::Worker;
use crate::{
    model::{failure::Failure, time::Time},
    outbound::gate::{Admit, Gate},
};

impl Worker {
    /// Whether a call may be made now.
    pub(super) fn admit(&self, gate: &Mutex<Gate>, now: Time) -> Admit {
        gate.lock().unwrap_or_else(PoisonError::into_inner).admit(now)
    }

    /// Nothing was sent after all.
    pub(super) fn unused(&self, gate: &Mutex<Gate>, now: Time) {
        gate.lock().unwrap_or_else(PoisonError::into_inner).release(now);
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
