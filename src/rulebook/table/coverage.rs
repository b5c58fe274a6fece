//! Which values of a table's key have a row, as far as ranges say it.
//!
//! Guarantees: gaps lie between, before and behind ranges that stand beside each other, with the
//! same values in all other columns; a gap in which nobody can be counted (between 299 and 300
//! employees) is none.
//! Does not know: which leads came; a summary of them is put beside it.

use super::{
    BETWEEN, Table,
    index::{Level, Node},
    range::{Axis, Range},
};

/// So many stretches of each kind are given.
const STRETCHES_MAX: usize = 1000;

/// A stretch of a table's key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stretch {
    /// What the rows around it have in the other columns; empty for a key of one column.
    pub beside: String,
    /// The range, as people write it.
    pub range: String,
    /// The rows over it, from 0, the one that wins first; none for a gap.
    pub rows: Vec<u32>,
}

/// What a table's ranges cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// How many rows there are.
    pub rows: usize,
    /// Where there is no row.
    pub gaps: Vec<Stretch>,
    /// Ranges of which parts belong to a narrower one.
    pub overlaps: Vec<Stretch>,
}

impl Table {
    /// What its ranges cover, and what they leave open.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut found = Coverage { rows: self.rows.len(), ..Coverage::default() };
        for class in &self.rows.classes {
            let mut groups: Vec<_> = class.groups.iter().collect();
            groups.sort_by(|a, b| a.0.cmp(b.0));
            for (key, node) in groups {
                let parts: Vec<&str> = key.split_terminator(BETWEEN).collect();
                found.node(node, &parts.join(", "));
            }
        }
        found.gaps.truncate(STRETCHES_MAX);
        found.overlaps.truncate(STRETCHES_MAX);
        found
    }
}

impl Coverage {
    fn node(&mut self, node: &Node, beside: &str) {
        let Node::Axes(axes) = node else { return };
        if self.gaps.len() > STRETCHES_MAX && self.overlaps.len() > STRETCHES_MAX {
            return;
        }
        for (axis, level) in axes {
            match level {
                Level::Inner(nested) => {
                    let outer: Vec<Range> = nested.iter().map(|(range, _)| range.clone()).collect();
                    self.gaps(axis, &outer, beside);
                    for (range, node) in nested.iter() {
                        let said = range.said();
                        let beside =
                            if beside.is_empty() { said } else { format!("{beside}, {said}") };
                        self.node(node, &beside);
                    }
                }
                Level::Last { ranges, stretches } => {
                    let all: Vec<Range> = ranges.iter().map(|(range, _)| range.clone()).collect();
                    self.gaps(axis, &all, beside);
                    self.overlaps(ranges, stretches, beside);
                }
            }
        }
    }

    /// Ranges come by their beginnings.
    fn gaps(&mut self, axis: &Axis, ranges: &[Range], beside: &str) {
        let whole = axis.whole();
        let mut from = whole.from;
        let end = Range { axis: axis.clone(), from: whole.to, to: whole.to };
        for range in ranges.iter().chain([&end]) {
            let gap = Range { axis: axis.clone(), from, to: range.from };
            if gap.from < gap.to && !gap.is_hairline() {
                let (beside, range) = (beside.to_owned(), gap.said());
                self.gaps.push(Stretch { beside, range, rows: Vec::new() });
            }
            from = from.max(range.to);
        }
    }

    /// Where a range is cut by another one that wins.
    fn overlaps(
        &mut self,
        ranges: &[(Range, u32)],
        stretches: &[(u128, Option<u32>)],
        beside: &str,
    ) {
        let mut open: Vec<&(Range, u32)> = Vec::new();
        for one in ranges {
            open.retain(|(range, _)| range.to > one.0.from);
            for other in &open {
                if self.overlaps.len() > STRETCHES_MAX {
                    return;
                }
                let (from, to) = (one.0.from, one.0.to.min(other.0.to));
                let both = Range { axis: one.0.axis.clone(), from, to };
                let at = stretches.partition_point(|(start, _)| *start <= from);
                let winner = stretches.get(at.saturating_sub(1)).and_then(|(_, row)| *row);
                let mut rows = vec![one.1, other.1];
                rows.sort_by_key(|row| (Some(*row) != winner, *row));
                let (beside, range) = (beside.to_owned(), both.said());
                self.overlaps.push(Stretch { beside, range, rows });
            }
            open.push(one);
        }
    }
}
