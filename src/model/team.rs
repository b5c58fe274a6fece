//! The state of people beside the rulebook: turns of rotations, absences, loads.
//!
//! Guarantees: made only of decisions and events; a copy plus a plan's changes is the next state.
//! Does not know: who is in a pool or when they work; the rulebook says that.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{news::Absence, time::Time};

/// How often somebody got a lead in the current hour, day and week of their own zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Start of the period counted.
    pub since: Time,
    /// Leads in it.
    pub leads: u32,
}

/// One member's standing in one pool's rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Leads received, lifted for the time away; what the rotation compares after dividing by
    /// the weight.
    pub credit: f64,
    /// Turns given back (refused, taken away) and not used again.
    pub owed: f64,
    /// Leads really received, for statements.
    pub received: u32,
    /// When the last one came.
    pub last_at: Time,
    /// In the current hour.
    pub hour: Count,
    /// In the current day.
    pub day: Count,
    /// In the current week.
    pub week: Count,
}

/// A rotation: its members' turns, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    /// The lowest standing among those who were available at the last turn. Who comes back from
    /// leave is lifted to it: neither a flood nor a fast.
    pub floor: f64,
    /// Who had the last turn.
    pub last: Option<String>,
    /// Turns by rep.
    pub turns: BTreeMap<String, Turn>,
}

/// One absence of the day, from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Out or paused.
    pub absence: Absence,
    /// From when.
    pub from: Time,
    /// Until when; open-ended if missing.
    pub until: Option<Time>,
}

impl Away {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Everything a decision may look at about people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Team {
    /// Rotations by pool.
    pub rotations: HashMap<String, Rotation>,
    /// Absences by rep.
    pub away: HashMap<String, Vec<Away>>,
    /// Assigned and unanswered leads by rep.
    pub open: HashMap<String, i64>,
}

/// What a plan changes about people. Each names the whole new value of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum TeamChange {
    /// One member's turn.
    Turn {
        /// The pool.
        pool: String,
        /// The rep.
        rep: String,
        /// The new standing.
        turn: Turn,
    },
    /// How far a rotation has come.
    Floor {
        /// The pool.
        pool: String,
        /// The new floor.
        floor: f64,
        /// Who had the last turn.
        last: Option<String>,
    },
    /// A rep's absences.
    Away {
        /// The rep.
        rep: String,
        /// All that are left.
        away: Vec<Away>,
    },
}

impl Team {
    /// Shows a plan's changes to the next lead of the batch.
    pub fn apply(&mut self, changes: &[TeamChange]) {
        for change in changes {
            match change {
                TeamChange::Turn { pool, rep, turn } => {
                    self.rotations
                        .entry(pool.clone())
                        .or_default()
                        .turns
                        .insert(rep.clone(), *turn);
                }
                TeamChange::Floor { pool, floor, last } => {
                    let rotation = self.rotations.entry(pool.clone()).or_default();
                    rotation.floor = *floor;
                    rotation.last.clone_from(last);
                }
                TeamChange::Away { rep, away } => {
                    self.away.insert(rep.clone(), away.clone());
                }
            }
        }
    }

    /// Moves one open lead from `before` to `after`.
    pub fn move_open(&mut self, before: Option<&str>, after: Option<&str>) {
        if before == after {
            return;
        }
        if let Some(rep) = before {
            *self.open.entry(rep.to_owned()).or_default() -= 1;
        }
        if let Some(rep) = after {
            *self.open.entry(rep.to_owned()).or_default() += 1;
        }
    }
}
