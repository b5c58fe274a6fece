//! What a decision saw, and what it moved about people: all that is needed to decide it again.
//!
//! A record stands beside its decision as two short documents. What it *saw* names persons and is
//! emptied when one of them is erased; what it *moved* names reps and pools alone, so that the
//! state of people before any decision can still be followed from an earlier [`Team`] on.
//!
//! Guarantees: what was written reads back as the same step, lead and changes, numbers to the bit;
//! a [`Team`] followed through what was moved is the one that the decisions themselves made.
//! Does not know: how to decide, and where a record is kept.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::Matched,
    field::Fields,
    id::{EventId, LeadId, Seq, hash64},
    lead::Lead,
    news::News,
    plan::{Plan, Snapshot, Step, StepEvent},
    team::{Away, Count, Periods, Rotation, Skipped, Team, TeamChange, Turn},
    time::Time,
};

/// What decisions of one rulebook version stand on beside the rulebook: what the settings offered
/// it and the rules of its time zones. Kept once, and named by its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Of the document.
    pub hash: i64,
    /// As JSON.
    pub doc: String,
}

impl Basis {
    /// Named by its content.
    #[must_use]
    pub fn of(doc: String) -> Self {
        Self { hash: hash64(&[b"basis", doc.as_bytes()]), doc }
    }
}

/// A record on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What the decision saw: a [`Saw`] as JSON.
    pub saw: String,
    /// What it moved about people: a [`Moved`] as JSON, if anything.
    pub moved: Option<String>,
    /// What it stands on.
    pub basis: Arc<Basis>,
}

/// A decision as the store keeps it, with its record: the documents byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its number.
    pub seq: Seq,
    /// The lead, unless it was about nobody's.
    pub lead: Option<LeadId>,
    /// The event behind it, unless it was a review.
    pub event: Option<EventId>,
    /// The decision.
    pub doc: String,
    /// What it saw: none from before there were records, empty once it is erased.
    pub saw: Option<String>,
    /// What it moved about people, if anything.
    pub moved: Option<String>,
}

/// What a decision looked at. Short names: there are many of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saw<'a> {
    /// What it stood on, by [`Basis::hash`].
    #[serde(rename = "b")]
    pub basis: i64,
    /// The wall clock had just jumped.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub time_is_unsure: bool,
    /// CRM connections that were written to and asked, if not those of the basis.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Connected<'a>>,
    /// The event, unless it was a review. Its row stands in the decision.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub event: Option<SeenEvent<'a>>,
    /// A fill that could be read: the normalised fields …
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Cow<'a, Fields>>,
    /// … and what it asked for.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Cow<'a, str>>,
    /// The account of the mirror that it was matched to.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Cow<'a, Matched>>,
    /// A fill that could not be read, and why.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Cow<'a, str>>,
    /// News.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub news: Option<Cow<'a, News>>,
    /// The lead as it was.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Cow<'a, Lead>>,
    /// What was looked at of the newest lead of the same company.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub company: Option<SeenCompany<'a>>,
}

/// Names of CRM connections: those written to, and those asked.
pub type Connected<'a> = (Cow<'a, [String]>, Cow<'a, [String]>);

/// What deciding sees of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of StepEvent")]
pub struct SeenEvent<'a> {
    #[serde(rename = "u")]
    pub uuid: Uuid,
    #[serde(rename = "s")]
    pub source: Cow<'a, str>,
    #[serde(rename = "t")]
    pub received_at: Time,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Cow<'a, str>>,
}

/// What deciding sees of a company's newest lead: who had it, and when there was last something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Lead")]
pub struct SeenCompany<'a> {
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Cow<'a, str>>,
    #[serde(rename = "f")]
    pub filled_at: Time,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Time>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
}

impl<'a> Saw<'a> {
    /// What this step looks at.
    #[must_use]
    pub fn of(basis: i64, snapshot: &Snapshot<'a>, step: &'a Step) -> Self {
        use super::plan::Input;
        let mut saw = Self {
            basis,
            event: step.event.as_ref().map(|event| SeenEvent {
                uuid: event.uuid,
                source: Cow::Borrowed(&event.source),
                received_at: event.received_at,
                actor: event.actor.as_deref().map(Cow::Borrowed),
            }),
            lead: snapshot.lead.map(Cow::Borrowed),
            company: snapshot.company.map(|lead| SeenCompany {
                owner: lead.owner.as_deref().map(Cow::Borrowed),
                filled_at: lead.filled_at,
                assigned_at: lead.assigned_at,
                answered_at: lead.answered_at,
            }),
            ..Self::default()
        };
        match &step.input {
            Input::Fill(draft) => {
                saw.fields = Some(Cow::Borrowed(&draft.fields));
                saw.intent = draft.intent.as_deref().map(Cow::Borrowed);
                saw.account = draft.account.as_ref().map(Cow::Borrowed);
            }
            Input::Unreadable(unread) => saw.unreadable = Some(Cow::Borrowed(&unread.reason)),
            Input::News(news) => saw.news = Some(Cow::Borrowed(news)),
            Input::Review => {}
        }
        saw
    }

