//! The time before, lived again by a draft: imported leads in order, decided by the real routing.
//!
//! Guarantees: rotations begin fresh and follow the draft's own turns; a lead that waits is looked
//! at again until somebody has it; who has a lead has it open until it was really answered, where
//! that is known. Memory grows with the leads that wait or are open at one time, and by a few bytes
//! a lead where a pool remembers who had whom.
//! Does not know: whom the CRM had, absences that were forgotten, and what people would have done:
//! nobody's deadline takes a lead away here.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    decide::{Desk, Reach, decide, matching, prepare, route},
    model::{
        id::{EventId, event_uuid, hash64},
        imported::Imported,
        lead::{Identity, Lead, State, Waiting},
        plan::{Draft, Input, Plan, Snapshot, Step, StepEvent},
        team::Team,
        time::{Span, Time},
    },
    rulebook::{Member, Rulebook},
};

/// Somebody is looked for when hours open or an absence ends, and this often: less than the daemon
/// does, since most of the work would be looks by night.
const LOOK_AGAIN: Span = Span::days(1);
/// The same where caps may come to an end at any time.
const LOOK_AT_CAPS: Span = Span::hours(1);
/// Whoever was not found in this time is not found.
const WAIT_MAX: Span = Span::days(30);

/// What the draft made of a lead in the end.
#[derive(Debug)]
pub struct Decided {
    /// The lead as it was imported.
    pub row: Imported,
    /// The lead as the draft has it.
    pub lead: Lead,
    /// Whether it waited at first.
    pub has_waited: bool,
}

/// The world of the draft.
pub struct Past {
    book: Arc<Rulebook>,
    mirror: Arc<matching::Mirror>,
    reach: Reach,
    team: Team,
    /// When which lead is looked at again.
    looks: BinaryHeap<Reverse<(Time, i64)>>,
    waiting: HashMap<i64, Decided>,
    /// When whose open lead was answered.
    answers: BinaryHeap<Reverse<(Time, String)>>,
    /// Who had this person or company last, by a hash, and when: only where a pool asks for it.
    had: HashMap<i64, (u32, Time)>,
    count: i64,
}

impl Past {
    /// Begins with these people: their absences count, their turns and open leads do not.
    #[must_use]
    pub fn new(book: Arc<Rulebook>, mirror: Arc<matching::Mirror>, team: Team) -> Self {
        Self {
            book,
            mirror,
            reach: Reach::default(),
            team: Team { away: team.away, ..Team::default() },
            looks: BinaryHeap::new(),
            waiting: HashMap::new(),
            answers: BinaryHeap::new(),
            had: HashMap::new(),
            count: 0,
        }
    }

