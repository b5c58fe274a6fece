//! The all-day events of an iCalendar text (RFC 5545) as holidays.
//!
//! Guarantees: what it cannot take over faithfully is an error that names the event and its line,
//! never dropped in silence. Cancelled events are no holidays. Other components are not looked at.
//! Does not know: recurrence beyond "every year on this date"; a timed event is no day off.

use jiff::ToSpan;
use jiff::civil::Date;

use super::holiday::Holiday;

/// A longer event is more likely a mistake than a holiday.
const LONGEST_DAYS: i32 = 366;
/// No more problems than a person wants to read at once.
const PROBLEMS_SHOWN: usize = 5;

/// Reads the all-day `VEVENT`s of `text`. Yearly events (`RRULE:FREQ=YEARLY`, with `COUNT`,
/// `UNTIL`, and `BYMONTH`, `BYMONTHDAY` that say no more than the start) come back every year.
///
/// # Errors
/// Sentences that name each event that cannot be taken over, and what to do.
pub fn holidays_from_ics(text: &str) -> Result<Vec<Holiday>, String> {
    let mut events: Vec<Event> = Vec::new();
    let mut inside: Vec<String> = Vec::new();
    let mut calendar = false;
    for (number, line) in unfold(text) {
        let Some((name, params, value)) = property(&line) else { continue };
        match name.as_str() {
            "BEGIN" => {
                let component = value.trim().to_ascii_uppercase();
                calendar |= component == "VCALENDAR";
                if component == "VEVENT" {
                    events.push(Event { line: number, ..Event::default() });
                }
                inside.push(component);
            }
            "END" => drop(inside.pop()),
            _ if inside.last().is_some_and(|component| component == "VEVENT") => {
                if let Some(event) = events.last_mut() {
                    event.take(name, &params, value);
                }
            }
            _ => {}
        }
    }
    if !calendar {
        return Err("this is no calendar: an .ics file begins with BEGIN:VCALENDAR".into());
    }
    if !inside.is_empty() {
        return Err("the calendar is cut off: its last END lines are missing".into());
    }
    let (mut holidays, mut problems) = (Vec::new(), Vec::new());
    for event in events.iter().filter(|event| !event.cancelled) {
        match event.holidays() {
            Ok(found) => holidays.extend(found),
            Err(problem) => problems.push(format!(
                "line {}, {:?}: {problem}",
                event.line,
                event.summary.as_deref().unwrap_or("an event without a name"),
            )),
        }
    }
    if problems.is_empty() {
        return Ok(holidays);
    }
    let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
    problems.truncate(PROBLEMS_SHOWN);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    Err(problems.join("; "))
}

/// Joins continuation lines; each logical line comes with the number of its first.
pub(super) fn unfold(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines
}

