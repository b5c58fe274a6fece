//! The pace of calls: tokens that come in each second, up to a burst.
//!
//! Guarantees: no more than `per_second × t + burst` tokens are given in any span `t`; after a
//! pause they come at an eighth of the pace, and each second at an eighth more.
//! Does not know: why there was a pause.

use serde::{Deserialize, Serialize};

use super::{Admit, Limits, PARK_MAX};
use crate::model::time::{Span, Time};

/// The pace grows by one part each second, from one part to all.
const RAMP_PARTS: i64 = 8;
/// One call, in thousandths.
const CALL: i64 = 1000;

/// The tokens in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// When the pace began to grow again.
    ramp_from: Option<Time>,
    /// Calls in hand, in thousandths; below zero when they are owed.
    tokens: i64,
    /// When the tokens were counted last.
    counted_at: Option<Time>,
}

impl Pace {
    /// A full burst.
    pub fn full(limits: Limits) -> Self {
        Self { ramp_from: None, tokens: i64::from(limits.burst) * CALL, counted_at: None }
    }

    /// Starts again at the lowest pace and with empty hands.
    pub fn ramp(&mut self, from: Time) {
        self.ramp_from = Some(from);
        self.tokens = 0;
        self.counted_at = Some(from);
    }

    /// Tokens come back unused.
    pub fn give(&mut self, calls: u64) {
        self.tokens = self.tokens.saturating_add(thousandths(calls));
    }

    /// Calls were made without tokens: they are paid for by what comes in.
    pub fn owe(&mut self, calls: u64) {
        self.tokens = self.tokens.saturating_sub(thousandths(calls));
    }

    /// Takes a token, or says when there will be one.
    pub fn take(&mut self, limits: Limits, now: Time) -> Admit {
        let counted_at = self.counted_at.map_or(now, |at| at.min(now.plus(PARK_MAX)));
        // The pace of the span's beginning, so that a growing pace never gives too much.
        let pace = self.per_second(limits, counted_at);
        let gained = now.since(counted_at).0.clamp(0, 3_600_000).saturating_mul(pace) / 1000;
        let full = i64::from(limits.burst) * CALL;
        if gained > 0 || self.counted_at.is_none() || now < counted_at {
            self.tokens = (self.tokens + gained).min(full);
            self.counted_at = Some(now);
        }
        if self.tokens >= CALL {
            self.tokens -= CALL;
            return Admit::Go;
        }
        let missing = (CALL - self.tokens) * 1000;
        let from = self.counted_at.unwrap_or(now);
        let at = from.plus(Span(missing.div_euclid(pace) + 1));
        Admit::NotBefore(at.max(now.plus(Span(1))))
    }

    /// Thousandths of a call that come in each second at `now`.
    fn per_second(&self, limits: Limits, now: Time) -> i64 {
        let whole = i64::from(limits.per_second) * CALL;
        let parts = self
            .ramp_from
            .map_or(RAMP_PARTS, |from| (now.since(from).0.max(0) / 1000 + 1).min(RAMP_PARTS));
        (whole * parts / RAMP_PARTS).max(1)
    }
}

fn thousandths(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX).saturating_mul(CALL)
}
