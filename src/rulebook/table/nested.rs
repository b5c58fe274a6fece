//! Ranges that may lie in each other, and all that hold a place.
//!
//! Guarantees: a look costs as much as the ranges that it finds, and a logarithm of all of them.
//! Does not know: which of them fits best.

use super::{
    index::{Level, Node},
    range::Range,
};

/// Ranges in order, and for the middle of each half of them the largest end in it.
pub(super) fn inner(nodes: Vec<(Range, Node)>) -> Level {
    let mut ends = vec![0; nodes.len()];
    largest(&nodes, &mut ends);
    Level::Inner { ranges: nodes, ends }
}

fn largest(ranges: &[(Range, Node)], ends: &mut [u128]) -> u128 {
    let middle = ranges.len() / 2;
    let (Some((range, _)), true) = (ranges.get(middle), ranges.len() == ends.len()) else {
        return 0;
    };
    let (left, right) = ends.split_at_mut(middle);
    let Some((own, right)) = right.split_first_mut() else { return 0 };
    let left = largest(ranges.get(..middle).unwrap_or_default(), left);
    let right = largest(ranges.get(middle + 1..).unwrap_or_default(), right);
    *own = range.to.max(left).max(right);
    *own
}

/// Visits every range that holds a place.
pub(super) fn stab(
    ranges: &[(Range, Node)],
    ends: &[u128],
    at: u128,
    visit: &mut impl FnMut(&Node),
) {
    let middle = ranges.len() / 2;
    let (Some((range, node)), Some(end)) = (ranges.get(middle), ends.get(middle)) else { return };
    if *end <= at {
        return;
    }
    let (left, most) =
        (ranges.get(..middle).unwrap_or_default(), ends.get(..middle).unwrap_or_default());
    stab(left, most, at, visit);
    if range.from <= at {
        if at < range.to {
            visit(node);
        }
        let right = ranges.get(middle + 1..).unwrap_or_default();
        stab(right, ends.get(middle + 1..).unwrap_or_default(), at, visit);
    }
}
