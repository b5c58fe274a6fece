//! Finding the few rules of thousands whose conditions a lead could meet.
//!
//! Many conditions need some field to equal one of a few values. For such a field the index knows
//! which rules name which value; a lead's rules are those that name its value and those that do
//! not ask, and over several fields what all of them leave.
//!
//! Guarantees: a rule that is left out is false for the lead, neither true nor unknown, so
//! that evaluating the candidates in order ends where evaluating all rules ends. A lead without
//! the value keeps every rule that asks for it, since there the condition may be unknown.
//! Does not know: how rules that are candidates turn out.

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::{Facts, Value};
use super::pred::{Measure, Node, Order, Pred, Test};
use super::schema::{Slot, fold};

/// So many fields are indexed, those that most rules ask for.
const MAX_FIELDS: usize = 8;

/// A value that a field must have; texts in lower case, whichever way they are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A text, or one item of a list.
    Text(Arc<str>),
    /// The bits of a number, of a truth 0 or 1.
    Bits(u64),
}

impl Key {
    fn number(value: f64) -> Self {
        // 0 and -0 are equal.
        Self::Bits(if value == 0.0 { 0 } else { value.to_bits() })
    }

    fn bool(truth: bool) -> Self {
        Self::Bits(u64::from(truth))
    }
}

/// A condition is false when the slot's value is known and none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equality {
    /// The field.
    pub slot: Slot,
    /// The values, sorted, each once.
    pub keys: Vec<Key>,
}

impl Pred {
    /// The equalities that are necessary for the condition to hold or to be unknown, one for a slot
    /// at most.
    pub fn required_equalities(&self) -> Vec<Equality> {
        self.root.required(false)
    }
}

impl Node {
    /// `negated` when the node has to be false.
    fn required(&self, negated: bool) -> Vec<Equality> {
        match self {
            Self::Const(_) => Vec::new(),
            Self::Leaf(leaf) => leaf.test.required(leaf.negated != negated).into_iter().collect(),
            Self::Not(inner) => inner.required(!negated),
            Self::All(parts) | Self::Any(parts) => {
                let all = matches!(self, Self::All(_)) != negated;
                let parts = parts.iter().map(|part| part.required(negated));
                if all {
                    parts.fold(Vec::new(), both)
                } else {
                    parts.reduce(|one, other| either(one, &other)).unwrap_or_default()
                }
            }
        }
    }
}

/// Each holds by itself; of two for one slot the narrower is kept. (They are not intersected: a
/// list can have both of two items.)
fn both(mut known: Vec<Equality>, more: Vec<Equality>) -> Vec<Equality> {
    for equality in more {
        match known.iter_mut().find(|other| other.slot == equality.slot) {
            Some(other) if other.keys.len() > equality.keys.len() => *other = equality,
            Some(_) => {}
            None => known.push(equality),
        }
    }
    known
}

/// Only what both branches ask for is asked for.
fn either(one: Vec<Equality>, other: &[Equality]) -> Vec<Equality> {
    let merged = one.into_iter().filter_map(|mut equality| {
        let same = other.iter().find(|other| other.slot == equality.slot)?;
        equality.keys.extend_from_slice(&same.keys);
        equality.keys.sort();
        equality.keys.dedup();
        Some(equality)
    });
    merged.collect()
}

impl Test {
    fn required(&self, negated: bool) -> Option<Equality> {
        let slot = self.slots().0;
        let mut keys: Vec<Key> = match self {
            Self::Is { want, .. } => vec![Key::bool(*want != negated)],
            _ if negated => return None,
            Self::Number { field, order: Order::Equal, value }
                if field.measure == Measure::Value =>
            {
                vec![Key::number(*value)]
            }
            Self::NumberIn { field, values } if field.measure == Measure::Value => {
                values.iter().map(|value| Key::number(*value)).collect()
            }
            // Texts that are equal are equal when folded.
            Self::Text { values, .. } | Self::ListHas { values, .. } => {
                values.sorted.iter().map(|text| Key::Text(fold(text).into())).collect()
            }
            _ => return None,
        };
        keys.sort();
        keys.dedup();
        Some(Equality { slot, keys })
    }
}

/// The rules that name one value: their numbers, or when they are many, their bits.
#[derive(Clone, Debug)]
enum Posting {
    Few(Vec<u32>),
    Many(Box<[u64]>),
}

/// One field of the index.
#[derive(Clone, Debug)]
struct Column {
    slot: Slot,
    /// The bits of the rules that do not ask for the field.
    free: Box<[u64]>,
    texts: HashMap<Arc<str>, Posting>,
    bits: HashMap<u64, Posting>,
}

/// Which rules a lead can meet. Rules are numbered from 0 in the order in which they were given.
#[derive(Clone, Debug)]
pub struct Index {
    rules: usize,
    columns: Vec<Column>,
}

