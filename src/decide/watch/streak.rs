//! Streaks: what goes wrong without going right in between.
//!
//! Guarantees: pure; one success ends a streak; what was never seen is neither well nor ill, so
//! that a restart neither raises an alert nor ends one.
//! Does not know: what is counted.

use crate::model::time::{Span, Time};

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing was seen yet, or too little to say.
    Unknown,
    /// The last that was seen was good.
    Well,
    /// Nothing good for so long, and so many failures.
    Ill(Span, u64),
}

/// Failures in a row, read from two totals that only grow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Streak {
    good: u64,
    bad: u64,
    since: Option<Time>,
    count: u64,
    is_known: bool,
}

impl Streak {
    /// Takes note of the totals at `now`. Of what happened since the last look, a success counts
    /// as the last.
    pub fn note(&mut self, now: Time, good: u64, bad: u64) {
        if good > self.good {
            (self.since, self.count, self.is_known) = (None, 0, true);
        } else if bad > self.bad {
            // A clock that was set back must not make a streak look short for ever.
            self.since = Some(self.since.map_or(now, |since| since.min(now)));
            self.count += bad - self.bad;
        }
        (self.good, self.bad) = (good, bad);
    }

    /// Ill once it lasted `long` and has `most` failures; before that nobody can say.
    #[must_use]
    pub fn health(&self, now: Time, long: Span, most: u64) -> Health {
        match self.since {
            None if self.is_known => Health::Well,
            Some(since) if now.since(since) >= long && self.count >= most => {
                Health::Ill(now.since(since), self.count)
            }
            _ => Health::Unknown,
        }
    }
}

/// A state that holds at some looks and not at others: a paused connection is called once a
/// minute, and is none the better for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    began: Option<Time>,
    since: Option<Time>,
    last: Time,
}

impl Held {
    /// Takes note of whether it holds at `now`. It is over when it did not hold for `between`.
    pub fn note(&mut self, now: Time, holds: bool, between: Span) {
        self.began = Some(self.began.map_or(now, |began| began.min(now)));
        if holds {
            self.since = Some(self.since.map_or(now, |since| since.min(now)));
            self.last = now;
        } else if now.since(self.last).0.abs() > between.0 {
            self.since = None;
        }
    }

    /// It is over, whatever is seen in between: something got through.
    pub fn end(&mut self) {
        self.since = None;
    }

    /// Ill once it held for `long`. What was not looked at for so long is not known to be well.
    #[must_use]
    pub fn health(&self, now: Time, long: Span) -> Health {
        let looked = self.began.map_or(Span::ZERO, |began| now.since(began));
        match self.since {
            Some(since) if self.last.since(since) >= long => Health::Ill(now.since(since), 0),
            None if looked >= long => Health::Well,
            _ => Health::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_needs_both_its_time_and_its_number_and_one_success_ends_it() {
        let long = Span::minutes(5);
        let mut streak = Streak::default();
        let health = |streak: &Streak, now: i64| streak.health(Time(now), long, 3);
        assert_eq!(health(&streak, 0), Health::Unknown, "nothing was seen");
        for (now, good, bad, want) in [
            (0, 0, 3, Health::Unknown),
            (299_999, 0, 3, Health::Unknown),
            (300_000, 0, 3, Health::Ill(long, 3)),
            (310_000, 1, 4, Health::Well),
            (320_000, 1, 6, Health::Unknown),
            (620_000, 1, 6, Health::Unknown),
            (630_000, 1, 7, Health::Ill(Span(310_000), 3)),
            (640_000, 2, 7, Health::Well),
        ] {
            streak.note(Time(now), good, bad);
            assert_eq!(health(&streak, now), want, "at {now}");
        }
    }

    #[test]
    fn a_pause_with_one_try_a_minute_is_one_pause() {
        let mut held = Held::default();
        let (long, between) = (Span::minutes(10), Span::seconds(90));
        for tick in 0..60 {
            held.note(Time(tick * 10_000), tick % 6 != 5, between);
        }
        assert_eq!(held.health(Time(590_000), long), Health::Unknown);
        held.note(Time(600_000), true, between);
        assert_eq!(held.health(Time(600_000), long), Health::Ill(long, 0));
        held.note(Time(691_000), false, between);
        assert_eq!(held.health(Time(691_000), long), Health::Well);
    }

    #[test]
    fn after_a_start_nobody_is_called_well_before_the_time() {
        let mut held = Held::default();
        held.note(Time(0), false, Span::seconds(90));
        assert_eq!(held.health(Time(599_000), Span::minutes(10)), Health::Unknown);
        assert_eq!(held.health(Time(600_000), Span::minutes(10)), Health::Well);
    }
}
