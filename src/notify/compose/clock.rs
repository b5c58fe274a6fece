//! An instant as its reader's clock and calendar show it: `10:07`, `tomorrow 10:07`, `Tue 10:07`.
//!
//! Guarantees: right in every zone of the compiled-in tz database; an unknown zone, or none, is
//! UTC and says so. Does not know: languages.

use jiff::{Timestamp, tz::TimeZone};

use crate::model::time::Time;

/// `at` for somebody in `zone` who reads it at `now`.
pub(super) fn reads(at: Time, now: Time, zone: Option<&str>) -> String {
    let known = zone.and_then(|zone| TimeZone::get(zone).ok());
    let suffix = if known.is_some() { "" } else { " UTC" };
    let zone = known.unwrap_or(TimeZone::UTC);
    let local = |time: Time| {
        Timestamp::from_millisecond(time.0).map(|instant| instant.to_zoned(zone.clone()))
    };
    let (Ok(at), Ok(now)) = (local(at), local(now)) else { return at.rfc3339() };
    // Dates of jiff's range always have a difference in days.
    let days = at.date().since(now.date()).map_or(i32::MAX, |span| span.get_days());
    let day = match days {
        0 => String::new(),
        1 => "tomorrow ".to_owned(),
        -1 => "yesterday ".to_owned(),
        -6..=6 => at.strftime("%a ").to_string(),
        _ => at.strftime("%-d %b ").to_string(),
    };
    format!("{day}{}{suffix}", at.strftime("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday 2026-03-27, 10:00 in Berlin, two days before the clocks change there.
    const NOW: Time = Time(1_774_602_000_000);

    fn check(hours: i64, zone: Option<&str>, want: &str) {
        let at = Time(NOW.0 + hours * 3_600_000);
        assert_eq!(reads(at, NOW, zone), want, "{hours} h, {zone:?}");
    }

    #[test]
    fn an_instant_reads_as_on_the_readers_wall() {
        for (hours, want) in [
            (0, "10:00"),
            (13, "23:00"),
            (14, "tomorrow 00:00"),
            (-11, "yesterday 23:00"),
            (48, "Sun 11:00"),
            (-48, "Wed 10:00"),
            (6 * 24 + 12, "Thu 23:00"),
            (6 * 24 + 13, "3 Apr 00:00"),
            (-7 * 24, "20 Mar 10:00"),
        ] {
            check(hours, Some("Europe/Berlin"), want);
        }
    }

    #[test]
    fn the_day_is_the_readers_too() {
        check(0, Some("Pacific/Auckland"), "22:00");
        check(2, Some("Pacific/Auckland"), "tomorrow 00:00");
        check(2, Some("America/New_York"), "07:00");
    }

    #[test]
    fn without_a_zone_it_is_utc_and_says_so() {
        check(0, None, "09:00 UTC");
        check(0, Some("Middle/Earth"), "09:00 UTC");
        check(24, None, "tomorrow 09:00 UTC");
    }

    #[test]
    fn no_instant_panics() {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            assert!(!reads(Time(at), NOW, Some("Europe/Berlin")).is_empty());
            assert!(!reads(NOW, Time(at), None).is_empty());
        }
    }
}
