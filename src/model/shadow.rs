//! What a shadow run has found so far.
//!
//! Guarantees: bounded, however long it runs: examples and pairs of rules are the first so many.
//! Does not know: how anything is decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Time;

/// The name of the paper that a run is.
pub const SHADOW: &str = "shadow";
/// The most examples that are kept of each kind of difference.
pub const EXAMPLES_MAX: usize = 10;
/// The most pairs of rules that are counted apart.
const PAIRS_MAX: usize = 100;
/// What the others are counted as.
const OTHERS: &str = "other rules";

/// A lead that a draft would have placed otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The lead; none if it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Uuid>,
    /// When it was placed.
    pub at: Time,
    /// The kind of difference.
    pub differs: String,
    /// What the rulebook in force did, in words …
    pub live: String,
    /// … and what the draft would have done.
    pub shadow: String,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Placements that both decided.
    pub compared: u64,
    /// Those of them that differ.
    pub differ: u64,
    /// Steps that the draft could not decide at all: a mistake of ours, never a lead's loss.
    pub failed: u64,
    /// Differences by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Differences by the rule in force and the draft's: `rest → dach`.
    pub rules: BTreeMap<String, u64>,
    /// The first of each kind.
    pub examples: Vec<Example>,
}

impl Counted {
    /// Counts a placement; `rules` are the one in force and the draft's.
    pub fn add(
        &mut self,
        differs: Option<(&str, (&str, &str))>,
        example: impl FnOnce() -> Example,
    ) {
        self.compared += 1;
        let Some((kind, (live, shadow))) = differs else { return };
        self.differ += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        self.pair(format!("{live} → {shadow}"), 1);
        if self.has_room(kind) {
            self.examples.push(example());
        }
    }

    fn has_room(&self, kind: &str) -> bool {
        self.examples.iter().filter(|one| one.differs == kind).count() < EXAMPLES_MAX
    }

    fn pair(&mut self, pair: String, count: u64) {
        let is_known = self.rules.contains_key(&pair) || self.rules.len() < PAIRS_MAX;
        let key = if is_known { pair } else { OTHERS.to_owned() };
        *self.rules.entry(key).or_default() += count;
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: Self) {
        self.compared += other.compared;
        self.differ += other.differ;
        self.failed += other.failed;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (pair, count) in other.rules {
            self.pair(pair, count);
        }
        for example in other.examples {
            if self.has_room(&example.differs) {
                self.examples.push(example);
            }
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A shadow run, without the draft's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowHead {
    /// The draft's name.
    pub draft: String,
    /// Its revision when it began.
    pub revision: u32,
    /// Who began it.
    pub author: String,
    /// When.
    pub started_at: Time,
    /// When it was stopped, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Time>,
    /// Why it cannot run, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub counted: Counted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(kind: &str) -> Example {
        Example {
            lead: None,
            at: Time(1),
            differs: kind.to_owned(),
            live: String::new(),
            shadow: String::new(),
        }
    }

    #[test]
    fn what_is_counted_is_bounded_and_adds_up() {
        let (mut one, mut other) = (Counted::default(), Counted::default());
        for n in 0..300 {
            let rule = format!("r{n}");
            let side = if n % 2 == 0 { &mut one } else { &mut other };
            side.add(Some(("pool", ("rest", &rule))), || example("pool"));
            side.add(Some(("turn", ("rest", "rest"))), || example("turn"));
            side.add(None, || example("never"));
        }
        one.merge(other);
        assert_eq!((one.compared, one.differ), (900, 600));
        assert_eq!(one.kinds, [("pool".to_owned(), 300), ("turn".to_owned(), 300)].into());
        assert_eq!(one.rules.values().sum::<u64>(), 600);
        assert!(one.rules.len() <= PAIRS_MAX + 1, "{}", one.rules.len());
        assert_eq!(one.examples.len(), 2 * EXAMPLES_MAX);
    }
}
