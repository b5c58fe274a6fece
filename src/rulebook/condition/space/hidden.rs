//! Tests that no set of values says, and what follows from one for another.
//!
//! Guarantees: what is said to follow follows for every text and every list.
//! Does not know: regular expressions; one is the same as another when it is written so.

use super::super::pred::{Part, Reading, Test, TextField, TextSet};

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

    /// Where this comes out so, `other` does as it says.
    pub fn implies(self, other: Hidden<'_>) -> bool {
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
        (
            Test::Number { field, order, value },
            Test::Number { field: same, order: alike, value: equal },
        ) => field == same && order == alike && value == equal,
        (Test::NumberIn { field, values }, Test::NumberIn { field: same, values: alike }) => {
            field == same && values == alike
        }
        (Test::SameText { left, right }, Test::SameText { left: one, right: other }) => {
            (left, right) == (one, other) || (left, right) == (other, one)
        }
        (
            Test::SameNumber { left, order, right },
            Test::SameNumber { left: one, order: alike, right: other },
        ) => (left, order, right) == (one, alike, other),
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
