//! The time that a sender signed: three formats, read strictly, judged by a two-sided window.
//!
//! Guarantees: what is not exactly a number or a date is refused, never read in part; both ends of
//! the window are inside it.
//! Does not know: where in a request the value stood.

use serde::Deserialize;

use super::Refused;
use crate::model::time::{Span, Time};

/// RFC 9110's IMF-fixdate.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// How a sender writes the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum TimestampFormat {
    /// Unix seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Unix milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// `Thu, 04 Jan 2024 18:05:25 GMT`.
    #[serde(rename = "http-date")]
    HttpDate,
}

impl TimestampFormat {
    /// Reads a value exactly as it stands: digits without sign, blank or leading zero, or a date
    /// that prints back as it was written.
    pub(super) fn read(self, value: &[u8]) -> Option<Time> {
        let text = std::str::from_utf8(value).ok()?;
        match self {
            Self::Seconds => digits(text)?.checked_mul(1000).map(Time),
            Self::Milliseconds => digits(text).map(Time),
            Self::HttpDate => {
                let read = jiff::fmt::strtime::parse(HTTP_DATE, text).ok()?.to_datetime().ok()?;
                let at = read.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
                (at.strftime(HTTP_DATE).to_string() == text).then(|| Time(at.as_millisecond()))
            }
        }
    }

    /// Writes the time as a sender of this format does.
    pub(super) fn write(self, now: Time) -> String {
        match self {
            Self::Seconds => now.seconds().to_string(),
            Self::Milliseconds => now.0.to_string(),
            Self::HttpDate => jiff::Timestamp::from_millisecond(now.0)
                .map_or_else(|_| now.0.to_string(), |at| at.strftime(HTTP_DATE).to_string()),
        }
    }

    /// Whether a signed time lies within the window, measured in the sender's own unit: a sender
    /// of whole seconds is judged by whole seconds.
    pub(super) fn judge(self, signed: Time, now: Time, tolerance: Span) -> Result<(), Refused> {
        let now = match self {
            Self::Milliseconds => now,
            Self::Seconds | Self::HttpDate => Time(now.seconds().saturating_mul(1000)),
        };
        if now.since(signed) > tolerance {
            Err(Refused::Stale)
        } else if signed.since(now) > tolerance {
            Err(Refused::Future)
        } else {
            Ok(())
        }
    }
}

fn digits(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !text.is_empty() && !text.starts_with('0')).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reads_what_it_writes() {
        let now = Time(1_704_391_525_000);
        for format in
            [TimestampFormat::Seconds, TimestampFormat::Milliseconds, TimestampFormat::HttpDate]
        {
            assert_eq!(format.read(format.write(now).as_bytes()), Some(now), "{format:?}");
        }
        assert_eq!(TimestampFormat::HttpDate.write(now), "Thu, 04 Jan 2024 18:05:25 GMT");
    }

    #[test]
    fn nothing_but_strict_digits_is_a_number() {
        for text in [
            "",
            " 1767225600",
            "1767225600 ",
            "+1767225600",
            "-1",
            "1767225600.0",
            "1767225600abc",
            "01767225600",
            "0x10",
            "NaN",
            "1e9",
            "\u{661}\u{662}",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            assert_eq!(TimestampFormat::Seconds.read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(TimestampFormat::Seconds.read(b"\xff"), None);
    }

    #[test]
    fn a_date_must_be_exact() {
        for text in [
            "Fri, 04 Jan 2024 18:05:25 GMT",
            "Thu, 4 Jan 2024 18:05:25 GMT",
            "thu, 04 jan 2024 18:05:25 gmt",
            "Thu, 04 Jan 2024 18:05:25 UTC",
            "Thu, 04 Jan 2024 18:05:25 GMT ",
            "Thu,  04 Jan 2024 18:05:25 GMT",
            "2024-01-04T18:05:25Z",
            "1704391525",
        ] {
            assert_eq!(TimestampFormat::HttpDate.read(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn both_ends_of_the_window_are_inside() {
        let check = |format: TimestampFormat, off: i64, expected| {
            let signed = Time(1_767_225_600_000);
            let now = Time(signed.0 + off);
            assert_eq!(format.judge(signed, now, Span::seconds(300)), expected, "{format:?} {off}");
        };
        for format in
            [TimestampFormat::Seconds, TimestampFormat::Milliseconds, TimestampFormat::HttpDate]
        {
            check(format, 300_000, Ok(()));
            check(format, -300_000, Ok(()));
            check(format, 301_000, Err(Refused::Stale));
            check(format, -301_000, Err(Refused::Future));
        }
        check(TimestampFormat::Milliseconds, 300_001, Err(Refused::Stale));
        check(TimestampFormat::Seconds, 300_999, Ok(()));
    }
}
