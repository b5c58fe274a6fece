//! Working hours: when somebody is at work, and how much working time lies between two instants.
//!
//! Guarantees: pure and total; every question is answered in UTC milliseconds and is right across
//! changes of the clock in every zone of the compiled-in tz database. Never open on a holiday.
//!
//! **When the clock changes.** A block is open from the first instant at which the local clock
//! shows a time inside it to the last. So a block edge in an hour that the zone skips falls on the
//! instant of the change; of an hour that the zone repeats, a block starts in the first run and
//! ends in the second. A block that ends exactly where the repeated hour begins ends before it.
//! Night work is longer or shorter by the hour that the night has more or less.
//!
//! Does not know: who works these hours, absences of one day, and what time it is.

#[cfg(test)]
mod additions;
mod compile;
pub mod feed;
mod holiday;
mod ics;
#[cfg(test)]
mod properties;
mod recur;
mod walk;
mod window;
mod year_rule;
mod zones;

use jiff::tz::TimeZone;

pub use compile::Finding;
pub use holiday::Holiday;
pub use ics::holidays_from_ics;
pub use zones::Zones;

use crate::model::time::{Span, Time};
use walk::Weekly;

/// How far [`Hours::next_open`] looks ahead: a year and a bit, so that a yearly opening is found.
const LOOK_AHEAD_DAYS: i64 = 400;
/// How far [`Hours::add`] walks: ten years.
const DEADLINE_DAYS: i64 = 3_660;

/// Compiled working hours of one zone. Cheap to ask, immutable.
#[derive(Clone, Debug)]
pub struct Hours(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Always,
    Weekly(Box<Weekly>),
}

impl Hours {
    /// Open around the clock, every day. Its civil days are those of UTC.
    #[must_use]
    pub const fn always() -> Self {
        Self(Kind::Always)
    }

    /// Compiles what the rulebook says.
    ///
    /// `zone` is a name of the tz database (`Europe/London`). `open` pairs days (`mon`, `mon-fri`,
    /// `mon,wed`) with blocks (`09:00-12:30`, the end may be `24:00`). Days may be named by more
    /// than one entry as long as their blocks do not overlap.
    ///
    /// # Errors
    /// Everything that is wrong, each with the field it is in and how to mend it.
    pub fn compile(
        zone: &str,
        open: &[(String, Vec<String>)],
        holidays: Vec<Holiday>,
    ) -> Result<Self, Vec<Finding>> {
        Self::compile_with(&Zones::default(), zone, open, holidays)
    }

    /// The same with the rules of these zones.
    ///
    /// # Errors
    /// Everything that is wrong, each with the field it is in and how to mend it.
    pub fn compile_with(
        zones: &Zones,
        zone: &str,
        open: &[(String, Vec<String>)],
        holidays: Vec<Holiday>,
    ) -> Result<Self, Vec<Finding>> {
        let weekly = compile::compile(zones, zone, open, holidays)?;
        Ok(Self(Kind::Weekly(Box::new(weekly))))
    }

    /// The same hours in a year without holidays.
    #[must_use]
    pub fn without_holidays(&self) -> Self {
        match &self.0 {
            Kind::Always => Self(Kind::Always),
            Kind::Weekly(weekly) => Self(Kind::Weekly(Box::new(weekly.without_holidays()))),
        }
    }

    /// Is `at` working time?
    #[must_use]
    pub fn is_open(&self, at: Time) -> bool {
        match &self.0 {
            Kind::Always => true,
            // Yesterday, today and tomorrow: a clock put back over midnight mixes the three.
            Kind::Weekly(weekly) => {
                weekly.pieces_for(at, 1).next().is_some_and(|(start, _)| start == at)
            }
        }
    }

    /// The first working instant at or after `at`; `None` if there is none within 400 days.
    #[must_use]
    pub fn next_open(&self, at: Time) -> Option<Time> {
        match &self.0 {
            Kind::Always => Some(at),
            Kind::Weekly(weekly) => {
                weekly.pieces_for(at, LOOK_AHEAD_DAYS).next().map(|(start, _)| start)
            }
        }
    }

    /// The earliest instant at which `work` of working time has passed since `at`.
    ///
    /// A deadline that is reached when a block ends is that block's end, not the next one's start.
    /// No work, or less, is done at `at`. `None` if ten years do not hold that much work.
    #[must_use]
    pub fn add(&self, at: Time, work: Span) -> Option<Time> {
        if work.0 <= 0 {
            return Some(at);
        }
        let weekly = match &self.0 {
            Kind::Always => return Some(at.plus(work)),
            Kind::Weekly(weekly) => weekly,
        };
        let mut left = work;
        for (start, end) in weekly.pieces_for(at, DEADLINE_DAYS) {
            let length = end.since(start);
            if length >= left {
                return Some(start.plus(left));
            }
            left = Span(left.0 - length.0);
        }
        None
    }

