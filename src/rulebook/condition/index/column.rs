//! A column: at most one unit of each rule, and what the facts say about all of them at once.
//!
//! Guarantees: exact for the units it took. A unit that it cannot look up is given back.
//! Does not know: how many columns there are.

use std::collections::BTreeMap;

use super::super::eval::start_of;
use super::super::facts::Facts;
use super::super::field::Slot;
use super::super::pred::{Measure, NumberField, Reading, Test, TextField, Tri};
use super::bits::{Bits, Posting};
use super::normal::{Literal, Unit};
use super::number::Numbers;
use super::words::Words;

/// What is asked of one value that a lead has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    /// Whether it is there.
    Known(Slot),
    /// Whether it is true.
    Bool(Slot),
    Number(NumberField),
    Text(TextField),
    /// The items, folded or not.
    List(Slot, bool),
    /// A test by itself, by its number: asked once for all rules that ask it.
    Test(u32),
}

impl Family {
    /// The family of a test; none for one that can only be asked by itself.
    pub(super) const fn of(test: &Test) -> Option<Self> {
        Some(match test {
            Test::Known(slot) => Self::Known(*slot),
            Test::Is { slot, .. } => Self::Bool(*slot),
            Test::Number { field, .. } | Test::NumberIn { field, .. } => Self::Number(*field),
            Test::Between { slot, .. } => {
                Self::Number(NumberField { slot: *slot, measure: Measure::Value })
            }
            Test::Text { field, .. } | Test::Part { field, .. } => Self::Text(*field),
            Test::ListHas { slot, folded, .. } => Self::List(*slot, *folded),
            _ => return None,
        })
    }

    /// Whether two literals of it in one unit can be looked up together.
    pub(super) const fn takes_many_negated(self) -> bool {
        !matches!(self, Self::Text(_) | Self::List(..))
    }
}

/// Truth of a fact, of its presence, or of a test.
#[derive(Clone, Debug)]
struct Truth {
    yes: Posting,
    no: Posting,
    asks: Posting,
}

#[derive(Clone, Debug)]
enum Part {
    Truth(Truth),
    Numbers(Numbers),
    Words(Words),
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Rules without a unit in here.
    free: Bits,
    parts: Vec<(Family, Part)>,
}

/// What looking up leaves.
#[derive(Clone, Debug)]
pub struct Left {
    /// Rules that may hold.
    pub holds: Bits,
    /// Rules that may hold or may be unknown.
    pub open: Bits,
}

impl Left {
    /// The outcome of each, where the index is exact.
    pub(in super::super) fn outcomes(&self) -> Vec<Tri> {
        let outcome = |(holds, open): (bool, bool)| match (holds, open) {
            (true, _) => Tri::True,
            (false, true) => Tri::Unknown,
            (false, false) => Tri::False,
        };
        self.holds.each().zip(self.open.each()).map(outcome).collect()
    }
}

/// What a test says; nothing where the lead has no such value.
type Answer = Option<bool>;

/// What one look-up works with.
pub(super) struct Desk<'a> {
    pub facts: &'a Facts,
    pub tests: &'a [Test],
    /// The answers of tests; none of those that were not asked yet.
    pub asked: Vec<Option<Answer>>,
    pub bits: Bits,
    pub unknown: Bits,
    pub scratch: Bits,
}