impl Index {
    /// Indexes the conditions of rules.
    pub fn build<'a>(conditions: impl IntoIterator<Item = &'a Pred>) -> Self {
        let mut asked: HashMap<Slot, Vec<(u32, Vec<Key>)>> = HashMap::new();
        let mut rules = 0;
        for (rule, condition) in (0_u32..).zip(conditions) {
            rules = rule as usize + 1;
            for equality in condition.required_equalities() {
                asked.entry(equality.slot).or_default().push((rule, equality.keys));
            }
        }
        let mut asked: Vec<_> = asked.into_iter().collect();
        asked.sort_by_key(|(slot, rules)| (std::cmp::Reverse(rules.len()), *slot));
        asked.truncate(MAX_FIELDS);
        let columns = asked.into_iter().map(|(slot, asking)| Column::build(slot, asking, rules));
        Self { rules, columns: columns.collect() }
    }

    /// The rules that are not certainly false for `facts`, in order.
    pub fn candidates(&self, facts: &Facts) -> Candidates {
        let mut left = all(self.rules);
        let mut scratch = Vec::new();
        for column in &self.columns {
            let Some(value) = facts.get(column.slot) else { continue };
            scratch.clear();
            scratch.extend_from_slice(&column.free);
            column.mark(value, facts, &mut scratch);
            for (word, other) in left.iter_mut().zip(&scratch) {
                *word &= other;
            }
        }
        Candidates { words: left, at: 0 }
    }
}

impl Column {
    fn build(slot: Slot, asking: Vec<(u32, Vec<Key>)>, rules: usize) -> Self {
        let mut free = all(rules);
        let (mut texts, mut bits) = (HashMap::<_, Vec<u32>>::new(), HashMap::<_, Vec<u32>>::new());
        for (rule, keys) in asking {
            if let Some(word) = free.get_mut(rule as usize / 64) {
                *word &= !(1 << (rule % 64));
            }
            for key in keys {
                match key {
                    Key::Text(text) => texts.entry(text).or_default().push(rule),
                    Key::Bits(value) => bits.entry(value).or_default().push(rule),
                }
            }
        }
        Self {
            slot,
            free: free.into(),
            texts: texts
                .into_iter()
                .map(|(key, named)| (key, Posting::new(named, rules)))
                .collect(),
            bits: bits.into_iter().map(|(key, named)| (key, Posting::new(named, rules))).collect(),
        }
    }

    /// Adds the rules that name `value`.
    fn mark(&self, value: &Value, facts: &Facts, words: &mut [u64]) {
        match value {
            Value::Text(_) => {
                let text = facts.text(self.slot, true);
                mark(text.and_then(|text| self.texts.get(text)), words);
            }
            Value::List(_) => {
                for item in facts.list(self.slot, true).unwrap_or_default() {
                    mark(self.texts.get(item), words);
                }
            }
            Value::Number(number) => self.mark_bits(&Key::number(*number), words),
            Value::Bool(truth) => self.mark_bits(&Key::bool(*truth), words),
        }
    }

    fn mark_bits(&self, key: &Key, words: &mut [u64]) {
        if let Key::Bits(bits) = key {
            mark(self.bits.get(bits), words);
        }
    }
}

impl Posting {
    fn new(named: Vec<u32>, rules: usize) -> Self {
        // Above one rule in 64, bits are both smaller and faster.
        if named.len() <= rules.div_ceil(64) {
            return Self::Few(named);
        }
        let mut words = vec![0; rules.div_ceil(64)];
        mark(Some(&Self::Few(named)), &mut words);
        Self::Many(words.into())
    }
}

fn mark(posting: Option<&Posting>, words: &mut [u64]) {
    match posting {
        None => {}
        Some(Posting::Few(rules)) => {
            for rule in rules {
                if let Some(word) = words.get_mut(*rule as usize / 64) {
                    *word |= 1 << (rule % 64);
                }
            }
        }
        Some(Posting::Many(bits)) => {
            for (word, more) in words.iter_mut().zip(bits) {
                *word |= more;
            }
        }
    }
}

/// The bits of all rules.
fn all(rules: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; rules.div_ceil(64)];
    if let (Some(last), true) = (words.last_mut(), !rules.is_multiple_of(64)) {
        *last = (1 << (rules % 64)) - 1;
    }
    words
}

/// Rule numbers, from small to large.
#[derive(Clone, Debug)]
pub struct Candidates {
    words: Vec<u64>,
    at: usize,
}

impl Iterator for Candidates {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let word = self.words.get_mut(self.at)?;
            if *word == 0 {
                self.at += 1;
                continue;
            }
            let bit = word.trailing_zeros() as usize;
            *word &= *word - 1;
            return Some(self.at * 64 + bit);
        }
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