/// Splits `NAME;PARAMS:value`; a colon inside quotes does not count.
pub(super) fn property(line: &str) -> Option<(String, String, &str)> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, letter)| {
        quoted ^= letter == '"';
        (letter == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = line.split_at(colon);
    let (name, params) = head.split_once(';').unwrap_or((head, ""));
    Some((
        name.trim().to_ascii_uppercase(),
        params.to_ascii_uppercase(),
        value.get(1..).unwrap_or_default(),
    ))
}

#[derive(Default)]
struct Event {
    line: usize,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    rule: Option<String>,
    summary: Option<String>,
    cancelled: bool,
    timed: bool,
    /// The first property that we would have to understand and do not.
    unknown: Option<String>,
}

impl Event {
    fn take(&mut self, name: String, params: &str, value: &str) {
        let value = value.trim().to_owned();
        match name.as_str() {
            "DTSTART" => {
                self.timed |= value.len() != 8 || params.contains("VALUE=DATE-TIME");
                self.start = Some(value);
            }
            "DTEND" => self.end = Some(value),
            "DURATION" => self.duration = Some(value),
            "RRULE" if self.rule.is_some() => self.unknown = Some("a second RRULE".into()),
            "RRULE" => self.rule = Some(value.to_ascii_uppercase()),
            "SUMMARY" => self.summary = Some(unescape(&value)),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID" => self.unknown = Some(name),
            _ => {}
        }
    }

    fn holidays(&self) -> Result<Vec<Holiday>, String> {
        if let Some(property) = &self.unknown {
            return Err(format!("{property} is not understood: write its days as single events"));
        }
        if self.timed {
            return Err("it has a time of day: make it an all-day event or delete it".into());
        }
        let first = self.start.as_deref().and_then(basic_date).ok_or("its DTSTART is no date")?;
        let last = self.last(first)?;
        if (last - first).get_days() >= LONGEST_DAYS {
            return Err("it is longer than a year: mend its DTEND".into());
        }
        let Some(rule) = &self.rule else {
            return Ok(vec![Holiday::dates(first, last, self.summary.clone())]);
        };
        let until = yearly_until(rule, first)?;
        if (last - first).get_days() > 31 {
            return Err("it is yearly and longer than a month: write its days as dates".into());
        }
        // A yearly event over New Year's Eve has days of two years: each counts from its own.
        Ok(first
            .series(1.day())
            .take_while(|day| *day <= last)
            .map(|day| {
                let shift = day.year() - first.year();
                Holiday::yearly(day, day.year(), until.saturating_add(shift), self.summary.clone())
            })
            .collect())
    }

    /// The last day, included. `DTEND` is the day after it.
    fn last(&self, first: Date) -> Result<Date, String> {
        let days = match (&self.end, &self.duration) {
            (Some(end), _) => {
                let end = basic_date(end).ok_or("its DTEND is no date")?;
                i64::from((end - first).get_days())
            }
            (None, Some(duration)) => {
                let count = |unit| {
                    let number = duration.strip_prefix('P')?.strip_suffix(unit)?;
                    number.parse::<u16>().ok().map(i64::from)
                };
                count('D')
                    .or_else(|| count('W').map(|weeks| weeks * 7))
                    .ok_or("its DURATION is not in whole days: make it an all-day event")?
            }
            (None, None) => 1,
        };
        if days < 0 {
            return Err("it ends before it starts: mend its DTEND".into());
        }
        // Some tools write the start as the end of a single day.
        first.checked_add((days.max(1) - 1).days()).map_err(|_| "its DTEND is no date".into())
    }
}

/// The last year in which a yearly rule holds.
fn yearly_until(rule: &str, first: Date) -> Result<i16, String> {
    let refuse = || {
        Err(format!(
            "RRULE:{rule} is more than \"every year on this date\": write its days as single events"
        ))
    };
    let (mut yearly, mut until) = (false, i16::MAX);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key {
            "FREQ" => yearly = value == "YEARLY",
            "INTERVAL" if value == "1" => {}
            "WKST" => {}
            "BYMONTH" if value.parse() == Ok(first.month()) => {}
            "BYMONTHDAY" if value.parse() == Ok(first.day()) => {}
            // Counting the 29th of February needs more than counting years.
            "COUNT" if (first.month(), first.day()) != (2, 29) => match value.parse::<i16>() {
                Ok(count) if count > 0 => until = first.year().saturating_add(count - 1),
                _ => return refuse(),
            },
            "UNTIL" => match value.get(..8).and_then(basic_date) {
                Some(end) if end >= first => {
                    let reached = (end.month(), end.day()) >= (first.month(), first.day());
                    until = end.year() - i16::from(!reached);
                }
                _ => return refuse(),
            },
            _ => return refuse(),
        }
    }
    if yearly { Ok(until) } else { refuse() }
}