    /// The event of the step, whose row is this.
    #[must_use]
    pub fn step_event(&self, row: Option<EventId>) -> Option<StepEvent> {
        let seen = self.event.as_ref()?;
        Some(StepEvent {
            id: row?,
            uuid: seen.uuid,
            source: seen.source.clone().into_owned(),
            received_at: seen.received_at,
            actor: seen.actor.clone().map(Cow::into_owned),
        })
    }

    /// The lead as it was: its row is that of the event that opened it.
    #[must_use]
    pub fn lead_before(&self) -> Option<Lead> {
        let mut lead = self.lead.clone()?.into_owned();
        lead.id = LeadId(lead.event.0);
        Some(lead)
    }

    /// The company's newest lead, as far as it was looked at.
    #[must_use]
    pub fn company_before(&self) -> Option<Lead> {
        let seen = self.company.as_ref()?;
        let mut lead = Lead::opened(EventId(0), Uuid::nil(), String::new(), seen.filled_at);
        lead.owner = seen.owner.clone().map(Cow::into_owned);
        (lead.assigned_at, lead.answered_at) = (seen.assigned_at, seen.answered_at);
        Some(lead)
    }
}

/// Who had something before and who has it now.
pub type Shift = (Option<String>, Option<String>);

/// What a decision moved about people: the new values of what changed, and of nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Rotations by pool.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, MovedPool>,
    /// Absences by rep: all that are left.
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub away: BTreeMap<String, Vec<Away>>,
    /// Who had the lead open, and who has it open.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Shift>,
    /// The same of those who were late with it.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Shift>,
}

/// A rotation moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Rotation")]
pub struct MovedPool {
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// A list of one or none, since nobody can be the news.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Vec<String>>,
    #[serde(rename = "g", default, skip_serializing_if = "MovedPeriods::is_nothing")]
    pub given: MovedPeriods,
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: BTreeMap<String, MovedTurn>,
}

/// Counts moved: so many leads, and when their period began if it is another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Periods")]
pub struct MovedPeriods {
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<u32>,
    #[serde(rename = "H", default, skip_serializing_if = "Option::is_none")]
    pub hour_since: Option<Time>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    #[serde(rename = "D", default, skip_serializing_if = "Option::is_none")]
    pub day_since: Option<Time>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub week: Option<u32>,
    #[serde(rename = "W", default, skip_serializing_if = "Option::is_none")]
    pub week_since: Option<Time>,
}

/// A member's turn moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Turn")]
pub struct MovedTurn {
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<f64>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<f64>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u32>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub entitled: Option<f64>,
    /// Away, off hours, at a cap, had it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<[u32; 4]>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Time>,
    #[serde(rename = "g", default, skip_serializing_if = "MovedPeriods::is_nothing")]
    pub given: MovedPeriods,
}

fn number(before: f64, after: f64) -> Option<f64> {
    (before.to_bits() != after.to_bits()).then_some(after)
}

fn changed<T: PartialEq>(before: &T, after: T) -> Option<T> {
    (*before != after).then_some(after)
}

fn put<T: Copy>(to: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *to = value;
    }
}

impl MovedPeriods {
    fn between(before: Periods, after: Periods) -> Self {
        Self {
            hour: changed(&before.hour.leads, after.hour.leads),
            hour_since: changed(&before.hour.since, after.hour.since),
            day: changed(&before.day.leads, after.day.leads),
            day_since: changed(&before.day.since, after.day.since),
            week: changed(&before.week.leads, after.week.leads),
            week_since: changed(&before.week.since, after.week.since),
        }
    }

