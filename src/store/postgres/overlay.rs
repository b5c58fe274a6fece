//! What a batch sees: what was loaded for it, and over that what its plans have changed so far.
//!
//! Guarantees: changed only by a plan that was found good as a whole, so a step that fails leaves
//! no trace but its try; each step sees what those before it changed.
//! Does not know: how it was loaded and how it is written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::job::Wishes;
use crate::{
    model::{
        event::{EventKind, Fate},
        id::{EventId, LeadId, Seq},
        lead::{Identity, Lead},
        plan::{Decided, Input, Review, Snapshot, Step, Wanted},
        record::Record,
        time::Time,
    },
    store::{
        Batch, BatchDone, StoreError,
        books::Books,
        plan::{About, Ready, TRIES_MAX, belongs, call, check, woken},
    },
};

/// A lead as it is now, or why it cannot be read; and whether its review is open.
#[derive(Clone, Debug)]
pub struct Known {
    /// The lead.
    pub lead: Result<Arc<Lead>, String>,
    /// Whether a review of it is open.
    pub has_review: bool,
}

/// A review that is due, by its lead.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The lead.
    pub lead: i64,
    /// When it was due.
    pub due_at: Time,
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Events under way, with how often they failed.
    pub events: HashMap<i64, (EventKind, u32)>,
    /// The newest lead by identity, in full.
    pub people: HashMap<String, i64>,
    /// Leads by public id.
    pub uuids: HashMap<Uuid, i64>,
    /// Leads.
    pub leads: HashMap<i64, Known>,
    /// Due reviews, oldest first.
    pub due: Vec<Due>,
}

/// What becomes of an event.
#[derive(Debug)]
pub struct EventEnd {
    /// Its fate.
    pub fate: Fate,
    /// Why.
    pub reason: Option<String>,
    /// How often it has failed.
    pub tries: u32,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// What stands there stays: this was no end.
    pub keeps_lead: bool,
}

/// A lead about to be written.
#[derive(Debug)]
pub struct LeadEnd {
    /// As it is.
    pub lead: Arc<Lead>,
    /// The same as a document.
    pub doc: String,
    /// Whether there is no row of it yet.
    pub is_new: bool,
}

/// What is to be written.
#[derive(Debug, Default)]
pub struct Changes {
    /// By event.
    pub events: BTreeMap<i64, EventEnd>,
    /// By lead.
    pub leads: BTreeMap<i64, LeadEnd>,
    /// Identities by lead.
    pub identities: Vec<(Identity, i64)>,
    /// Decisions, their documents and their records, in order.
    pub decisions: Vec<(Decided, String, Option<Record>)>,
    /// Jobs.
    pub jobs: Wishes,
}

impl Changes {
    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.leads.is_empty()
            && self.decisions.is_empty()
            && self.jobs.failed.is_empty()
            && self.jobs.reviews.is_empty()
    }
}

/// A batch in work.
pub struct Overlay<'b> {
    batch: &'b Batch,
    loaded: Loaded,
    books: &'b mut Books,
    /// What is to be written.
    pub changes: Changes,
    /// The batch's answer.
    pub done: BatchDone,
}

impl<'b> Overlay<'b> {
    /// Over what was loaded.
    pub fn new(batch: &'b Batch, loaded: Loaded, books: &'b mut Books) -> Self {
        let (changes, done) = (Changes::default(), BatchDone::default());
        Self { batch, loaded, books, changes, done }
    }

    /// Decides steps. With a reason, the database refused what they plan: they fail by it.
    pub fn steps(&mut self, steps: &[Step], broken: Option<&str>) {
        for step in steps {
            let Some(event) = &step.event else {
                continue; // reviews come from the job table, never from a caller
            };
            if self.changes.events.contains_key(&event.id.0) {
                continue; // it was in the batch twice
            }
            let Some((kind, tries)) = self.loaded.events.get(&event.id.0).copied() else {
                continue;
            };
            let before = self.find(&step.wanted());
            let end =
                before.and_then(|before| self.one(step, Some(kind), before.as_deref(), broken));
            if let Err(why) = end {
                self.event_failed(event.id, kind, tries + 1, why);
            }
        }
    }

    /// Decides at most `max` due reviews, as they stand after the steps.
    pub fn reviews(&mut self, max: usize, broken: Option<&str>) {
        let step = Step { event: None, input: Input::Review };
        let (now, moved) = (self.batch.now, &self.changes.jobs.reviews);
        let was_moved = moved.iter().filter_map(|(lead, due)| {
            due.filter(|(due_at, _)| *due_at <= now).map(|(due_at, _)| Due { lead: *lead, due_at })
        });
        let mut due = self.loaded.due.clone();
        due.retain(|due| !moved.contains_key(&due.lead));
        due.extend(was_moved);
        due.sort_by_key(|due| due.due_at);
        due.truncate(max);
        for review in &due {
            let before = match self.loaded.leads.get(&review.lead) {
                Some(known) => known.lead.clone().map(Some),
                None => Err("the review's lead is missing".to_owned()),
            };
            let end = before.and_then(|before| self.one(&step, None, before.as_deref(), broken));
            if let Err(why) = end {
                self.changes.jobs.failed.push((review.lead, why.clone()));
                // A lead's row is that of its opening event.
                self.done.failed.push((EventId(review.lead), why));
            }
        }
        self.done.reviews += due.len();
        self.done.late.extend(due.iter().map(|review| now.since(review.due_at)));
    }

