//! The rules that a decision went past: what became of each and of every clause of it.
//!
//! Guarantees: every clause of every rule is asked at once, which is quick; a rule is put into
//! words when somebody looks at it, which is not. Does not know: what the decision was.

use serde::{Serialize, Serializer};

use super::routed::Passed;
use crate::rulebook::{
    Rulebook,
    condition::{Facts, Outcomes, Seen, Tri},
};

/// The rules up to the one that decided, in order.
#[derive(Clone, Debug)]
pub struct Rules<'b> {
    book: &'b Rulebook,
    facts: Facts,
    outcomes: Outcomes,
    winner: Option<usize>,
    passed: Vec<Passed>,
}

/// What happened to one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleWhy {
    /// Its id.
    pub rule: String,
    /// True, false or unknown.
    pub outcome: Tri,
    /// Why not, in a sentence; empty for the one that decided.
    pub why: String,
    /// Every clause with the value it saw.
    pub clauses: Vec<Seen>,
}

impl<'b> Rules<'b> {
    /// Asks every clause of the rulebook about these facts; `winner` is the rule that decided, and
    /// `passed` what was said of others then.
    pub(super) fn new(
        book: &'b Rulebook,
        facts: Facts,
        winner: Option<&str>,
        passed: Vec<Passed>,
    ) -> Self {
        let winner = winner.and_then(|id| book.rules.iter().position(|rule| rule.id == id));
        Self { book, outcomes: book.clauses().ask(&facts), facts, winner, passed }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.winner.map_or(self.book.rules.len(), |winner| winner + 1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a rule came to, without words.
    #[must_use]
    pub fn outcome(&self, at: usize) -> Option<Tri> {
        self.outcomes.of(at).filter(|_| at < self.len())
    }

    /// What its clauses came to, without words.
    #[must_use]
    pub fn clauses(&self, at: usize) -> &[Tri] {
        self.outcomes.clauses_of(at)
    }

    /// A rule in words.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<RuleWhy> {
        let rule = self.book.rules.get(at).filter(|_| at < self.len())?;
        let trace = rule.when.explain(&self.book.schema, &self.facts);
        let passed = self.passed.iter().find(|passed| passed.rule == rule.id);
        let why = match passed {
            _ if self.winner == Some(at) => String::new(),
            Some(passed) if passed.why != "unknown" => passed.why.clone(),
            _ => trace.why_not.unwrap_or_default(),
        };
        Some(RuleWhy { rule: rule.id.clone(), outcome: trace.outcome, why, clauses: trace.clauses })
    }

    /// Each in words.
    pub fn iter(&self) -> impl Iterator<Item = RuleWhy> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
