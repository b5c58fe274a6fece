//! What the writer keeps in memory beside the database: people's state, tallies, the last number.
//!
//! Guarantees: equal to the rows after every commit; loaded anew after every rollback. Only what
//! changed is written, once per turn.
//! Does not know: why something changed.

use rusqlite::Connection;

use super::{
    tally::{self, Counts},
    team::{self, Moved},
    unfilled::Unfilled,
};
use crate::{
    model::{
        event::Fate,
        lead::{Lead, State},
        plan::Filled,
        team::{Team, TeamChange},
    },
    store::StoreResult,
};

/// The writer's memory.
#[derive(Debug)]
pub struct Books {
    team: Team,
    moved: Moved,
    counts: Counts,
    is_counted: bool,
    last_seq: i64,
    unfilled: Unfilled,
}

impl Books {
    /// As the rows say.
    pub fn load(conn: &Connection) -> StoreResult<Self> {
        Ok(Self {
            team: team::load(conn)?,
            moved: Moved::default(),
            counts: tally::load(conn)?,
            is_counted: true,
            last_seq: tally::last_seq(conn)?,
            unfilled: Unfilled::load(conn)?,
        })
    }

    /// People's state.
    #[must_use]
    pub fn team(&self) -> &Team {
        &self.team
    }

    /// The number of the last decision.
    #[must_use]
    pub fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// A decision was written.
    pub fn numbered(&mut self) {
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
        let (left, has) = (before.and_then(has_open), has_open(after));
        if left == has {
            return;
        }
        self.team.move_open(left, has);
        for rep in [left, has].into_iter().flatten() {
            self.moved.open.insert(rep.to_owned());
            if self.team.open.get(rep) == Some(&0) {
                self.team.open.remove(rep);
            }
        }
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
                TeamChange::Away { rep, away } => {
                    self.moved.away.insert(rep.clone());
                    if away.is_empty() {
                        self.team.away.remove(rep);
                    }
                }
            }
        }
    }

    /// A fill showed which mapped fields it has.
    pub fn filled(&mut self, filled: &Filled) {
        self.unfilled.note(filled);
    }

    /// Writes what changed since the last time. An error means the whole turn is rolled back.
    pub fn write(&mut self, tx: &Connection) -> StoreResult<()> {
        team::write(tx, &self.team, &mut self.moved)?;
        if !self.is_counted {
            tally::write(tx, &self.counts)?;
            self.is_counted = true;
        }
        self.unfilled.write(tx)
    }
}

/// Who has this lead open: assigned and not answered.
fn has_open(lead: &Lead) -> Option<&str> {
    (lead.state == State::Assigned).then_some(lead.owner.as_deref()).flatten()
}
