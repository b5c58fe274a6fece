//! Rows by their keys: which one fits best is found without looking at the others.
//!
//! Rows whose keys have values, ranges and open cells in the same columns are of one class. A class
//! is looked up by its values at once; among the rows that share them, ranges are cut at all of
//! their ends into stretches that each belong to one row. With several columns of ranges those of
//! the first are found by a search of nested stretches, and each leads on to the next column.
//!
//! Guarantees: the row that is found is the most specific one that fits, as the table's header says.
//! Does not know: what a row says, or what its facts are called.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use super::{
    BETWEEN, Cell,
    cell::number_part,
    nested::Nested,
    part_of,
    postal::Runs,
    range::{Axis, Range},
};
use crate::rulebook::condition::Value;

/// What is looked up in one column of the key.
#[derive(Debug)]
pub struct Looked {
    /// As a part of a key; nothing when it is unknown or blank.
    part: Option<String>,
    number: Option<f64>,
    /// A text, for postal codes.
    runs: Option<Runs>,
}

impl Looked {
    pub fn of(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Number(number)) => {
                Self { part: Some(number_part(*number)), number: Some(*number), runs: None }
            }
            Some(Value::Text(text)) if !text.trim().is_empty() => Self {
                part: Some(part_of(text)),
                number: None,
                runs: (text.len() <= 32).then(|| Runs::of(text)),
            },
            _ => Self { part: None, number: None, runs: None },
        }
    }

    fn place(&self, axis: &Axis) -> Option<u128> {
        match self.number {
            Some(number) => axis.number(number),
            None => axis.code(self.runs.as_ref()?),
        }
    }
}

/// What is wrong with a row among the others. Rows are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its key is that of an earlier row.
    Duplicate {
        /// The row.
        row: u32,
        /// The earlier one.
        of: u32,
    },
    /// Narrower rows leave nothing to it.
    Unreachable {
        /// The row.
        row: u32,
        /// Those that take all of it.
        by: Vec<u32>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Any,
    Range,
    Exact,
}

/// Which columns of a key say what.
type Kinds = Vec<Kind>;

/// Rows by their keys.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    values: Vec<Box<[Option<Value>]>>,
    /// Most specific first.
    pub(super) classes: Vec<Class>,
    /// By row: smaller is more specific within its class.
    rank: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) kinds: Kinds,
    pub(super) groups: HashMap<Box<str>, Node>,
}

/// Rows that are alike in all columns so far.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Row(u32),
    Axes(Vec<(Axis, Level)>),
}

/// The ranges of one column on one axis.
#[derive(Clone, Debug)]
pub(super) enum Level {
    Last {
        /// Where a stretch begins, and whose it is.
        stretches: Vec<(u128, Option<u32>)>,
        /// By the rows' own ends, in order.
        ranges: Vec<(Range, u32)>,
    },
    /// Each leads on to the next column.
    Inner(Nested<Node>),
}

/// One row while the index is made.
struct Entry {
    row: u32,
    ranges: Vec<Range>,
}

impl Rows {
    /// Indexes rows: their keys, and what they say. A row that is a duplicate is left out.
    #[must_use]
    #[expect(clippy::type_complexity, reason = "rows as they are read, and a list that stays here")]
    pub fn of(rows: Vec<(Vec<Cell>, Box<[Option<Value>]>)>) -> (Self, Vec<Trouble>) {
        let mut classes: BTreeMap<Kinds, HashMap<Box<str>, Vec<Entry>>> = BTreeMap::new();
        let mut made = Self::default();
        let mut widths: Vec<(Kinds, Vec<(f64, u128)>, u32)> = Vec::with_capacity(rows.len());
        for (row, (cells, values)) in (0_u32..).zip(rows) {
            let mut key = String::new();
            let (mut kinds, mut ranges) = (Kinds::new(), Vec::new());
            for cell in cells {
                kinds.push(match cell {
                    Cell::Any => Kind::Any,
                    Cell::Exact(part) => {
                        key.push_str(&part);
                        key.push(BETWEEN);
                        Kind::Exact
                    }
                    Cell::Range(range) => {
                        ranges.push(range);
                        Kind::Range
                    }
                });
            }
            let width = |range: &Range| (range.width(), range.to - range.from);
            widths.push((kinds.clone(), ranges.iter().map(width).collect(), row));
            let group = classes.entry(kinds).or_default().entry(key.into()).or_default();
            group.push(Entry { row, ranges });
            made.values.push(values);
        }
        widths.sort_by(|a, b| {
            // Within a class there are as many ranges in each row.
            let mut by_width = a.0.cmp(&b.0);
            for (a, b) in a.1.iter().zip(&b.1) {
                by_width = by_width.then(a.0.total_cmp(&b.0)).then(a.1.cmp(&b.1));
            }
            by_width.then(a.2.cmp(&b.2))
        });
        made.rank = vec![0; made.values.len()];
        for (rank, (.., row)) in (0_u32..).zip(&widths) {
            if let Some(place) = made.rank.get_mut(*row as usize) {
                *place = rank;
            }
        }
        let mut troubles = Vec::new();
        for (kinds, groups) in classes {
            let node = |(key, entries)| Some((key, made.node(entries, 0, &mut troubles)?));
            let groups = groups.into_iter().filter_map(node).collect();
            made.classes.push(Class { kinds, groups });
        }
        made.classes.sort_by_key(|class| Reverse(specificity(&class.kinds)));
        troubles.sort_by_key(|trouble| match trouble {
            Trouble::Duplicate { row, .. } | Trouble::Unreachable { row, .. } => *row,
        });
        (made, troubles)
    }

