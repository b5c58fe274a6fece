//! What a decision moved about people, so that their state can be followed from an earlier one on.
//!
//! Guarantees: a [`Team`] followed through what was moved is the one that the decisions themselves
//! made, numbers to the bit; nothing in here is about a person who is a lead.
//! Does not know: how to decide, and where it is kept.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::{Deserialize, Serialize};

use super::{
    lead::Lead,
    team::{Away, Count, Periods, Rotation, Skipped, Team, TeamChange, Turn},
    time::Time,
};

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
    /// What these changes, and those of a lead, move against people as they were.
    #[must_use]
    pub fn by(
        changes: &[TeamChange],
        (before, after): (Option<&Lead>, Option<&Lead>),
        team: &Team,
    ) -> Self {
        let mut moved = Self::default();
        for change in changes {
            moved.note(change, team);
        }
        if let Some(after) = after {
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
