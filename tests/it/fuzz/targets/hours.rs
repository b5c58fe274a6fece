//! Calendar arithmetic: any zone, any week, any holidays, any instant.
//!
//! States: a deadline is the least instant with that much work behind it; intervals are in order,
//! disjoint and add up; windows contain their instant and follow one another; holidays and spans
//! that read print and read back.
//! Input: zone, instant, work, distance; 4 bytes for each day's blocks; a line for each holiday.

use std::sync::LazyLock;

use handoff::{
    model::time::{Span, Time},
    rulebook::calendar::{Holiday, Hours},
};

use super::Cut;

static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let mut zones: Vec<String> =
        database.available().map(|name| name.as_str().to_owned()).collect();
    zones.sort();
    zones
});

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// 1990 to 2037 in milliseconds: every kind of change that clocks have seen or will.
const FIRST: i64 = 631_152_000_000;
const YEARS: i64 = 1_514_764_800_000;

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let zone = &ZONES[cut.number(2).unsigned_abs() as usize % ZONES.len()];
    let instant = cut.number(8);
    let work = Span(cut.number(4).saturating_abs().max(1));
    let distance = Span(cut.number(4).saturating_abs());
    let week: Vec<(String, Vec<String>)> =
        DAYS.iter().map(|day| ((*day).to_owned(), blocks(&mut cut))).collect();
    let mut holidays = Vec::new();
    while !cut.0.is_empty() && holidays.len() < 20 {
        let line = String::from_utf8_lossy(cut.line());
        spans_read_back(&line);
        match Holiday::parse(&line) {
            Ok(holiday) => holidays.push(holiday),
            Err(why) => assert!(!why.is_empty()),
        }
    }
    let open: Vec<_> = week.into_iter().filter(|(_, blocks)| !blocks.is_empty()).collect();
    let Ok(hours) = Hours::compile(zone, &open, holidays) else { return };
    // Wherever it is, nothing panics; the arithmetic is held to in the years that people plan in.
    let anywhere = Time(instant);
    let _ = (hours.is_open(anywhere), hours.next_open(anywhere), hours.add(anywhere, work));
    windows(&hours, Time(FIRST + instant.rem_euclid(YEARS)));
    arithmetic(&hours, Time(FIRST + instant.rem_euclid(YEARS)), work, distance);
}

/// Up to two blocks out of four bytes; a byte is a sixth of an hour.
fn blocks(cut: &mut Cut<'_>) -> Vec<String> {
    let mut edges: Vec<u16> = (0..4).map(|_| u16::from(cut.byte()) % 145 * 10).collect();
    edges.sort_unstable();
    let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    edges
        .chunks(2)
        .filter(|pair| pair[0] < pair[1])
        .map(|pair| format!("{}-{}", text(pair[0]), text(pair[1])))
        .collect()
}

fn arithmetic(hours: &Hours, from: Time, work: Span, distance: Span) {
    let to = from.plus(distance);
    let intervals = hours.intervals(from, to);
    let mut last = from;
    let mut total = 0;
    for (at, (start, end)) in intervals.iter().enumerate() {
        assert!(last <= *start && start < end && *end <= to);
        assert!(at == 0 || last < *start, "intervals that touch are one");
        assert!(hours.is_open(*start) && !(*end < to && hours.is_open(*end)));
        total += end.since(*start).0;
        last = *end;
    }
    assert_eq!(hours.between(from, to), Span(total));
    match hours.next_open(from) {
        Some(open) => {
            assert!(open >= from && hours.is_open(open));
            assert_eq!(hours.between(from, open), Span::ZERO);
            assert!(open >= to || intervals.first().is_some_and(|(start, _)| *start == open));
        }
        None => assert!(intervals.is_empty()),
    }
    if let Some(deadline) = hours.add(from, work) {
        assert_eq!(hours.between(from, deadline), work);
        assert_eq!(hours.between(from, Time(deadline.0 - 1)), Span(work.0 - 1));
        let half = Span(work.0 / 2);
        let in_two = hours.add(from, half).and_then(|at| hours.add(at, Span(work.0 - half.0)));
        assert_eq!(in_two, Some(deadline));
        let later = hours.add(to, work);
        assert!(later.is_none_or(|later| deadline <= later), "later work ends later");
    }
}

fn windows(hours: &Hours, at: Time) {
    type Window = fn(&Hours, Time) -> (Time, Time);
    let kinds: [(Window, Span, Span); 3] = [
        (Hours::local_hour, Span(1), Span::hours(1)),
        (Hours::local_day, Span::hours(20), Span::hours(28)),
        (Hours::local_week, Span::days(6), Span::days(8)),
    ];
    for (window, least, most) in kinds {
        let (start, end) = window(hours, at);
        assert!(start <= at && at < end, "{at:?} in {start:?}..{end:?}");
        assert!((least..=most).contains(&end.since(start)), "{start:?}..{end:?}");
        assert_eq!(window(hours, start), (start, end));
        assert_eq!(window(hours, end).0, end);
        assert_eq!(window(hours, Time(start.0 - 1)).1, start);
    }
}

fn spans_read_back(text: &str) {
    if let Ok(span) = Span::parse(text) {
        assert!(span >= Span::ZERO);
        assert_eq!(Span::parse(&span.to_string()), Ok(span));
    }
}
