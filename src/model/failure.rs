//! Failures of acting, and the one function that turns a failure into a verdict.
//!
//! Guarantees: every failure a destination can show has exactly one treatment, decided here.
//! Does not know: any vendor's codes; adapters translate into these classes.

use super::{
    id::digest,
    job::Verdict,
    time::{Span, Time},
};

/// What went wrong, in the classes that a caller treats differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The destination asks everybody to wait: park the connection, not the job.
    #[error("asks to wait ({scope})")]
    Throttled {
        /// Until when.
        until: Time,
        /// What ran out: `burst`, `daily`, `concurrent`.
        scope: &'static str,
    },
    /// Busy or broken for the moment.
    #[error("busy: {why}")]
    Busy {
        /// The wait it asked for, if any.
        after: Option<Span>,
        /// What it said, without personal data.
        why: String,
    },
    /// It may have been done: look before repeating.
    #[error("no answer; it may have been done")]
    MaybeDone,
    /// The credential has expired; refreshed once, then [`Failure::AuthLost`].
    #[error("the credential has expired")]
    AuthExpired,
    /// The credential is refused: the connection stops until an operator mends it.
    #[error("the credential is refused: {why}")]
    AuthLost {
        /// What it said.
        why: String,
    },
    /// It refuses this content for good.
    #[error("refused: {why}")]
    Refused {
        /// What it said, without personal data.
        why: String,
    },
    /// It refuses this owner: inactive or gone.
    #[error("refuses the owner {owner}")]
    OwnerInvalid {
        /// The CRM's id of the owner.
        owner: String,
    },
    /// Several records match.
    #[error("{} records match", records.len())]
    Ambiguous {
        /// Their ids, oldest first where the CRM tells.
        records: Vec<String>,
    },
    /// The record is gone.
    #[error("the record is gone")]
    Gone,
    /// The lease was over before the call: nothing was sent, and somebody else may be doing it.
    #[error("the lease was over before it could be sent")]
    TooLate,
}

impl Failure {
    /// One word for metrics and the circuit.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Busy { .. } => "busy",
            Self::MaybeDone => "maybe_done",
            Self::AuthExpired => "auth_expired",
            Self::AuthLost { .. } => "auth_lost",
            Self::Refused { .. } => "refused",
            Self::OwnerInvalid { .. } => "owner_invalid",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Gone => "gone",
            Self::TooLate => "too_late",
        }
    }
}

/// Attempts before a job is dead: with the delays below about a day and a half.
pub const ATTEMPTS_MAX: u32 = 30;
/// The longest pause between two attempts.
const DELAY_MAX: Span = Span::hours(1);
/// A destination may not park us for longer than this by one answer.
const WAIT_MAX: Span = Span::hours(1);

/// What to do after a failure of attempt number `attempt` (from 1) at `now`. `key` spreads jobs
/// that failed together: the jitter is derived from it.
#[must_use]
pub fn verdict(failure: &Failure, attempt: u32, now: Time, key: &[u8]) -> Verdict {
    let why = failure.to_string();
    match failure {
        Failure::Throttled { until, .. } => {
            let latest = now.plus(WAIT_MAX);
            let at = (*until).clamp(now.plus(Span::seconds(1)), latest);
            Verdict::Snooze { at: at.plus(jitter(Span::seconds(1), attempt, key)), why }
        }
        Failure::AuthLost { .. } => Verdict::Snooze {
            at: now.plus(Span::minutes(1)).plus(jitter(Span::seconds(10), attempt, key)),
            why,
        },
        // Where the lease is lost this changes nothing; where nobody took it, it is due at once.
        Failure::TooLate => Verdict::Snooze { at: now, why },
        // A record that a person deleted is not made again behind their back.
        Failure::Refused { .. } | Failure::Ambiguous { .. } | Failure::Gone => {
            Verdict::Dead { why }
        }
        _ if attempt >= ATTEMPTS_MAX => Verdict::Dead { why },
        Failure::Busy { after, .. } => {
            let base = after.map_or(Span::ZERO, |after| Span(after.0.clamp(0, WAIT_MAX.0)));
            Verdict::Retry { at: now.plus(base).plus(delay(attempt, key)), why }
        }
        Failure::MaybeDone | Failure::AuthExpired | Failure::OwnerInvalid { .. } => {
            Verdict::Retry { at: now.plus(delay(attempt, key)), why }
        }
    }
}

/// Full jitter over an exponential cap: 1 s, 2 s, 4 s … one hour.
fn delay(attempt: u32, key: &[u8]) -> Span {
    let cap = Span(Span::seconds(1).0.saturating_mul(1_i64 << attempt.saturating_sub(1).min(12)))
        .0
        .min(DELAY_MAX.0);
    Span(cap / 4 + jitter(Span(cap - cap / 4), attempt, key).0)
}

/// A span below `below`, derived from the attempt and the key.
fn jitter(below: Span, attempt: u32, key: &[u8]) -> Span {
    let [a, b, c, d, ..] = digest(&[b"jitter", &attempt.to_be_bytes(), key]);
    let dice = i64::from(u32::from_be_bytes([a, b, c, d]));
    Span(below.0.max(1).saturating_mul(dice) / (i64::from(u32::MAX) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failure: &Failure, attempt: u32) -> Verdict {
        verdict(failure, attempt, Time(1_000_000), b"job")
    }

    #[test]
    fn a_wait_is_kept_within_limits_and_costs_no_attempt() {
        for (until, least, most) in [
            (0, 1_001_000, 1_002_000),
            (1_060_000, 1_060_000, 1_061_000),
            (i64::MAX, 4_600_000, 4_601_000),
        ] {
            let Verdict::Snooze { at, .. } =
                check(&Failure::Throttled { until: Time(until), scope: "burst" }, 40)
            else {
                panic!("snoozed")
            };
            assert!((least..=most).contains(&at.0), "{until}: {at:?}");
        }
    }

    #[test]
    fn delays_grow_to_an_hour_and_end_in_dead() {
        let busy = Failure::Busy { after: None, why: "503".into() };
        let mut longest = 0;
        for attempt in 1..ATTEMPTS_MAX {
            let Verdict::Retry { at, .. } = check(&busy, attempt) else { panic!("retried") };
            let delay = at.0 - 1_000_000;
            assert!((250..=3_600_000).contains(&delay), "{attempt}: {delay}");
            longest = longest.max(delay);
        }
        assert!(longest > 900_000);
        assert!(matches!(check(&busy, ATTEMPTS_MAX), Verdict::Dead { .. }));
    }

    #[test]
    fn what_no_repetition_can_mend_is_dead_at_once() {
        assert!(matches!(check(&Failure::Refused { why: "bad".into() }, 1), Verdict::Dead { .. }));
    }
}
