//! Days that come back every year by a rule: `last monday of may`, `monday before may 25`,
//! `easter + 1`, and the church days that go by it.
//!
//! Guarantees: a rule falls on one day a year at most; the fifth Monday of a month that has four
//! falls on none. Easter is that of the western churches, or with `orthodox easter` of the eastern
//! ones. Does not know: where a day is a holiday, nor substitute days.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearRule {
    base: Base,
    /// Days after it; before it, if negative.
    offset: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Easter,
    OrthodoxEaster,
    /// The first is 1, the last is -1.
    Nth {
        nth: i8,
        weekday: Weekday,
        month: i8,
    },
    /// The nearest before (or after) a date, never on it.
    Beside {
        is_before: bool,
        weekday: Weekday,
        month: i8,
        day: i8,
    },
}

/// Days that go by Easter, by name.
const CHURCH: [(&str, i16); 9] = [
    ("shrove tuesday", -47),
    ("maundy thursday", -3),
    ("good friday", -2),
    ("easter monday", 1),
    ("ascension day", 39),
    ("pentecost", 49),
    ("whit monday", 50),
    ("pentecost monday", 50),
    ("corpus christi", 60),
];
const NTH: [(&str, i8); 6] =
    [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("last", -1)];
const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl YearRule {
    /// Reads `easter`, `good friday`, `last monday of may`, `monday before may 25`, each with
    /// `+ 3` or `- 3` days behind it if need be.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let (front, offset) = match words.as_slice() {
            [front @ .., sign @ ("+" | "-"), days] => {
                let days: i16 = days.parse().ok().filter(|days| (1..=300).contains(days))?;
                (front, if *sign == "+" { days } else { -days })
            }
            front => (front, 0),
        };
        let (base, own) = Self::base(front)?;
        Some(Self { base, offset: own + offset })
    }

    fn base(words: &[&str]) -> Option<(Base, i16)> {
        let joined = words.join(" ");
        if let Some((_, offset)) = CHURCH.iter().find(|(name, _)| *name == joined) {
            return Some((Base::Easter, *offset));
        }
        let base = match words {
            ["easter"] => Base::Easter,
            ["orthodox", "easter"] => Base::OrthodoxEaster,
            [nth, weekday, "of" | "in", month] => Base::Nth {
                nth: NTH.iter().find(|(word, _)| word == nth)?.1,
                weekday: day_of(weekday)?,
                month: month_of(month)?,
            },
            [weekday, side @ ("before" | "after"), month, day] => {
                let (month, day) = (month_of(month)?, day.parse().ok()?);
                // A leap year lets the 29th of February pass.
                Date::new(2024, month, day).ok()?;
                let weekday = day_of(weekday)?;
                Base::Beside { is_before: *side == "before", weekday, month, day }
            }
            _ => return None,
        };
        Some((base, 0))
    }

    /// Whether it is this day.
    pub fn falls_on(self, date: Date) -> bool {
        let base = date.checked_sub(i64::from(self.offset).days());
        base.is_ok_and(|base| self.base.in_year(base.year()) == Some(base))
    }
}

fn day_of(word: &str) -> Option<Weekday> {
    let at = DAYS.iter().position(|day| *day == word)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

fn month_of(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|month| *month == word)?;
    i8::try_from(at + 1).ok()
}

impl Base {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Self::Easter => easter(year),
            Self::OrthodoxEaster => orthodox_easter(year),
            Self::Nth { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
            Self::Beside { is_before, weekday, month, day } => {
                let from = Date::new(year, month, day).ok()?;
                from.nth_weekday(if is_before { -1 } else { 1 }, weekday).ok()
            }
        }
    }
}

/// The Gregorian computus (Meeus, Jones and Butcher).
fn easter(year: i16) -> Option<Date> {
    let year_long = i32::from(year);
    let (golden, century, in_century) = (year_long % 19, year_long / 100, year_long % 100);
    let (leaps, rest) = (century / 4, century % 4);
    let lunar = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leaps - lunar + 15) % 30;
    let weekday = (32 + 2 * rest + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * late + 114;
    Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()
}

/// The Julian computus (Meeus), with the thirteen days that the calendars differ by from 1900 to
/// 2099; none outside of these years.
fn orthodox_easter(year: i16) -> Option<Date> {
    if !(1900..2100).contains(&year) {
        return None;
    }
    let year_long = i32::from(year);
    let full_moon = (19 * (year_long % 19) + 15) % 30;
    let weekday = (2 * (year_long % 4) + 4 * (year_long % 7) - full_moon + 34) % 7;
    let sum = full_moon + weekday + 114;
    let julian =
        Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()?;
    julian.checked_add(13.days()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(rule: &str, year: i16) -> Vec<Date> {
        let rule = YearRule::parse(rule).unwrap_or_else(|| panic!("{rule}"));
        date(year, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() == year)
            .filter(|day| rule.falls_on(*day))
            .collect()
    }

    #[test]
    fn rules_fall_on_the_days_that_almanacs_name() {
        for (rule, day) in [
            ("easter", date(2026, 4, 5)),
            ("easter", date(2024, 3, 31)),
            ("easter", date(2038, 4, 25)),
            ("Easter Monday", date(2026, 4, 6)),
            ("good friday", date(2027, 3, 26)),
            ("ascension day", date(2026, 5, 14)),
            ("easter + 39", date(2026, 5, 14)),
            ("whit monday", date(2026, 5, 25)),
            ("corpus christi", date(2026, 6, 4)),
            ("orthodox easter", date(2026, 4, 12)),
            ("orthodox easter", date(2024, 5, 5)),
            ("last monday of may", date(2026, 5, 25)),
            ("first monday of september", date(2026, 9, 7)),
            ("fourth thursday of november", date(2026, 11, 26)),
            ("fourth thursday of november + 1", date(2026, 11, 27)),
            ("third monday in january", date(2027, 1, 18)),
            ("monday before may 25", date(2026, 5, 18)),
            ("saturday after june 19", date(2026, 6, 20)),
            ("wednesday before november 23", date(2026, 11, 18)),
        ] {
            assert_eq!(days(rule, day.year()), [day], "{rule}");
        }
        assert!(days("fifth monday of february", 2026).is_empty());
    }

    #[test]
    fn easter_is_a_sunday_of_spring_in_every_year() {
        for year in 1900..2100 {
            for day in [easter(year).unwrap(), orthodox_easter(year).unwrap()] {
                assert_eq!(day.weekday(), Weekday::Sunday, "{day}");
                assert!(day >= date(year, 3, 22) && day <= date(year, 5, 8), "{day}");
            }
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "monday",
            "last monday",
            "sixth monday of may",
            "last moonday of may",
            "monday before may 32",
            "monday before february 30",
            "easter +",
            "easter + 0",
            "easter + 999",
            "+ 1",
            "easter eggs",
        ] {
            assert_eq!(YearRule::parse(text), None, "{text:?}");
        }
    }
}
