//! A condition as units that all have to hold, each of literals of which one has to: what an
//! index can look up.
//!
//! Guarantees: all units hold when the condition does; the other way round too, unless some were
//! left out. The logic with "unknown" is kept, since it distributes like that of two values.
//! Does not know: which literals can be looked up.

use super::super::pred::{Node, Test};

/// So many units of one condition; the rest is left out.
const UNITS_MAX: usize = 16;
/// A unit with more literals is left out.
const LITERALS_MAX: usize = 256;

/// A test, or that it does not hold.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Literal<'p> {
    pub test: &'p Test,
    pub negated: bool,
}

/// One of the literals has to hold; without any it never does.
pub(in super::super) type Unit<'p> = Vec<Literal<'p>>;

/// What a condition asks for.
#[derive(Clone, Debug)]
pub(in super::super) struct Units<'p> {
    /// All have to hold; without any it always does.
    pub units: Vec<Unit<'p>>,
    /// Nothing was left out.
    pub is_whole: bool,
}

impl<'p> Units<'p> {
    /// The units of a condition.
    pub(super) fn of(node: &'p Node) -> Self {
        let mut is_whole = true;
        let units = units(node, false, &mut is_whole);
        Self { units, is_whole }
    }

    /// Of one test alone.
    pub(super) fn test(test: &'p Test) -> Self {
        Self { units: vec![vec![Literal { test, negated: false }]], is_whole: true }
    }
}

/// `negated` when the node has to be false.
fn units<'p>(node: &'p Node, negated: bool, is_whole: &mut bool) -> Vec<Unit<'p>> {
    match node {
        Node::Const(truth) if *truth != negated => Vec::new(),
        Node::Const(_) => vec![Vec::new()],
        Node::Leaf(leaf) => {
            vec![vec![Literal { test: &leaf.test, negated: leaf.negated != negated }]]
        }
        Node::Not(inner) => units(inner, !negated, is_whole),
        Node::All(parts) | Node::Any(parts) => {
            let is_all = matches!(node, Node::All(_)) != negated;
            // Before the first part, "all" always holds and "any" never does.
            let mut found = if is_all { Vec::new() } else { vec![Vec::new()] };
            for part in parts {
                let part = units(part, negated, is_whole);
                if is_all {
                    found.extend(part);
                    shorten(&mut found, is_whole);
                } else {
                    found = either(&found, &part, is_whole);
                }
            }
            found
        }
    }
}

/// Leaves out what is too much.
fn shorten(units: &mut Vec<Unit<'_>>, is_whole: &mut bool) {
    if units.len() > UNITS_MAX {
        units.truncate(UNITS_MAX);
        *is_whole = false;
    }
}

/// One of two holds when for each pair of their units one does. Without units it always holds.
fn either<'p>(one: &[Unit<'p>], other: &[Unit<'p>], is_whole: &mut bool) -> Vec<Unit<'p>> {
    let mut pairs = Vec::new();
    for first in one {
        for second in other {
            if pairs.len() == UNITS_MAX || first.len() + second.len() > LITERALS_MAX {
                *is_whole = false;
                continue;
            }
            pairs.push(first.iter().chain(second).copied().collect());
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::super::{arbitrary, cel};
    use super::*;

    #[test]
    fn conditions_become_units() {
        let schema = arbitrary::schema();
        let chain = |join: &str, count: usize| {
            let one = |n| format!("lead.employees > {n}");
            (0..count).map(one).collect::<Vec<_>>().join(join)
        };
        let pairs = |count: usize| {
            let one = |n| format!("(lead.employees > {n} && lead.score > {n})");
            (0..count).map(one).collect::<Vec<_>>().join(" || ")
        };
        for (source, expected, is_whole) in [
            ("true", vec![], true),
            ("false", vec![0], true),
            ("lead.free_mail", vec![1], true),
            ("lead.free_mail && (account.known || lead.score > 1)", vec![1, 2], true),
            ("!(lead.free_mail || account.known)", vec![1, 1], true),
            ("lead.free_mail || (account.known && lead.score > 1)", vec![2, 2], true),
            ("lead.free_mail || true", vec![], true),
            ("lead.free_mail || false", vec![1], true),
            ("lead.free_mail && false", vec![1, 0], true),
            (&chain(" && ", UNITS_MAX), vec![1; UNITS_MAX], true),
            (&chain(" && ", UNITS_MAX + 1), vec![1; UNITS_MAX], false),
            (&chain(" || ", LITERALS_MAX), vec![LITERALS_MAX], true),
            (&chain(" || ", LITERALS_MAX + 1), vec![], false),
            (&pairs(4), vec![4; UNITS_MAX], true),
            (&pairs(5), vec![5; UNITS_MAX], false),
        ] {
            let pred = cel(source, &schema).unwrap();
            let found = Units::of(&pred.root);
            let lengths: Vec<usize> = found.units.iter().map(Vec::len).collect();
            assert_eq!((lengths, found.is_whole), (expected, is_whole), "{source}");
        }
    }
}