    fn rank(&self, row: u32) -> u32 {
        self.rank.get(row as usize).copied().unwrap_or(u32::MAX)
    }

    fn node(&self, entries: Vec<Entry>, depth: usize, troubles: &mut Vec<Trouble>) -> Option<Node> {
        let first = entries.first()?;
        if first.ranges.len() == depth {
            let of = first.row;
            let more = entries.iter().skip(1);
            troubles.extend(more.map(|entry| Trouble::Duplicate { row: entry.row, of }));
            return Some(Node::Row(of));
        }
        let is_last = first.ranges.len() == depth + 1;
        let mut axes: BTreeMap<Axis, BTreeMap<(u128, u128), Vec<Entry>>> = BTreeMap::new();
        for entry in entries {
            let Some(range) = entry.ranges.get(depth) else { continue };
            let (of, ends) = (range.axis.clone(), (range.from, range.to));
            axes.entry(of).or_default().entry(ends).or_default().push(entry);
        }
        let mut levels = Vec::new();
        for (axis, ranges) in axes {
            let mut nodes = Vec::new();
            for ((from, to), entries) in ranges {
                let range = Range { axis: axis.clone(), from, to };
                if let Some(node) = self.node(entries, depth + 1, troubles) {
                    nodes.push((range, node));
                }
            }
            let level =
                if is_last { self.last(nodes, troubles) } else { Level::Inner(Nested::of(nodes)) };
            levels.push((axis, level));
        }
        Some(Node::Axes(levels))
    }

    /// Cuts ranges at all of their ends; of those over a stretch the most specific has it.
    fn last(&self, nodes: Vec<(Range, Node)>, troubles: &mut Vec<Trouble>) -> Level {
        let rows = nodes.into_iter().filter_map(|(range, node)| match node {
            Node::Row(row) => Some((range, row)),
            Node::Axes(_) => None,
        });
        let ranges: Vec<(Range, u32)> = rows.collect();
        let mut events: BTreeMap<u128, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
        for (range, row) in &ranges {
            events.entry(range.from).or_default().0.push(*row);
            events.entry(range.to).or_default().1.push(*row);
        }
        let mut over: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut stretches: Vec<(u128, Option<u32>)> = Vec::new();
        for (at, (begin, end)) in events {
            for row in end {
                over.remove(&(self.rank(row), row));
            }
            over.extend(begin.into_iter().map(|row| (self.rank(row), row)));
            let owner = over.first().map(|(_, row)| *row);
            if stretches.last().is_none_or(|(_, last)| *last != owner) {
                stretches.push((at, owner));
            }
        }
        let owners: BTreeSet<u32> = owners_of_any(&stretches, &ranges);
        for (range, row) in ranges.iter().filter(|(_, row)| !owners.contains(row)) {
            let mut by = owners_within(&stretches, range);
            by.retain(|owner| owner != row);
            troubles.push(Trouble::Unreachable { row: *row, by });
        }
        Level::Last { stretches, ranges }
    }

