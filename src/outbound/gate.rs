//! The gate before a destination: pause, pace and circuit, as one pure state machine.
//!
//! Guarantees: no more than `per_second × t + burst` calls in any span `t`; none before the time a
//! destination asked for; after `opens_after` failures in a row one probe at a time until one
//! succeeds; after a pause the pace grows from an eighth to the whole, so nobody who comes back is
//! trampled. Whoever waits for `NotBefore` gets through in the end. A gate that is shared with
//! other processes keeps all this together with them (`share`).
//! Does not know: the clock (`now` is an argument), jobs, HTTP.

mod pace;
mod share;

use serde::{Deserialize, Serialize};

pub use self::share::{GateKnown, GateSaid};
use self::{pace::Pace, share::Share};
use crate::model::{
    failure::Failure,
    time::{Span, Time},
};

/// What a gate keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls a second, at least one.
    pub per_second: u32,
    /// Calls at once after a quiet time, at least one.
    pub burst: u32,
    /// Failures in a row that open the circuit, at least one.
    pub opens_after: u32,
    /// The wait before the first probe; doubled by each failed one, up to five seconds.
    pub probe_after: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 10, burst: 10, opens_after: 5, probe_after: Span::seconds(2) }
    }
}

/// Whether a call may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admit {
    /// Now; it must be followed by a report.
    Go,
    /// Ask again then.
    NotBefore(Time),
    /// Only those who share it can say: exchange, then ask again. Never of a gate of one process.
    Exchange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Circuit {
    Closed { failures: u32 },
    Open { until: Time, waited: Span },
    Probing { since: Time, waited: Span },
}

/// All that a gate remembers and that others may have to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    circuit: Circuit,
    /// No call before this, by the destination's own wish.
    parked_until: Time,
    pace: Pace,
}

/// The gate of one connection.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    state: State,
    /// It has answered since the start, and since the circuit was open.
    is_proven: bool,
    /// It came back, and nobody has asked yet.
    came_back: bool,
    /// Calls that tokens were taken for.
    paid: u64,
    /// What goes between this process and the others, if there may be any.
    share: Option<Share>,
}

/// A destination that is down is asked this often at least: a hot lead must not wait long after it
/// is back, and one call in five seconds harms nobody.
const PROBE_MAX: Span = Span::seconds(5);
/// A probe that never reports (its task was dropped) blocks the gate for no longer than this.
const PROBE_LOST: Span = Span::seconds(30);
/// The longest pause that one answer may impose.
const PARK_MAX: Span = Span::hours(1);
/// A refused credential is tried again this often: an operator may have mended it.
const AUTH_PAUSE: Span = Span::minutes(1);