    /// Decides one step.
    fn one(
        &mut self,
        step: &Step,
        kind: Option<EventKind>,
        before: Option<&Lead>,
        broken: Option<&str>,
    ) -> Result<(), String> {
        if let Some(why) = broken {
            return Err(why.to_owned());
        }
        let company = self.company(step);
        let snapshot =
            Snapshot { lead: before, company: company.as_deref(), team: &self.books.team };
        let plan = call(self.batch, &snapshot, step)?;
        let about = About {
            event: step.event.as_ref().zip(kind),
            before,
            next: Seq(self.books.last_seq + 1),
        };
        let ready = check(&about, plan).map_err(|error| match error {
            StoreError::Refused(why) | StoreError::Corrupt(why) => why,
            error => error.to_string(),
        })?;
        self.keep(&about, ready);
        Ok(())
    }

    /// Takes a good plan in.
    fn keep(&mut self, about: &About<'_>, ready: Ready) {
        let Ready { fate, is_new, about_lead, wanted, lead_doc, decided, mut plan } = ready;
        if decided.is_some() {
            self.books.numbered(plan.record.as_ref());
        }
        woken(&mut self.done, &plan, self.batch.now);
        if let (Some((event, kind)), Some(fate)) = (about.event, fate) {
            let lead = about_lead.filter(|_| belongs(about, Some(fate)));
            let tries = self.loaded.events.get(&event.id.0).map_or(0, |(_, tries)| *tries);
            let reason = plan.reason.take();
            let end = EventEnd { fate, reason, tries, lead, keeps_lead: false };
            self.changes.events.insert(event.id.0, end);
            if kind == EventKind::Fill {
                self.books.fate(Some(Fate::Underway), fate);
            }
        }
        if let (Some(lead), Some(doc)) = (plan.lead.take(), lead_doc) {
            self.books.lead(about.before.filter(|_| !is_new), &lead);
            self.keep_lead(Arc::new(lead), doc, is_new);
        }
        if let Some(lead) = about_lead {
            for identity in plan.identities {
                let newest = self.loaded.people.entry(identity.full()).or_insert(lead.0);
                *newest = lead.0.max(*newest);
                self.changes.identities.push((identity, lead.0));
            }
            for (kind, destination) in plan.dropped {
                self.changes.jobs.drop(lead.0, kind, destination);
            }
            for job in plan.jobs {
                self.changes.jobs.want(lead.0, wanted, job);
            }
            self.keep_review(lead.0, wanted, plan.review, (is_new, about.event.is_none()));
        }
        self.books.people(&plan.team);
        if let Some(filled) = &plan.filled {
            self.books.filled(filled);
        }
        if let Some((decided, doc)) = decided {
            self.done.decided.push(decided.clone());
            self.changes.decisions.push((decided, doc, plan.record));
        }
    }

    fn keep_lead(&mut self, lead: Arc<Lead>, doc: String, is_new: bool) {
        let id = lead.id.0;
        self.loaded.uuids.insert(lead.uuid, id);
        let known = self.loaded.leads.entry(id);
        known
            .and_modify(|known| known.lead = Ok(Arc::clone(&lead)))
            .or_insert_with(|| Known { lead: Ok(Arc::clone(&lead)), has_review: false });
        let was_new = self.changes.leads.get(&id).is_some_and(|end| end.is_new);
        self.changes.leads.insert(id, LeadEnd { lead, doc, is_new: is_new || was_new });
    }

    /// Moves, keeps or removes the lead's review. Keeping the review that is being decided would
    /// decide it for ever, so that removes it.
    fn keep_review(
        &mut self,
        lead: i64,
        wanted: Seq,
        review: Review,
        (is_new, is_deciding_it): (bool, bool),
    ) {
        let Some(known) = self.loaded.leads.get_mut(&lead) else { return };
        let due = match review {
            Review::Keep if !is_deciding_it => return,
            Review::None if is_new => return,
            Review::Keep | Review::None => None,
            Review::At(due_at) => Some((due_at, wanted)),
        };
        self.books.reviews(i64::from(due.is_some()) - i64::from(known.has_review));
        known.has_review = due.is_some();
        self.changes.jobs.reviews.insert(lead, due);
    }

    /// Costs the event a try; the last one is its death.
    fn event_failed(&mut self, event: EventId, kind: EventKind, tries: u32, why: String) {
        let fate = if tries >= TRIES_MAX { Fate::Dead } else { Fate::Underway };
        if kind == EventKind::Fill && fate == Fate::Dead {
            self.books.fate(Some(Fate::Underway), fate);
        }
        let reason = Some(why.clone());
        let end = EventEnd { fate, reason, tries, lead: None, keeps_lead: true };
        self.changes.events.insert(event.0, end);
        self.done.failed.push((event, why));
    }

    /// The lead that a step is about: of a person, the newest.
    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Arc<Lead>>, String> {
        let id = match wanted {
            Wanted::Nothing => None,
            Wanted::Lead(uuid) => self.loaded.uuids.get(uuid),
            // The first that is known decides: an address comes before a telephone, which people
            // share.
            Wanted::Person(identities) => identities
                .iter()
                .filter(|identity| identity.is_person())
                .find_map(|identity| self.loaded.people.get(&identity.full())),
        };
        let known = id.and_then(|id| self.loaded.leads.get(id));
        known.map(|known| known.lead.clone()).transpose()
    }

    /// The newest lead of the fill's company. One that cannot be read is none: it decides nothing
    /// that could not be decided without it.
    fn company(&self, step: &Step) -> Option<Arc<Lead>> {
        let id = self.loaded.people.get(&step.company()?.full())?;
        self.loaded.leads.get(id).and_then(|known| known.lead.clone().ok())
    }
}