    fn put(self, hour: &mut Count, day: &mut Count, week: &mut Count) {
        put(&mut hour.leads, self.hour);
        put(&mut hour.since, self.hour_since);
        put(&mut day.leads, self.day);
        put(&mut day.since, self.day_since);
        put(&mut week.leads, self.week);
        put(&mut week.since, self.week_since);
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl MovedTurn {
    fn between(before: &Turn, after: &Turn) -> Self {
        let periods = |turn: &Turn| Periods { hour: turn.hour, day: turn.day, week: turn.week };
        let skipped = |turn: &Turn| {
            let Skipped { away, off_hours, at_cap, had_it } = turn.skipped;
            [away, off_hours, at_cap, had_it]
        };
        Self {
            credit: number(before.credit, after.credit),
            weight: number(before.weight, after.weight),
            owed: number(before.owed, after.owed),
            received: changed(&before.received, after.received),
            entitled: number(before.entitled, after.entitled),
            skipped: changed(&skipped(before), skipped(after)),
            last_at: changed(&before.last_at, after.last_at),
            given: MovedPeriods::between(periods(before), periods(after)),
        }
    }

    fn put(self, turn: &mut Turn) {
        put(&mut turn.credit, self.credit);
        put(&mut turn.weight, self.weight);
        put(&mut turn.owed, self.owed);
        put(&mut turn.received, self.received);
        put(&mut turn.entitled, self.entitled);
        put(&mut turn.last_at, self.last_at);
        if let Some([away, off_hours, at_cap, had_it]) = self.skipped {
            turn.skipped = Skipped { away, off_hours, at_cap, had_it };
        }
        self.given.put(&mut turn.hour, &mut turn.day, &mut turn.week);
    }
}

impl MovedPool {
    fn put(&self, rotation: &mut Rotation) {
        put(&mut rotation.floor, self.floor);
        if let Some(last) = &self.last {
            rotation.last = last.first().cloned();
        }
        let Periods { hour, day, week } = &mut rotation.given;
        self.given.put(hour, day, week);
        for (rep, moved) in &self.turns {
            match rotation.turns.get_mut(rep) {
                Some(turn) => moved.put(turn),
                None => moved.put(rotation.turns.entry(rep.clone()).or_default()),
            }
        }
    }
}

impl Moved {
    /// What this plan moves, against people and the lead as they were.
    #[must_use]
    pub fn by(plan: &Plan, before: Option<&Lead>, team: &Team) -> Self {
        let mut moved = Self::default();
        for change in &plan.team {
            moved.note(change, team);
        }
        if let Some(after) = &plan.lead {
            let before = before.filter(|lead| lead.uuid == after.uuid);
            moved.open = shift(before.and_then(Lead::open_with), after.open_with());
            moved.late = shift(before.and_then(Lead::late_with), after.late_with());
        }
        moved
    }

    /// Of changes to the same row the last one holds.
    fn note(&mut self, change: &TeamChange, team: &Team) {
        let (none, no_turn) = (Rotation::default(), Turn::default());
        let before = |pool: &str| team.rotations.get(pool).unwrap_or(&none);
        match change {
            TeamChange::Turn { pool, rep, turn } => {
                let was = before(pool).turns.get(rep).unwrap_or(&no_turn);
                let moved = MovedTurn::between(was, turn);
                self.pool(pool).turns.insert(rep.clone(), moved);
            }
            TeamChange::Floor { pool, floor, last, given } => {
                let was = before(pool);
                let moved = self.pool(pool);
                moved.floor = number(was.floor, *floor);
                moved.last = (was.last != *last).then(|| last.iter().cloned().collect());
                moved.given = MovedPeriods::between(was.given, *given);
            }
            TeamChange::Away { rep, away } => drop(self.away.insert(rep.clone(), away.clone())),
        }
    }

    fn pool(&mut self, pool: &str) -> &mut MovedPool {
        match self.pools.entry(pool.to_owned()) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(MovedPool::default()),
        }
    }

    /// Whether nothing moved.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

fn shift(before: Option<&str>, after: Option<&str>) -> Option<Shift> {
    (before != after).then(|| (before.map(str::to_owned), after.map(str::to_owned)))
}

impl Team {
    /// Follows what a decision moved.
    pub fn follow(&mut self, moved: &Moved) {
        for (pool, moved) in &moved.pools {
            match self.rotations.get_mut(pool) {
                Some(rotation) => moved.put(rotation),
                None => moved.put(self.rotations.entry(pool.clone()).or_default()),
            }
        }
        for (rep, away) in &moved.away {
            self.put_away(rep, away);
        }
        if let Some((before, after)) = &moved.open {
            self.move_open(before.as_deref(), after.as_deref());
        }
        if let Some((before, after)) = &moved.late {
            self.move_late(before.as_deref(), after.as_deref());
        }
    }
}
