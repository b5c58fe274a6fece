//! Every clause of many conditions, for one lead: each different test asked once.
//!
//! Rules repeat each other's clauses. The different tests of all of them are indexed like rules
//! ([`Index`]), so that one look-up says which hold; what is left is to copy the answers to the
//! clauses and to go through the conditions, which stand one behind the other as short code.
//!
//! Guarantees: the outcomes are those of [`Pred::eval`], of every clause too.
//! Does not know: words; see [`Pred::explain`].

use std::collections::HashMap;
use std::ops::Range;

use super::facts::Facts;
use super::index::{Index, words};
use super::pred::{Leaf, Node, Pred, Test, Tri};

/// The clauses of many conditions.
#[derive(Clone, Debug)]
pub struct Clauses {
    index: Index,
    /// Tests, by their places, that have to be asked one by one.
    alone: Vec<(usize, Test)>,
    /// The test of each clause, and whether it is negated.
    leaves: Vec<(u32, bool)>,
    code: Vec<Op>,
    /// Where the leaves and the code of each condition end.
    ends: Vec<(usize, usize)>,
}

/// A step of a condition, on a stack of outcomes.
#[derive(Clone, Copy, Debug)]
enum Op {
    Const(bool),
    /// By its place among all leaves.
    Leaf(u32),
    Not,
    /// Of so many on the stack.
    All(u32),
    Any(u32),
}

/// What came of every clause for one lead.
#[derive(Clone, Debug)]
pub struct Outcomes {
    rules: Vec<Tri>,
    clauses: Vec<Tri>,
    ends: Vec<usize>,
}

impl Outcomes {
    /// The outcome of a condition, by its place.
    pub fn of(&self, rule: usize) -> Option<Tri> {
        self.rules.get(rule).copied()
    }

    /// The outcomes of its clauses, by their numbers.
    pub fn clauses_of(&self, rule: usize) -> &[Tri] {
        let start = rule.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(rule).copied().unwrap_or(0);
        self.clauses.get(start.unwrap_or(0)..end).unwrap_or_default()
    }
}

impl Clauses {
    /// Takes the conditions of rules.
    pub fn build<'a>(conditions: impl IntoIterator<Item = &'a Pred>) -> Self {
        let mut writer = Writer::default();
        for condition in conditions {
            let first = writer.leaves.len();
            writer.leaves.resize(first + condition.clauses.len(), (0, false));
            writer.write(&condition.root, first);
            writer.ends.push((writer.leaves.len(), writer.code.len()));
        }
        let index = Index::of_tests(writer.tests.iter().copied());
        let alone = writer.tests.iter().enumerate().filter(|(at, _)| !index.is_exact(*at));
        Self {
            alone: alone.map(|(at, test)| (at, (*test).clone())).collect(),
            index,
            leaves: writer.leaves,
            code: writer.code,
            ends: writer.ends,
        }
    }

    /// Asks every clause.
    pub fn ask(&self, facts: &Facts) -> Outcomes {
        let left = self.index.look(facts);
        let mut tests = left.outcomes();
        for (at, test) in &self.alone {
            if let Some(place) = tests.get_mut(*at) {
                *place = test.holds(facts).map_or(Tri::Unknown, Tri::from);
            }
        }
        let clause = |(test, negated): &(u32, bool)| {
            let found = tests.get(*test as usize).copied().unwrap_or(Tri::Unknown);
            if *negated { found.negated() } else { found }
        };
        let clauses: Vec<Tri> = self.leaves.iter().map(clause).collect();
        let mut stack = Vec::new();
        let mut from = 0;
        let rule = |(_, end): &(usize, usize)| {
            let code = self.code.get(std::mem::replace(&mut from, *end)..*end).unwrap_or_default();
            run(code, &clauses, &mut stack)
        };
        let rules = self.ends.iter().map(rule).collect();
        Outcomes { rules, clauses, ends: self.ends.iter().map(|(leaves, _)| *leaves).collect() }
    }
}

/// Runs the code of one condition.
fn run(code: &[Op], clauses: &[Tri], stack: &mut Vec<Tri>) -> Tri {
    stack.clear();
    for op in code {
        let outcome = match op {
            Op::Const(truth) => (*truth).into(),
            Op::Leaf(at) => clauses.get(*at as usize).copied().unwrap_or(Tri::Unknown),
            Op::Not => stack.pop().unwrap_or(Tri::Unknown).negated(),
            Op::All(count) => settle(stack, *count, Tri::False, Tri::True),
            Op::Any(count) => settle(stack, *count, Tri::True, Tri::False),
        };
        stack.push(outcome);
    }
    stack.pop().unwrap_or(Tri::Unknown)
}

/// `absorbing` wins, else an unknown one, else `neutral`.
fn settle(stack: &mut Vec<Tri>, count: u32, absorbing: Tri, neutral: Tri) -> Tri {
    let range: Range<usize> = stack.len().saturating_sub(count as usize)..stack.len();
    let mut outcome = neutral;
    for found in stack.drain(range) {
        if found == absorbing || (found == Tri::Unknown && outcome != absorbing) {
            outcome = found;
        }
    }
    outcome
}

/// Writes conditions as code.
#[derive(Default)]
struct Writer<'a> {
    tests: Vec<&'a Test>,
    numbers: HashMap<String, u32>,
    leaves: Vec<(u32, bool)>,
    code: Vec<Op>,
    ends: Vec<(usize, usize)>,
}

impl<'a> Writer<'a> {
    fn write(&mut self, node: &'a Node, first: usize) {
        match node {
            Node::Const(truth) => self.code.push(Op::Const(*truth)),
            Node::Leaf(leaf) => self.leaf(leaf, first),
            Node::Not(inner) => {
                self.write(inner, first);
                self.code.push(Op::Not);
            }
            Node::All(parts) | Node::Any(parts) => {
                parts.iter().for_each(|part| self.write(part, first));
                let count = number(parts.len());
                let is_all = matches!(node, Node::All(_));
                self.code.push(if is_all { Op::All(count) } else { Op::Any(count) });
            }
        }
    }

    fn leaf(&mut self, leaf: &'a Leaf, first: usize) {
        let next = number(self.tests.len());
        let test = *self.numbers.entry(words(&leaf.test)).or_insert(next);
        if test == next {
            self.tests.push(&leaf.test);
        }
        let at = first + leaf.clause as usize;
        if let Some(place) = self.leaves.get_mut(at) {
            *place = (test, leaf.negated);
        }
        self.code.push(Op::Leaf(number(at)));
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::arbitrary;
    use super::super::compile::compile;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn every_rule_and_every_clause_comes_out_as_when_asked_alone(
            exprs in proptest::collection::vec(arbitrary::condition(), 1..60),
            known in arbitrary::facts(),
        ) {
            let schema = arbitrary::schema();
            let rules: Vec<_> = exprs.iter().map(|expr| compile(expr, &schema).unwrap()).collect();
            let facts = arbitrary::fill(&schema, &known);
            let outcomes = Clauses::build(&rules).ask(&facts);
            for (at, rule) in rules.iter().enumerate() {
                let trace = rule.explain(&schema, &facts);
                let clauses: Vec<Tri> = trace.clauses.iter().map(|seen| seen.outcome).collect();
                prop_assert_eq!(outcomes.of(at), Some(trace.outcome));
                prop_assert_eq!(outcomes.clauses_of(at), clauses);
            }
            prop_assert_eq!(outcomes.of(rules.len()), None);
            prop_assert!(outcomes.clauses_of(rules.len()).is_empty());
        }
    }
}
