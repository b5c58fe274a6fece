//! Holidays: single dates, ranges of dates, days that come back every year on a date or by a rule.
//!
//! Guarantees: a holiday that parsed exists in the calendar (the 30th of February is refused).
//! Does not know: zones; a holiday is a local date wherever it is used.

use jiff::civil::Date;

use super::year_rule::YearRule;

/// A range of every year that begins later than it ends goes over the New Year, and then by months:
/// one that ends a little before it begins is a slip.
const OVER_NEW_YEAR_MIN: i8 = 6;

/// One holiday of a calendar, with its name if the calendar gave one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    name: Option<String>,
    on: On,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// Both inclusive.
    Dates { first: Date, last: Date },
    /// Both years inclusive. The 29th of February comes in leap years only.
    Yearly { month: i8, day: i8, since: i16, until: i16 },
    /// Every year from a month and day to another, both inclusive, over the New Year if the first is
    /// the later one.
    Span { first: (i8, i8), last: (i8, i8) },
    /// Every year, by a rule.
    Rule(YearRule),
}

impl Holiday {
    /// Reads `2026-12-25`, `2026-12-24..2026-12-26` (both included) or, for every year, `12-25`,
    /// `12-24..12-26`, `12-24..01-01` or a rule (see `year_rule`): `last monday of may`, `easter + 1`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is not a holiday: write 2026-12-25 for one date, 12-25 for every year, \
                 2026-12-24..2026-12-26 for a range, 12-24..12-26 for one of every year, or a rule such as last monday of may, \
                 monday before may 25, easter + 1 or good friday"
            )
        };
        let date = |text: &str| text.trim().parse::<Date>().map_err(|_| wrong());
        // A rule may be as long as a date: `easter + 1`.
        let is_numbered = |text: &str| text.trim().starts_with(|c: char| c.is_ascii_digit());
        let dated = |text: &str| is_numbered(text) && text.trim().len() == "2026-12-25".len();
        let monthly = |text: &str| is_numbered(text) && text.trim().len() == "12-25".len();
        match text.split_once("..") {
            Some((first, last)) if dated(first) && dated(last) => {
                let (first, last) = (date(first)?, date(last)?);
                if last < first {
                    return Err(format!(
                        "{text:?} ends before it starts: write {last}..{first}, \
                         or mend the year"
                    ));
                }
                Ok(Self::dates(first, last, None))
            }
            Some((first, last)) if monthly(first) && monthly(last) => {
                // A leap year lets the 29th of February pass.
                let day = |text: &str| date(&format!("2024-{}", text.trim()));
                let (first, last) = (day(first)?, day(last)?);
                if last < first && first.month() - last.month() < OVER_NEW_YEAR_MIN {
                    let (first, last) = (first.strftime("%m-%d"), last.strftime("%m-%d"));
                    return Err(format!(
                        "{text:?} would leave out only a few weeks of the year: write \
                         {last}..{first}, or mend the months"
                    ));
                }
                let of = |day: Date| (day.month(), day.day());
                Ok(Self { name: None, on: On::Span { first: of(first), last: of(last) } })
            }
            None if dated(text) => date(text).map(|day| Self::dates(day, day, None)),
            None if monthly(text) => {
                // A leap year lets the 29th of February pass.
                let day = date(&format!("2024-{}", text.trim()))?;
                Ok(Self::yearly(day, i16::MIN, i16::MAX, None))
            }
            _ => {
                let rule = YearRule::parse(text).ok_or_else(wrong)?;
                Ok(Self { name: None, on: On::Rule(rule) })
            }
        }
    }

    /// All days from `first` to `last`, both included.
    pub(super) const fn dates(first: Date, last: Date, name: Option<String>) -> Self {
        Self { name, on: On::Dates { first, last } }
    }

    /// The month and day of `day`, in each of the years `since..=until`.
    pub(super) fn yearly(day: Date, since: i16, until: i16, name: Option<String>) -> Self {
        Self { name, on: On::Yearly { month: day.month(), day: day.day(), since, until } }
    }

    /// The name, if the calendar gave one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn covers(&self, date: Date) -> bool {
        match self.on {
            On::Dates { first, last } => first <= date && date <= last,
            On::Yearly { month, day, since, until } => {
                (month, day) == (date.month(), date.day()) && (since..=until).contains(&date.year())
            }
            On::Span { first, last } => is_within(first, last, date),
            On::Rule(rule) => rule.falls_on(date),
        }
    }
}

/// Whether a day lies from the first to the last of a year, or over the New Year.
fn is_within(first: (i8, i8), last: (i8, i8), date: Date) -> bool {
    let day = (date.month(), date.day());
    if first <= last { first <= day && day <= last } else { first <= day || day <= last }
}

