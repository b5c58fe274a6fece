//! Finding the few rules of thousands whose conditions a lead could meet.
//!
//! A condition is brought into units that all have to hold; in each, one of some literals has to.
//! Units stand in columns, one of each rule at most. For a value of a lead a column knows at once,
//! as one set of bits, which rules' units hold: it looks the value up among everything that any
//! rule asks of it (equal to one of these, above this, beginning with that), instead of asking
//! rule after rule. What all columns leave are the lead's rules. A test that no look-up answers (a
//! regular expression, one field against another) is asked once for all rules that ask it.
//!
//! Guarantees: a rule that is left out is false for the lead; one that is left out of those that
//! may hold is false or unknown. For a rule that [`Index::is_exact`] the answer is exact.
//! Does not know: how rules that are candidates turn out.

mod bits;
mod column;
mod normal;
mod number;
mod words;

use std::collections::{BTreeMap, HashMap};

pub use self::bits::{Bits, Numbers};
pub use self::column::Left;
use self::column::{Column, Desk, Family};
use self::normal::{Unit, Units};
use super::facts::Facts;
use super::pred::{Pred, Test};

/// Columns of units of one family each, for one family.
const COLUMNS_OF_ONE: usize = 3;
/// Columns of units of several families.
const COLUMNS_OF_MANY: usize = 6;
/// A family has columns of its own when at least one rule in so many asks for it.
const SHARE: usize = 64;
/// So many values are looked up, those that most rules ask for.
const FAMILIES_MAX: usize = 192;
/// So many different tests are asked by themselves, those that most rules ask.
const TESTS_MAX: usize = 256;

/// Which rules a lead can meet. Rules are numbered from 0 in the order in which they were given.
#[derive(Clone, Debug)]
pub struct Index {
    size: usize,
    columns: Vec<Column>,
    tests: Vec<Test>,
    /// Rules of which something is not looked up.
    coarse: Bits,
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    One(Family, usize),
    Many(usize),
}

impl Index {
    /// Indexes the conditions of rules.
    pub fn build<'a>(conditions: impl IntoIterator<Item = &'a Pred>) -> Self {
        Self::of(conditions.into_iter().map(|condition| Units::of(&condition.root)).collect())
    }

    /// Indexes tests by themselves.
    pub(super) fn of_tests<'a>(tests: impl Iterator<Item = &'a Test>) -> Self {
        Self::of(tests.map(Units::test).collect())
    }

    fn of(rules: Vec<Units<'_>>) -> Self {
        let size = rules.len();
        let families = Families::of(&rules);
        let mut coarse = Bits::none(size);
        let mut places: BTreeMap<Place, Vec<(u32, Unit<'_>)>> = BTreeMap::new();
        for (rule, Units { units, is_whole }) in (0_u32..).zip(rules) {
            let mut taken = Vec::new();
            let mut is_exact = is_whole;
            for unit in units {
                let place = families.place(&unit, &taken, size);
                is_exact &= place.is_some();
                if let Some(place) = place {
                    taken.push(place);
                    places.entry(place).or_default().push((rule, unit));
                }
            }
            if !is_exact {
                coarse.put(rule);
            }
        }
        let column = |units: Vec<_>| Column::new(&units, |test| families.family(test), size);
        let mut columns: Vec<Column> = places.into_values().map(column).collect();
        columns.sort_by_key(Column::asks_tests);
        Self { size, columns, tests: families.tests, coarse }
    }

    /// Whether what is said about this rule is exact.
    pub fn is_exact(&self, rule: usize) -> bool {
        !self.coarse.has(rule)
    }

    /// The rules that may hold for `facts`, and those that are not certainly false.
    pub fn look(&self, facts: &Facts) -> Left {
        let mut left = Left { holds: Bits::all(self.size), open: Bits::all(self.size) };
        let mut desk = Desk {
            facts,
            tests: &self.tests,
            asked: vec![None; self.tests.len()],
            bits: Bits::none(self.size),
            unknown: Bits::none(self.size),
            scratch: Bits::none(self.size),
        };
        for column in &self.columns {
            column.narrow(&mut desk, &mut left);
        }
        left
    }

    /// The rules that are not certainly false for `facts`, in order.
    pub fn candidates(&self, facts: &Facts) -> Numbers {
        self.look(facts).open.numbers()
    }
}

/// Which values are looked up, and which tests are asked.
struct Families {
    /// How many units name it; only those that are looked up.
    counts: HashMap<Family, usize>,
    /// Tests that are asked by themselves, by their words.
    numbers: HashMap<String, u32>,
    tests: Vec<Test>,
}

impl Families {
    fn of(rules: &[Units<'_>]) -> Self {
        let literals = rules.iter().flat_map(|rule| &rule.units).flatten();
        let mut counts: HashMap<Family, usize> = HashMap::new();
        let mut alone: HashMap<String, (usize, usize, &Test)> = HashMap::new();
        for (at, literal) in literals.enumerate() {
            match Family::of(literal.test) {
                Some(family) => *counts.entry(family).or_default() += 1,
                None => alone.entry(words(literal.test)).or_insert((0, at, literal.test)).0 += 1,
            }
        }
        let mut most: Vec<_> = counts.into_iter().collect();
        most.sort_by_key(|(family, count)| (std::cmp::Reverse(*count), *family));
        most.truncate(FAMILIES_MAX);
        let mut alone: Vec<_> = alone.into_iter().collect();
        alone.sort_by_key(|(_, (count, at, _))| (std::cmp::Reverse(*count), *at));
        alone.truncate(TESTS_MAX);
        let mut all =
            Self { counts: most.into_iter().collect(), numbers: HashMap::new(), tests: Vec::new() };
        for (number, (words, (count, _, test))) in (0_u32..).zip(alone) {
            all.counts.insert(Family::Test(number), count);
            all.numbers.insert(words, number);
            all.tests.push(test.clone());
        }
        all
    }

    /// The family of a test, if it is looked up.
    fn family(&self, test: &Test) -> Option<Family> {
        let family = match Family::of(test) {
            Some(family) => family,
            None => Family::Test(*self.numbers.get(&words(test))?),
        };
        self.counts.contains_key(&family).then_some(family)
    }

    /// Where a unit of a rule stands beside those of it that are `taken` in; nowhere when it
    /// cannot be looked up.
    fn place(&self, unit: &Unit<'_>, taken: &[Place], size: usize) -> Option<Place> {
        let mut families = Vec::with_capacity(unit.len());
        let mut negated = Vec::new();
        for literal in unit {
            let family = self.family(literal.test)?;
            if literal.negated && !family.takes_many_negated() {
                // Both would have to be met to fail it, and hits are looked at one by one.
                if negated.contains(&family) {
                    return None;
                }
                negated.push(family);
            }
            if !families.contains(&family) {
                families.push(family);
            }
        }
        let is_free = |place: &Place| !taken.contains(place);
        let one = match families.as_slice() {
            [one] if self.counts.get(one).is_some_and(|count| *count * SHARE >= size) => Some(*one),
            _ => None,
        };
        let of_one =
            one.and_then(|one| (0..COLUMNS_OF_ONE).map(|at| Place::One(one, at)).find(is_free));
        of_one.or_else(|| (0..COLUMNS_OF_MANY).map(Place::Many).find(is_free))
    }
}

/// What a test asks, in full: two tests with the same words are the same.
pub(super) fn words(test: &Test) -> String {
    format!("{test:?}")
}

#[cfg(test)]
mod tests;
