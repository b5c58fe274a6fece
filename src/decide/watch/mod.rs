//! The watch: what the daemon found out about itself becomes alerts.
//!
//! Guarantees: pure; the same vitals and limits give the same judgement. What could not be looked
//! at is unknown: it neither raises an alert nor ends one. Subjects and sentences hold names of
//! the settings and the rulebook, and numbers; nothing that a stranger typed.
//! Does not know: how vitals are taken, nor how anybody is told.
//!
//! Reading order: this page (what holds now), `streak` (what goes on for how long), `ledger` (what
//! is raised, over, and owed to whom), `turn` (who tells it where several watch).

pub mod departed;
pub mod ledger;
pub mod streak;
pub mod turn;

use std::collections::{BTreeMap, BTreeSet};

use self::streak::Health;
use crate::model::{
    alert::{Alert, Bloat, Key, Limits},
    time::{Span, Time},
};

/// A mapped field that so many fills in a row left empty, after having been filled. What is on
/// disk may be a few behind, so that the alert comes within twenty.
pub const UNFILLED: i64 = 16;
/// So many refusals in a row, and no delivery that verified, are no slip.
pub const REFUSALS: u64 = 5;

/// What the store says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// What does not balance in the tally, in words.
    pub wrong: Option<String>,
    /// When the oldest fill under way arrived.
    pub oldest_underway: Option<Time>,
    /// Events that died of late.
    pub dead_events: i64,
    /// Dead jobs that nobody has buried, by kind and lane.
    pub given_up: BTreeMap<String, i64>,
    /// By how much the oldest due job of a kind and lane is late.
    pub late: BTreeMap<String, Span>,
    /// Mapped fields that stay empty: source and field to fills in a row.
    pub unfilled: BTreeMap<String, i64>,
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its refusals without a delivery that verified.
    pub refused: Health,
    /// How long it has delivered nothing that verified.
    pub silent_for: Option<Span>,
    /// For how long it has been using a secret that is not its first.
    pub old_secret: Health,
}

/// Everything the daemon knows about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// What the store says; none if it could not be read.
    pub books: Option<Books>,
    /// What the last recount found wrong, in words; none before the first one.
    pub recounted: Option<Option<String>>,
    /// What the last decisions that were made again came to: which differed, in words; none before
    /// the first.
    pub replayed: Option<Option<String>>,
    /// By how much reviews were late that were decided since the last look.
    pub review_late: Span,
    /// CRM connections that are left alone.
    pub crms: BTreeMap<String, Health>,
    /// Channels that nothing gets through.
    pub channels: BTreeMap<String, Health>,
    /// Sources.
    pub sources: BTreeMap<String, Source>,
    /// Deliveries that were answered 5xx while none was taken.
    pub failing: Option<Health>,
    /// Bytes free on the store's disk, if it has one.
    pub free: Option<u64>,
    /// What the store's database has not cleared away, if it is one where that happens.
    pub bloat: Option<Bloat>,
    /// Why the rulebook's file is not in force.
    pub rulebook: Option<String>,
    /// Reps who get no lead any more and are still named, with where; none if nobody could look.
    pub departed: Option<BTreeMap<String, String>>,
    /// Reps whose calendar has not been read for long, with how long and why.
    pub calendars: BTreeMap<String, (Span, String)>,
    /// The wall clock was set a moment ago: no length of time is believed.
    pub is_time_unsure: bool,
}

/// What holds now, and what nobody can say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What holds, with what was found.
    pub holds: BTreeMap<Key, String>,
    /// Alerts of which nothing is known now.
    pub unknown: BTreeSet<Alert>,
    /// Of these alerts only this subject.
    pub unknown_keys: BTreeSet<Key>,
}

impl Judged {
    fn add(&mut self, alert: Alert, subject: &str, says: String) {
        self.holds.insert(Key::new(alert, subject), says);
    }

    fn health(
        &mut self,
        alert: Alert,
        subject: &str,
        health: Health,
        says: impl Fn(Span, u64) -> String,
    ) {
        match health {
            Health::Well => {}
            Health::Unknown => {
                self.unknown_keys.insert(Key::new(alert, subject));
            }
            Health::Ill(long, count) => self.add(alert, subject, says(long, count)),
        }
    }

    /// Whether nothing can be said of it now.
    #[must_use]
    pub fn is_unknown(&self, key: &Key) -> bool {
        self.unknown.contains(&key.alert) || self.unknown_keys.contains(key)
    }
}

/// The alerts that are read from the store's books.
const OF_BOOKS: [Alert; 7] = [
    Alert::BooksDoNotBalance,
    Alert::LeadStuck,
    Alert::EventDead,
    Alert::JobDead,
    Alert::JobsLate,
    Alert::ReviewsLate,
    Alert::MappedFieldUnfilled,
];

/// The alerts that measure a length of time by the wall clock.
const OF_TIME: [Alert; 10] = [
    Alert::CalendarStale,
    Alert::LeadStuck,
    Alert::JobsLate,
    Alert::ReviewsLate,
    Alert::DestinationHeld,
    Alert::ChannelFailing,
    Alert::SourceRefused,
    Alert::SourceSilent,
    Alert::OldSecretUsed,
    Alert::No2xx,
];

