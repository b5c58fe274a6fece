//! The balance of the books as one line: accepted = where everything is now.
//!
//! Guarantees: the parts are those that the store tallies; the check mark is
//! [`Tally::balances`], not a sum made here. Does not know: why something is where it is.

use crate::store::Tally;

/// The equation, and its parts as shares of one bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Fills accepted, ever.
    pub accepted: i64,
    /// Where they are. Leads by state stand for the fills that opened them.
    pub parts: Vec<Part>,
    /// Whether every fill has one fate and every lead one state.
    pub is_balanced: bool,
    /// Mapped fields that a source stopped filling: source and field, fills in a row.
    pub unfilled: Vec<(String, i64)>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in style sheets.
    pub class: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// How many.
    pub count: i64,
    /// Where it begins on the bar, in thousandths.
    pub from: i64,
    /// How wide it is there.
    pub width: i64,
    /// Whether it is named even when it is empty.
    pub always: bool,
}

impl Part {
    /// Whether it is worth naming.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.always || self.count != 0
    }
}

/// A field that was empty in so many fills in a row deserves a look.
const UNFILLED_SHOWN: i64 = 10;

impl Books {
    /// The books as this tally has them.
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        let state = |name: &str| tally.states.get(name).copied().unwrap_or(0);
        let fate = |name: &str| tally.fates.get(name).copied().unwrap_or(0);
        let all = [
            ("underway", "being decided", fate("underway"), false),
            ("waiting", "waiting", state("waiting"), true),
            ("assigned", "assigned", state("assigned"), true),
            ("answered", "answered", state("answered"), true),
            ("aside", "set aside", state("set_aside"), true),
            // The colour of what nobody owes an answer.
            ("aside", "only watched", state("observed"), false),
            ("joined", "joined a lead", fate("joined"), true),
            ("rejected", "rejected", fate("rejected"), true),
            ("dead", "dead", fate("dead"), false),
        ];
        let whole = all.iter().map(|(_, _, count, _)| (*count).max(0)).sum::<i64>().max(1);
        let mut before = 0_i64;
        let parts = all
            .into_iter()
            .map(|(class, label, count, always)| {
                let edge = |counted: i64| counted.saturating_mul(1000) / whole;
                let from = edge(before);
                before += count.max(0);
                Part { class, label, count, from, width: edge(before) - from, always }
            })
            .collect();
        let unfilled = tally.unfilled.iter().filter(|(_, fills)| **fills >= UNFILLED_SHOWN);
        Self {
            accepted: tally.accepted,
            parts,
            is_balanced: tally.balances(),
            unfilled: unfilled.map(|(name, fills)| (name.clone(), *fills)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(opened: i64) -> Tally {
        Tally {
            accepted: 10,
            fates: [("opened", opened), ("joined", 3), ("rejected", 1)].into(),
            states: [("waiting", 1), ("assigned", 2), ("answered", 3), ("set_aside", 0)].into(),
            ..Tally::default()
        }
    }

    #[test]
    fn the_parts_make_the_whole_and_fill_the_bar() {
        let books = Books::of(&tally(6));
        assert!(books.is_balanced);
        assert_eq!(books.parts.iter().map(|part| part.count).sum::<i64>(), books.accepted);
        assert_eq!(books.parts.iter().map(|part| part.width).sum::<i64>(), 1000);
        let named: Vec<_> = books.parts.iter().filter(|part| part.is_shown()).collect();
        assert!(named.iter().all(|part| part.class != "dead" && part.class != "underway"));
    }

    #[test]
    fn books_that_do_not_balance_say_so() {
        assert!(!Books::of(&tally(5)).is_balanced);
        assert!(Books::of(&Tally::default()).is_balanced);
    }
}