/// `20261225`.
pub(super) fn basic_date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            _ => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::holiday::HolidaySet;
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn calendar(events: &[&str]) -> String {
        let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
        for event in events {
            text.push_str("BEGIN:VEVENT\r\n");
            text.push_str(&event.replace('\n', "\r\n"));
            text.push_str("\r\nEND:VEVENT\r\n");
        }
        text + "END:VCALENDAR\r\n"
    }

    #[test]
    fn all_day_events_become_holidays() {
        let text = calendar(&[
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226\nSUMMARY:Christmas\\, the\n  day",
            "DTSTART;VALUE=DATE:20270326\nDTEND;VALUE=DATE:20270330\nSUMMARY:Easter",
            "DTSTART:20270503\nBEGIN:VALARM\nDTSTART:19990101T000000\nEND:VALARM",
            "DTSTART;VALUE=DATE:20270601\nDURATION:P1W",
            "DTSTART;VALUE=DATE:20270701\nSTATUS:CANCELLED",
        ]);
        let holidays = holidays_from_ics(&text).unwrap();
        assert_eq!(holidays.len(), 4);
        assert_eq!(holidays[0].name(), Some("Christmas, the day"));
        let set = HolidaySet::new(holidays);
        for (day, holiday) in [
            (date(2026, 12, 25), true),
            (date(2026, 12, 26), false),
            (date(2027, 3, 29), true),
            (date(2027, 3, 30), false),
            (date(2027, 5, 3), true),
            (date(2027, 5, 4), false),
            (date(2027, 6, 7), true),
            (date(2027, 6, 8), false),
            (date(2027, 7, 1), false),
        ] {
            assert_eq!(set.covers(day), holiday, "{day}");
        }
    }

    #[test]
    fn yearly_events_come_back_within_their_years() {
        let check = |event: &str, covered: &[Date], free: &[Date]| {
            let set = HolidaySet::new(holidays_from_ics(&calendar(&[event])).unwrap());
            assert!(covered.iter().all(|day| set.covers(*day)), "{event}");
            assert!(!free.iter().any(|day| set.covers(*day)), "{event}");
        };
        check(
            "DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
            &[date(2020, 12, 25), date(2035, 12, 25)],
            &[date(2019, 12, 25), date(2035, 12, 26)],
        );
        check(
            "DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102\nRRULE:FREQ=YEARLY;COUNT=2",
            &[date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31), date(2028, 1, 1)],
            &[date(2026, 1, 1), date(2028, 12, 31), date(2029, 1, 1)],
        );
        check(
            "DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=YEARLY;UNTIL=20280531",
            &[date(2027, 6, 1)],
            &[date(2028, 6, 1)],
        );
    }

    #[test]
    fn what_cannot_be_taken_over_is_reported_by_line_and_name() {
        let check = |event: &str, advice: &str| {
            let error = holidays_from_ics(&calendar(&[event])).unwrap_err();
            assert!(error.starts_with("line 3, "), "{error}");
            assert!(error.contains(advice), "{event}: {error}");
        };
        check("DTSTART:20261225T090000Z\nSUMMARY:Party", "\"Party\": it has a time of day");
        check("SUMMARY:Nothing", "DTSTART is no date");
        check("DTSTART;VALUE=DATE:20260230", "DTSTART is no date");
        check("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261224", "ends before it starts");
        check("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20361224", "longer than a year");
        check("DTSTART;VALUE=DATE:20261225\nDURATION:PT4H", "not in whole days");
        check(
            "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11",
            "single events",
        );
        check("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=WEEKLY", "single events");
        check("DTSTART;VALUE=DATE:20261126\nEXDATE;VALUE=DATE:20271126", "EXDATE");
        assert!(holidays_from_ics("<html>").unwrap_err().contains("BEGIN:VCALENDAR"));
        assert!(
            holidays_from_ics("BEGIN:VCALENDAR\nBEGIN:VEVENT").unwrap_err().contains("cut off")
        );
        let many = vec!["DTSTART:x"; 8];
        assert!(holidays_from_ics(&calendar(&many)).unwrap_err().ends_with("and 3 more"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            lines in prop::collection::vec(
                prop_oneof![
                    Just("BEGIN:VCALENDAR".to_owned()), Just("BEGIN:VEVENT".to_owned()),
                    Just("END:VEVENT".to_owned()), Just("END:VCALENDAR".to_owned()),
                    "(DTSTART|DTEND|RRULE|DURATION|SUMMARY)[;:]\\PC{0,20}",
                    "(DTSTART|DTEND):[0-9]{8}",
                    "RRULE:FREQ=YEARLY;(COUNT|UNTIL|BYMONTH)=[0-9]{1,9}",
                    "DURATION:P[0-9]{1,6}[DW]",
                ],
                0..20,
            )
        ) {
            let _ = holidays_from_ics(&lines.join("\n"));
        }
    }
}
