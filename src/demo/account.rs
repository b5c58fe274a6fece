//! The account: who got which lead and why, told while it happens, one line per thing.
//!
//! Guarantees: told from the store's decisions, in their order; a lead that was placed is told
//! when the CRM has it and its owner was told, or after a moment without. What it told it also
//! counts, for the summary. Does not know: the simulation, but for notes that are handed to it.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::tz::TimeZone;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    amount::millis,
    house::{CRM, House},
    score::Score,
    screen::{Ink, Line, Screen},
    words::{Said, Words},
};
use crate::{
    clock::{Clock as _, SystemClock},
    model::{
        id::{LeadId, Seq},
        job::Why,
        lead::Lead,
        plan::{Decided, What},
        time::{Span, Time},
    },
    rulebook::Rulebook,
    store::{DecisionFilter, LeadFilter, StoreResult, read::PAGE_MAX},
};

/// How long a placed lead's line waits for the CRM and the message.
const PATIENCE: Span = Span(900);
/// Between two looks without a wake-up.
const LOOK: Duration = Duration::from_millis(40);

/// A line, or one that waits for its end.
enum Entry {
    Ready(Line),
    Placed(Box<Placed>),
}

/// A lead that was given to somebody.
struct Placed {
    line: Line,
    lead: Uuid,
    at: Time,
    due: String,
    /// By the machine's clock.
    seen_at: Span,
    /// When the fill arrived, if this is the lead's first owner.
    arrived: Option<Time>,
}

/// The account.
pub struct Account {
    house: Arc<House>,
    screen: Screen,
    zone: TimeZone,
    watch: SystemClock,
    notes: Mutex<Vec<Line>>,
    told: tokio::sync::Mutex<Told>,
}

#[derive(Default)]
struct Told {
    last: Seq,
    leads: HashMap<LeadId, Lead>,
    queue: VecDeque<Entry>,
    /// Leads told of before the CRM had them.
    missing: BTreeSet<Uuid>,
    behind: usize,
    score: Score,
}

impl Account {
    /// Begins to listen.
    #[must_use]
    pub fn new(house: Arc<House>, screen: Screen, zone: TimeZone) -> Self {
        let (watch, told) = (SystemClock::new(), tokio::sync::Mutex::default());
        Self { house, screen, zone, watch, notes: Mutex::default(), told }
    }

