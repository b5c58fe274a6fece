//! Ranges that may lie in each other: those over a place are found without looking at the others.
//!
//! Ranges are kept by their beginnings, as a balanced tree: of each half the middle one is its root.
//! Beside each root stands the largest end below it, so a half that ends before the place is left
//! at once.
//!
//! Guarantees: every range over a place is visited, and no other.
//! Does not know: what a range leads to.

use super::range::Range;

/// Ranges, and what each leads to.
#[derive(Clone, Debug)]
pub(super) struct Nested<T> {
    /// By their beginnings.
    ranges: Vec<(Range, T)>,
    /// By the place of a root: the largest end in its half.
    ends: Vec<u128>,
}

impl<T> Nested<T> {
    /// Of ranges that are sorted by their beginnings.
    pub(super) fn of(ranges: Vec<(Range, T)>) -> Self {
        let mut ends = vec![0; ranges.len()];
        measure(&ranges, &mut ends);
        Self { ranges, ends }
    }

    /// All of them, by their beginnings.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Range, T)> {
        self.ranges.iter()
    }

    /// Visits what the ranges over a place lead to.
    pub(super) fn visit(&self, at: u128, visit: &mut impl FnMut(&T)) {
        stab(&self.ranges, &self.ends, at, visit);
    }
}

/// Notes the largest end below each root; gives that of all.
fn measure<T>(ranges: &[(Range, T)], ends: &mut [u128]) -> u128 {
    let middle = ranges.len() / 2;
    let Some((range, _)) = ranges.get(middle) else { return 0 };
    let (left, right) = ends.split_at_mut(middle);
    let Some((own, right)) = right.split_first_mut() else { return 0 };
    let left = measure(ranges.get(..middle).unwrap_or_default(), left);
    let right = measure(ranges.get(middle + 1..).unwrap_or_default(), right);
    *own = range.to.max(left).max(right);
    *own
}

fn stab<T>(ranges: &[(Range, T)], ends: &[u128], at: u128, visit: &mut impl FnMut(&T)) {
    let middle = ranges.len() / 2;
    let (Some((range, one)), Some(end)) = (ranges.get(middle), ends.get(middle)) else { return };
    if *end <= at {
        return;
    }
    let (left, most) =
        (ranges.get(..middle).unwrap_or_default(), ends.get(..middle).unwrap_or_default());
    stab(left, most, at, visit);
    if range.from <= at {
        if at < range.to {
            visit(one);
        }
        let right = ranges.get(middle + 1..).unwrap_or_default();
        stab(right, ends.get(middle + 1..).unwrap_or_default(), at, visit);
    }
}