impl Gate {
    /// An open gate with a full burst.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let limits = Limits {
            per_second: limits.per_second.max(1),
            burst: limits.burst.max(1),
            opens_after: limits.opens_after.max(1),
            probe_after: limits.probe_after.max(Span(1)),
        };
        let state = State {
            circuit: Circuit::Closed { failures: 0 },
            parked_until: Time(i64::MIN),
            pace: Pace::full(limits),
        };
        Self { limits, state, is_proven: false, came_back: false, paid: 0, share: None }
    }

    /// Whether the circuit is closed: the destination is taken for well.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state.circuit, Circuit::Closed { .. })
    }

    /// Whether calls are held back: the circuit is not closed, or a pause was asked for.
    #[must_use]
    pub fn is_held(&self, now: Time) -> bool {
        !self.is_closed() || now < self.state.parked_until
    }

    /// Whether it has answered for the first time since the start or since an outage: what waits
    /// because of it need not wait any longer. Says so once.
    pub fn take_came_back(&mut self) -> bool {
        std::mem::take(&mut self.came_back)
    }

    /// Asks for one call at `now`.
    pub fn admit(&mut self, now: Time) -> Admit {
        let state = &mut self.state;
        // A clock that jumped back must not prolong a pause.
        state.parked_until = state.parked_until.min(now.plus(PARK_MAX));
        if now < state.parked_until {
            return Admit::NotBefore(state.parked_until);
        }
        if let Some(share) = &mut self.share {
            let admit = share.admit(state.circuit, now);
            self.paid += u64::from(admit == Admit::Go);
            return admit;
        }
        match state.circuit {
            Circuit::Closed { .. } => self.take(now),
            Circuit::Open { until, waited } => {
                let until = until.min(now.plus(PROBE_MAX));
                if now < until {
                    return Admit::NotBefore(until);
                }
                let admit = self.take(now);
                if admit == Admit::Go {
                    self.state.circuit = Circuit::Probing { since: now, waited };
                }
                admit
            }
            Circuit::Probing { since, waited } => {
                let lost_at = since.min(now).plus(PROBE_LOST);
                if now < lost_at {
                    return Admit::NotBefore(lost_at);
                }
                self.state.circuit = Circuit::Open { until: now, waited };
                self.admit(now)
            }
        }
    }

    fn take(&mut self, now: Time) -> Admit {
        let admit = self.state.pace.take(self.limits, now);
        self.paid += u64::from(admit == Admit::Go);
        admit
    }

    /// The call that was admitted is not made after all.
    pub fn release(&mut self, now: Time) {
        self.paid = self.paid.saturating_sub(1);
        match &mut self.share {
            Some(share) => share.release(&self.state.circuit),
            None => self.state.pace.give(1),
        }
        self.unprobed(now);
    }

    /// The probe was not made: somebody else may make it at once.
    fn unprobed(&mut self, now: Time) {
        if let Circuit::Probing { waited, .. } = self.state.circuit {
            self.state.circuit = Circuit::Open { until: now, waited };
        }
    }

    /// Says how many calls were made in all: a step takes one token and may need several calls.
    /// What was not paid for is owed, and the next steps wait for it.
    pub fn made(&mut self, calls: u64) {
        let owed = calls.saturating_sub(self.paid);
        self.paid += owed;
        match &mut self.share {
            Some(share) => share.owe(owed),
            None => self.state.pace.owe(owed),
        }
    }

    /// Reports how one call ended.
    pub fn report(&mut self, now: Time, failure: Option<&Failure>) {
        let was_well = self.state.circuit == (Circuit::Closed { failures: 0 });
        let (is_answer, park) = match failure {
            Some(Failure::Busy { .. } | Failure::MaybeDone) => (false, None),
            Some(Failure::Throttled { until, .. }) => {
                (true, Some((*until).min(now.plus(PARK_MAX)).since(now)))
            }
            Some(Failure::AuthLost { .. }) => (true, Some(AUTH_PAUSE)),
            // Any other answer is an answer: the destination is well, whatever it says of the item.
            _ => (true, None),
        };
        self.heard(now, is_answer, park);
        if let Some(share) = &mut self.share {
            share.note(is_answer, park, was_well);
        }
    }

    /// What one call showed: whether it was answered, and how long a pause was asked for.
    fn heard(&mut self, now: Time, is_answer: bool, park: Option<Span>) {
        if !is_answer {
            return self.failed(now);
        }
        self.answered(now);
        if let Some(span) = park {
            self.park(now, now.plus(span));
        }
    }

    /// Reports how a call with many items ended: as ill only if no item was answered, as parked if
    /// any item says so.
    pub fn report_batch<'a>(
        &mut self,
        now: Time,
        items: impl IntoIterator<Item = Option<&'a Failure>>,
    ) {
        let weight = |failure: Option<&Failure>| match failure {
            Some(Failure::AuthLost { .. } | Failure::Throttled { .. }) => 2,
            Some(Failure::Busy { .. } | Failure::MaybeDone) => 0,
            _ => 1,
        };
        if let Some(speaker) = items.into_iter().max_by_key(|item| weight(*item)) {
            self.report(now, speaker);
        }
    }

    fn failed(&mut self, now: Time) {
        self.state.circuit = match self.state.circuit {
            Circuit::Closed { failures } if failures + 1 < self.limits.opens_after => {
                Circuit::Closed { failures: failures + 1 }
            }
            Circuit::Closed { .. } => {
                self.is_proven = false;
                let waited = self.limits.probe_after;
                Circuit::Open { until: now.plus(waited), waited }
            }
            // Calls that were under way when it opened say nothing new.
            open @ Circuit::Open { .. } => open,
            Circuit::Probing { waited, .. } => {
                let waited = Span(waited.0.saturating_mul(2)).min(PROBE_MAX);
                Circuit::Open { until: now.plus(waited), waited }
            }
        };
    }

    fn answered(&mut self, now: Time) {
        if !self.is_closed() {
            self.state.pace.ramp(now);
        }
        self.state.circuit = Circuit::Closed { failures: 0 };
        if !std::mem::replace(&mut self.is_proven, true) {
            self.came_back = true;
        }
    }

    fn park(&mut self, now: Time, until: Time) {
        self.state.parked_until = self.state.parked_until.max(until);
        self.state.pace.ramp(now.max(self.state.parked_until));
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod share_tests;
#[cfg(test)]
mod tests;
