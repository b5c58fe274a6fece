//! The calendar step: people's calendar feeds become absences.
//!
//! Guarantees: what a feed says is an event, and only what changed is one; a feed that cannot be
//! read changes nothing: what it said last holds, and the watch raises an alert when that is long
//! ago. One feed that hangs holds up no other for longer than its deadline.
//! Does not know: where a feed is (`app::parts` makes the readers), nor what an absence means.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::future::join_all;

use super::{Worker, decide::Worked, write};
use crate::{
    model::{
        news::News,
        team::Away,
        time::{Span, Time},
    },
    rulebook::calendar::feed::{self, Feed},
    store::StoreResult,
};

/// Feeds that are read at once.
const AT_ONCE: usize = 4;
/// So far ahead a feed is read, from the beginning of the day on.
const AHEAD: Span = Span::days(9);
/// A feed is stale when it was not read so often in a row …
const STALE_AFTER: i64 = 3;
/// … and for no shorter than this.
const STALE_MIN: Span = Span::minutes(30);

/// Reads a feed's text, or says why not, without its address.
pub type ReadFeed =
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync;

/// A look at a feed.
type Look<'a> = Pin<Box<dyn Future<Output = (&'a str, Result<Feed, String>)> + Send + 'a>>;

/// A rep's calendar feed.
pub struct Calendar {
    /// The rep's id.
    pub rep: String,
    /// How often it is read.
    pub every: Span,
    /// Reads it.
    pub read: Box<ReadFeed>,
}

/// All feeds, and what they said last.
pub struct Calendars {
    all: Vec<Calendar>,
    seen: Mutex<BTreeMap<String, Seen>>,
}

/// What is remembered of a feed between two looks.
#[derive(Clone, Debug, Default)]
struct Seen {
    next: Option<Time>,
    /// When it was read last, or looked at first.
    good_at: Option<Time>,
    said: Option<Vec<Away>>,
    why: Option<String>,
}

impl Calendars {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(all: Vec<Calendar>) -> Self {
        Self { all, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Feeds that were not read for long, with how long and why.
    #[must_use]
    pub fn stale(&self, now: Time) -> BTreeMap<String, (Span, String)> {
        let seen = self.seen();
        let stale = self.all.iter().filter_map(|calendar| {
            let seen = seen.get(&calendar.rep)?;
            let long = now.since(seen.good_at?);
            let limit = Span(calendar.every.0.saturating_mul(STALE_AFTER)).max(STALE_MIN);
            let why = seen.why.clone()?;
            (long >= limit).then(|| (calendar.rep.clone(), (long, why)))
        });
        stale.collect()
    }

    fn due(&self, now: Time) -> Vec<&Calendar> {
        let mut seen = self.seen();
        let mut due = Vec::new();
        for calendar in &self.all {
            let seen = seen.entry(calendar.rep.clone()).or_default();
            seen.good_at.get_or_insert(now);
            // Set back, the clock shows a look of the future.
            let is_due =
                seen.next.is_none_or(|next| next <= now || next > now.plus(calendar.every));
            if is_due {
                seen.next = Some(now.plus(calendar.every));
                due.push(calendar);
            }
        }
        due
    }

    fn next(&self) -> Option<Time> {
        self.seen().values().filter_map(|seen| seen.next).min()
    }

    /// Keeps what came of a look; answers what is news.
    fn keep(&self, rep: &str, came: Result<Feed, String>, now: Time) -> Option<Vec<Away>> {
        let mut seen = self.seen();
        let seen = seen.get_mut(rep)?;
        match came {
            Ok(feed) => {
                if seen.why.take().is_some() {
                    tracing::info!(rep, "the calendar is read again");
                }
                if feed.unread > 0 && seen.said.is_none() {
                    let events = feed.unread;
                    tracing::warn!(rep, events, "events of a calendar are not understood");
                }
                seen.good_at = Some(now);
                let is_news = seen.said.as_ref() != Some(&feed.away);
                is_news.then_some(feed.away)
            }
            Err(why) => {
                if seen.why.as_ref() != Some(&why) {
                    tracing::warn!(rep, why, "a calendar cannot be read; what it said last holds");
                }
                seen.why = Some(why);
                None
            }
        }
    }
}

impl Worker {
    /// Reads the feeds that are due.
    pub async fn calendar_once(&self) -> StoreResult<Worked> {
        let mut looks: Vec<Look<'_>> = Vec::new();
        for calendar in self.calendars.due(self.clock.now()) {
            looks.push(Box::pin(self.look(calendar)));
        }
        let mut came = Vec::with_capacity(looks.len());
        while !looks.is_empty() {
            let some: Vec<Look<'_>> = looks.drain(..looks.len().min(AT_ONCE)).collect();
            came.extend(join_all(some).await);
        }
        let mut done = 0;
        for (rep, came) in came {
            let now = self.clock.now();
            let Some(away) = self.calendars.keep(rep, came, now) else { continue };
            let news = News::Calendar { rep: rep.to_owned(), away: away.clone() };
            let event = write::event(&news, format!("calendar:{rep}:{}", now.0), now);
            self.store.accept(event.into_iter().collect()).await?;
            // Only what is on disk was said.
            if let Some(seen) = self.calendars.seen().get_mut(rep) {
                seen.said = Some(away);
            }
            done += 1;
        }
        if done > 0 {
            self.wakes.decide();
        }
        Ok(Worked { done, is_more: false, next: self.calendars.next() })
    }

    async fn look<'a>(&self, calendar: &'a Calendar) -> (&'a str, Result<Feed, String>) {
        let came = (calendar.read)().await;
        let now = self.clock.now();
        (&calendar.rep, came.and_then(|text| self.absences(&calendar.rep, &text, now)))
    }

    fn absences(&self, rep: &str, text: &str, now: Time) -> Result<Feed, String> {
        let book = self.book.load();
        let known = book.reps.get(rep).ok_or("no rep of the rulebook has this id")?;
        let hours = known.hours.as_ref().and_then(|hours| book.hours.get(hours));
        let day = Time(now.0 - now.0.rem_euclid(Span::days(1).0));
        feed::absences(text, hours.and_then(|hours| hours.zone_name()), now, day.plus(AHEAD))
    }
}
