//! A person's calendar feed (RFC 5545) as absences: when they are out of office or busy.
//!
//! Guarantees: pure; what is free, tentative or cancelled is no absence; overlapping ones of a kind
//! are joined; an event that cannot be read is counted, never guessed. All-day events and what the
//! calendar itself calls out of office are `out`, other busy time is `paused`: at work, but no new
//! leads. No title, place or guest leaves this page.
//! Does not know: where the text came from.

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::{
    ics::{basic_date, property, unfold},
    recur::{Recur, Until},
};
use crate::model::{news::Absence, team::Away, time::Time};

/// Bytes of a feed that are read.
pub const FEED_MAX: usize = 8 * 1024 * 1024;

/// What a feed says of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// In order; those of one kind do not overlap.
    pub away: Vec<Away>,
    /// Events that could not be read.
    pub unread: usize,
}

/// Reads what a feed says of `from..until`. `zone` is that of times without one of their own.
///
/// # Errors
/// A sentence, when this is no calendar.
pub fn absences(text: &str, zone: Option<&str>, from: Time, until: Time) -> Result<Feed, String> {
    let (events, spans, is_calendar) = scan(text);
    if !is_calendar {
        return Err("this is no calendar: a feed begins with BEGIN:VCALENDAR and ends whole".into());
    }
    let home = zone.and_then(named).unwrap_or(TimeZone::UTC);
    let window = Window { home, from, until };
    let mut feed = Feed::default();
    // What was moved or cancelled of a series stands in events of its own.
    let mut moved: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.instead_of.is_some()) {
        if let Some(at) = event.instead_of.as_ref().and_then(|at| at.instant(&window.home)) {
            moved.entry(&event.uid).or_default().push(at);
        }
    }
    let mut found: Vec<(Absence, Time, Time)> = spans;
    for event in &events {
        let Some(absence) = event.absence() else { continue };
        let gone = moved.get(event.uid.as_str()).map_or(&[][..], Vec::as_slice);
        match event.times(&window, gone) {
            Some(times) => found.extend(times.into_iter().map(|(a, b)| (absence, a, b))),
            None => feed.unread += 1,
        }
    }
    feed.away = joined(found, from, until);
    Ok(feed)
}

/// The stretch that is asked for.
struct Window {
    home: TimeZone,
    from: Time,
    until: Time,
}

fn joined(mut found: Vec<(Absence, Time, Time)>, from: Time, until: Time) -> Vec<Away> {
    found.retain(|(_, start, end)| start < end && *start < until && *end > from);
    found.sort_by_key(|(absence, start, end)| (*absence == Absence::Paused, *start, *end));
    let mut all: Vec<(Absence, Time, Time)> = Vec::new();
    for (absence, start, end) in found {
        match all.last_mut() {
            Some(last) if last.0 == absence && start <= last.2 => last.2 = last.2.max(end),
            _ => all.push((absence, start, end)),
        }
    }
    all.sort_by_key(|(_, start, _)| *start);
    let away =
        |(absence, from, until)| Away { absence, from, until: Some(until), is_from_calendar: true };
    all.into_iter().map(away).collect()
}

/// The events, the stretches of free-busy components, and whether it is a whole calendar.
fn scan(text: &str) -> (Vec<Event>, Vec<(Absence, Time, Time)>, bool) {
    let (mut events, mut spans) = (Vec::new(), Vec::new());
    let mut inside: Vec<String> = Vec::new();
    let mut is_calendar = false;
    for (_, line) in unfold(text) {
        let Some((name, params, value)) = property(&line) else { continue };
        let component = inside.last().map_or("", String::as_str);
        match name.as_str() {
            "BEGIN" => {
                let component = value.trim().to_ascii_uppercase();
                is_calendar |= component == "VCALENDAR";
                if component == "VEVENT" {
                    events.push(Event::default());
                }
                inside.push(component);
            }
            "END" => drop(inside.pop()),
            "FREEBUSY" if component == "VFREEBUSY" => spans.extend(free_busy(&params, value)),
            _ if component == "VEVENT" => {
                if let Some(event) = events.last_mut() {
                    event.take(&name, &params, value.trim());
                }
            }
            _ => {}
        }
    }
    (events, spans, is_calendar && inside.is_empty())
}

