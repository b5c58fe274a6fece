//! The state of people beside the rulebook: turns of rotations, absences, loads.
//!
//! Guarantees: made only of decisions and events; a copy plus a plan's changes is the next state.
//! Does not know: who is in a pool or when they work; the rulebook says that.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub use super::absence::Away;
use super::time::Time;

/// How often somebody got a lead in the current hour, day and week of their own zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Start of the period counted.
    pub since: Time,
    /// Leads in it.
    pub leads: u32,
}

/// Leads given in the current hour, day and week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words are the documentation")]
pub struct Periods {
    pub hour: Count,
    pub day: Count,
    pub week: Count,
}

/// How often a turn went past a member, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Out, paused, busy, or deactivated in a CRM.
    pub away: u32,
    /// Outside the hours of their own or of the pool.
    pub off_hours: u32,
    /// At a cap of their own or of the pool.
    pub at_cap: u32,
    /// Had this lead before.
    pub had_it: u32,
}

/// One member's standing in one pool's rotation. The member is a rep, or a pool within the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Leads received, lifted for the time away; what the rotation compares after dividing by
    /// the weight.
    pub credit: f64,
    /// The weight that the credit was reckoned with; zero means the member's present one. A new
    /// weight in the rulebook counts from the next turn on.
    pub weight: f64,
    /// Turns given back (refused, taken away) and not used again.
    pub owed: f64,
    /// Leads really received, for statements.
    pub received: u32,
    /// The share by weight of the turns given while this member was available.
    pub entitled: f64,
    /// Turns that went past this member.
    pub skipped: Skipped,
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
    /// Who had the last turn in order.
    pub last: Option<String>,
    /// Leads given by the whole pool, in the zone of the pool's hours.
    pub given: Periods,
    /// Turns by member: a rep, or a pool within the pool.
    pub turns: BTreeMap<String, Turn>,
}

/// Everything a decision may look at about people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Team {
    /// Rotations by pool.
    pub rotations: HashMap<String, Rotation>,
    /// Absences by rep.
    pub away: HashMap<String, Vec<Away>>,
    /// Assigned and unanswered leads by rep.
    pub open: HashMap<String, i64>,
    /// Those of them whose deadline has passed, by rep.
    pub late: HashMap<String, i64>,
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
        /// Who had the last turn in order.
        last: Option<String>,
        /// Leads given by the whole pool.
        given: Periods,
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
                TeamChange::Floor { pool, floor, last, given } => {
                    let rotation = self.rotations.entry(pool.clone()).or_default();
                    rotation.floor = *floor;
                    rotation.last.clone_from(last);
                    rotation.given = *given;
                }
                TeamChange::Away { rep, away } => self.put_away(rep, away),
            }
        }
    }

    /// These are all absences of a rep; who has none is not listed.
    pub fn put_away(&mut self, rep: &str, away: &[Away]) {
        if away.is_empty() {
            self.away.remove(rep);
        } else {
            self.away.insert(rep.to_owned(), away.to_vec());
        }
    }

    /// Moves one open lead from `before` to `after`.
    pub fn move_open(&mut self, before: Option<&str>, after: Option<&str>) {
        shift(&mut self.open, before, after);
    }

    /// Moves one late lead from `before` to `after`.
    pub fn move_late(&mut self, before: Option<&str>, after: Option<&str>) {
        shift(&mut self.late, before, after);
    }

    /// How many leads this rep owes an answer.
    #[must_use]
    pub fn open_of(&self, rep: &str) -> i64 {
        self.open.get(rep).copied().unwrap_or(0).max(0)
    }
}

/// Moves one from `before` to `after`; nobody keeps a zero.
fn shift(counts: &mut HashMap<String, i64>, before: Option<&str>, after: Option<&str>) {
    if before == after {
        return;
    }
    for (rep, by) in [(before, -1), (after, 1)] {
        let Some(rep) = rep else { continue };
        let count = counts.entry(rep.to_owned()).or_default();
        *count += by;
        if *count == 0 {
            counts.remove(rep);
        }
    }
}
