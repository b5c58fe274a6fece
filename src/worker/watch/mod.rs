//! The watching step: the daemon looks at itself, and tells people what it found.
//!
//! Alerts do not go through the store's jobs: a job belongs to a lead, and an alert must get out
//! when the store cannot write, for that is one of them. They go straight to the channels, behind
//! the same gates, and what was said is kept in a table of its own, so that a restart neither
//! repeats nor forgets a word: at least once, with the same key on every attempt.
//!
//! Where several replicas watch one store, one of them tells what any of them found (`turn`).
//!
//! Guarantees: what holds is judged by a pure function; a raised or ended alert is one line of the
//! log, a gauge, and a message to everybody in the rulebook's `alarm`; a store that cannot be read
//! or written delays the keeping, not the telling.
//! Does not know: when something is worth an alert (`decide::watch`), nor a channel's format.

mod lookout;
mod say;
mod turn;

use std::collections::{BTreeMap, BTreeSet};

pub use lookout::{Free, Lookout};

use self::lookout::State;
use super::{Worker, decide::Worked, observe, reload};
use crate::{
    decide::watch::{Books, Vitals, departed::departed, judge, ledger::Change},
    model::{
        alert::Alert,
        time::{Span, Time},
    },
    store::{EventFilter, LeadFilter, StoreError, StoreResult, Tally, read::PAGE_MAX},
};

/// How often the daemon looks at itself.
const EVERY: Span = Span::seconds(5);
/// How often the late leads are counted: that reads their rows.
const COUNTED: Span = Span::seconds(30);
/// How many stretches of events are searched for a source's last one.
const SEARCHED_MAX: usize = 50;

impl Worker {
    /// Looks once, and tells what changed. `files` knows whether the rulebook's file is in force.
    pub async fn watch_once(&self, files: Option<&reload::Watch>) -> StoreResult<Worked> {
        let now = self.clock.now();
        let tally = match self.store.tally(now).await {
            Ok(tally) => Some(tally),
            Err(error @ StoreError::Fatal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the books cannot be read; the rest is watched");
                None
            }
        };
        if let Some(tally) = &tally {
            let may_act = self.may_act();
            self.metrics.tally(tally, |lane| may_act || !observe::is_left(lane));
            let oldest = tally.oldest_underway;
            self.metrics.undecided(oldest.map_or(Span::ZERO, |arrived| now.since(arrived)));
        }
        self.metrics.rulebook(self.book.load().version);
        let mut state = self.lookout.state().await;
        self.count_late(&mut state, now).await;
        self.remember(&mut state, now).await;
        self.note_bloat(&mut state).await;
        let vitals = Vitals {
            departed: self.departed(now).await,
            ..self.vitals(&mut state, tally.as_ref(), files, now)
        };
        let judged = judge(&vitals, &self.lookout.limits, now);
        let Some(judged) = self.take_turn(&mut state, judged, now).await? else {
            return Ok(Worked { next: Some(now.plus(EVERY)), ..Worked::default() });
        };
        for change in state.ledger.update(&judged, now) {
            log(&change);
        }
        let raised: BTreeSet<Alert> = state.ledger.raised().map(|one| one.key.alert).collect();
        self.metrics.alerts(&raised);
        self.alarm(&mut state, now).await;
        self.keep_alerts(&mut state).await?;
        Ok(Worked { next: Some(now.plus(EVERY)), ..Worked::default() })
    }

    /// What cannot be read now is as it was.
    async fn note_bloat(&self, state: &mut State) {
        match self.store.bloat().await {
            Ok(bloat) => state.bloat = bloat,
            Err(error) => tracing::debug!(%error, "the state of the database was not read"),
        }
        self.metrics.bloat(state.bloat.unwrap_or_default());
    }

    /// Once after a start: what was raised before it, and when sources were heard last.
    async fn remember(&self, state: &mut State, now: Time) {
        if state.is_loaded {
            return;
        }
        let Ok(kept) = self.store.alerts(None).await else { return };
        state.take(kept);
        self.listen(state, now).await;
    }

    /// When the sources that may not fall silent were heard last, by whichever replica.
    async fn listen(&self, state: &mut State, now: Time) {
        for source in self.lookout.limits.silent.keys() {
            let last = self.last_of(source).await.unwrap_or(now);
            state.heard(source, last);
        }
    }