impl Column {
    /// Takes units of different rules. `families` names the family of a literal.
    pub(super) fn new(
        units: &[(u32, Unit<'_>)],
        families: impl Fn(&Test) -> Option<Family>,
        size: usize,
    ) -> Self {
        let mut free = Bits::all(size);
        let mut asked: BTreeMap<Family, Vec<(u32, Vec<Literal<'_>>)>> = BTreeMap::new();
        for (rule, unit) in units {
            free.take(*rule);
            for literal in unit {
                let Some(family) = families(literal.test) else { continue };
                let of = asked.entry(family).or_default();
                match of.last_mut() {
                    Some((last, literals)) if last == rule => literals.push(*literal),
                    _ => of.push((*rule, vec![*literal])),
                }
            }
        }
        let parts = asked.into_iter().map(|(family, asked)| {
            let part = match family {
                Family::Number(_) => Part::Numbers(Numbers::new(&asked, size)),
                Family::Text(_) | Family::List(..) => Part::Words(Words::new(&asked, size)),
                Family::Known(_) | Family::Bool(_) | Family::Test(_) => {
                    Part::Truth(Truth::new(&asked, size))
                }
            };
            (family, part)
        });
        let mut parts: Vec<_> = parts.collect();
        // What is quick to look up first: it may be enough.
        parts.sort_by_key(|(family, _)| match family {
            Family::Known(_) | Family::Bool(_) => 0,
            Family::Text(_) | Family::List(..) => 1,
            Family::Number(_) => 2,
            Family::Test(_) => 3,
        });
        Self { free, parts }
    }

    /// Whether tests have to be asked for it: such columns come last, when few rules are left.
    pub(super) fn asks_tests(&self) -> bool {
        self.parts.iter().any(|(family, _)| matches!(family, Family::Test(_)))
    }

    /// Takes out of `left` the rules whose unit does not hold.
    pub(super) fn narrow(&self, desk: &mut Desk<'_>, left: &mut Left) {
        desk.bits.copy(&self.free);
        let mut is_unknown = false;
        for (family, part) in &self.parts {
            if !part.mark(*family, desk, left) {
                if !is_unknown {
                    desk.unknown.empty();
                    is_unknown = true;
                }
                part.asks().put(&mut desk.unknown);
            } else if left.open.is_within(&desk.bits) {
                return; // every unit of what is left holds
            }
        }
        left.holds.keep(&desk.bits);
        if is_unknown {
            desk.bits.join(&desk.unknown);
        }
        left.open.keep(&desk.bits);
    }
}

impl Part {
    const fn asks(&self) -> &Posting {
        match self {
            Self::Truth(truth) => &truth.asks,
            Self::Numbers(numbers) => &numbers.asks,
            Self::Words(words) => &words.asks,
        }
    }

    /// Puts in the rules for which the value will do; `false` when it is not known.
    fn mark(&self, family: Family, desk: &mut Desk<'_>, left: &Left) -> bool {
        let facts = desk.facts;
        match (self, family) {
            (Self::Truth(truth), Family::Known(slot)) => {
                truth.mark(facts.get(slot).is_some(), &mut desk.bits);
            }
            (Self::Truth(truth), Family::Bool(slot)) => {
                let Some(value) = facts.bool(slot) else { return false };
                truth.mark(value, &mut desk.bits);
            }
            (Self::Truth(truth), Family::Test(number)) => {
                // Whoever asks may be out already; a test can be dear.
                if !truth.asks.meets(&left.open) {
                    return true;
                }
                let Some(value) = desk.test(number) else { return false };
                truth.mark(value, &mut desk.bits);
            }
            (Self::Numbers(numbers), Family::Number(field)) => {
                let Some(number) = field.read(facts) else { return false };
                numbers.mark(number, &mut desk.scratch, &mut desk.bits);
            }
            (Self::Words(words), Family::Text(field)) => {
                let is_folded = field.reading == Reading::Folded;
                let Some(text) = facts.text(field.slot, is_folded) else { return false };
                if field.reading == Reading::LowerAscii {
                    let lower = text.to_ascii_lowercase();
                    words.mark(&lower, start_of(&lower), &mut desk.scratch, &mut desk.bits);
                } else {
                    words.mark(text, text, &mut desk.scratch, &mut desk.bits);
                }
            }
            (Self::Words(words), Family::List(slot, is_folded)) => {
                let Some(items) = facts.list(slot, is_folded) else { return false };
                let items = items.iter().map(AsRef::as_ref);
                words.mark_items(&items, &mut desk.scratch, &mut desk.bits);
            }
            _ => {}
        }
        true
    }
}

impl Desk<'_> {
    /// The answer of a test, asked once.
    fn test(&mut self, number: u32) -> Option<bool> {
        let test = self.tests.get(number as usize)?;
        let asked = self.asked.get_mut(number as usize)?;
        *asked.get_or_insert_with(|| test.holds(self.facts))
    }
}

impl Truth {
    fn new(asked: &[(u32, Vec<Literal<'_>>)], size: usize) -> Self {
        let wanting = |truth: bool| {
            let is_one = |literal: &Literal<'_>| {
                let want = !matches!(literal.test, Test::Is { want: false, .. });
                (want != literal.negated) == truth
            };
            let rules = asked.iter().filter(|(_, literals)| literals.iter().any(is_one));
            Posting::new(rules.map(|(rule, _)| *rule).collect(), size)
        };
        let asks = Posting::new(asked.iter().map(|(rule, _)| *rule).collect(), size);
        Self { yes: wanting(true), no: wanting(false), asks }
    }

    fn mark(&self, truth: bool, bits: &mut Bits) {
        if truth { self.yes.put(bits) } else { self.no.put(bits) }
    }
}
