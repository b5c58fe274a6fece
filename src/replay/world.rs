//! A world in which another rulebook decided what was recorded.
//!
//! Guarantees: the recorded steps at their instants, with people who evolve by this world's own
//! decisions; of leads only those are kept that are placed otherwise than recorded.
//! Does not know: what would have happened otherwise: answers come when they came, and reviews when
//! they were due then.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

use crate::{
    decide::{placed::Placed, replay::Seen},
    model::{
        event::Fate,
        id::EventId,
        lead::{Lead, State},
        moved::Moved,
        plan::What,
        record::RecordRow,
        saw::Saw,
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
}

#[derive(Debug, Deserialize)]
struct Waits {
    r#for: String,
}

impl Stored {
    /// Whether it placed its lead at all.
    #[must_use]
    pub fn places(&self) -> bool {
        self.owner.is_some() || self.waiting.is_some() || self.set_aside.is_some()
    }

    /// Where its lead is after it that was there before it.
    #[must_use]
    pub fn placed(&self, before: Placed) -> Placed {
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

/// The world.
pub struct World {
    /// Who decides in it.
    pub book: Arc<Rulebook>,
    /// People.
    pub team: Team,
    /// Leads that are placed otherwise than recorded, by the event that opened them.
    pub elsewhere: HashMap<EventId, Lead>,
    /// Everything so far was recorded with this very rulebook: nothing need be decided.
    pub is_as_recorded: bool,
}

impl World {
    /// Begins with these people.
    #[must_use]
    pub fn new(book: Arc<Rulebook>, team: Team, is_as_recorded: bool) -> Self {
        Self { book, team, elsewhere: HashMap::new(), is_as_recorded }
    }

    /// The lead before a step, as it is here.
    pub fn before(&self, one: &Recorded<'_>) -> Option<Lead> {
        let recorded = one.saw.lead_before()?;
        Some(self.elsewhere.get(&recorded.event).cloned().unwrap_or(recorded))
    }

    /// Takes a step; the lead after it, if the step was decided here.
    pub fn step(&mut self, one: &Recorded<'_>) -> Option<Lead> {
        let is_here =
            one.saw.lead.as_ref().is_some_and(|lead| self.elsewhere.contains_key(&lead.event));
        let stored = one.stored;
        self.is_as_recorded &=
            stored.rulebook == self.book.version && one.saw.basis == self.book.basis.hash;
        // What places nobody and moves no turn is the same by every rulebook.
        let is_same = !is_here && one.moved.pools.is_empty() && !stored.places();
        if self.is_as_recorded || is_same {
            self.team.follow(one.moved);
            return None;
        }
        let mut seen = Seen::of(&self.book, one.saw, one.row.event, stored.at);
        if let Some(lead) = &mut seen.lead
            && let Some(here) = self.elsewhere.get(&lead.event)
        {
            lead.clone_from(here);
        }
        let mut plan = seen.decide(&self.book, &self.team);
        let before = seen.lead.filter(|_| plan.fate != Some(Fate::Opened));
        let after = plan.lead.take();
        let leads = (before.as_ref(), after.as_ref());
        let moved = Moved::by(&plan.team, leads, &self.team);
        self.team.follow(&moved);
        after.or(before)
    }
}