/// `FREEBUSY;FBTYPE=BUSY:19970308T160000Z/PT3H,19970308T200000Z/19970308T210000Z`.
fn free_busy(params: &str, value: &str) -> Vec<(Absence, Time, Time)> {
    let kind = params.split(';').find_map(|one| one.strip_prefix("FBTYPE="));
    let absence = match kind {
        None | Some("BUSY") => Absence::Paused,
        Some("BUSY-UNAVAILABLE") => Absence::Out,
        Some(_) => return Vec::new(),
    };
    let utc = |text: &str| Moment::read("", text)?.instant(&TimeZone::UTC);
    let span = |text: &str| {
        let (start, end) = text.split_once('/')?;
        let start = utc(start)?;
        let end = match end.strip_prefix('P') {
            Some(_) => start.checked_add(duration(end)?).ok()?,
            None => utc(end)?,
        };
        Some((absence, time(start), time(end)))
    };
    value.trim().split(',').filter_map(span).collect()
}

fn time(at: Timestamp) -> Time {
    Time(at.as_millisecond())
}

fn named(zone: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(zone).ok()
}

/// A time as it is written: a day, or a time of the clock of some zone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    Day(Date),
    Clock(DateTime, Zone),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Zone {
    Utc,
    Home,
    Named(String),
}

impl Moment {
    fn read(params: &str, value: &str) -> Option<Self> {
        if let Some(day) = basic_date(value) {
            return Some(Self::Day(day));
        }
        if let Some(utc) = value.strip_suffix('Z') {
            return Some(Self::Clock(utc.parse().ok()?, Zone::Utc));
        }
        // Parameters arrive in capitals; zones are found in any case.
        let zone = params.split(';').find_map(|one| one.strip_prefix("TZID="));
        let zone = zone.map_or(Zone::Home, |zone| Zone::Named(zone.trim_matches('"').to_owned()));
        Some(Self::Clock(value.parse().ok()?, zone))
    }

    /// The local clock it is written in; none for a zone that nobody knows.
    fn zone(&self, home: &TimeZone) -> Option<TimeZone> {
        match self {
            Self::Clock(_, Zone::Utc) => Some(TimeZone::UTC),
            Self::Clock(_, Zone::Named(zone)) => named(zone).or_else(|| windows(zone)),
            Self::Day(_) | Self::Clock(_, Zone::Home) => Some(home.clone()),
        }
    }

    fn local(&self) -> DateTime {
        match self {
            Self::Day(day) => day.at(0, 0, 0, 0),
            Self::Clock(local, _) => *local,
        }
    }

    fn instant(&self, home: &TimeZone) -> Option<Timestamp> {
        at(&self.zone(home)?, self.local())
    }
}

fn at(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    zone.to_timestamp(local).ok()
}

/// Names of zones that one large vendor's calendars use instead of those of the tz database.
fn windows(zone: &str) -> Option<TimeZone> {
    const ZONES: [(&str, &str); 14] = [
        ("GMT STANDARD TIME", "Europe/London"),
        ("W. EUROPE STANDARD TIME", "Europe/Berlin"),
        ("ROMANCE STANDARD TIME", "Europe/Paris"),
        ("CENTRAL EUROPE STANDARD TIME", "Europe/Budapest"),
        ("CENTRAL EUROPEAN STANDARD TIME", "Europe/Warsaw"),
        ("E. EUROPE STANDARD TIME", "Europe/Chisinau"),
        ("FLE STANDARD TIME", "Europe/Kyiv"),
        ("EASTERN STANDARD TIME", "America/New_York"),
        ("CENTRAL STANDARD TIME", "America/Chicago"),
        ("MOUNTAIN STANDARD TIME", "America/Denver"),
        ("PACIFIC STANDARD TIME", "America/Los_Angeles"),
        ("INDIA STANDARD TIME", "Asia/Kolkata"),
        ("TOKYO STANDARD TIME", "Asia/Tokyo"),
        ("AUS EASTERN STANDARD TIME", "Australia/Sydney"),
    ];
    ZONES.iter().find(|(theirs, _)| *theirs == zone).and_then(|(_, ours)| named(ours))
}

#[derive(Debug, Default)]
struct Event {
    uid: String,
    start: Option<Moment>,
    end: Option<Moment>,
    duration: Option<SignedDuration>,
    rule: Option<String>,
    except: Vec<Moment>,
    instead_of: Option<Moment>,
    is_free: bool,
    is_out: bool,
    /// Something in it that would change when it is, and that is not understood.
    is_unclear: bool,
}