    /// Adds a line of what is in no decision.
    pub fn note(&self, text: impl FnOnce(Line) -> Line) {
        let time = self.words(&(self.house.front.book)(), None).clock(self.house.clock.now());
        let line = text(Line::at(time));
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn words<'a>(&'a self, book: &'a Rulebook, lead: Option<&'a Lead>) -> Words<'a> {
        Words { book, zone: &self.zone, lead }
    }

    /// Tells until the stop.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.house.front.changes.clone();
        while !*stop.borrow() {
            if let Err(error) = self.look(false).await {
                tracing::warn!(%error, "the account could not read the store");
            }
            tokio::select! {
                _ = tokio::time::timeout(LOOK, changes.changed()) => {}
                _ = stop.changed() => {}
            }
            // Many decisions are one look.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Tells everything that there is, the last lines as they stand; gives what was counted.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn close(&self) -> StoreResult<Score> {
        self.look(true).await?;
        Ok(std::mem::take(&mut self.told.lock().await.score))
    }

    async fn look(&self, is_last: bool) -> StoreResult<()> {
        let mut told = self.told.lock().await;
        self.read(&mut told).await?;
        let notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        told.queue.extend(notes.into_iter().map(Entry::Ready));
        while let Some(entry) = told.queue.pop_front() {
            match entry {
                Entry::Ready(line) => self.screen.tell(&line),
                Entry::Placed(placed) => {
                    let Some(line) = self.ended(&placed, &mut told, is_last).await? else {
                        told.queue.push_front(Entry::Placed(placed));
                        break;
                    };
                    self.screen.tell(&line);
                }
            }
        }
        self.catch_up(&mut told).await
    }

    /// Takes over what was decided since the last look.
    async fn read(&self, told: &mut Told) -> StoreResult<()> {
        loop {
            let filter = DecisionFilter { after: Some(told.last), max: PAGE_MAX };
            let decisions = self.house.store.decisions(filter).await?.rows;
            if decisions.is_empty() {
                return Ok(());
            }
            self.read_leads(told).await?;
            let book = (self.house.front.book)();
            for decided in &decisions {
                told.last = decided.seq;
                self.take(told, &book, decided);
            }
        }
    }

    async fn read_leads(&self, told: &mut Told) -> StoreResult<()> {
        let mut before = None;
        loop {
            let filter = LeadFilter {
                changed_after: Some(told.last),
                before,
                max: PAGE_MAX,
                ..LeadFilter::default()
            };
            let page = self.house.store.leads(filter).await?;
            told.leads.extend(page.rows.into_iter().map(|row| (row.row, row.lead)));
            before = page.next;
            if before.is_none() {
                return Ok(());
            }
        }
    }

    fn take(&self, told: &mut Told, book: &Rulebook, decided: &Decided) {
        let said = Said::of(&decided.decision);
        let lead = decided.lead.and_then(|lead| told.leads.get(&lead));
        told.score.count(&decided.decision, &said, lead);
        let words = self.words(book, lead);
        if let Some(line) = words.line(&decided.decision, &said) {
            told.queue.push_back(Entry::Ready(line));
            return;
        }
        let Some(line) = words.placed(&decided.decision, &said) else { return };
        match lead.filter(|_| said.owner.is_some()) {
            None => told.queue.push_back(Entry::Ready(line)),
            Some(lead) => {
                let is_first = decided.decision.what != What::Reassigned;
                told.queue.push_back(Entry::Placed(Box::new(Placed {
                    line,
                    lead: lead.uuid,
                    at: decided.decision.at,
                    due: words.due(said.deadline),
                    seen_at: self.watch.monotonic(),
                    arrived: is_first.then_some(lead.opened_at),
                })));
            }
        }
    }

    /// The whole line, once there is nothing more to wait for.
    async fn ended(
        &self,
        placed: &Placed,
        told: &mut Told,
        is_last: bool,
    ) -> StoreResult<Option<Line>> {
        let Some(story) = self.house.store.lead(placed.lead).await? else { return Ok(None) };
        let written = story.links.get(CRM).map(|link| link.written_at);
        let written = written.filter(|at| *at >= placed.at);
        let heard = story.notices.iter().filter(|notice| notice.at >= placed.at);
        let heard =
            heard.filter(|notice| notice.why == Why::Assigned).map(|notice| notice.at).min();
        let waited = self.watch.monotonic().0 - placed.seen_at.0;
        if (written.is_none() || heard.is_none()) && waited < PATIENCE.0 && !is_last {
            return Ok(None);
        }
        let from = placed.arrived.unwrap_or(placed.at);
        let mut line = placed.line.clone();
        line = if let Some(at) = written {
            let after = self.house.real(at.since(from));
            line.with(Ink::Quiet, format!(" · in the CRM after {}", millis(after)))
        } else {
            told.missing.insert(placed.lead);
            line.with(Ink::Warn, " · not in the CRM yet")
        };
        line = match heard {
            Some(_) => line.with(Ink::Quiet, " · told"),
            None => line.with(Ink::Warn, " · not told yet"),
        };
        if let Some(arrived) = placed.arrived {
            let real = |at: Time| self.house.real(at.since(arrived));
            told.score.took(real(placed.at), written.map(real), heard.map(real));
        }
        Ok(Some(line.with(Ink::Quiet, placed.due.clone())))
    }

    /// Says when the CRM has what it lacked.
    async fn catch_up(&self, told: &mut Told) -> StoreResult<()> {
        if told.missing.is_empty() {
            return Ok(());
        }
        for lead in told.missing.clone() {
            let story = self.house.store.lead(lead).await?;
            if story.is_none_or(|story| story.links.contains_key(CRM)) {
                told.missing.remove(&lead);
                told.behind += 1;
            }
        }
        if told.missing.is_empty() {
            let behind = std::mem::take(&mut told.behind);
            let leads = if behind == 1 { "the lead" } else { "all leads" };
            self.note(|line| {
                line.with(Ink::Good, "The CRM has caught up")
                    .text(format!(": {leads} that it missed ({behind})"))
            });
        }
        Ok(())
    }
}
