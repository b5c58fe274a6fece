//! How single things look on a page: a stranger's text, an instant, a span, a person.
//!
//! Guarantees: a stranger's text becomes [`Markup`] here and nowhere else, escaped and cut;
//! templates escape everything that is not `Markup`. An instant is printed in UTC with its
//! milliseconds beside it, so that the browser can show the reader's own zone.
//! Does not know: leads, layout or the time.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{civil::DateTime, tz::TimeZone};

use crate::model::{
    text::Untrusted,
    time::{Span, Time},
};

/// HTML text that has been escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Markup(String);

impl Markup {
    /// One line of a stranger's text, at most `max` characters of it.
    #[must_use]
    pub fn line(text: &Untrusted, max: usize) -> Self {
        Self(text.one_line(max).escape_html())
    }

    /// The same for text that may quote a stranger, such as a clause with the value it saw.
    #[must_use]
    pub fn quoting(text: &str, max: usize) -> Self {
        Self::line(&Untrusted::from(text), max)
    }

    /// A sentence of ours in which instants such as `2026-01-01 12:05 UTC` become [`Moment`]s.
    #[must_use]
    pub fn sentence(text: &str, max: usize, now: Time) -> Self {
        let line = Self::quoting(text, max).0;
        let mut shown = String::with_capacity(line.len());
        let mut rest = line.as_str();
        while let Some((before, after)) = rest.split_once(" UTC") {
            let start = before.len().saturating_sub(MINUTE.len());
            let minute =
                before.get(start..).and_then(|text| DateTime::strptime("%F %H:%M", text).ok());
            let at = minute.and_then(|minute| minute.to_zoned(TimeZone::UTC).ok());
            if let Some(at) = at {
                shown.push_str(before.get(..start).unwrap_or_default());
                let at = Time(at.timestamp().as_millisecond());
                shown.push_str(&Moment::new(at, now).to_string());
            } else {
                shown.push_str(before);
                shown.push_str(" UTC");
            }
            rest = after;
        }
        shown.push_str(rest);
        Self(shown)
    }
}

/// How sentences write an instant before ` UTC`.
const MINUTE: &str = "2026-01-01 12:05";

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// An instant as a `<time>` element. The day is shown when it is not the day of `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    at: Time,
    now: Time,
    with_seconds: bool,
}

impl Moment {
    /// An instant on a page made at `now`, to the minute.
    #[must_use]
    pub const fn new(at: Time, now: Time) -> Self {
        Self { at, now, with_seconds: false }
    }

    /// To the second, for timelines.
    #[must_use]
    pub const fn to_the_second(at: Time, now: Time) -> Self {
        Self { at, now, with_seconds: true }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same_day = utc(self.at, "%F") == utc(self.now, "%F");
        let form = match (same_day, self.with_seconds) {
            (true, false) => "%H:%M",
            (true, true) => "%H:%M:%S",
            (false, false) => "%-d %b %H:%M",
            (false, true) => "%-d %b %H:%M:%S",
        };
        let seconds = if self.with_seconds { " data-seconds" } else { "" };
        write!(
            f,
            "<time datetime=\"{}\" data-at=\"{}\"{seconds}>{} UTC</time>",
            self.at.rfc3339(),
            self.at.0,
            utc(self.at, form)
        )
    }
}

/// Made of digits and our own words only.
impl HtmlSafe for Moment {}

fn utc(at: Time, form: &str) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| at.0.to_string(),
        |at| at.to_zoned(TimeZone::UTC).strftime(form).to_string(),
    )
}

/// A span for a glance: its two largest units, `4m 10s`, `2h 05m`, `3d 4h`.
#[must_use]
pub fn rough(span: Span) -> String {
    let seconds = span.0.unsigned_abs() / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {:02}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {:02}m", minutes % 60),
        (days, hours, _) => format!("{days}d {}h", hours % 24),
    }
}

/// A person of ours: the name and what stands in the small circle beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name by the rulebook, or the id if it does not know the person.
    pub name: String,
    /// Two letters.
    pub initials: String,
    /// One of eight colours, always the same for the same person.
    pub tint: u8,
}

impl Person {
    /// The person with this id and name.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
        let first = words.next();
        let initials = first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase);
        let sum = id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
        Self {
            name: name.to_owned(),
            initials: initials.collect(),
            tint: u8::try_from(sum % 8).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time(1_767_268_800_000);

    #[test]
    fn a_strangers_text_is_no_markup_and_one_line() {
        for (text, shown) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onmouseover='x'", "&quot; onmouseover=&#39;x&#39;"),
            ("a\n\u{202e}b", "a b"),
            ("javascript:alert(1)", "javascript:alert(1)"),
        ] {
            assert_eq!(Markup::quoting(text, 80).to_string(), shown, "{text:?}");
        }
        assert_eq!(Markup::quoting("<<<<", 3).to_string(), "&lt;&lt;…");
    }

    #[test]
    fn an_instant_shows_its_day_only_when_it_is_another() {
        let shown = Moment::new(NOON.plus(Span::minutes(5)), NOON).to_string();
        assert_eq!(
            shown,
            "<time datetime=\"2026-01-01T12:05:00.000Z\" data-at=\"1767269100000\">12:05 UTC</time>"
        );
        let shown = Moment::to_the_second(NOON, NOON.plus(Span::days(1))).to_string();
        assert!(shown.contains(" data-seconds>1 Jan 12:00:00 UTC<"), "{shown}");
    }

    #[test]
    fn instants_in_a_sentence_follow_the_readers_clock() {
        let shown = Markup::sentence("by 2026-01-01 12:05 UTC (<hot>)", 80, NOON).to_string();
        assert!(shown.starts_with("by <time datetime=\"2026-01-01T12:05:00.000Z\""), "{shown}");
        assert!(shown.ends_with(">12:05 UTC</time> (&lt;hot&gt;)"), "{shown}");
        for plain in ["UTC", " UTC", "ä UTC", "2026-13-01 12:05 UTC", "äöü26-01-01 12:05 UTC UTC"]
        {
            assert_eq!(Markup::sentence(plain, 80, NOON).to_string(), plain.trim(), "{plain}");
        }
    }

    #[test]
    fn spans_show_two_units() {
        for (ms, shown) in [
            (0, "0s"),
            (59_999, "59s"),
            (250_000, "4m 10s"),
            (-125_000, "2m 05s"),
            (7_500_000, "2h 05m"),
            (273_600_000, "3d 4h"),
        ] {
            assert_eq!(rough(Span(ms)), shown);
        }
    }

    #[test]
    fn a_person_has_two_letters_whatever_the_name() {
        for (name, letters) in [
            ("Ada Byron", "AB"),
            ("ada", "A"),
            ("", ""),
            ("Grace B. M. Hopper", "GH"),
            ("ßa", "SS"),
        ] {
            assert_eq!(Person::new("x", name).initials, letters, "{name}");
        }
    }
}
