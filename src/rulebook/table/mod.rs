//! Tables: a look-up whose row becomes typed facts.
//!
//! A cell of the key is a value, a range (`80000-89999`, `500 or more`) or, left empty or written
//! `*`, anything, also nothing. Of the rows that fit a lead the most specific one wins:
//!
//! 1. the one with more cells that say something;
//! 2. of those, the one with more values and fewer ranges;
//! 3. of those, the one whose filled cells, then whose values, stand in earlier columns of the key;
//! 4. of those, the one whose range is narrower, in the first column where they differ: for
//!    postal codes the share of all codes of that form, and of two ranges without an end the one
//!    that lies in the other;
//! 5. of those, the one that stands first in the file.
//!
//! Guarantees: what a row says depends on the order of rows only where two ranges are as wide as
//! each other; one look-up costs a few hashes and binary searches, however many rows there are.
//! Does not know: files.

mod cell;
mod coverage;
mod fitting;
mod index;
mod nested;
mod number;
mod postal;
mod range;
pub mod sheet;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub use self::{
    cell::{Cell, KeyKind},
    coverage::{Coverage, Stretch},
    index::{Rows, Trouble},
    number::number,
};
use super::condition::{Facts, Slot, Value};
use index::Looked;

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its id, which is the front of its facts' names.
    pub id: String,
    /// The facts that are looked up, in the order of the key.
    pub key: Vec<Slot>,
    /// The fact that says whether there is a row.
    pub known: Slot,
    /// The facts that a row has, in the order of its values.
    pub columns: Vec<Slot>,
    /// The rows.
    pub rows: Rows,
}

/// What stands between the parts of a key: nobody types it.
const BETWEEN: char = '\u{1f}';

/// A part of a key as it is compared.
fn part_of(text: &str) -> String {
    text.trim().chars().filter(|c| *c != BETWEEN).flat_map(char::to_lowercase).collect()
}

impl Table {
    /// Fills the facts of the row for what is known. Without a row the table is "not known" if
    /// everything that is looked up is there, and open otherwise.
    pub fn fill(&self, facts: &mut Facts) {
        let looked: Vec<Looked> =
            self.key.iter().map(|slot| Looked::of(facts.get(*slot))).collect();
        if let Some(row) = self.rows.find(&looked) {
            facts.set(self.known, Some(Value::Bool(true)));
            for (slot, value) in self.columns.iter().zip(self.rows.values(row)) {
                facts.set(*slot, value.clone());
            }
        } else if self.key.iter().all(|slot| facts.get(*slot).is_some()) {
            facts.set(self.known, Some(Value::Bool(false)));
        }
    }

    /// The different values of a column, unless they are more than `most`, and whether every row has
    /// one.
    #[must_use]
    pub fn values(&self, column: usize, most: usize) -> (Option<Vec<&Value>>, bool) {
        let (mut texts, mut numbers, mut truths) = (HashSet::new(), HashSet::new(), HashSet::new());
        let (mut all, mut is_full) = (Vec::new(), true);
        for row in self.rows.all() {
            let Some(Some(value)) = row.get(column) else {
                is_full = false;
                continue;
            };
            let is_new = match value {
                Value::Text(text) => texts.insert(text),
                Value::Number(number) => numbers.insert(number.to_bits()),
                Value::Bool(truth) => truths.insert(*truth),
                Value::List(_) => false,
            };
            if is_new && all.len() <= most {
                all.push(value);
            }
        }
        ((all.len() <= most).then_some(all), is_full)
    }

    /// Whether a row is for the value that a fact of the key has, or for every lead.
    #[must_use]
    pub fn may_have(&self, facts: &Facts, slot: Slot) -> bool {
        let Some(column) = self.key.iter().position(|key| *key == slot) else { return false };
        self.rows.may_have(column, &Looked::of(facts.get(slot)))
    }
}
