//! Time as whole milliseconds UTC, and spans as people write them ("5m").
//!
//! Guarantees: arithmetic saturates, never panics; a span prints as it is written.
//! Does not know: what time it is (`clock.rs` alone reads that) and any calendar.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in whole milliseconds, never negative when parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

impl Time {
    /// The instant `span` later.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; negative when it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// As RFC 3339 in UTC with milliseconds, for people and logs.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .map_or_else(|_| self.0.to_string(), |at| format!("{at:.3}"))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many whole seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// So many whole minutes.
    #[must_use]
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// So many whole hours.
    #[must_use]
    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours.saturating_mul(60))
    }

    /// So many times 24 hours.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// Reads `500ms`, `30s`, `5m`, `2h`, `7d` or a sequence of them from large to small (`1h30m`).
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const UNITS: [(&str, i64); 5] =
            [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
        let wrong = || {
            format!("{text:?} is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m")
        };
        let (mut rest, mut total, mut next_unit) = (text, 0_i64, 0_usize);
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at(digits);
            let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, tail) = tail.split_at(letters);
            let number: i64 = number.parse().map_err(|_| wrong())?;
            let at = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(wrong)?;
            if at < next_unit {
                return Err(wrong());
            }
            next_unit = at + 1;
            let ms = UNITS.get(at).map_or(0, |(_, ms)| *ms);
            total = number
                .checked_mul(ms)
                .and_then(|more| total.checked_add(more))
                .ok_or_else(wrong)?;
            rest = tail;
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, ms) in
            [("d", 86_400_000_u64), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
        {
            if rest >= ms {
                write!(f, "{}{unit}", rest / ms)?;
                rest %= ms;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_as_written() {
        for (text, ms) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(Span::parse(text), Ok(Span(ms)), "{text}");
            assert_eq!(Span(ms).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_span_is_refused_with_advice() {
        for text in ["", "5", "m", "5 m", "5m1h", "-5m", "5minutes", "99999999999999999d", "1m1m"] {
            let error = Span::parse(text).unwrap_err();
            assert!(error.contains("30s, 5m"), "{text}: {error}");
        }
    }

    #[test]
    fn time_saturates() {
        assert_eq!(Time(i64::MAX).plus(Span::days(1)), Time(i64::MAX));
        assert_eq!(Time(5_000).since(Time(7_000)), Span(-2_000));
        assert_eq!(Time(1_767_225_600_123).rfc3339(), "2026-01-01T00:00:00.123Z");
    }
}