    /// What is decided with at this instant.
    #[must_use]
    pub fn desk(&self, now: Time) -> Desk<'_> {
        Desk { book: &self.book, reach: &self.reach, team: &self.team, now }
    }

    /// Takes the next lead; they come in order. Hands over what is placed until then.
    pub fn take(&mut self, row: Imported, placed: &mut impl FnMut(&Self, &Decided)) {
        self.go_to(row.at, placed);
        self.count += 1;
        let step = self.step(&row);
        let now = row.at;
        let (person, company) = self.earlier(&step);
        let snapshot =
            Snapshot { lead: person.as_ref(), company: company.as_ref(), team: &self.team };
        let mut plan = decide(&self.book, &self.reach, &snapshot, &step, now);
        let Some(lead) = plan.lead.take() else { return };
        self.team.apply(&plan.team);
        let one = Decided { row, lead, has_waited: false };
        self.settle(self.count, one, now, placed);
    }

    /// Nothing comes any more: whoever still waits is looked at to the end.
    pub fn end(&mut self, placed: &mut impl FnMut(&Self, &Decided)) {
        self.go_to(Time(i64::MAX), placed);
    }

    fn step(&self, row: &Imported) -> Step {
        let (book, id) = (&self.book, EventId(self.count));
        let mut input = Input::Fill(Box::new(Draft {
            identities: prepare::identities(book, &row.fields),
            intent: book.intent_of(&row.source, row.fields.text("form")).map(str::to_owned),
            fields: row.fields.clone(),
            account: None,
            filled: Vec::new(),
            unfilled: Vec::new(),
        }));
        matching::attach(book, &self.mirror, &mut input);
        let event = StepEvent {
            id,
            uuid: event_uuid(row.at, &row.source, &id.0.to_string()),
            source: row.source.clone(),
            received_at: row.at,
            actor: None,
        };
        Step { event: Some(event), input }
    }

    /// Everything that happens up to this instant: answers first, then looks.
    fn go_to(&mut self, now: Time, placed: &mut impl FnMut(&Self, &Decided)) {
        loop {
            let look = self.looks.peek().map(|next| next.0.0);
            let answer = self.answers.peek().map(|next| next.0.0);
            let next = [look, answer].into_iter().flatten().min().filter(|next| *next <= now);
            let Some(at) = next else { return };
            if answer == Some(at) {
                if let Some(Reverse((_, rep))) = self.answers.pop() {
                    self.team.move_open(Some(&rep), None);
                }
            } else if let Some(Reverse((_, id))) = self.looks.pop() {
                self.look(id, at, placed);
            }
        }
    }

    /// Looks at a lead that waits.
    fn look(&mut self, id: i64, now: Time, placed: &mut impl FnMut(&Self, &Decided)) {
        let Some(mut one) = self.waiting.remove(&id) else { return };
        let step = Step { event: None, input: Input::Review };
        let snapshot = Snapshot { lead: Some(&one.lead), company: None, team: &self.team };
        let Plan { lead, team, .. } = decide(&self.book, &self.reach, &snapshot, &step, now);
        self.team.apply(&team);
        if let Some(lead) = lead {
            one.lead = lead;
        }
        one.has_waited = true;
        self.settle(id, one, now, placed);
    }

    /// A lead that has an owner, or never gets one, is handed over; another waits.
    fn settle(
        &mut self,
        id: i64,
        one: Decided,
        now: Time,
        placed: &mut impl FnMut(&Self, &Decided),
    ) {
        if let Some(at) = self.next_look(&one.lead, now) {
            self.looks.push(Reverse((at, id)));
            self.waiting.insert(id, one);
            return;
        }
        if one.lead.state == State::Assigned
            && let Some(owner) = one.lead.owner.clone()
        {
            self.remember(&one.lead, &owner, now);
            // Of one that nobody is known to have answered nothing can be said.
            if let Some(answered_at) = one.row.answered_at.filter(|at| *at > now) {
                self.team.move_open(None, Some(&owner));
                self.answers.push(Reverse((answered_at, owner)));
            }
        }
        placed(self, &one);
    }

    /// When a lead that waits is looked at again; nothing if it does not wait, or for a person.
    fn next_look(&self, lead: &Lead, now: Time) -> Option<Time> {
        if now.since(lead.opened_at) > WAIT_MAX {
            return None;
        }
        let chance = |pool: &str, until: Time| {
            let until = self.back_from(pool, now).map_or(until, |back| back.min(until));
            let at_most = if self.has_caps(pool) { LOOK_AT_CAPS } else { LOOK_AGAIN };
            route::next_chance(self.desk(now), pool, until, at_most)
        };
        let at = match lead.waiting.as_ref().filter(|_| lead.state == State::Waiting)? {
            Waiting::Fact { until, .. } | Waiting::Facts { until } => *until,
            Waiting::Somebody { pool, until } | Waiting::Claim { pool, until } => {
                chance(pool, *until)
            }
            Waiting::Escalated { pool, .. } => chance(pool, Time(i64::MAX)),
            Waiting::Operator { .. } => return None,
        };
        Some(at.max(now.plus(Span::seconds(1))))
    }

    /// When the next of a pool comes back.
    fn back_from(&self, pool: &str, now: Time) -> Option<Time> {
        let reps = self.book.reps_of(pool).into_iter();
        let away = reps.filter_map(|rep| self.team.away.get(rep)).flatten();
        away.filter_map(|away| away.until).filter(|until| *until > now).min()
    }

    fn has_caps(&self, pool: &str) -> bool {
        self.book.pools.get(pool).is_none_or(|pool| {
            let has = |member: &Member| !member.caps.is_empty() || member.rep().is_none();
            !pool.caps.is_empty() || pool.members.iter().any(has)
        })
    }

    /// Who had this person, and who this company, as leads of long ago that nothing joins.
    fn earlier(&self, step: &Step) -> (Option<Lead>, Option<Lead>) {
        let Input::Fill(draft) = &step.input else { return (None, None) };
        if !self.book.is_sticky() {
            return (None, None);
        }
        let find = |is_person: bool| {
            let mut all = draft.identities.iter().filter(|one| one.is_person() == is_person);
            let (rep, at) = all.find_map(|one| self.had.get(&hash(one)))?;
            let owner = self.book.reps.keys().nth(*rep as usize)?.clone();
            let long_ago = Time(i64::MIN / 4);
            let mut lead = Lead::opened(EventId(0), Uuid::nil(), String::new(), long_ago);
            (lead.owner, lead.assigned_at) = (Some(owner), Some(*at));
            Some(lead)
        };
        (find(true), find(false))
    }

    fn remember(&mut self, lead: &Lead, owner: &str, now: Time) {
        if !self.book.is_sticky() {
            return;
        }
        let place = self.book.reps.keys().position(|rep| rep == owner);
        let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else { return };
        for one in prepare::identities(&self.book, &lead.fields) {
            self.had.insert(hash(&one), (place, now));
        }
    }
}

/// A hint is enough for a projection.
fn hash(identity: &Identity) -> i64 {
    hash64(&[identity.full().as_bytes()])
}
