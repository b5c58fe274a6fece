//! The calendar against a model that looks at every minute, over the whole tz database.
//!
//! `HANDOFF_CASES` sets the number of cases (a thousand times as many for a long run).

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::walk::{Block, Weekly};
use super::{Holiday, Hours, Kind};
use crate::model::time::{Span, Time};

const MINUTE: i64 = 60_000;

fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("HANDOFF_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(default))
    }
}

pub(super) fn zones() -> Vec<TimeZone> {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    database.available().map(|name| database.get(name.as_str()).unwrap()).collect()
}

/// Disjoint blocks out of a few cut points, many of them where clocks are changed.
fn day() -> impl Strategy<Value = Vec<Block>> {
    let usual = [0_u16, 60, 90, 120, 150, 180, 1_380, 1_410, 1_440];
    let cut = prop_oneof![0_u16..=1440, 0_u16..=240, prop::sample::select(usual.to_vec())];
    prop::collection::btree_set(cut, 0..=6).prop_map(|cuts| {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        cuts.chunks_exact(2).map(|pair| Block { start: pair[0], end: pair[1] }).collect()
    })
}

/// Random hours and an instant, mostly within two days of a change of the zone's clock.
fn world() -> impl Strategy<Value = (Hours, Time)> {
    let zones = zones();
    let year = 366 * 24 * 60;
    // Whole minutes of 1990 to 2037: many kinds of change, and all that are planned.
    let instant = (10_519_200..35_765_280_i64, 0_u8..4, -2_880..1_440_i64);
    let holidays = prop::collection::vec(0..5_i64, 0..3);
    (prop::sample::select(zones), prop::array::uniform7(day()), instant, holidays).prop_map(
        move |(zone, week, (minute, near_change, shift), holidays)| {
            let mut at = Time(minute * MINUTE);
            let from = jiff::Timestamp::from_millisecond(at.0).unwrap();
            let change = zone.following(from).next().map(|change| change.timestamp());
            if let Some(change) = change.filter(|_| near_change > 0) {
                let change = change.as_millisecond();
                if change - at.0 < year * MINUTE {
                    at = Time((change.div_euclid(MINUTE) + shift) * MINUTE);
                }
            }
            let today = super::walk::local(&zone, at).date();
            let holidays = holidays
                .into_iter()
                .map(|days| {
                    let day = today.saturating_add(jiff::Span::new().days(days));
                    Holiday::dates(day, day, None)
                })
                .collect();
            let holidays = super::holiday::HolidaySet::new(holidays);
            (Hours(Kind::Weekly(Box::new(Weekly { zone, week, holidays }))), at)
        },
    )
}

/// Which of the minutes from `from` on are open, seen minute by minute: a block is open from the
/// first minute whose local time lies in it to the last.
pub(super) fn model(hours: &Hours, from: Time, minutes: usize) -> Vec<bool> {
    let Kind::Weekly(weekly) = &hours.0 else { panic!("weekly hours only") };
    // A long day around, so that no block is seen only in part.
    let around = 27 * 60;
    let mut open = vec![false; minutes + 2 * around];
    let mut seen: HashMap<(Date, Block), (usize, usize)> = HashMap::new();
    for minute in 0..open.len() {
        let at =
            from.0 + (i64::try_from(minute).unwrap() - i64::try_from(around).unwrap()) * MINUTE;
        let local = weekly.zone.to_datetime(jiff::Timestamp::from_millisecond(at).unwrap());
        let shown = (i64::from(local.hour()) * 60 + i64::from(local.minute())) as u16;
        let day = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let block = weekly.week[day].iter().find(|block| block.start <= shown && shown < block.end);
        if let Some(block) = block {
            seen.entry((local.date(), *block)).or_insert((minute, minute)).1 = minute;
        }
    }
    for ((date, _), (first, last)) in seen {
        if !weekly.holidays.covers(date) {
            open[first..=last].fill(true);
        }
    }
    open[around..around + minutes].to_vec()
}

type Window = fn(&Hours, Time) -> (Time, Time);

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_calendar_agrees_with_a_model_that_looks_at_every_minute(
        (hours, from) in world(), work in 1_usize..2_000
    ) {
        let minutes = 2 * 24 * 60;
        let open = model(&hours, from, minutes);
        let at = |minute: usize| from.plus(Span::minutes(i64::try_from(minute).unwrap()));
        let (mut intervals, mut done, mut since) = (Vec::new(), 0, None);
        let mut deadline = None;
        for minute in 0..=minutes {
            match (open.get(minute) == Some(&true), since) {
                (true, None) => since = Some(minute),
                (false, Some(start)) => {
                    intervals.push((at(start), at(minute)));
                    since = None;
                }
                _ => {}
            }
            if open.get(minute) == Some(&true) {
                done += 1;
                if done == work {
                    deadline = Some(at(minute + 1));
                }
            }
        }
        let to = at(minutes);
        let got = hours.intervals(from, to);
        prop_assert_eq!(&got, &intervals);
        prop_assert_eq!(hours.between(from, to), Span::minutes(done.try_into().unwrap()));
        let work = Span::minutes(i64::try_from(work).unwrap());
        match deadline {
            Some(_) => prop_assert_eq!(hours.add(from, work), deadline),
            None => prop_assert!(hours.add(from, work).is_none_or(|at| at > to)),
        }
        match intervals.first() {
            Some((start, _)) => prop_assert_eq!(hours.next_open(from), Some(*start)),
            None => prop_assert!(hours.next_open(from).is_none_or(|at| at >= to)),
        }
        for minute in (0..minutes).step_by(7) {
            prop_assert_eq!(hours.is_open(at(minute)), open[minute], "minute {}", minute);
        }
    }

    #[test]
    fn a_deadline_is_the_least_instant_with_that_much_work_behind_it(
        (hours, from) in world(), work in 1_i64..2_000_000_000, later in 0_i64..90_000_000
    ) {
        let work = Span(work);
        if let Some(deadline) = hours.add(from, work) {
            prop_assert_eq!(hours.between(from, deadline), work);
            prop_assert_eq!(hours.between(from, Time(deadline.0 - 1)), Span(work.0 - 1));
            let second = hours.add(from.plus(Span(later)), work);
            prop_assert!(second.is_none_or(|second| deadline <= second), "later work ends later");
            let half = Span(work.0 / 2);
            let rest = Span(work.0 - half.0);
            let in_two = hours.add(from, half).and_then(|at| hours.add(at, rest));
            prop_assert_eq!(in_two, Some(deadline), "half and then the rest");
        }
    }

    #[test]
    fn windows_contain_their_instant_and_follow_one_another((hours, at) in world(), ms in 0..MINUTE) {
        let at = at.plus(Span(ms));
        let kinds: [(Window, i64, i64); 3] = [
            (Hours::local_hour, 1, 60),
            // Stations in Antarctica move their clocks by three hours.
            (Hours::local_day, 20 * 60, 28 * 60),
            (Hours::local_week, 6 * 24 * 60, 8 * 24 * 60),
        ];
        for (window, shortest, longest) in kinds {
            let (start, end) = window(&hours, at);
            prop_assert!(start <= at && at < end, "{:?} in {:?}..{:?}", at, start, end);
            let length = end.since(start);
            prop_assert!(Span::minutes(shortest) <= length && length <= Span::minutes(longest));
            prop_assert_eq!(window(&hours, start), (start, end));
            prop_assert_eq!(window(&hours, end).0, end);
            prop_assert_eq!(window(&hours, Time(start.0 - 1)).1, start);
        }
    }
}
