//! The leads that are placed otherwise in another world, gathered: which, how, and by which rule.
//!
//! Guarantees: a lead is named once, with the first difference; nothing about a lead that is placed
//! the same is kept but counts, and of those that are not, the first. Does not know: how the two worlds came to be.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::placed::{Differs, Placed};

/// A lead that is placed otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Its public id.
    pub lead: Uuid,
    /// How it differs.
    pub differs: Differs,
    /// Where it is.
    pub from: Placed,
    /// Where it would be.
    pub to: Placed,
}

impl Move {
    /// The rule that moved it: the one by which it would be there.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.to.rule.as_deref().or(self.from.rule.as_deref()).unwrap_or("no rule")
    }
}

/// Leads given to one rep in both worlds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Load {
    /// As it is.
    pub before: u64,
    /// As it would be.
    pub after: u64,
}

/// The most moves that are kept; whoever wants all of them takes each as it is found.
pub const KEPT_MAX: usize = 1_000;

/// All differences.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// How many leads are placed otherwise.
    pub moved: u64,
    /// The first [`KEPT_MAX`] of them, in the order in which they came to.
    pub moves: Vec<Move>,
    /// How many, by how they differ: `held` are those that newly wait.
    pub kinds: BTreeMap<Differs, u64>,
    /// How many, by the rule that moved them.
    pub by_rule: BTreeMap<String, u64>,
    /// Leads given, by rep.
    pub reps: BTreeMap<String, Load>,
}

impl Diff {
    /// Takes in a lead that has not been named before; answers how it is placed otherwise, if so.
    pub fn add(&mut self, lead: Uuid, from: Placed, to: Placed) -> Option<Move> {
        let differs = from.differs(&to)?;
        let one = Move { lead, differs, from, to };
        self.moved += 1;
        *self.kinds.entry(differs).or_default() += 1;
        *self.by_rule.entry(one.rule().to_owned()).or_default() += 1;
        if self.moves.len() < KEPT_MAX {
            self.moves.push(one.clone());
        }
        Some(one)
    }

    /// A lead was given to somebody, as it is or as it would be.
    pub fn gave(&mut self, rep: &str, is_after: bool) {
        let load = match self.reps.get_mut(rep) {
            Some(load) => load,
            None => self.reps.entry(rep.to_owned()).or_default(),
        };
        *(if is_after { &mut load.after } else { &mut load.before }) += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lead::State;

    fn placed(owner: Option<&str>, rule: &str) -> Placed {
        Placed {
            state: Some(if owner.is_some() { State::Assigned } else { State::Waiting }),
            owner: owner.map(str::to_owned),
            rule: Some(rule.to_owned()),
            waits_for: owner.is_none().then(|| "somebody".to_owned()),
            ..Placed::default()
        }
    }

    #[test]
    fn moves_are_grouped_by_the_rule_that_moved_them() {
        let mut diff = Diff::default();
        let from = placed(Some("ada"), "all");
        for (to, is_moved) in [
            (placed(Some("bob"), "dach"), true),
            (placed(None, "dach"), true),
            (from.clone(), false),
            (Placed::default(), true),
        ] {
            assert_eq!(diff.add(Uuid::nil(), from.clone(), to).is_some(), is_moved);
        }
        assert_eq!((diff.moved, diff.moves.len()), (3, 3));
        diff.gave("ada", false);
        diff.gave("bob", true);
        assert_eq!(diff.by_rule, [("all".to_owned(), 1), ("dach".to_owned(), 2)].into());
        let kinds = [(Differs::Held, 1), (Differs::Pool, 1), (Differs::Reading, 1)];
        assert_eq!(diff.kinds, kinds.into());
        assert_eq!(diff.reps["bob"], Load { before: 0, after: 1 });
    }

    #[test]
    fn all_moves_are_counted_and_the_first_are_kept() {
        let mut diff = Diff::default();
        for lead in 0..=KEPT_MAX as u128 {
            let lead = Uuid::from_u128(lead);
            let moved = diff.add(lead, placed(Some("ada"), "all"), Placed::default());
            assert_eq!(moved.map(|one| one.lead), Some(lead));
        }
        assert_eq!((diff.moved, diff.moves.len()), (KEPT_MAX as u64 + 1, KEPT_MAX));
        assert_eq!(diff.moves[KEPT_MAX - 1].lead, Uuid::from_u128(KEPT_MAX as u128 - 1));
    }
}
