//! What a store keeps in memory while it decides: people's state, tallies, the last number.
//!
//! Guarantees: notes what moved, so that only that is written.
//! Does not know: rows; each database loads and writes them in a file of this name.

use std::collections::{BTreeMap, HashSet};

use super::{keeping::Keeping, unfilled::Unfilled};
use crate::model::{
    event::Fate,
    lead::{Lead, State},
    plan::Filled,
    record::Record,
    team::{Team, TeamChange},
};

/// Fills by fate and leads by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fills accepted, ever.
    pub accepted: i64,
    /// Fills by fate.
    pub fates: BTreeMap<&'static str, i64>,
    /// Leads by state.
    pub states: BTreeMap<&'static str, i64>,
    /// Open reviews.
    pub reviews: i64,
}

impl Counts {
    /// All zero, every word present.
    #[must_use]
    pub fn zero() -> Self {
        let fates = Fate::ALL.iter().filter(|(fate, ..)| *fate != Fate::Noted);
        Self {
            accepted: 0,
            fates: fates.map(|(_, word, _)| (*word, 0)).collect(),
            states: State::ALL.iter().map(|(_, word, _)| (*word, 0)).collect(),
            reviews: 0,
        }
    }
}

/// Which rows of people's state the cache has moved ahead of.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Turns by pool and rep.
    pub turns: HashSet<(String, String)>,
    /// Rotations by pool.
    pub rotations: HashSet<String>,
    /// Absences by rep.
    pub away: HashSet<String>,
    /// Open and late leads by rep.
    pub open: HashSet<String>,
}

/// The memory.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// People's state.
    pub team: Team,
    /// Which of its rows have moved since they were written.
    pub moved: Moved,
    /// Fills by fate and leads by state: all of them, or what is to be added to the rows.
    pub counts: Counts,
    /// Whether the counts are as they were written.
    pub is_counted: bool,
    /// The number of the last decision.
    pub last_seq: i64,
    /// Fields that stay empty.
    pub unfilled: Unfilled,
    /// The records of decisions: what must be kept beside them.
    pub keeping: Keeping,
}

impl Books {
    /// A decision was written. To be called before what it moved is taken in: people are kept as
    /// they were before it, when that is due.
    pub fn numbered(&mut self, record: Option<&Record>) {
        self.keeping.record(record, &self.team, self.last_seq);
        self.last_seq += 1;
    }

    /// A fill was accepted.
    pub fn accepted(&mut self) {
        self.counts.accepted += 1;
        self.is_counted = false;
    }

    /// A fill's fate moved.
    pub fn fate(&mut self, before: Option<Fate>, after: Fate) {
        if let Some(before) = before {
            *self.counts.fates.entry(before.word()).or_default() -= 1;
        }
        *self.counts.fates.entry(after.word()).or_default() += 1;
        self.is_counted = false;
    }

    /// A lead was opened or changed.
    pub fn lead(&mut self, before: Option<&Lead>, after: &Lead) {
        if before.map(|lead| lead.state) != Some(after.state) {
            if let Some(before) = before {
                *self.counts.states.entry(before.state.word()).or_default() -= 1;
            }
            *self.counts.states.entry(after.state.word()).or_default() += 1;
            self.is_counted = false;
        }
        let (left, has) = (before.and_then(Lead::open_with), after.open_with());
        let (was_late, is_late) = (before.and_then(Lead::late_with), after.late_with());
        if (left, was_late) == (has, is_late) {
            return;
        }
        self.team.move_open(left, has);
        self.team.move_late(was_late, is_late);
        let moved = [left, has, was_late, is_late].into_iter().flatten();
        self.moved.open.extend(moved.map(str::to_owned));
    }

    /// So many more reviews are open, or fewer.
    pub fn reviews(&mut self, more: i64) {
        self.counts.reviews += more;
        self.is_counted &= more == 0;
    }

    /// People's state changed.
    pub fn people(&mut self, changes: &[TeamChange]) {
        self.team.apply(changes);
        for change in changes {
            match change {
                TeamChange::Turn { pool, rep, .. } => {
                    self.moved.turns.insert((pool.clone(), rep.clone()));
                }
                TeamChange::Floor { pool, .. } => {
                    self.moved.rotations.insert(pool.clone());
                }
                TeamChange::Away { rep, .. } => {
                    self.moved.away.insert(rep.clone());
                }
            }
        }
    }

    /// A fill showed which mapped fields it has.
    pub fn filled(&mut self, filled: &Filled) {
        self.unfilled.note(filled);
    }
}
