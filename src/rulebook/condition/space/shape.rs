//! A condition as regions: all of them, or the one around given facts.
//!
//! Guarantees: the regions of [`Pred::holding`] together are exactly where the condition holds, as
//! far as regions can tell; the outcome of [`Pred::around`] is that of [`Pred::eval`].
//! Does not know: what is likely.

use super::super::facts::Facts;
use super::super::pred::{Leaf, Measure, Node, Pred, Test, Tri};
use super::{Domain, Numbers, Region, Set, Texts};

impl Pred {
    /// Regions that together are where it holds; nothing when they would be more than `most`.
    #[must_use]
    pub fn holding(&self, most: usize) -> Option<Vec<Region<'_>>> {
        regions(&self.root, true, most)
    }

    /// The parts of which all have to hold: each in words, with the regions where it does. Nothing
    /// when one has more than `most` regions.
    #[must_use]
    pub fn parts(&self, most: usize) -> Option<Vec<(String, Vec<Region<'_>>)>> {
        let parts = match &self.root {
            Node::All(parts) => &parts[..],
            one => std::slice::from_ref(one),
        };
        let named = |part| Some((self.words(part), regions(part, true, most)?));
        parts.iter().map(named).collect()
    }

    fn words(&self, node: &Node) -> String {
        let mut clauses = Vec::new();
        numbers_of(node, &mut clauses);
        let texts = clauses.iter().filter_map(|at| self.clauses.get(*at));
        let texts: Vec<&str> = texts.map(|clause| clause.text.as_str()).collect();
        match node {
            Node::Any(_) => texts.join(" or "),
            _ => texts.join(" and "),
        }
    }

    /// How it comes out for `facts`, and a region around them in which it comes out so.
    #[must_use]
    pub fn around(&self, facts: &Facts) -> (Tri, Region<'_>) {
        around(&self.root, facts)
    }
}

fn numbers_of(node: &Node, numbers: &mut Vec<usize>) {
    match node {
        Node::Const(_) => {}
        Node::Leaf(leaf) => numbers.push(leaf.clause as usize),
        Node::Not(inner) => numbers_of(inner, numbers),
        Node::All(parts) | Node::Any(parts) => {
            parts.iter().for_each(|part| numbers_of(part, numbers));
        }
    }
}

/// Where a node is true, or false.
fn regions(node: &Node, wanted: bool, most: usize) -> Option<Vec<Region<'_>>> {
    match node {
        Node::Const(truth) if *truth == wanted => Some(vec![Region::all()]),
        Node::Const(_) => Some(Vec::new()),
        Node::Leaf(leaf) => Some(leaf_regions(leaf, wanted)),
        Node::Not(inner) => regions(inner, !wanted, most),
        Node::All(parts) | Node::Any(parts) => {
            let needs_all = matches!(node, Node::All(_)) == wanted;
            let mut found = if needs_all { vec![Region::all()] } else { Vec::new() };
            for part in parts {
                let part = regions(part, wanted, most)?;
                if needs_all {
                    if found.len().saturating_mul(part.len()) > most.saturating_mul(8) {
                        return None;
                    }
                    let pairs =
                        found.iter().flat_map(|one| part.iter().map(move |two| one.and(two)));
                    found = pairs.flatten().collect();
                } else {
                    found.extend(part);
                }
                if found.len() > most {
                    return None;
                }
            }
            Some(found)
        }
    }
}

fn leaf_regions(leaf: &Leaf, wanted: bool) -> Vec<Region<'_>> {
    let holds = leaf.negated != wanted;
    let (slot, _) = leaf.test.slots();
    let domains = match &leaf.test {
        Test::Known(_) => vec![if holds { Domain::KNOWN } else { Domain::UNKNOWN }],
        test => match set_of(test) {
            Some(set) if holds => vec![Domain::of(set)],
            Some(set) => Domain::all_but(&set),
            None => return Region::hidden(test, holds).into_iter().collect(),
        },
    };
    let inhabited = domains.into_iter().filter(|domain| !domain.is_empty());
    inhabited.map(|domain| Region::field(slot, domain)).collect()
}

/// The values for which a test holds, if it is a test of one field's value.
fn set_of(test: &Test) -> Option<Set> {
    Some(match test {
        Test::Is { want, .. } => Set::Truth(*want),
        Test::Number { field, order, value } if field.measure == Measure::Value => {
            Set::Numbers(Numbers::compared(*order, *value))
        }
        Test::NumberIn { field, values } if field.measure == Measure::Value => {
            Set::Numbers(Numbers::one_of(values))
        }
        Test::Between { low, high, .. } => Set::Numbers(Numbers::between(*low, *high)),
        Test::Text { field, values } => Set::Texts(Texts::one_of(field.reading, &values.sorted)),
        _ => return None,
    })
}

fn around<'p>(node: &'p Node, facts: &Facts) -> (Tri, Region<'p>) {
    match node {
        Node::Const(truth) => ((*truth).into(), Region::all()),
        Node::Leaf(leaf) => leaf_around(leaf, facts),
        Node::Not(inner) => {
            let (outcome, region) = around(inner, facts);
            (outcome.negated(), region)
        }
        Node::All(parts) | Node::Any(parts) => {
            let (absorbing, neutral) = if matches!(node, Node::All(_)) {
                (Tri::False, Tri::True)
            } else {
                (Tri::True, Tri::False)
            };
            let (mut outcome, mut all) = (neutral, Region::all());
            for part in parts {
                let (found, region) = around(part, facts);
                if found == absorbing {
                    return (found, region);
                }
                if found == Tri::Unknown {
                    outcome = Tri::Unknown;
                }
                // All of them are around the same facts.
                all = all.and(&region).unwrap_or(all);
            }
            (outcome, all)
        }
    }
}

fn leaf_around<'p>(leaf: &'p Leaf, facts: &Facts) -> (Tri, Region<'p>) {
    let outcome = leaf.eval(facts);
    let (slot, other) = leaf.test.slots();
    let region = if outcome == Tri::Unknown {
        let is_missing = |slot: &super::Slot| facts.get(*slot).is_none();
        let missing = [Some(slot), other].into_iter().flatten().find(is_missing);
        Region::unknown(missing.unwrap_or(slot))
    } else {
        let regions = leaf_regions(leaf, outcome == Tri::True);
        regions.into_iter().find(|region| region.has(facts)).unwrap_or_else(Region::all)
    };
    (outcome, region)
}
