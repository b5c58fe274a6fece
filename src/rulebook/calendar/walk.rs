//! From local blocks to instants: walks working time forward, a local day at a time.
//!
//! Guarantees: pieces come in order, are disjoint and not empty; a walk ends by itself.
//! Does not know: what the pieces are added up for.
//!
//! Both ways of mapping an edge to an instant grow with the local time, so the blocks of a day in
//! order, and the days in order, give pieces in order even where a zone repeats an hour.

use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::holiday::HolidaySet;
use crate::model::time::Time;

/// A stretch of a local day in minutes since midnight: `start < end <= 1440`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Block {
    pub start: u16,
    pub end: u16,
}

/// The hours of a week in a zone, Monday first, each day's blocks in order and disjoint.
#[derive(Clone, Debug)]
pub(super) struct Weekly {
    pub zone: TimeZone,
    pub week: [Vec<Block>; 7],
    pub holidays: HolidaySet,
}

impl Weekly {
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub fn without_holidays(&self) -> Self {
        let holidays = HolidaySet::new(Vec::new());
        Self { zone: self.zone.clone(), week: self.week.clone(), holidays }
    }

    /// The working time from `from` on, as far as the local day `days` after it.
    pub fn pieces_for(&self, from: Time, days: i64) -> Pieces<'_> {
        let today = local(&self.zone, from).date();
        let last = today.checked_add(days.days()).unwrap_or(Date::MAX);
        self.pieces(from, today, last)
    }

    /// The working time inside `from..to`.
    pub fn pieces_until(&self, from: Time, to: Time) -> impl Iterator<Item = (Time, Time)> {
        let today = local(&self.zone, from).date();
        let last = local(&self.zone, to).date();
        // One day more: where the clock is put back over midnight, tomorrow has begun already.
        let last = last.tomorrow().unwrap_or(last);
        self.pieces(from, today, last)
            .map_while(move |(start, end)| (start < to).then_some((start, end.min(to))))
    }

    pub fn holiday(&self, at: Time) -> Option<&str> {
        self.holidays.name(local(&self.zone, at).date())
    }

    fn pieces(&self, from: Time, today: Date, last: Date) -> Pieces<'_> {
        // One day less: where the clock is put back over midnight, yesterday is not over yet.
        let first = today.yesterday().unwrap_or(today);
        Pieces { weekly: self, next: Some(first), last, today: first, blocks: &[], cursor: from }
    }

    fn blocks(&self, date: Date) -> &[Block] {
        if self.holidays.covers(date) {
            return &[];
        }
        let day = date.weekday().to_monday_zero_offset();
        self.week.get(usize::from(day.unsigned_abs())).map_or(&[], Vec::as_slice)
    }
}

/// The iterator behind [`Weekly::pieces_for`].
pub(super) struct Pieces<'a> {
    weekly: &'a Weekly,
    /// The day after `today`, unless the calendar ends there.
    next: Option<Date>,
    last: Date,
    today: Date,
    /// What is left of today.
    blocks: &'a [Block],
    /// Everything before it was handed out, or lies before the walk.
    cursor: Time,
}

impl Iterator for Pieces<'_> {
    type Item = (Time, Time);

    fn next(&mut self) -> Option<(Time, Time)> {
        loop {
            let Some((block, rest)) = self.blocks.split_first() else {
                self.today = self.next.filter(|date| *date <= self.last)?;
                self.next = self.today.tomorrow().ok();
                self.blocks = self.weekly.blocks(self.today);
                continue;
            };
            self.blocks = rest;
            let zone = &self.weekly.zone;
            let Some(end) = moment(self.today, block.end).and_then(|at| last_instant(zone, at))
            else {
                continue;
            };
            if end <= self.cursor {
                continue;
            }
            let Some(start) =
                moment(self.today, block.start).and_then(|at| first_instant(zone, at))
            else {
                continue;
            };
            let start = start.max(self.cursor);
            if start < end {
                self.cursor = end;
                return Some((start, end));
            }
        }
    }
}

/// The local clock at `at`; instants beyond the calendar are taken as its ends.
pub(super) fn local(zone: &TimeZone, at: Time) -> DateTime {
    zone.to_datetime(instant(at))
}

/// The day of the week, Monday as 0, and the minute of the day.
pub(super) fn minute_of(zone: &TimeZone, at: Time) -> (u8, u16) {
    let clock = local(zone, at);
    let minutes = i16::from(clock.hour()) * 60 + i16::from(clock.minute());
    (clock.weekday().to_monday_zero_offset().unsigned_abs(), minutes.unsigned_abs())
}

/// `at` for the calendar; instants beyond it are taken as its ends.
pub(super) fn instant(at: Time) -> Timestamp {
    let end = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.0).unwrap_or(end)
}

/// The first instant at which the local clock shows `at` or, if it is skipped, later.
pub(super) fn first_instant(zone: &TimeZone, at: DateTime) -> Option<Time> {
    edge(zone, at, false)
}

/// The instant before which lie all the instants at which the local clock shows less than `at`,
/// on the days around it.
fn last_instant(zone: &TimeZone, at: DateTime) -> Option<Time> {
    edge(zone, at, true)
}

fn edge(zone: &TimeZone, at: DateTime, last: bool) -> Option<Time> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let found = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible().ok()?,
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next()?.timestamp()
        }
        AmbiguousOffset::Fold { before, .. } if last => {
            let later = ambiguous.later().ok()?;
            // Still the offset of before one tick earlier: the repeated stretch begins right here,
            // so nothing of it is less than `at`.
            let tick = later.checked_sub(1.millisecond()).ok()?;
            if zone.to_offset(tick) == before { ambiguous.earlier().ok()? } else { later }
        }
        AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok()?,
    };
    Some(Time(found.as_millisecond()))
}

fn moment(date: Date, minute: u16) -> Option<DateTime> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    if hour == 24 {
        return Some(date.tomorrow().ok()?.to_datetime(Clock::midnight()));
    }
    Some(date.to_datetime(Clock::new(hour, minute, 0, 0).ok()?))
}