    /// Working time from `from` to `to`; zero if `to` is not later. Walks a day at a time.
    #[must_use]
    pub fn between(&self, from: Time, to: Time) -> Span {
        match &self.0 {
            Kind::Always => Span(to.since(from).0.max(0)),
            Kind::Weekly(weekly) => {
                Span(weekly.pieces_until(from, to).map(|(start, end)| end.since(start).0).sum())
            }
        }
    }

    /// The working intervals inside `from..to`, in order, disjoint, those that touch joined.
    #[must_use]
    pub fn intervals(&self, from: Time, to: Time) -> Vec<(Time, Time)> {
        let weekly = match &self.0 {
            Kind::Always if from < to => return vec![(from, to)],
            Kind::Always => return Vec::new(),
            Kind::Weekly(weekly) => weekly,
        };
        let mut joined: Vec<(Time, Time)> = Vec::new();
        for (start, end) in weekly.pieces_until(from, to) {
            match joined.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ => joined.push((start, end)),
            }
        }
        joined
    }

    /// The name of the holiday on the local day of `at`, if it is one that has a name.
    #[must_use]
    pub fn holiday(&self, at: Time) -> Option<&str> {
        match &self.0 {
            Kind::Always => None,
            Kind::Weekly(weekly) => weekly.holiday(at),
        }
    }

    /// The name of the zone in the tz database; none for hours that are always open.
    #[must_use]
    pub fn zone_name(&self) -> Option<&str> {
        match &self.0 {
            Kind::Weekly(_) => self.zone().iana_name(),
            Kind::Always => None,
        }
    }

    /// The civil day around `at` in the zone, `start <= at < end`: 23 or 25 hours where clocks
    /// change by one. Days, hours and weeks each follow one another without gap or overlap.
    #[must_use]
    pub fn local_day(&self, at: Time) -> (Time, Time) {
        window::day(self.zone(), at)
    }

    /// The hour on the local clock around `at`. An hour that the zone repeats is two windows.
    #[must_use]
    pub fn local_hour(&self, at: Time) -> (Time, Time) {
        window::hour(self.zone(), at)
    }

    /// The ISO week around `at`: from Monday's first instant to the next Monday's.
    #[must_use]
    pub fn local_week(&self, at: Time) -> (Time, Time) {
        window::week(self.zone(), at)
    }

    /// The day of the week, Monday as 0, and the minute of the day at `at` on the local clock.
    #[must_use]
    pub fn local_minute(&self, at: Time) -> (u8, u16) {
        walk::minute_of(self.zone(), at)
    }

    fn zone(&self) -> &TimeZone {
        const UTC: &TimeZone = &TimeZone::UTC;
        match &self.0 {
            Kind::Always => UTC,
            Kind::Weekly(weekly) => weekly.zone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn hours(zone: &str, open: &[(&str, &[&str])], holidays: &[&str]) -> Hours {
        let open: Vec<_> = open
            .iter()
            .map(|(days, blocks)| {
                ((*days).to_owned(), blocks.iter().map(|block| (*block).to_owned()).collect())
            })
            .collect();
        let holidays = holidays.iter().map(|text| Holiday::parse(text).unwrap()).collect();
        Hours::compile(zone, &open, holidays).unwrap()
    }

    fn london() -> Hours {
        hours("Europe/London", &[("mon-fri", &["09:00-12:30", "13:30-17:30"])], &["12-25"])
    }

    #[test]
    fn a_deadline_skips_lunch_nights_weekends_and_holidays() {
        let check = |from: &str, work: &str, want: &str| {
            let got = london().add(at(from), Span::parse(work).unwrap());
            assert_eq!(got, Some(at(want)), "{from} + {work}");
        };
        check("2026-07-01T08:00:00Z", "5m", "2026-07-01T08:05:00Z"); // 09:00 in London, a Wednesday
        check("2026-07-01T08:00:00Z", "3h30m", "2026-07-01T11:30:00Z"); // the end of the block itself
        check("2026-07-01T11:25:00Z", "10m", "2026-07-01T12:35:00Z"); // over lunch
        check("2026-07-03T16:25:00Z", "10m", "2026-07-06T08:05:00Z"); // over the weekend
        check("2026-12-24T17:20:00Z", "20m", "2026-12-28T09:10:00Z"); // Friday is Christmas Day
        check("2026-07-01T03:00:00Z", "0s", "2026-07-01T03:00:00Z");
        check("2026-03-27T17:00:00Z", "1h", "2026-03-30T08:30:00Z"); // clocks go forward between
    }

    #[test]
    fn open_includes_the_start_of_a_block_and_not_its_end() {
        let hours = london();
        for (text, open) in [
            ("2026-07-01T07:59:59.999Z", false),
            ("2026-07-01T08:00:00Z", true),
            ("2026-07-01T11:29:59.999Z", true),
            ("2026-07-01T11:30:00Z", false),
            ("2026-12-25T10:00:00Z", false),
        ] {
            assert_eq!(hours.is_open(at(text)), open, "{text}");
        }
        assert_eq!(hours.next_open(at("2026-12-25T10:00:00Z")), Some(at("2026-12-28T09:00:00Z")));
    }

    #[test]
    fn a_night_block_follows_the_clock_when_it_changes() {
        // Berlin: 02:00 to 03:00 is skipped on 29 March and repeated on 25 October 2026.
        let check = |block: &str, day: &str, want: Option<(&str, &str)>| {
            let hours = hours("Europe/Berlin", &[("mon-sun", &[block])], &[]);
            let noon = at(&format!("{day}T12:00:00Z"));
            let (start, end) = hours.local_day(noon);
            let want: Vec<_> = want.iter().map(|(from, to)| (at(from), at(to))).collect();
            assert_eq!(hours.intervals(start, end), want, "{block} on {day}");
        };
        let (forward, back) = ("2026-03-29", "2026-10-25");
        check("02:30-05:00", forward, Some(("2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z")));
        check("01:00-02:30", forward, Some(("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z")));
        check("02:15-02:45", forward, None);
        check("02:30-05:00", back, Some(("2026-10-25T00:30:00Z", "2026-10-25T04:00:00Z")));
        check("01:00-02:30", back, Some(("2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z")));
        check("01:00-02:00", back, Some(("2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z")));
        check("00:00-24:00", back, Some(("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")));
    }

    #[test]
    fn a_clock_put_back_over_midnight_keeps_the_day_before_open() {
        // St. John's went from 00:01 on the 7th back to 23:01 on the 6th of November 2010.
        let hours = hours("America/St_Johns", &[("sat", &["18:00-24:00"])], &[]);
        let (start, end) = (at("2010-11-06T20:30:00Z"), at("2010-11-07T03:30:00Z"));
        let shown_as_sunday = at("2010-11-07T02:30:30Z");
        assert!(hours.is_open(shown_as_sunday));
        assert_eq!(hours.add(shown_as_sunday, end.since(shown_as_sunday)), Some(end));
        assert_eq!(hours.intervals(start.minus(Span::hours(9)), end), [(start, end)]);
    }

    #[test]
    fn blocks_that_touch_over_midnight_are_one_interval() {
        let hours = hours("Asia/Kolkata", &[("mon,tue", &["22:00-24:00", "00:00-02:00"])], &[]);
        let monday = at("2026-07-05T18:30:00Z");
        let got = hours.intervals(monday, monday.plus(Span::hours(36)));
        let want = [
            (monday, monday.plus(Span::hours(2))),
            (monday.plus(Span::hours(22)), monday.plus(Span::hours(26))),
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn always_is_plain_arithmetic() {
        let hours = Hours::always();
        assert_eq!(hours.add(Time(5), Span(7)), Some(Time(12)));
        assert_eq!(hours.between(Time(5), Time(12)), Span(7));
        assert_eq!(hours.between(Time(12), Time(5)), Span::ZERO);
        assert_eq!(hours.intervals(Time(5), Time(12)), [(Time(5), Time(12))]);
        assert_eq!(hours.local_day(at("2026-07-01T10:00:00Z")).0, at("2026-07-01T00:00:00Z"));
    }

    #[test]
    fn instants_beyond_the_calendar_are_closed_and_do_not_panic() {
        let hours = london();
        for at in [Time(i64::MIN), Time(i64::MAX)] {
            assert!(!hours.is_open(at));
            let (start, end) = hours.local_day(at);
            assert!(start <= at && at <= end, "{start:?} {end:?}");
            assert_eq!(hours.local_hour(at).0.max(at), at);
            assert_eq!(hours.local_week(at).0.max(at), at);
        }
        assert_eq!(hours.next_open(Time(i64::MAX)), None);
        assert_eq!(hours.add(Time(0), Span(i64::MAX)), None);
    }

    #[test]
    fn hours_that_never_come_again_are_none() {
        let hours = hours("UTC", &[("mon", &["09:00-10:00"])], &["2026-01-01..2030-01-01"]);
        assert_eq!(hours.next_open(at("2026-01-01T00:00:00Z")), None);
        assert_eq!(hours.next_open(at("2029-12-30T00:00:00Z")), Some(at("2030-01-07T09:00:00Z")));
    }
}
