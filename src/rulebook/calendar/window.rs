//! Civil hours, days and weeks as windows of instants, for caps such as "20 per day".
//!
//! Guarantees: `start <= at < end`; windows of a kind follow one another without gap or overlap.
//! Beyond the calendar's ends (year 9999) windows are those of plain UTC arithmetic.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::walk::{first_instant, instant, local};
use crate::model::time::{Span, Time};

/// The zone's civil day around `at`.
pub(super) fn day(zone: &TimeZone, at: Time) -> (Time, Time) {
    let today = local(zone, at).date();
    dates(zone, at, today, 1).unwrap_or_else(|| plain(at, Span::days(1)))
}

/// The zone's ISO week around `at`.
pub(super) fn week(zone: &TimeZone, at: Time) -> (Time, Time) {
    let today = local(zone, at).date();
    let since_monday = i64::from(today.weekday().to_monday_zero_offset());
    let monday = today.checked_sub(since_monday.days());
    monday
        .ok()
        .and_then(|monday| dates(zone, at, monday, 7))
        .unwrap_or_else(|| plain(at, Span::days(7)))
}

/// The zone's clock hour around `at`, cut where the clock is changed inside it.
pub(super) fn hour(zone: &TimeZone, at: Time) -> (Time, Time) {
    let stamp = instant(at);
    if stamp.as_millisecond() != at.0 {
        return plain(at, Span::hours(1));
    }
    let offset = i64::from(zone.to_offset(stamp).seconds()) * 1000;
    let into = at.0.saturating_add(offset).rem_euclid(Span::hours(1).0);
    let (mut start, mut end) = (at.minus(Span(into)), at.minus(Span(into)).plus(Span::hours(1)));
    // `preceding` leaves `at` itself out, so it is asked from one tick later.
    if let Ok(tick) = stamp.checked_add(1.millisecond())
        && let Some(change) = zone.preceding(tick).next()
    {
        start = start.max(Time(change.timestamp().as_millisecond()));
    }
    if let Some(change) = zone.following(stamp).next() {
        end = end.min(Time(change.timestamp().as_millisecond()));
    }
    (start, end)
}

/// From the first instant of `first` to the first instant of the date `days` later, or the window
/// after that one, when a clock put back over midnight shows the old date again.
fn dates(zone: &TimeZone, at: Time, first: Date, days: i64) -> Option<(Time, Time)> {
    let begin = |date: Date| first_instant(zone, date.at(0, 0, 0, 0));
    let next = first.checked_add(days.days()).ok()?;
    let (start, end) = (begin(first)?, begin(next)?);
    let window =
        if at < end { (start, end) } else { (end, begin(next.checked_add(days.days()).ok()?)?) };
    (window.0 <= at && at < window.1).then_some(window)
}

fn plain(at: Time, length: Span) -> (Time, Time) {
    // Day 0 was a Thursday; weeks begin on the Monday three days before.
    let phase = if length == Span::days(7) { Span::days(3).0 } else { 0 };
    let into = at.0.rem_euclid(length.0).saturating_add(phase).rem_euclid(length.0);
    let start = at.minus(Span(into));
    (start, start.plus(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn time(text: &str) -> Time {
        Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn check(got: (Time, Time), start: &str, end: &str) {
        assert_eq!(
            (got.0.rfc3339(), got.1.rfc3339()),
            (time(start).rfc3339(), time(end).rfc3339())
        );
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let new_york = zone("America/New_York");
        let day = |text| day(&new_york, time(text));
        check(day("2026-07-01T03:59:00Z"), "2026-06-30T04:00:00Z", "2026-07-01T04:00:00Z");
        check(day("2026-03-08T12:00:00Z"), "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
        check(day("2026-11-01T12:00:00Z"), "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    }

    #[test]
    fn a_day_without_a_midnight_begins_at_the_change_of_the_clock() {
        // Beirut skips 00:00 to 01:00 on the last Sunday of March.
        let beirut = zone("Asia/Beirut");
        check(
            day(&beirut, time("2026-03-29T12:00:00Z")),
            "2026-03-28T22:00:00Z",
            "2026-03-29T21:00:00Z",
        );
    }

    #[test]
    fn weeks_begin_on_monday() {
        let london = zone("Europe/London");
        let week = |text| week(&london, time(text));
        check(week("2026-03-29T22:59:59Z"), "2026-03-23T00:00:00Z", "2026-03-29T23:00:00Z");
        check(week("2026-03-29T23:00:00Z"), "2026-03-29T23:00:00Z", "2026-04-05T23:00:00Z");
    }

    #[test]
    fn hours_follow_the_local_clock() {
        check(
            hour(&zone("Asia/Kathmandu"), time("2026-07-01T10:20:00Z")),
            "2026-07-01T10:15:00Z",
            "2026-07-01T11:15:00Z",
        );
        // Lord Howe puts its clock back by half an hour at 02:00: the hour from one to two is cut.
        let lord_howe = zone("Australia/Lord_Howe");
        let change = "2026-04-04T15:00:00Z";
        check(hour(&lord_howe, time("2026-04-04T14:59:59Z")), "2026-04-04T14:00:00Z", change);
        check(hour(&lord_howe, time(change)), change, "2026-04-04T15:30:00Z");
    }
}
