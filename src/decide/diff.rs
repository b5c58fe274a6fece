//! What differs between two worlds of the same leads: which lead lies elsewhere, and by which rule.
//!
//! A back-test, a draft that decides beside the live rulebook, and handing many leads over all ask
//! the same question, so the answer has one shape.
//!
//! Guarantees: a lead is named once, with the first difference; nothing about a lead that lies the
//! same is kept but counts. Does not know: how the two worlds came to be.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::model::{
    lead::{Lead, State},
    time::Time,
};

/// Where a lead lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// Its state.
    pub state: State,
    /// Who has it.
    pub owner: Option<String>,
    /// The pool that gave it.
    pub pool: Option<String>,
    /// The rule that placed it.
    pub rule: Option<String>,
    /// Its SLA.
    pub sla: Option<String>,
    /// When it is to be answered.
    pub deadline: Option<Time>,
}

impl Spot {
    /// Of a lead as it is.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        let ladder = lead.ladder.as_ref().filter(|_| lead.state == State::Assigned);
        Self {
            state: lead.state,
            owner: lead.owner.clone(),
            pool: lead.pool.clone(),
            rule: lead.rule.clone(),
            sla: ladder.map(|ladder| ladder.sla.clone()),
            deadline: ladder.map(|ladder| ladder.deadline),
        }
    }
}

/// A lead that lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Its public id.
    pub lead: Uuid,
    /// Where it lies; nowhere when it is no lead of its own there.
    pub from: Option<Spot>,
    /// Where it would lie; nowhere in the same way.
    pub to: Option<Spot>,
}

impl Move {
    /// The rule that moved it: the one by which it would lie there.
    #[must_use]
    pub fn rule(&self) -> &str {
        let rule = |spot: &Option<Spot>| spot.as_ref().map(|spot| spot.rule.is_some());
        let spot = if rule(&self.to) == Some(true) { &self.to } else { &self.from };
        spot.as_ref().and_then(|spot| spot.rule.as_deref()).unwrap_or("no rule")
    }

    /// What differs, in words.
    #[must_use]
    pub fn differs_in(&self) -> Vec<&'static str> {
        let (Some(from), Some(to)) = (&self.from, &self.to) else { return vec!["lead"] };
        let all = [
            ("state", from.state != to.state),
            ("owner", from.owner != to.owner),
            ("pool", from.pool != to.pool),
            ("rule", from.rule != to.rule),
            ("SLA", from.sla != to.sla),
            ("deadline", from.deadline != to.deadline),
        ];
        all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// Counts of one rep in both worlds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Leads given as it is.
    pub before: u64,
    /// Leads given as it would be.
    pub after: u64,
}

/// All differences.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Leads that lie elsewhere, in the order in which they came to.
    pub moves: Vec<Move>,
    /// How many, by the rule that moved them.
    pub by_rule: BTreeMap<String, u64>,
    /// Leads given, by rep.
    pub reps: BTreeMap<String, Load>,
    /// Leads that newly wait, by what they wait for, or are set aside.
    pub newly: BTreeMap<&'static str, u64>,
}

impl Diff {
    /// A lead lies elsewhere. It has not been named before.
    pub fn add(&mut self, moved: Move) {
        *self.by_rule.entry(moved.rule().to_owned()).or_default() += 1;
        let state = |spot: &Option<Spot>| spot.as_ref().map(|spot| spot.state);
        let (from, to) = (state(&moved.from), state(&moved.to));
        if from != to
            && let Some(to @ (State::Waiting | State::SetAside)) = to
        {
            *self.newly.entry(to.word()).or_default() += 1;
        }
        self.moves.push(moved);
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

    fn spot(owner: Option<&str>, rule: &str) -> Spot {
        Spot {
            state: if owner.is_some() { State::Assigned } else { State::Waiting },
            owner: owner.map(str::to_owned),
            pool: None,
            rule: Some(rule.to_owned()),
            sla: None,
            deadline: None,
        }
    }

    #[test]
    fn moves_are_grouped_by_the_rule_that_moved_them() {
        let mut diff = Diff::default();
        let moved = |to: Spot| Move {
            lead: Uuid::nil(),
            from: Some(spot(Some("ada"), "all")),
            to: Some(to),
        };
        diff.add(moved(spot(Some("bob"), "dach")));
        diff.add(moved(spot(None, "dach")));
        diff.gave("ada", false);
        diff.gave("bob", true);
        assert_eq!(diff.by_rule, BTreeMap::from([("dach".to_owned(), 2)]));
        assert_eq!(diff.newly, BTreeMap::from([("waiting", 1)]));
        assert_eq!(diff.reps["bob"], Load { before: 0, after: 1 });
        assert_eq!(diff.moves[0].differs_in(), ["owner", "rule"]);
        assert_eq!(diff.moves[1].differs_in(), ["state", "owner", "rule"]);
    }
}
