//! What all parts of one simulation share: the time, the faults, and what was seen.
//!
//! Guarantees: one lock, never held over a seam; who acts is known at every call.
//! Does not know: what is right; `invariants` does.

use std::sync::{Arc, Mutex, MutexGuard};

use handoff::{
    clock::Clock as _,
    model::time::{Span, Time},
    outbound::lease::Lease,
};

use super::{
    clock::{True, WallClock},
    faults::Faults,
    step::Waits,
    witness::Witness,
};

/// Who acts now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Here {
    /// The replica.
    pub replica: usize,
    /// The step, or none for a request at the front.
    pub step: Option<usize>,
}

/// Shared by everything in one simulation.
#[derive(Debug, Default)]
pub struct House {
    /// The true time.
    pub time: True,
    /// Whether the last poll waits for an answer.
    pub waits: Waits,
    /// The clock of each replica.
    pub clocks: Vec<Arc<WallClock>>,
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug, Default)]
pub struct State {
    /// Who acts now.
    pub here: Here,
    /// What is set to go wrong.
    pub faults: Faults,
    /// What was seen.
    pub seen: Witness,
}

impl House {
    /// With so many replicas, whose clocks are ahead by so much.
    pub fn new(ahead: &[Span]) -> Arc<Self> {
        let time = True::default();
        let clocks = ahead.iter().map(|ahead| Arc::new(WallClock::new(&time, *ahead))).collect();
        Arc::new(Self { time, clocks, ..Self::default() })
    }

    /// More than one replica works on the store.
    pub fn is_shared(&self) -> bool {
        self.clocks.len() > 1
    }

    /// The clock that judges leases: that of the database if there are several replicas, the
    /// replica's own if it is alone.
    pub fn lease_now(&self) -> Time {
        match &self.clocks[..] {
            [alone] => alone.now(),
            _ => self.time.now(),
        }
    }

    /// Whether the lease under which the present step calls is over: the step says so itself.
    pub fn is_too_late(&self) -> bool {
        let is_too_late = Lease::held().is_some_and(|lease| lease.is_over());
        if is_too_late {
            self.state().faults.fired("a call was not made, for its lease was over");
        }
        is_too_late
    }

    /// What changes, for a moment.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}
