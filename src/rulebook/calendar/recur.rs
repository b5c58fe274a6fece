//! Events that come again: the part of RFC 5545's recurrence rules that people's calendars use.
//!
//! Guarantees: an expansion ends, whatever the rule says; a rule that is more than this is `None`,
//! so that whoever asks can say so. Times are those of the local clock.
//! Does not know: zones, exceptions.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Weekday},
};

/// Days looked at by one expansion: some thirty years, for rules that count from their beginning.
const DAYS_MAX: i64 = 11_000;

/// A rule, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recur {
    freq: Freq,
    every: i64,
    count: Option<u32>,
    until: Option<Until>,
    /// With the number in the month, if one is written.
    days: Vec<(Option<i8>, Weekday)>,
    month_days: Vec<i8>,
    months: Vec<i8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freq {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// The end of a rule as written: in UTC, by the local clock, or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// An instant.
    Utc(DateTime),
    /// By the event's own clock; a day alone means all of it.
    Local(DateTime),
}

impl Recur {
    /// Reads a rule; `None` if there is something in it that is not understood.
    pub fn parse(rule: &str) -> Option<Self> {
        let mut freq = None;
        let mut read = Self {
            freq: Freq::Daily,
            every: 1,
            count: None,
            until: None,
            days: Vec::new(),
            month_days: Vec::new(),
            months: Vec::new(),
        };
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=')?;
            match key {
                "FREQ" => {
                    freq = Some(match value {
                        "DAILY" => Freq::Daily,
                        "WEEKLY" => Freq::Weekly,
                        "MONTHLY" => Freq::Monthly,
                        "YEARLY" => Freq::Yearly,
                        _ => return None,
                    });
                }
                "INTERVAL" => read.every = value.parse().ok().filter(|every| *every >= 1)?,
                "COUNT" => read.count = Some(value.parse().ok()?),
                "UNTIL" => read.until = Some(until(value)?),
                "BYDAY" => read.days = value.split(',').map(by_day).collect::<Option<_>>()?,
                "BYMONTHDAY" => {
                    read.month_days = list(value).filter(|all| all.iter().all(|day| *day != 0))?;
                }
                "BYMONTH" => read.months = list(value)?,
                "WKST" if value == "MO" || read.every == 1 => {}
                _ => return None,
            }
        }
        read.freq = freq?;
        let by_number = read.days.iter().any(|(nth, _)| nth.is_some());
        let fits = match read.freq {
            Freq::Daily | Freq::Weekly => !by_number && read.month_days.is_empty(),
            Freq::Monthly => read.days.is_empty() || read.month_days.is_empty(),
            // "The second Tuesday of March" needs its month.
            Freq::Yearly => read.days.is_empty() || (by_number && !read.months.is_empty()),
        };
        fits.then_some(read)
    }

    /// The starts of a series that begins with `first`, from about `from` up to and with `last`.
    /// `ends` says whether a start is past the rule's own end.
    pub fn starts(
        &self,
        first: DateTime,
        (from, last): (Date, Date),
        ends: impl Fn(Until, DateTime) -> bool,
    ) -> Vec<DateTime> {
        let mut starts = Vec::new();
        let mut counted = 0_u32;
        // What counts has to be counted from the beginning.
        let begins = if self.count.is_some() { first.date() } else { first.date().max(from) };
        let mut day = begins;
        for _ in 0..DAYS_MAX {
            if day > last || self.count.is_some_and(|count| counted >= count) {
                break;
            }
            // The first is of the series whatever the rule says.
            if day == first.date() || self.is_on(first.date(), day) {
                let start = day.to_datetime(first.time());
                if self.until.is_some_and(|until| ends(until, start)) {
                    break;
                }
                counted += 1;
                starts.push(start);
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
        }
        starts
    }

    fn is_on(&self, first: Date, day: Date) -> bool {
        let months =
            i64::from(day.year() - first.year()) * 12 + i64::from(day.month() - first.month());
        let in_step = match self.freq {
            Freq::Daily => days_between(first, day) % self.every == 0,
            Freq::Weekly => days_between(monday(first), monday(day)) / 7 % self.every == 0,
            Freq::Monthly => months % self.every == 0,
            Freq::Yearly => i64::from(day.year() - first.year()) % self.every == 0,
        };
        if !in_step || !(self.months.is_empty() || self.months.contains(&day.month())) {
            return false;
        }
        let is_named = |(nth, weekday): &(Option<i8>, Weekday)| {
            day.weekday() == *weekday
                && nth.is_none_or(|nth| {
                    day.nth_weekday_of_month(nth, *weekday).is_ok_and(|found| found == day)
                })
        };
        let is_month_day = |wanted: &i8| {
            let from_end = day.day() - day.days_in_month() - 1;
            *wanted == day.day() || *wanted == from_end
        };
        match self.freq {
            Freq::Daily => self.days.is_empty() || self.days.iter().any(is_named),
            Freq::Weekly if self.days.is_empty() => day.weekday() == first.weekday(),
            Freq::Weekly => self.days.iter().any(is_named),
            Freq::Monthly | Freq::Yearly if !self.days.is_empty() => self.days.iter().any(is_named),
            Freq::Monthly | Freq::Yearly if !self.month_days.is_empty() => {
                self.month_days.iter().any(is_month_day)
                    && (self.freq == Freq::Monthly
                        || !self.months.is_empty()
                        || day.month() == first.month())
            }
            Freq::Monthly => day.day() == first.day(),
            Freq::Yearly => {
                day.day() == first.day()
                    && (!self.months.is_empty() || day.month() == first.month())
            }
        }
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

fn monday(day: Date) -> Date {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day)
}

fn list(value: &str) -> Option<Vec<i8>> {
    value.split(',').map(|one| one.parse().ok()).collect()
}

/// `MO`, `2TU`, `-1FR`.
fn by_day(text: &str) -> Option<(Option<i8>, Weekday)> {
    const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let front = text.len().checked_sub(2)?;
    let (nth, day) = (text.get(..front)?, text.get(front..)?);
    let at = DAYS.iter().position(|known| *known == day)?;
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()?;
    let nth = match nth {
        "" => None,
        nth => Some(nth.parse::<i8>().ok().filter(|nth| *nth != 0 && nth.abs() <= 5)?),
    };
    Some((nth, weekday))
}

fn until(value: &str) -> Option<Until> {
    if let Some(utc) = value.strip_suffix('Z') {
        return Some(Until::Utc(utc.parse().ok()?));
    }
    if value.len() == 8 {
        return Some(Until::Local(value.parse::<Date>().ok()?.at(23, 59, 59, 0)));
    }
    Some(Until::Local(value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(rule: &str, first: Date, last: Date) -> Vec<Date> {
        let rule = Recur::parse(rule).unwrap_or_else(|| panic!("{rule}"));
        let ends = |until: Until, at: DateTime| match until {
            Until::Utc(until) | Until::Local(until) => at > until,
        };
        let starts = rule.starts(first.at(9, 0, 0, 0), (first, last), ends);
        starts.into_iter().map(jiff::civil::DateTime::date).collect()
    }

    #[test]
    fn rules_come_again_as_calendars_show_them() {
        let first = date(2026, 7, 1); // a Wednesday
        let day =
            |days: &[i8]| -> Vec<Date> { days.iter().map(|day| date(2026, 7, *day)).collect() };
        for (rule, want) in [
            ("FREQ=DAILY;COUNT=3", day(&[1, 2, 3])),
            ("FREQ=DAILY;INTERVAL=10", day(&[1, 11, 21, 31])),
            ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20260706T235959Z", day(&[1, 2, 3, 6])),
            ("FREQ=WEEKLY", day(&[1, 8, 15, 22, 29])),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", day(&[1, 13, 15, 27, 29])),
            ("FREQ=WEEKLY;BYDAY=TH;UNTIL=20260716", day(&[1, 2, 9, 16])),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", day(&[1, 31])),
            ("FREQ=MONTHLY;BYDAY=2TU", day(&[1, 14])),
            ("FREQ=MONTHLY;BYDAY=-1FR", day(&[1, 31])),
        ] {
            assert_eq!(days(rule, first, date(2026, 7, 31)), want, "{rule}");
        }
        let years = days("FREQ=YEARLY", first, date(2028, 12, 31));
        assert_eq!(years, [first, date(2027, 7, 1), date(2028, 7, 1)]);
        let moved = days("FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", first, date(2027, 12, 31));
        assert_eq!(moved, [first, date(2027, 3, 9)]);
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for rule in [
            "",
            "FREQ=HOURLY",
            "FREQ=WEEKLY;INTERVAL=0",
            "FREQ=WEEKLY;BYSETPOS=1",
            "FREQ=WEEKLY;BYDAY=2MO",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "FREQ=MONTHLY;BYDAY=XX",
            "COUNT=3",
        ] {
            assert_eq!(Recur::parse(rule), None, "{rule}");
        }
    }

    #[test]
    fn an_endless_rule_ends() {
        let all = days("FREQ=DAILY", date(2026, 1, 1), Date::MAX);
        assert_eq!(all.len() as i64, DAYS_MAX);
    }

    #[test]
    fn a_series_of_long_ago_is_looked_at_where_it_is_asked_for() {
        let rule = Recur::parse("FREQ=WEEKLY;INTERVAL=2").unwrap();
        let window = (date(2026, 7, 1), date(2026, 7, 31));
        let starts = rule.starts(date(1990, 1, 4).at(9, 0, 0, 0), window, |_, _| false);
        let days: Vec<i8> = starts.iter().map(|start| start.day()).collect();
        assert_eq!(days, [2, 16, 30]);
    }
}