    /// The row that fits best.
    pub fn find(&self, looked: &[Looked]) -> Option<u32> {
        self.classes.iter().find_map(|class| {
            let mut key = String::new();
            let mut ranged = Vec::new();
            for (kind, looked) in class.kinds.iter().zip(looked) {
                match kind {
                    Kind::Any => {}
                    Kind::Exact => {
                        key.push_str(looked.part.as_ref()?);
                        key.push(BETWEEN);
                    }
                    Kind::Range => ranged.push(looked),
                }
            }
            self.descend(class.groups.get(key.as_str())?, &ranged)
        })
    }

    fn descend(&self, node: &Node, looked: &[&Looked]) -> Option<u32> {
        let axes = match node {
            Node::Row(row) => return Some(*row),
            Node::Axes(axes) => axes,
        };
        let (first, rest) = looked.split_first()?;
        let found = axes.iter().filter_map(|(axis, level)| {
            let at = first.place(axis)?;
            match level {
                Level::Last { stretches, .. } => owner(stretches, at),
                Level::Inner(nested) => {
                    let mut best = None;
                    nested.visit(at, &mut |node| {
                        let found = self.descend(node, rest);
                        best = best.into_iter().chain(found).min_by_key(|row| self.rank(*row));
                    });
                    best
                }
            }
        });
        found.min_by_key(|row| self.rank(*row))
    }

    /// What a row says.
    pub fn values(&self, row: u32) -> &[Option<Value>] {
        self.values.get(row as usize).map_or(&[], |values| values)
    }

    /// What all rows say.
    pub fn all(&self) -> impl Iterator<Item = &[Option<Value>]> {
        self.values.iter().map(AsRef::as_ref)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a row may be for this value in this column of the key, or is for every lead. A row
    /// with a range beside others is taken to be for it.
    pub fn may_have(&self, column: usize, looked: &Looked) -> bool {
        self.classes.iter().any(|class| match class.kinds.get(column) {
            Some(Kind::Exact) => {
                let place = class.kinds.iter().take(column).filter(|kind| **kind == Kind::Exact);
                let place = place.count();
                let is_it = |key: &str| key.split(BETWEEN).nth(place) == looked.part.as_deref();
                class.groups.keys().any(|key| is_it(key))
            }
            Some(Kind::Range) => class.groups.values().any(|node| match node {
                Node::Axes(axes) => axes.iter().any(|(axis, level)| match level {
                    Level::Last { stretches, .. } => {
                        looked.place(axis).is_some_and(|at| owner(stretches, at).is_some())
                    }
                    Level::Inner(_) => true,
                }),
                Node::Row(_) => true,
            }),
            _ => class.kinds.iter().all(|kind| *kind == Kind::Any),
        })
    }
}

/// What makes a class come before another: see the table's header.
fn specificity(kinds: &[Kind]) -> (usize, usize, Vec<bool>, Vec<bool>) {
    let filled: Vec<bool> = kinds.iter().map(|kind| *kind != Kind::Any).collect();
    let exact: Vec<bool> = kinds.iter().map(|kind| *kind == Kind::Exact).collect();
    let count = |list: &[bool]| list.iter().filter(|one| **one).count();
    (count(&filled), count(&exact), filled, exact)
}

/// Whose the stretch around a place is.
fn owner(stretches: &[(u128, Option<u32>)], at: u128) -> Option<u32> {
    let next = stretches.partition_point(|(from, _)| *from <= at);
    stretches.get(next.checked_sub(1)?)?.1
}

/// The owners of stretches in which something lies.
fn owners_of_any(stretches: &[(u128, Option<u32>)], ranges: &[(Range, u32)]) -> BTreeSet<u32> {
    let Some((Range { axis, .. }, _)) = ranges.first() else { return BTreeSet::new() };
    let ends = stretches.iter().skip(1).map(|(from, _)| *from).chain([u128::MAX]);
    let stretch = |from: u128, to: u128| Range { axis: axis.clone(), from, to };
    let held = stretches.iter().zip(ends).filter(|((from, _), to)| stretch(*from, *to).holds_any());
    held.filter_map(|((_, row), _)| *row).collect()
}

/// The owners of all stretches in a range.
fn owners_within(stretches: &[(u128, Option<u32>)], range: &Range) -> Vec<u32> {
    let first = stretches.partition_point(|(from, _)| *from <= range.from).saturating_sub(1);
    let within = stretches.iter().skip(first).take_while(|(from, _)| *from < range.to);
    let owners: BTreeSet<u32> = within.filter_map(|(_, row)| *row).collect();
    owners.into_iter().collect()
}
