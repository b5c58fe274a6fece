//! How much one cause may say: repeated warnings are counted instead of written.
//!
//! Guarantees: one cause (a source and a reason) writes at most as many lines a span as its
//! [`Pace`] allows, whoever sends however much; the next line says how many were left out. The
//! number of causes is bounded, so that no stranger can make the memory grow.
//! Does not know: the lines. What is left out is still counted by the metrics.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::model::time::{Span, Time};

/// How many lines a cause may write in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Lines.
    pub lines: u32,
    /// In this time.
    pub within: Span,
}

/// Refusals and failures: enough to see what happens, too few to fill a disk.
pub const OFTEN: Pace = Pace { lines: 5, within: Span::seconds(1) };
/// What holds for hours and has to be known once.
pub const SELDOM: Pace = Pace { lines: 1, within: Span::minutes(10) };

/// Causes told apart; all others share one.
const CAUSES_MAX: usize = 1_000;

#[derive(Clone, Copy, Default)]
struct Cause {
    began: Option<Time>,
    written: u32,
    suppressed: u64,
}

/// The lines that causes have written lately.
#[derive(Default)]
pub struct Volume(Mutex<HashMap<(String, &'static str), Cause>>);

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Volume")
    }
}

impl Volume {
    /// Whether a line may be written: then how many of its cause were left out before it.
    pub fn admit(&self, source: &str, reason: &'static str, pace: Pace, now: Time) -> Option<u64> {
        // Counters alone: a panic elsewhere leaves nothing half done.
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (source.to_owned(), reason);
        if causes.len() >= CAUSES_MAX && !causes.contains_key(&key) {
            key = ("others".to_owned(), "others");
        }
        let cause = causes.entry(key).or_default();
        // A clock that was set back begins a new span too.
        let is_running =
            cause.began.is_some_and(|began| (Span::ZERO..pace.within).contains(&now.since(began)));
        if !is_running {
            (cause.began, cause.written) = (Some(now), 0);
        }
        if cause.written >= pace.lines {
            cause.suppressed += 1;
            return None;
        }
        cause.written += 1;
        Some(std::mem::take(&mut cause.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_up_to_the_pace_and_the_next_span_says_how_many_were_not() {
        let volume = Volume::default();
        let at = |ms| volume.admit("website", "bad-signature", OFTEN, Time(ms));
        for _ in 0..5 {
            assert_eq!(at(0), Some(0));
        }
        for _ in 0..1_000 {
            assert_eq!(at(999), None);
        }
        assert_eq!(at(1_000), Some(1_000));
        assert_eq!(at(1_000), Some(0));
        assert_eq!(at(-86_400_000), Some(0), "a clock set back silences nobody");
    }

    #[test]
    fn one_cause_does_not_silence_another() {
        let volume = Volume::default();
        assert!((0..10).any(|_| volume.admit("website", "stale", OFTEN, Time(0)).is_none()));
        assert_eq!(volume.admit("website", "stale", OFTEN, Time(0)), None);
        assert_eq!(volume.admit("website", "bad-signature", OFTEN, Time(0)), Some(0));
        assert_eq!(volume.admit("survey", "stale", OFTEN, Time(0)), Some(0));
    }

    #[test]
    fn the_causes_are_bounded() {
        let volume = Volume::default();
        let told = (0..CAUSES_MAX + 500)
            .filter(|number| volume.admit(&number.to_string(), "x", SELDOM, Time(0)).is_some())
            .count();
        assert_eq!(told, CAUSES_MAX + 1, "those beyond share one");
        assert_eq!(volume.0.lock().unwrap().len(), CAUSES_MAX + 1);
    }
}