/// What holds at `now`.
#[must_use]
pub fn judge(vitals: &Vitals, limits: &Limits, now: Time) -> Judged {
    let mut judged = Judged::default();
    match &vitals.books {
        Some(books) => of_books(books, vitals, limits, now, &mut judged),
        None => judged.unknown.extend(OF_BOOKS),
    }
    of_destinations(vitals, &mut judged);
    of_sources(vitals, limits, &mut judged);
    if let Some(free) = vitals.free.filter(|free| *free < limits.disk_free) {
        let says = format!("{} free, {} wanted", size(free), size(limits.disk_free));
        judged.add(Alert::DiskNearlyFull, "", says);
    }
    match &vitals.departed {
        Some(departed) => {
            for (rep, says) in departed {
                judged.add(Alert::DepartedOwner, rep, says.clone());
            }
        }
        None => drop(judged.unknown.insert(Alert::DepartedOwner)),
    }
    for (rep, (long, why)) in &vitals.calendars {
        judged.add(Alert::CalendarStale, rep, format!("not read for {}: {why}", rough(*long)));
    }
    match &vitals.replayed {
        None => drop(judged.unknown.insert(Alert::DecisionDiffers)),
        Some(None) => {}
        Some(Some(says)) => judged.add(Alert::DecisionDiffers, "", says.clone()),
    }
    if let Some(bloat) = vitals.bloat {
        of_bloat(bloat, limits, &mut judged);
    }
    if let Some(why) = &vitals.rulebook {
        judged.add(Alert::RulebookRefused, "", why.clone());
    }
    if vitals.is_time_unsure {
        judged.holds.retain(|key, _| !OF_TIME.contains(&key.alert));
        judged.unknown.extend(OF_TIME);
        let says = "the wall clock and the one that only grows differ".to_owned();
        judged.add(Alert::ClockJumped, "", says);
    }
    judged
}

fn of_books(books: &Books, vitals: &Vitals, limits: &Limits, now: Time, judged: &mut Judged) {
    match (&books.wrong, &vitals.recounted) {
        (Some(why), _) | (None, Some(Some(why))) => {
            judged.add(Alert::BooksDoNotBalance, "", why.clone());
        }
        (None, None) => {
            judged.unknown.insert(Alert::BooksDoNotBalance);
        }
        (None, Some(None)) => {}
    }
    let waits = books.oldest_underway.map_or(Span::ZERO, |at| now.since(at));
    if waits > limits.stuck {
        let says = format!("the oldest fill waits for its decision for {}", rough(waits));
        judged.add(Alert::LeadStuck, "", says);
    }
    if books.dead_events > 0 {
        let says = format!("{} of the last 24 hours", many(books.dead_events, "event"));
        judged.add(Alert::EventDead, "", says);
    }
    for (lane, dead) in books.given_up.iter().filter(|(_, dead)| **dead > 0) {
        judged.add(Alert::JobDead, lane, format!("{} given up", many(*dead, "job")));
    }
    let mut review_late = vitals.review_late;
    for (lane, late) in &books.late {
        if lane == "review" {
            review_late = review_late.max(*late);
        } else if *late > limits.jobs_late {
            let says = format!("the oldest due job is {} late", rough(*late));
            judged.add(Alert::JobsLate, lane, says);
        }
    }
    if review_late > limits.reviews_late {
        judged.add(Alert::ReviewsLate, "", format!("by up to {}", rough(review_late)));
    }
    for (field, fills) in books.unfilled.iter().filter(|(_, fills)| **fills >= UNFILLED) {
        let says = format!("empty in the last {}", many(*fills, "fill"));
        judged.add(Alert::MappedFieldUnfilled, field, says);
    }
}

fn of_destinations(vitals: &Vitals, judged: &mut Judged) {
    for (name, health) in &vitals.crms {
        judged.health(Alert::DestinationHeld, name, *health, |long, _| {
            format!("not called as usual for {}", rough(long))
        });
    }
    for (name, health) in &vitals.channels {
        judged.health(Alert::ChannelFailing, name, *health, |long, count| {
            format!("{} for {}, none got through", tries(count), rough(long))
        });
    }
}

fn of_sources(vitals: &Vitals, limits: &Limits, judged: &mut Judged) {
    for (name, source) in &vitals.sources {
        judged.health(Alert::SourceRefused, name, source.refused, |long, count| {
            format!("{} refused in {}, none verified", many_of(count, "delivery"), rough(long))
        });
        judged.health(Alert::OldSecretUsed, name, source.old_secret, |long, _| {
            format!("an old secret is in use for {}", rough(long))
        });
        if let (Some(limit), Some(silent)) = (limits.silent.get(name), source.silent_for)
            && silent > *limit
        {
            let says = format!("nothing that verified for {}", rough(silent));
            judged.add(Alert::SourceSilent, name, says);
        }
    }
    if let Some(health) = vitals.failing {
        judged.health(Alert::No2xx, "", health, |long, count| {
            format!("{} answered 5xx in {}, none taken", many_of(count, "delivery"), rough(long))
        });
    }
}

fn of_bloat(bloat: Bloat, limits: &Limits, judged: &mut Judged) {
    let mut says = Vec::new();
    if bloat.oldest > limits.transaction {
        says.push(format!("a transaction has been open for {}", rough(bloat.oldest)));
    }
    if bloat.dead_rows > limits.dead_rows {
        says.push(format!("{} lie uncleared", many(bloat.dead_rows, "dead row")));
    }
    if !says.is_empty() {
        judged.add(Alert::StoreBloated, "", says.join(", "));
    }
}

/// A span as people say it: its two largest units.
fn rough(span: Span) -> String {
    let seconds = Span(span.0 / 1000 * 1000);
    let minutes = Span(span.0 / 60_000 * 60_000);
    let rounded = if span >= Span::hours(1) { minutes } else { seconds };
    rounded.to_string()
}

fn many(count: i64, what: &str) -> String {
    many_of(u64::try_from(count).unwrap_or(0), what)
}

fn many_of(count: u64, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}

fn tries(count: u64) -> String {
    if count == 1 { "1 try".to_owned() } else { format!("{count} tries") }
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests;
