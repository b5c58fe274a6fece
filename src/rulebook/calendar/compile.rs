//! From what the rulebook says to compiled hours, or to findings that say how to mend it.
//!
//! Guarantees: reports everything that is wrong at once; each finding names its field.
//! Does not know: where in the file the field stands (whoever read the file does).

use std::ops::Range;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::holiday::{Holiday, HolidaySet};
use super::walk::{Block, Weekly};
use super::zones::Zones;

/// Something wrong in an `[[hours]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The path below the entry, as in `zone` or `open.mon-fri[1]`.
    pub field: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const DAY_MINUTES: u16 = 24 * 60;

pub(super) fn compile(
    zones: &Zones,
    zone: &str,
    open: &[(String, Vec<String>)],
    holidays: Vec<Holiday>,
) -> Result<Weekly, Vec<Finding>> {
    let mut findings = Vec::new();
    let zone = find_zone(zones, zone).unwrap_or_else(|message| {
        findings.push(Finding { field: "zone".into(), message });
        TimeZone::UTC
    });
    let mut week: [Vec<(Block, String)>; 7] = Default::default();
    for (days, blocks) in open {
        let parsed = read_days(days).unwrap_or_else(|message| {
            findings.push(Finding { field: format!("open.{days}"), message });
            Vec::new()
        });
        for (at, text) in blocks.iter().enumerate() {
            let field = format!("open.{days}[{at}]");
            match read_block(text) {
                Ok(block) => {
                    for day in &parsed {
                        if let Some(blocks) = week.get_mut(*day) {
                            blocks.push((block, field.clone()));
                        }
                    }
                }
                Err(message) => findings.push(Finding { field, message }),
            }
        }
    }
    if findings.is_empty() && week.iter().all(Vec::is_empty) {
        let message = "no day has working hours: write for instance mon-fri = [\"09:00-17:00\"]";
        findings.push(Finding { field: "open".into(), message: message.into() });
    }
    overlaps(&mut week, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let week = week.map(|blocks| blocks.into_iter().map(|(block, _)| block).collect());
    Ok(Weekly { zone, week, holidays: HolidaySet::new(holidays) })
}

/// Sorts each day's blocks and reports those that overlap, a pair of fields once.
fn overlaps(week: &mut [Vec<(Block, String)>; 7], findings: &mut Vec<Finding>) {
    for (blocks, day) in week.iter_mut().zip(DAYS) {
        blocks.sort();
        for pair in blocks.windows(2) {
            let [(a, first), (b, second)] = pair else { continue };
            let known = findings.iter().any(|finding| {
                (finding.field == *first && finding.message.contains(second.as_str()))
                    || (finding.field == *second && finding.message.contains(first.as_str()))
            });
            if b.start < a.end && !known {
                findings.push(Finding {
                    field: second.clone(),
                    message: format!(
                        "{} overlaps {} of {first} on {day}: join the two or move one",
                        show(*b),
                        show(*a),
                    ),
                });
            }
        }
    }
}

fn show(block: Block) -> String {
    let Block { start, end } = block;
    format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)
}

fn find_zone(zones: &Zones, name: &str) -> Result<TimeZone, String> {
    if let Some(zone) = zones.get(name.trim()) {
        return Ok(zone);
    }
    let database = TimeZoneDatabase::bundled();
    let wanted = name.trim().to_ascii_lowercase().replace(' ', "_");
    let city = |zone: &str| zone.rsplit('/').next().unwrap_or(zone).to_ascii_lowercase();
    let likeness = |zone: &str| {
        let whole = strsim::jaro_winkler(&zone.to_ascii_lowercase(), &wanted);
        let by_city = strsim::jaro_winkler(&city(zone), &city(&wanted));
        // A place in the right part of the world wins over its namesake elsewhere.
        if by_city > 0.9 { by_city + whole } else { whole }
    };
    let best = database
        .available()
        .map(|zone| (likeness(zone.as_str()), zone.as_str().to_owned()))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    Err(match best {
        Some((_, zone)) => format!("there is no time zone {name:?}: did you mean {zone:?}?"),
        None => format!(
            "there is no time zone {name:?}: write a name of the tz database, \
             as in \"Europe/London\" or \"America/New_York\""
        ),
    })
}

/// `mon`, `Monday`, `mon-fri`, `sat-mon` (over the weekend) or several of them with commas.
fn read_days(text: &str) -> Result<Vec<usize>, String> {
    let wrong = |part: &str| {
        format!("{part:?} names no day: write mon, mon-fri, sat-sun or \"mon,wed\", in English")
    };
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        let found = DAYS.iter().position(|day| name.len() >= 3 && day.starts_with(&name));
        found.ok_or_else(|| wrong(&name))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once(['-', '–']) {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let length = (last + 7 - first) % 7;
        days.extend((0..=length).map(|more| (first + more) % 7));
    }
    days.sort_unstable();
    if days.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(format!("{text:?} names a day twice: name each day once"));
    }
    Ok(days)
}