/// Holidays arranged so that a date is looked up in a few comparisons.
#[derive(Clone, Debug, Default)]
pub(super) struct HolidaySet {
    /// In order and disjoint, both ends inclusive.
    ranges: Vec<(Date, Date)>,
    /// In order: month, day, first year, last year.
    yearly: Vec<(i8, i8, i16, i16)>,
    /// Of every year.
    spans: Vec<((i8, i8), (i8, i8))>,
    rules: Vec<YearRule>,
    named: Vec<Holiday>,
}

impl HolidaySet {
    pub fn new(holidays: Vec<Holiday>) -> Self {
        let mut set = Self::default();
        for holiday in &holidays {
            match holiday.on {
                On::Dates { first, last } => set.ranges.push((first, last)),
                On::Yearly { month, day, since, until } => {
                    set.yearly.push((month, day, since, until));
                }
                On::Span { first, last } => set.spans.push((first, last)),
                On::Rule(rule) => set.rules.push(rule),
            }
        }
        set.yearly.sort_unstable();
        set.ranges.sort_unstable();
        set.ranges.dedup_by(|next, kept| {
            let overlaps = next.0 <= kept.1;
            if overlaps {
                kept.1 = kept.1.max(next.1);
            }
            overlaps
        });
        set.named = holidays.into_iter().filter(|holiday| holiday.name.is_some()).collect();
        set
    }

    pub fn covers(&self, date: Date) -> bool {
        let at = self.ranges.partition_point(|(_, last)| *last < date);
        if self.ranges.get(at).is_some_and(|(first, _)| *first <= date) {
            return true;
        }
        let day = (date.month(), date.day());
        let at = self.yearly.partition_point(|entry| (entry.0, entry.1) < day);
        self.yearly
            .iter()
            .skip(at)
            .take_while(|entry| (entry.0, entry.1) == day)
            .any(|entry| (entry.2..=entry.3).contains(&date.year()))
            || self.spans.iter().any(|(first, last)| is_within(*first, *last, date))
            || self.rules.iter().any(|rule| rule.falls_on(date))
    }

    pub fn name(&self, date: Date) -> Option<&str> {
        self.named.iter().find(|holiday| holiday.covers(date)).and_then(Holiday::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn set(texts: &[&str]) -> HolidaySet {
        HolidaySet::new(texts.iter().map(|text| Holiday::parse(text).unwrap()).collect())
    }

    #[test]
    fn dates_ranges_and_yearly_days_are_covered_and_their_neighbours_are_not() {
        let set = set(&[
            "2026-12-24..2026-12-28",
            "2026-12-26",
            "2026-12-27..2026-12-30",
            "2027-05-06",
            "01-01",
            "02-29",
        ]);
        for (day, holiday) in [
            (date(2026, 12, 23), false),
            (date(2026, 12, 24), true),
            (date(2026, 12, 30), true),
            (date(2026, 12, 31), false),
            (date(2027, 1, 1), true),
            (date(2027, 1, 2), false),
            (date(2027, 5, 6), true),
            (date(2028, 5, 6), false),
            (date(2028, 2, 29), true),
            (date(2027, 2, 28), false),
        ] {
            assert_eq!(set.covers(day), holiday, "{day}");
        }
    }

    #[test]
    fn what_is_not_a_holiday_is_refused_with_advice() {
        for text in [
            "",
            "christmas",
            "2026-02-30",
            "13-01",
            "02-30",
            "12-24..13-26",
            "12-24..2026-12-26",
            "25.12.2026",
            "..",
            "2026-1-1",
        ] {
            let error = Holiday::parse(text).unwrap_err();
            assert!(error.contains("12-25 for every year"), "{text}: {error}");
        }
        let error = Holiday::parse("2026-12-26..2026-12-24").unwrap_err();
        assert!(error.contains("2026-12-24..2026-12-26"), "{error}");
    }

    #[test]
    fn a_range_of_every_year_comes_back_and_may_go_over_the_new_year() {
        let set = set(&["12-24..01-02", "02-28..03-01", "08-03..08-03"]);
        for (day, holiday) in [
            (date(2026, 12, 23), false),
            (date(2026, 12, 24), true),
            (date(2031, 12, 31), true),
            (date(2027, 1, 2), true),
            (date(2027, 1, 3), false),
            (date(2028, 2, 29), true),
            (date(2027, 3, 1), true),
            (date(2027, 3, 2), false),
            (date(2027, 8, 3), true),
            (date(2027, 8, 4), false),
        ] {
            assert_eq!(set.covers(day), holiday, "{day}");
        }
        let error = Holiday::parse("12-26..12-24").unwrap_err();
        assert!(error.contains("write 12-24..12-26"), "{error}");
    }

    #[test]
    fn the_name_of_the_day_is_known_and_years_bound_a_yearly_one() {
        let day = date(2026, 8, 3);
        let set = HolidaySet::new(vec![Holiday::yearly(day, 2026, 2028, Some("Fair".into()))]);
        assert_eq!(set.name(day), Some("Fair"));
        assert_eq!(set.name(date(2028, 8, 3)), Some("Fair"));
        assert!(!set.covers(date(2029, 8, 3)) && !set.covers(date(2025, 8, 3)));
    }
}