impl Event {
    fn take(&mut self, name: &str, params: &str, value: &str) {
        let moment = || Moment::read(params, value);
        match name {
            "UID" => value.clone_into(&mut self.uid),
            "DTSTART" => self.start = moment(),
            "DTEND" => {
                self.end = moment();
                self.is_unclear |= self.end.is_none();
            }
            "DURATION" => {
                self.duration = duration(value);
                self.is_unclear |= self.duration.is_none();
            }
            "RRULE" => {
                self.is_unclear |= self.rule.is_some();
                self.rule = Some(value.to_ascii_uppercase());
            }
            "EXDATE" => {
                self.except.extend(value.split(',').filter_map(|one| Moment::read(params, one)));
            }
            "RECURRENCE-ID" => self.instead_of = moment(),
            "RDATE" => self.is_unclear = true,
            "TRANSP" => self.is_free |= value.eq_ignore_ascii_case("TRANSPARENT"),
            "STATUS" => {
                let word = value.to_ascii_uppercase();
                self.is_free |= matches!(word.as_str(), "CANCELLED" | "TENTATIVE");
            }
            "X-MICROSOFT-CDO-BUSYSTATUS" => {
                let word = value.to_ascii_uppercase();
                self.is_out |= word == "OOF";
                self.is_free |= matches!(word.as_str(), "FREE" | "TENTATIVE" | "WORKINGELSEWHERE");
            }
            "SUMMARY" => {
                let text = value.to_ascii_lowercase();
                self.is_out |= text.starts_with("out of office");
            }
            _ => {}
        }
    }

    /// What it means for leads, if anything.
    fn absence(&self) -> Option<Absence> {
        let is_all_day = matches!(self.start, Some(Moment::Day(_)));
        let kind = if self.is_out || is_all_day { Absence::Out } else { Absence::Paused };
        (!self.is_free).then_some(kind)
    }

    /// When it is, within reach of the window; `None` if that cannot be read.
    fn times(&self, window: &Window, moved: &[Timestamp]) -> Option<Vec<(Time, Time)>> {
        let start = self.start.as_ref().filter(|_| !self.is_unclear)?;
        let zone = start.zone(&window.home)?;
        let first = start.local();
        let length = self.length(start, &zone, &window.home)?;
        let starts = match &self.rule {
            None => vec![first],
            Some(rule) => {
                let ends = |until: Until, local: DateTime| match until {
                    Until::Local(until) => local > until,
                    Until::Utc(until) => {
                        let until = at(&TimeZone::UTC, until);
                        at(&zone, local).zip(until).is_none_or(|(at, until)| at > until)
                    }
                };
                let day = |at: Time| {
                    let at = Timestamp::from_millisecond(at.0).ok()?;
                    Some(zone.to_datetime(at).date())
                };
                // What began before the window may reach into it.
                let from = day(window.from)?.at(0, 0, 0, 0).checked_sub(length.abs()).ok()?;
                let from = from.date().yesterday().ok()?;
                Recur::parse(rule)?.starts(first, (from, day(window.until)?), ends)
            }
        };
        let except: Vec<Timestamp> =
            self.except.iter().filter_map(|one| one.instant(&window.home)).collect();
        let is_series = self.rule.is_some();
        let mut times = Vec::new();
        for local in starts {
            let Some(from) = at(&zone, local) else { continue };
            let is_gone = is_series && (except.contains(&from) || moved.contains(&from));
            if is_gone {
                continue;
            }
            // A day ends by the clock, also where it has 23 hours.
            let until = local.checked_add(length).ok().and_then(|local| at(&zone, local));
            let Some(until) = until else { continue };
            times.push((time(from), time(until)));
        }
        Some(times)
    }

    /// How long it takes by the local clock.
    fn length(&self, start: &Moment, zone: &TimeZone, home: &TimeZone) -> Option<SignedDuration> {
        match (&self.end, self.duration) {
            (Some(end), _) => {
                let end = zone.to_datetime(end.instant(home)?);
                Some(start.local().duration_until(end))
            }
            (None, Some(duration)) => Some(duration),
            (None, None) if matches!(start, Moment::Day(_)) => Some(SignedDuration::from_hours(24)),
            (None, None) => Some(SignedDuration::ZERO),
        }
    }
}

/// `P1D`, `PT1H30M`, `P2W`.
fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let mut seconds: i64 = 0;
    let mut number = String::new();
    for letter in text.strip_prefix('P')?.chars() {
        let unit = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            'T' if number.is_empty() => continue,
            'W' => 7 * 86_400,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        number.clear();
    }
    let is_sane = number.is_empty() && seconds <= 366 * 86_400;
    is_sane.then(|| SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
