//! Additions of working time against a model that counts minutes, in every zone, 2020 to 2037.
//!
//! Every run takes every zone. `HANDOFF_ADDITIONS` says how many additions are made; with
//! `HANDOFF_TEST_LONG` there are a million.

use jiff::tz::TimeZone;

use super::{
    Holiday, Hours, Kind,
    properties::{model, zones},
    walk::{Block, Weekly, local},
};
use crate::model::time::{Span, Time};

const MINUTE: i64 = 60_000;
/// How long is looked at minute by minute.
const MINUTES: usize = 3 * 24 * 60;
/// Additions in each such stretch.
const EACH: usize = 50;
/// 2020-01-01 and 2037-12-25, in minutes since 1970.
const YEARS: (i64, i64) = (26_297_280, 35_755_200);

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    /// From zero to below `sides`.
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % sides
    }
}

fn wanted() -> usize {
    let asked = std::env::var("HANDOFF_ADDITIONS").ok().and_then(|text| text.parse().ok());
    let usual = if std::env::var_os("HANDOFF_TEST_LONG").is_some() { 1_000_000 } else { 30_000 };
    asked.unwrap_or(usual)
}

/// A week of up to three blocks a day, many edges where clocks are changed.
fn week(dice: &mut Dice) -> [Vec<Block>; 7] {
    const USUAL: [u16; 9] = [0, 60, 120, 150, 180, 540, 1_020, 1_410, 1_440];
    std::array::from_fn(|_| {
        let mut cuts: Vec<u16> = (0..2 * dice.throw(4))
            .map(|_| {
                if dice.throw(2) == 0 {
                    return USUAL[dice.throw(USUAL.len())];
                }
                dice.throw(1_441) as u16
            })
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.chunks_exact(2).map(|cut| Block { start: cut[0], end: cut[1] }).collect()
    })
}

/// Hours in this zone, and where to look: every second time close to a change of its clock.
fn world(zone: &TimeZone, dice: &mut Dice) -> (Hours, Time) {
    let minute = YEARS.0 + dice.throw((YEARS.1 - YEARS.0) as usize) as i64;
    let mut at = minute * MINUTE;
    if dice.throw(2) == 0 {
        let from = jiff::Timestamp::from_millisecond(at).unwrap();
        let change = zone.following(from).next().map(|change| change.timestamp().as_millisecond());
        if let Some(change) = change.filter(|change| *change < YEARS.1 * MINUTE) {
            let before = dice.throw(MINUTES) as i64;
            at = (change.div_euclid(MINUTE) - before) * MINUTE;
        }
    }
    let today = local(zone, Time(at)).date();
    let day = |days: usize| today.saturating_add(jiff::Span::new().days(days as i64));
    let holidays =
        (0..dice.throw(3)).map(|_| day(dice.throw(4))).map(|day| Holiday::dates(day, day, None));
    let holidays = super::holiday::HolidaySet::new(holidays.collect());
    let weekly = Weekly { zone: zone.clone(), week: week(dice), holidays };
    (Hours(Kind::Weekly(Box::new(weekly))), Time(at))
}

/// When `work` milliseconds of open minutes have passed since `start` milliseconds into the model,
/// in milliseconds; nothing if they do not within it.
fn counted(open: &[bool], start: i64, work: i64) -> Option<i64> {
    let mut left = work;
    for (minute, is_open) in open.iter().enumerate().skip((start / MINUTE) as usize) {
        let from = start.max(minute as i64 * MINUTE);
        let length = (minute as i64 + 1) * MINUTE - from;
        if *is_open && left <= length {
            return Some(from + left);
        }
        left -= if *is_open { length } else { 0 };
    }
    None
}

#[test]
fn additions_of_working_time_agree_with_a_model_that_counts_minutes() {
    let (zones, wanted) = (zones(), wanted());
    let mut dice = Dice(wanted as u64);
    let (mut made, mut within, mut worlds) = (0, 0, 0);
    while made < wanted || worlds < zones.len() {
        let zone = &zones[worlds % zones.len()];
        let (hours, from) = world(zone, &mut dice);
        let open = model(&hours, from, MINUTES);
        worlds += 1;
        for _ in 0..EACH {
            let start = dice.throw(MINUTES * MINUTE as usize) as i64;
            let longest = [90, 600, 3_000][dice.throw(3)] * MINUTE as usize;
            let work = dice.throw(longest) as i64 + 1;
            let got = hours.add(from.plus(Span(start)), Span(work));
            let zone = || zone.iana_name().unwrap_or("?").to_owned();
            made += 1;
            let end = counted(&open, start, work).map(|end| from.plus(Span(end)));
            let ends = from.plus(Span::minutes(MINUTES as i64));
            let agrees = if end.is_some() { got == end } else { got.is_none_or(|at| at > ends) };
            assert!(agrees, "{} {from:?} + {start} + {work}: {got:?}, not {end:?}", zone());
            within += usize::from(end.is_some());
        }
    }
    println!(
        "calendars: {made} additions of working time in {} zones agree with the model, {within} of \
         them ended within it",
        zones.len()
    );
    assert!(within * 3 > made, "too many ended outside of the model: {within} of {made}");
}