fn read_block(text: &str) -> Result<Block, String> {
    let wrong = || {
        format!("{text:?} is not a block of time: write hours and minutes, as in \"09:00-17:30\"")
    };
    let (start, end) = text.split_once(['-', '–']).ok_or_else(wrong)?;
    let (start, end) = (minutes(start).ok_or_else(wrong)?, minutes(end).ok_or_else(wrong)?);
    let Range { start, end } = start..end;
    if start == end {
        return Err(format!(
            "{text:?} has no length: write \"00:00-24:00\" for the whole day, or leave it out"
        ));
    }
    if end < start {
        return Err(format!(
            "{text:?} ends before it starts: a block over midnight is written as two blocks, \
             as in \"{}\" and on the next day \"{}\"",
            show(Block { start, end: DAY_MINUTES }),
            show(Block { start: 0, end: end.max(1) }),
        ));
    }
    Ok(Block { start, end })
}

/// `09:00`, `9:00` or `24:00`, in minutes since midnight.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (digits(hour, 1..=2)?, digits(minute, 2..=2)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(zone: &str, open: &[(&str, &[&str])]) -> Vec<Finding> {
        let open: Vec<_> = open
            .iter()
            .map(|(days, blocks)| {
                ((*days).to_owned(), blocks.iter().map(|text| (*text).to_owned()).collect())
            })
            .collect();
        compile(&Zones::default(), zone, &open, Vec::new()).err().unwrap_or_default()
    }

    #[test]
    fn what_people_write_is_understood() {
        for (days, block) in [
            ("mon", "09:00-17:00"),
            ("Monday", "9:00-17:00"),
            ("mon-fri", "09:00 – 17:00"),
            ("sat-mon", "00:00-24:00"),
            ("mon, wed", "23:59-24:00"),
            ("tues,thurs", "0:00-0:01"),
        ] {
            assert_eq!(findings("Europe/London", &[(days, &[block])]), [], "{days} {block}");
        }
        assert_eq!(read_days("sat-mon"), Ok(vec![0, 5, 6]));
        assert_eq!(read_days("mon-sun"), Ok(vec![0, 1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn each_mistake_is_found_in_its_field_with_advice() {
        let check = |days: &str, blocks: &[&str], field: &str, advice: &str| {
            let found = findings("Europe/London", &[(days, blocks)]);
            let [finding] = found.as_slice() else { panic!("{days} {blocks:?}: {found:?}") };
            assert_eq!(finding.field, field);
            assert!(finding.message.contains(advice), "{finding:?}");
        };
        check("mon", &["9-17"], "open.mon[0]", "\"09:00-17:30\"");
        check("mon", &["09:00-24:01"], "open.mon[0]", "is not a block");
        check("mon", &["09:60-10:00"], "open.mon[0]", "is not a block");
        check("mon", &["+9:00-10:00"], "open.mon[0]", "is not a block");
        check(
            "mon",
            &["22:00-06:00"],
            "open.mon[0]",
            "\"22:00-24:00\" and on the next day \"00:00-06:00\"",
        );
        check("mon", &["09:00-09:00"], "open.mon[0]", "\"00:00-24:00\"");
        check("mo-fr", &["09:00-17:00"], "open.mo-fr", "names no day");
        check("mon,mon-fri", &["09:00-17:00"], "open.mon,mon-fri", "twice");
        check("mon-fri", &["09:00-12:00", "11:59-17:00"], "open.mon-fri[1]", "on monday");
        check("mon", &[], "open", "no day has working hours");
    }

    #[test]
    fn overlaps_are_found_across_entries_and_blocks_may_touch() {
        let found = findings("UTC", &[("mon-fri", &["09:00-12:00"]), ("wed", &["08:00-10:00"])]);
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert!(finding.message.contains("on wednesday"), "{finding:?}");
        assert_eq!(findings("UTC", &[("mon", &["12:00-17:00", "09:00-12:00"])]), []);
    }

    #[test]
    fn an_unknown_zone_gets_a_suggestion() {
        for (wrong, right) in [
            ("London", "Europe/London"),
            ("Europe/Lodnon", "Europe/London"),
            ("New York", "America/New_York"),
            ("US/Berlin", "Europe/Berlin"),
            ("Etc/Unknown", "Etc/"),
        ] {
            let found = findings(wrong, &[("mon", &["09:00-10:00"])]);
            assert_eq!(found[0].field, "zone");
            assert!(found[0].message.contains(right), "{wrong}: {found:?}");
        }
        let found = findings("qqqqqq", &[("mon", &["9"])]);
        assert_eq!(found.len(), 2, "all at once: {found:?}");
        assert!(found[0].message.contains("as in \"Europe/London\""), "{found:?}");
    }
}
