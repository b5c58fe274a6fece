//! The gate before a destination: pause, pace and circuit, as one pure state machine.
//!
//! Guarantees: no more than `per_second × t + burst` calls in any span `t`; none before the time a
//! destination asked for; after `opens_after` failures in a row one probe at a time until one
//! succeeds; after a pause the pace grows from an eighth to the whole, so nobody who comes back is
//! trampled. Whoever waits for `NotBefore` gets through in the end.
//! Does not know: the clock (`now` is an argument), jobs, HTTP.

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
    /// The wait before the first probe; doubled by each failed one, up to a minute.
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    Closed { failures: u32 },
    Open { until: Time, waited: Span },
    Probing { since: Time, waited: Span },
}

/// The gate of one connection.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    circuit: Circuit,
    /// No call before this, by the destination's own wish.
    parked_until: Time,
    /// When the pace began to grow again.
    ramp_from: Option<Time>,
    /// Calls in hand, in thousandths.
    tokens: i64,
    /// When the tokens were counted last.
    counted_at: Option<Time>,
    /// It has answered since the start, and since the circuit was open.
    is_proven: bool,
    /// It came back, and nobody has asked yet.
    came_back: bool,
    /// Calls that tokens were taken for.
    paid: u64,
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
/// The pace grows by one part each second, from one part to all.
const RAMP_PARTS: i64 = 8;
/// One call, in thousandths.
const CALL: i64 = 1000;

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
        Self {
            limits,
            circuit: Circuit::Closed { failures: 0 },
            parked_until: Time(i64::MIN),
            ramp_from: None,
            tokens: i64::from(limits.burst) * CALL,
            counted_at: None,
            is_proven: false,
            came_back: false,
            paid: 0,
        }
    }

    /// Whether the circuit is closed: the destination is taken for well.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.circuit, Circuit::Closed { .. })
    }

    /// Whether calls are held back: the circuit is not closed, or a pause was asked for.
    #[must_use]
    pub fn is_held(&self, now: Time) -> bool {
        !self.is_closed() || now < self.parked_until
    }

    /// Whether it has answered for the first time since the start or since an outage: what waits
    /// because of it need not wait any longer. Says so once.
    pub fn take_came_back(&mut self) -> bool {
        std::mem::take(&mut self.came_back)
    }

    /// Asks for one call at `now`.
    pub fn admit(&mut self, now: Time) -> Admit {
        // A clock that jumped back must not prolong a pause.
        self.parked_until = self.parked_until.min(now.plus(PARK_MAX));
        if now < self.parked_until {
            return Admit::NotBefore(self.parked_until);
        }
        match self.circuit {
            Circuit::Closed { .. } => self.take(now),
            Circuit::Open { until, waited } => {
                let until = until.min(now.plus(PROBE_MAX));
                if now < until {
                    return Admit::NotBefore(until);
                }
                let admit = self.take(now);
                if admit == Admit::Go {
                    self.circuit = Circuit::Probing { since: now, waited };
                }
                admit
            }
            Circuit::Probing { since, waited } => {
                let lost_at = since.min(now).plus(PROBE_LOST);
                if now < lost_at {
                    return Admit::NotBefore(lost_at);
                }
                self.circuit = Circuit::Open { until: now, waited };
                self.admit(now)
            }
        }
    }

    /// The call that was admitted is not made after all.
    pub fn release(&mut self, now: Time) {
        self.tokens = self.tokens.saturating_add(CALL);
        self.paid = self.paid.saturating_sub(1);
        if let Circuit::Probing { waited, .. } = self.circuit {
            self.circuit = Circuit::Open { until: now, waited };
        }
    }

    /// Says how many calls were made in all: a step takes one token and may need several calls.
    /// What was not paid for is owed, and the next steps wait for it.
    pub fn made(&mut self, calls: u64) {
        let owed = calls.saturating_sub(self.paid);
        self.paid += owed;
        let owed = i64::try_from(owed).unwrap_or(i64::MAX).saturating_mul(CALL);
        self.tokens = self.tokens.saturating_sub(owed);
    }

    /// Reports how one call ended.
    pub fn report(&mut self, now: Time, failure: Option<&Failure>) {
        match failure {
            Some(Failure::Busy { .. } | Failure::MaybeDone) => self.failed(now),
            Some(Failure::Throttled { until, .. }) => {
                self.answered(now);
                self.park(now, (*until).min(now.plus(PARK_MAX)));
            }
            Some(Failure::AuthLost { .. }) => {
                self.answered(now);
                self.park(now, now.plus(AUTH_PAUSE));
            }
            // Any other answer is an answer: the destination is well, whatever it says of the item.
            _ => self.answered(now),
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
        self.circuit = match self.circuit {
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
            self.ramp(now);
        }
        self.circuit = Circuit::Closed { failures: 0 };
        if !std::mem::replace(&mut self.is_proven, true) {
            self.came_back = true;
        }
    }

    fn park(&mut self, now: Time, until: Time) {
        self.parked_until = self.parked_until.max(until);
        self.ramp(now.max(self.parked_until));
    }

    /// Starts again at the lowest pace and with empty hands.
    fn ramp(&mut self, from: Time) {
        self.ramp_from = Some(from);
        self.tokens = 0;
        self.counted_at = Some(from);
    }

    /// Thousandths of a call that come in each second at `now`.
    fn pace(&self, now: Time) -> i64 {
        let whole = i64::from(self.limits.per_second) * CALL;
        let parts = self
            .ramp_from
            .map_or(RAMP_PARTS, |from| (now.since(from).0.max(0) / 1000 + 1).min(RAMP_PARTS));
        (whole * parts / RAMP_PARTS).max(1)
    }

    /// Takes a token, or says when there will be one.
    fn take(&mut self, now: Time) -> Admit {
        let counted_at = self.counted_at.map_or(now, |at| at.min(now.plus(PARK_MAX)));
        // The pace of the span's beginning, so that a growing pace never gives too much.
        let pace = self.pace(counted_at);
        let gained = now.since(counted_at).0.clamp(0, 3_600_000).saturating_mul(pace) / 1000;
        let full = i64::from(self.limits.burst) * CALL;
        if gained > 0 || self.counted_at.is_none() || now < counted_at {
            self.tokens = (self.tokens + gained).min(full);
            self.counted_at = Some(now);
        }
        if self.tokens >= CALL {
            self.tokens -= CALL;
            self.paid += 1;
            return Admit::Go;
        }
        let missing = (CALL - self.tokens) * 1000;
        let from = self.counted_at.unwrap_or(now);
        let at = from.plus(Span(missing.div_euclid(pace) + 1));
        Admit::NotBefore(at.max(now.plus(Span(1))))
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> Failure {
        Failure::Busy { after: None, why: "503".into() }
    }

    fn limits(per_second: u32, burst: u32) -> Limits {
        Limits { per_second, burst, opens_after: 3, probe_after: Span::seconds(2) }
    }

    fn goes(gate: &mut Gate, now: i64) -> bool {
        gate.admit(Time(now)) == Admit::Go
    }

    #[test]
    fn a_step_of_several_calls_is_paid_for_by_those_after_it() {
        let limits = Limits { per_second: 10, burst: 2, ..Limits::default() };
        let mut gate = Gate::new(limits);
        let mut calls = 0;
        let mut steps = 0;
        for ms in 0..10_000 {
            if gate.admit(Time(ms)) == Admit::Go {
                steps += 1;
                calls += 3;
                gate.report(Time(ms), None);
                gate.made(calls);
            }
        }
        assert!((100..=106).contains(&calls), "{calls} calls in ten seconds, {steps} steps");
    }

    #[test]
    fn a_park_is_kept_and_then_the_pace_grows() {
        let mut gate = Gate::new(limits(80, 80));
        assert!(goes(&mut gate, 0));
        let throttled = Failure::Throttled { until: Time(5_000), scope: "burst" };
        gate.report(Time(0), Some(&throttled));
        assert_eq!(gate.admit(Time(4_999)), Admit::NotBefore(Time(5_000)));
        let in_second =
            |gate: &mut Gate, from: i64| (from..from + 1000).filter(|now| goes(gate, *now)).count();
        let early = in_second(&mut gate, 5_000);
        assert!((1..=11).contains(&early), "{early}");
        let late = (6..20).map(|second| in_second(&mut gate, second * 1000)).last().unwrap();
        assert!((75..=81).contains(&late), "{late}");
    }

    #[test]
    fn an_absurd_park_ends_within_the_hour_even_if_the_clock_jumps_back() {
        let mut gate = Gate::new(limits(10, 1));
        let never = Failure::Throttled { until: Time(i64::MAX), scope: "daily" };
        gate.report(Time(0), Some(&never));
        assert_eq!(gate.admit(Time(0)), Admit::NotBefore(Time(3_600_000)));
        let day_before = -86_400_000;
        assert_eq!(gate.admit(Time(day_before)), Admit::NotBefore(Time(day_before + 3_600_000)));
    }

    #[test]
    fn one_answered_item_keeps_the_circuit_closed() {
        let mut gate = Gate::new(limits(1000, 1000));
        let refused = Failure::Refused { why: "bad".into() };
        for _ in 0..10 {
            gate.report_batch(Time(0), [Some(&busy()), None, Some(&busy())]);
            gate.report_batch(Time(0), [Some(&busy()), Some(&refused)]);
        }
        assert!(gate.is_closed());
        for _ in 0..3 {
            gate.report_batch(Time(0), [Some(&busy()), Some(&Failure::MaybeDone)]);
        }
        assert!(!gate.is_closed());
    }

    #[test]
    fn a_refused_credential_is_tried_once_a_minute() {
        let mut gate = Gate::new(limits(1000, 1000));
        gate.report(Time(0), Some(&Failure::AuthLost { why: "401".into() }));
        assert_eq!(gate.admit(Time(1)), Admit::NotBefore(Time(60_000)));
    }

    #[test]
    fn a_circuit_opens_probes_once_and_closes() {
        let mut gate = Gate::new(limits(1000, 1000));
        for _ in 0..3 {
            assert!(goes(&mut gate, 0));
            gate.report(Time(0), Some(&busy()));
        }
        assert_eq!(gate.admit(Time(1)), Admit::NotBefore(Time(2_000)));
        assert!(goes(&mut gate, 2_000));
        assert!((2_000..2_100).all(|now| !goes(&mut gate, now)), "one probe at a time");
        gate.report(Time(2_100), Some(&Failure::MaybeDone));
        assert_eq!(gate.admit(Time(2_100)), Admit::NotBefore(Time(6_100)), "doubled");
        assert!(goes(&mut gate, 6_100));
        assert!(!gate.take_came_back());
        gate.report(Time(6_200), None);
        assert!(gate.is_closed());
        assert_eq!([(); 2].map(|()| gate.take_came_back()), [true, false], "said once");
        gate.report(Time(6_300), None);
        assert!(!gate.take_came_back());
    }

    #[test]
    fn a_probe_that_never_reports_does_not_block_for_ever() {
        let mut gate = Gate::new(limits(1000, 1000));
        (0..3).for_each(|_| gate.report(Time(0), Some(&busy())));
        assert!(goes(&mut gate, 2_000));
        assert_eq!(gate.admit(Time(2_001)), Admit::NotBefore(Time(32_000)));
        assert!(goes(&mut gate, 32_000));
        assert!(!goes(&mut gate, 32_001));
    }
}
