//! Tests that no set of values says, and what follows from one for another.
//!
//! Guarantees: what is said to follow follows for every text, every list and every number; a size
//! is a whole number that is not below 0.
//! Does not know: regular expressions; one is the same as another when it is written so.

use super::super::field::Slot;
use super::super::pred::{Measure, NumberField, Order, Part, Reading, Test, TextField, TextSet};
use super::Numbers;

/// A test and how it comes out. Its fields are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden<'p> {
    pub test: &'p Test,
    pub holds: bool,
}

impl Hidden<'_> {
    pub const fn opposite(self) -> Self {
        Self { test: self.test, holds: !self.holds }
    }

    /// The sizes of a field with which this comes out so.
    fn sizes(self) -> Option<(Slot, Numbers)> {
        let (field, numbers) = match self.test {
            Test::Number { field, order, value } => (field, Numbers::compared(*order, *value)),
            Test::NumberIn { field, values } => (field, Numbers::one_of(values)),
            _ => return None,
        };
        let numbers = if self.holds { numbers } else { numbers.not() };
        let all = Numbers::compared(Order::AtLeast, 0.0);
        (field.measure == Measure::Size).then(|| (field.slot, numbers.and(&all).whole()))
    }

    /// The same where they are one stretch, both ends included; no list is made for it, since there
    /// may be as many pairs of these as of rules.
    fn stretch(self) -> Option<(Slot, f64, f64)> {
        let Test::Number { field, order, value } = self.test else { return None };
        let (first, above) = (value.ceil().max(0.0), (value.floor() + 1.0).max(0.0));
        let (low, high) = match (order, self.holds) {
            (Order::AtLeast, true) | (Order::Less, false) => (first, f64::INFINITY),
            (Order::More, true) | (Order::AtMost, false) => (above, f64::INFINITY),
            (Order::Less, true) | (Order::AtLeast, false) => (0.0, value.ceil() - 1.0),
            (Order::AtMost, true) | (Order::More, false) => (0.0, value.floor()),
            (Order::Equal, _) => return None,
        };
        (field.measure == Measure::Size).then_some((field.slot, low, high))
    }

    /// Two numbers, and how the first may stand to the second: less, equal or more.
    fn orders(self) -> Option<([NumberField; 2], u8)> {
        let Test::SameNumber { left, order, right } = self.test else { return None };
        let (less, equal, more) = (1, 2, 4);
        let one_way = match order {
            Order::Equal => equal,
            Order::Less => less,
            Order::AtMost => less | equal,
            Order::More => more,
            Order::AtLeast => more | equal,
        };
        let orders = if self.holds { one_way } else { (less | equal | more) & !one_way };
        let turned = (orders & equal) | ((orders & less) << 2) | ((orders & more) >> 2);
        Some(match left.cmp(right) {
            std::cmp::Ordering::Less => ([*left, *right], orders),
            std::cmp::Ordering::Greater => ([*right, *left], turned),
            // A number is as large as itself.
            std::cmp::Ordering::Equal => ([*left, *right], orders & equal),
        })
    }

    /// It never comes out so together with those of the others that are about the same.
    pub fn is_impossible_with(self, others: &[Hidden<'_>]) -> bool {
        if let Some((slot, sizes)) = self.sizes() {
            let same = others.iter().filter_map(|other| other.sizes());
            let same = same.filter(|(other, _)| *other == slot);
            return same.fold(sizes, |all, (_, sizes)| all.and(&sizes)).is_empty();
        }
        if let Some((fields, orders)) = self.orders() {
            let same = others.iter().filter_map(|other| other.orders());
            let same = same.filter(|(other, _)| *other == fields);
            return same.fold(orders, |all, (_, orders)| all & orders) == 0;
        }
        false
    }

    /// Where this comes out so, `other` does as it says.
    pub fn implies(self, other: Hidden<'_>) -> bool {
        if let (Some((slot, low, high)), Some((same, least, most))) =
            (self.stretch(), other.stretch())
        {
            return slot == same && (low > high || (least <= low && high <= most));
        }
        if let (Some((slot, sizes)), Some((same, wanted))) = (self.sizes(), other.sizes()) {
            return slot == same && sizes.and(&wanted.not()).whole().is_empty();
        }
        if let (Some((fields, orders)), Some((same, wanted))) = (self.orders(), other.orders()) {
            return fields == same && orders & !wanted == 0;
        }
        match (self.holds, other.holds) {
            (true, true) => follows(self.test, other.test),
            (false, false) => follows(other.test, self.test),
            _ => self.holds && !other.holds && are_apart(self.test, other.test),
        }
    }

    /// Both never come out as they say.
    pub fn excludes(self, other: Hidden<'_>) -> bool {
        match (self.holds, other.holds) {
            (true, true) => are_apart(self.test, other.test),
            (false, false) => false,
            _ => self.implies(other.opposite()),
        }
    }
}

/// Where `one` holds, `other` does.
fn follows(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (
            Test::Part { field, part, needle },
            Test::Part { field: same, part: wanted, needle: sought },
        ) => field == same && part_follows(*field, (*part, needle), (*wanted, sought)),
        (Test::Matches { slot, regex }, Test::Matches { slot: same, regex: wanted }) => {
            slot == same && regex.as_str() == wanted.as_str()
        }
        (
            Test::ListHas { slot, folded, values },
            Test::ListHas { slot: same, folded: alike, values: wanted },
        ) => slot == same && folded == alike && is_among(values, wanted),
        _ => is_same(one, other),
    }
}

fn part_follows(field: TextField, one: (Part, &str), other: (Part, &str)) -> bool {
    match (one.0, other.0) {
        (Part::Starts, Part::Starts) => one.1.starts_with(other.1),
        (Part::Ends, Part::Ends) => one.1.ends_with(other.1),
        (Part::Contains, Part::Contains) => one.1.contains(other.1),
        // In lower case only the first bytes of a text are searched.
        (_, Part::Contains) => field.reading != Reading::LowerAscii && one.1.contains(other.1),
        _ => false,
    }
}

fn is_among(values: &TextSet, wanted: &TextSet) -> bool {
    values.sorted.iter().all(|text| wanted.sorted.binary_search(text).is_ok())
}

/// Both never hold: a text has one beginning and one end.
fn are_apart(one: &Test, other: &Test) -> bool {
    let (
        Test::Part { field, part, needle },
        Test::Part { field: same, part: wanted, needle: sought },
    ) = (one, other)
    else {
        return false;
    };
    if field != same || part != wanted {
        return false;
    }
    match part {
        Part::Starts => !needle.starts_with(&**sought) && !sought.starts_with(&**needle),
        Part::Ends => !needle.ends_with(&**sought) && !sought.ends_with(&**needle),
        Part::Contains => false,
    }
}

/// The same question about the same fields.
fn is_same(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::SameText { left, right }, Test::SameText { left: one, right: other }) => {
            (left, right) == (one, other) || (left, right) == (other, one)
        }
        (Test::SameBool { left, right }, Test::SameBool { left: one, right: other }) => {
            (left, right) == (one, other) || (left, right) == (other, one)
        }
        (
            Test::PartField { field, part, needle },
            Test::PartField { field: same, part: alike, needle: sought },
        ) => (field, part, needle) == (same, alike, sought),
        (Test::ListHasField { slot, item }, Test::ListHasField { slot: same, item: alike }) => {
            (slot, item) == (same, alike)
        }
        _ => false,
    }
}