    /// Shows how many leads are past their deadline.
    async fn count_late(&self, state: &mut State, now: Time) {
        if state.counted_late_at.is_some_and(|at| (Span::ZERO..COUNTED).contains(&now.since(at))) {
            return;
        }
        let assigned = Some(crate::model::lead::State::Assigned);
        let filter = LeadFilter {
            state: assigned,
            due_before: Some(now),
            max: PAGE_MAX,
            ..LeadFilter::default()
        };
        if let Ok(page) = self.store.leads(filter).await {
            self.metrics.late(page.rows.len());
            state.counted_late_at = Some(now);
        }
    }

    /// When the newest event of a source arrived.
    async fn last_of(&self, source: &str) -> Option<Time> {
        let mut filter =
            EventFilter { source: Some(source.to_owned()), max: 1, ..EventFilter::default() };
        for _ in 0..SEARCHED_MAX {
            let page = self.store.events(filter.clone()).await.ok()?;
            if let Some(event) = page.rows.first() {
                return Some(event.arrived.received_at);
            }
            filter.before = Some(page.next?);
        }
        None
    }

    fn vitals(
        &self,
        state: &mut State,
        tally: Option<&Tally>,
        files: Option<&reload::Watch>,
        now: Time,
    ) -> Vitals {
        let limits = &self.lookout.limits;
        let traffic = self.lookout.sources.iter();
        let traffic = traffic.map(|name| (name.as_str(), self.metrics.traffic(name)));
        let held = self.crms.iter().map(|(name, crm)| (name.as_str(), crm.gate.is_held(now)));
        let calls = self.lookout.calls();
        state.note_sources(traffic, limits, now);
        state.note_crms(held, &calls, now);
        state.note_channels(self.channels.keys(), &calls, now);
        let free = (self.lookout.free)();
        if let Some(free) = free {
            self.metrics.free(free);
        }
        Vitals {
            books: tally.map(|tally| books(tally, self.may_act())),
            recounted: self.lookout.audited().map(|audited| audited.wrong),
            replayed: self.lookout.replayed().outcome(now),
            review_late: self.lookout.worst_review(),
            crms: state.crms(limits, now),
            channels: state.channels(limits, now),
            sources: state.sources(limits, now),
            failing: Some(state.failing(limits, now)),
            free,
            bloat: state.bloat,
            rulebook: files.and_then(reload::Watch::refused),
            departed: None,
            calendars: self.calendars.stale(now),
            is_time_unsure: state.is_time_unsure(self.clock.as_ref()),
        }
    }

    /// Who gets no lead any more and is still named; none if the store cannot be read.
    async fn departed(&self, now: Time) -> Option<BTreeMap<String, String>> {
        let team = self.store.team().await.ok()?;
        Some(departed(&self.book.load(), &team, now))
    }

    /// What was said is kept before the next look; a busy store gets it then.
    async fn keep_alerts(&self, state: &mut State) -> StoreResult<()> {
        let Some(rows) = state.changed() else { return Ok(()) };
        match self.store.alerts(Some(rows)).await {
            Ok(_) => state.kept(),
            Err(error @ StoreError::Fatal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "alerts cannot be kept; they are told all the same");
            }
        }
        Ok(())
    }
}

fn log(change: &Change) {
    match change {
        Change::Raised(key, says) => tracing::error!(
            alert = key.alert.name(),
            subject = key.subject,
            severity = key.alert.severity().word(),
            found = says,
            means = key.alert.means(),
            mend = key.alert.mend(),
            "an alert is raised"
        ),
        Change::Over(key, after) => tracing::info!(
            alert = key.alert.name(),
            subject = key.subject,
            after = %after,
            "an alert is over"
        ),
    }
}

/// What the tally says that can be worth an alert.
fn books(tally: &Tally, may_act: bool) -> Books {
    let is_wrong = !tally.balances();
    Books {
        wrong: is_wrong.then(|| "a fill has not one fate, or a lead not one state".to_owned()),
        oldest_underway: tally.oldest_underway,
        dead_events: tally.died,
        given_up: tally.given_up.clone(),
        late: tally
            .jobs
            .iter()
            // What is not done in observe mode is not late.
            .filter(|(lane, _)| may_act || !observe::is_left(lane))
            .map(|(lane, jobs)| (lane.clone(), Span(jobs.late_ms)))
            .collect(),
        unfilled: tally.unfilled.clone(),
    }
}
