//! A world in which another rulebook decided what was recorded.
//!
//! Guarantees: the recorded steps at their instants, with people who evolve by this world's own
//! decisions; of leads only those are kept that are placed otherwise than recorded.
//! Does not know: what would have happened otherwise: answers come when they came, reviews when they
//! were due then, and a lead that only this world could read is never heard of again.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use uuid::Uuid;

use crate::{
    decide::{placed::Placed, replay::Seen},
    model::{
        event::Fate,
        field::Fields,
        id::{EventId, LeadId, lead_uuid},
        lead::{Lead, State},
        moved::Moved,
        plan::{Input, What},
        record::RecordRow,
        saw::{Said, Saw},
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// The parts of a stored decision that say where it placed its lead.
#[derive(Debug, Deserialize)]
pub struct Stored {
    /// The version that made it.
    pub rulebook: u32,
    /// When.
    pub at: Time,
    /// What happened.
    pub what: What,
    rule: Option<String>,
    owner: Option<String>,
    pool: Option<String>,
    sla: Option<String>,
    deadline: Option<Time>,
    waiting: Option<Waits>,
    set_aside: Option<String>,
    fields: Option<Fields>,
    fill: Option<Fields>,
}

#[derive(Debug, Deserialize)]
struct Waits {
    r#for: String,
}

impl Stored {
    /// What it says of fields; it can be asked once.
    pub fn said(&mut self) -> Said {
        Said { fields: self.fields.take(), fill: self.fill.take() }
    }

    /// Whether it placed its lead at all.
    #[must_use]
    pub fn places(&self) -> bool {
        self.owner.is_some() || self.waiting.is_some() || self.set_aside.is_some()
    }

    /// Where its lead is after it that was there before it.
    #[must_use]
    pub fn placed(&self, before: Option<&Lead>) -> Placed {
        let before = match self.what {
            What::Rejected => return Placed::default(),
            // What was there is an earlier lead.
            What::Opened => Placed::default(),
            _ => before.map(Placed::of).unwrap_or_default(),
        };
        let state = match (&self.owner, &self.waiting, &self.set_aside) {
            (Some(_), ..) => State::Assigned,
            (None, Some(_), _) => State::Waiting,
            (None, None, Some(_)) => State::SetAside,
            (None, None, None) => return before,
        };
        let is_given = state == State::Assigned;
        Placed {
            state: Some(state),
            rule: self.rule.clone().or(before.rule),
            pool: self.pool.clone().filter(|_| is_given),
            // Who had it before stays its owner while it waits.
            owner: self.owner.clone().or(before.owner),
            sla: self.sla.clone().filter(|_| is_given),
            deadline: self.deadline.filter(|_| is_given),
            set_aside: self.set_aside.clone(),
            waits_for: self.waiting.as_ref().map(|waiting| waiting.r#for.clone()),
        }
    }
}

/// A recorded step.
pub struct Recorded<'r> {
    /// Its row.
    pub row: &'r RecordRow,
    /// What it saw.
    pub saw: &'r Saw<'r>,
    /// Where it placed its lead.
    pub stored: &'r Stored,
    /// What it moved about people.
    pub moved: &'r Moved,
}

impl Recorded<'_> {
    /// The lead that it is about, by the event that opened it.
    #[must_use]
    pub fn key(&self) -> Option<EventId> {
        self.row.lead.map(|lead| EventId(lead.0)).or(self.row.event)
    }

    /// The public id of that lead.
    #[must_use]
    pub fn lead(&self) -> Option<Uuid> {
        let is_new = matches!(self.stored.what, What::Opened | What::Rejected);
        let known = self.saw.lead.as_ref().filter(|_| !is_new).map(|lead| lead.uuid);
        let event = self.saw.event.as_ref();
        known.or(event.map(|event| lead_uuid(event.received_at, event.uuid)))
    }
}

/// A lead that is placed otherwise than recorded.
#[derive(Debug)]
struct Elsewhere {
    /// As it is here, without its fields if they are the recorded ones; none if it is no lead here.
    lead: Option<Lead>,
    /// It was read by another mapping: it says other things of itself for good.
    is_read_otherwise: bool,
}

/// What a step came to in a world.
pub enum Stepped {
    /// Nothing need be decided: what was recorded holds here too.
    AsRecorded,
    /// The lead after it; none if there is no lead.
    Decided(Option<Box<Lead>>),
}

/// The world.
pub struct World {
    /// Who decides in it.
    pub book: Arc<Rulebook>,
    /// People.
    pub team: Team,
    /// Leads that are placed otherwise than recorded, by the event that opened them.
    elsewhere: HashMap<EventId, Elsewhere>,
    /// Everything so far was recorded with this very rulebook: nothing need be decided.
    is_as_recorded: bool,
}

impl World {
    /// Begins with these people.
    #[must_use]
    pub fn new(book: Arc<Rulebook>, team: Team, is_as_recorded: bool) -> Self {
        Self { book, team, elsewhere: HashMap::new(), is_as_recorded }
    }

    /// The lead that a step saw, as it is here.
    pub fn before(&self, one: &Recorded<'_>) -> Option<Lead> {
        let recorded = one.saw.lead_before()?;
        let Some(here) = self.elsewhere.get(&recorded.event) else { return Some(recorded) };
        let mut lead = here.lead.clone()?;
        if !here.is_read_otherwise {
            lead.fields = recorded.fields;
        }
        Some(lead)
    }

    /// Who has the lead that a step is about, before it.
    pub fn owner_before(&self, one: &Recorded<'_>) -> Option<String> {
        if one.stored.what == What::Opened {
            return None;
        }
        let recorded = one.saw.lead.as_ref()?;
        match self.elsewhere.get(&recorded.event) {
            Some(here) => here.lead.as_ref().and_then(|lead| lead.owner.clone()),
            None => recorded.owner.clone(),
        }
    }

    /// Takes a step; `read` is its fill as this world reads it, if that is not as recorded.
    pub fn step(&mut self, one: &Recorded<'_>, read: Option<Input>) -> Stepped {
        let is_here =
            one.saw.lead.as_ref().is_some_and(|lead| self.elsewhere.contains_key(&lead.event));
        let stored = one.stored;
        self.is_as_recorded &=
            stored.rulebook == self.book.version && one.saw.basis == self.book.basis.hash;
        // What places nobody and moves no turn is the same by every rulebook.
        let is_same = !is_here && read.is_none() && one.moved.pools.is_empty() && !stored.places();
        if self.is_as_recorded || is_same {
            self.team.follow(one.moved);
            return Stepped::AsRecorded;
        }
        let mut seen = Seen::of(&self.book, one.saw, one.row.event, stored.at);
        if is_here {
            seen.lead = self.before(one);
        }
        let is_fill = matches!(seen.step.input, Input::Fill(_) | Input::Unreadable(_));
        if is_here && seen.lead.is_none() && !is_fill {
            return Stepped::Decided(None); // nobody has it here: nothing comes of it
        }
        if let Some(read) = read {
            seen.step.input = read;
        }
        let mut plan = seen.decide(&self.book, &self.team);
        let is_new = matches!(plan.fate, Some(Fate::Opened | Fate::Rejected));
        let before = seen.lead.filter(|_| !is_new);
        let after = plan.lead.take();
        let leads = (before.as_ref(), after.as_ref());
        let moved = Moved::by(&plan.team, leads, &self.team);
        self.team.follow(&moved);
        Stepped::Decided(after.or(before).map(Box::new))
    }

    /// Remembers the lead after a step; one that is placed and read as recorded needs no keeping.
    pub fn keep(
        &mut self,
        one: &Recorded<'_>,
        stepped: Stepped,
        recorded: &Placed,
        is_read_otherwise: bool,
    ) {
        let (Stepped::Decided(lead), Some(key)) = (stepped, one.key()) else { return };
        let was = self.elsewhere.get(&key).is_some_and(|here| here.is_read_otherwise);
        let is_read_otherwise = is_read_otherwise || was;
        let placed = lead.as_deref().map(Placed::of).unwrap_or_default();
        if placed == *recorded && !is_read_otherwise {
            self.elsewhere.remove(&key);
            return;
        }
        let lead = lead.map(|mut lead| {
            lead.id = LeadId(lead.event.0);
            if !is_read_otherwise {
                lead.fields = Fields::default();
            }
            *lead
        });
        self.elsewhere.insert(key, Elsewhere { lead, is_read_otherwise });
    }
}
