//! A condition as a tree of tests over numbered slots: what CEL and plain conditions both become.
//!
//! Guarantees: every clause of the source is one numbered leaf that knows its text and its place.
//! Does not know: how it was written; from here on both kinds are alike.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use regex::Regex;
use serde::Serialize;

use super::field::Slot;

/// What evaluating says. `Unknown` is what an error is in CEL: a fact was missing and the rest did
/// not settle the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tri {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be said, since a fact is missing.
    Unknown,
}

impl Tri {
    /// True as false, false as true, and unknown as it is.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

/// How a text is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reading {
    /// As it is.
    Exact,
    /// With A–Z as a–z, as `lowerAscii()` does.
    LowerAscii,
    /// Every character in lower case, as plain conditions compare.
    Folded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TextField {
    pub slot: Slot,
    pub reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Measure {
    /// The number itself.
    Value,
    /// How many characters a text or items a list has.
    Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NumberField {
    pub slot: Slot,
    pub measure: Measure,
}

/// How numbers are compared; "not equal" is a negated leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Starts,
    Ends,
    Contains,
}

/// Texts of which one must be met, in the form in which they are compared.
#[derive(Clone, Debug)]
pub(super) struct TextSet {
    /// Sorted, each once.
    pub sorted: Box<[Arc<str>]>,
    /// As they are shown, in the order in which they were written.
    pub shown: Box<[Arc<str>]>,
}

/// One question about one or two fields.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Known(Slot),
    Is {
        slot: Slot,
        want: bool,
    },
    Number {
        field: NumberField,
        order: Order,
        value: f64,
    },
    /// Both ends belong to it.
    Between {
        slot: Slot,
        low: f64,
        high: f64,
    },
    /// Sorted.
    NumberIn {
        field: NumberField,
        values: Box<[f64]>,
    },
    Text {
        field: TextField,
        values: Box<TextSet>,
    },
    Part {
        field: TextField,
        part: Part,
        needle: Box<str>,
    },
    Matches {
        slot: Slot,
        regex: Box<Regex>,
    },
    /// An item of the list is one of the texts.
    ListHas {
        slot: Slot,
        folded: bool,
        values: Box<TextSet>,
    },
    SameText {
        left: TextField,
        right: TextField,
    },
    SameNumber {
        left: NumberField,
        order: Order,
        right: NumberField,
    },
    SameBool {
        left: Slot,
        right: Slot,
    },
    PartField {
        field: TextField,
        part: Part,
        needle: TextField,
    },
    ListHasField {
        slot: Slot,
        item: TextField,
    },
}

impl Test {
    /// The field that the test is about, and the one it is compared with.
    pub(super) const fn slots(&self) -> (Slot, Option<Slot>) {
        match self {
            Self::Known(slot)
            | Self::Is { slot, .. }
            | Self::Between { slot, .. }
            | Self::Matches { slot, .. }
            | Self::ListHas { slot, .. } => (*slot, None),
            Self::Number { field, .. } | Self::NumberIn { field, .. } => (field.slot, None),
            Self::Text { field, .. } | Self::Part { field, .. } => (field.slot, None),
            Self::SameText { left, right } => (left.slot, Some(right.slot)),
            Self::SameNumber { left, right, .. } => (left.slot, Some(right.slot)),
            Self::SameBool { left, right } => (*left, Some(*right)),
            Self::PartField { field, needle, .. } => (field.slot, Some(needle.slot)),
            Self::ListHasField { slot, item } => (*slot, Some(item.slot)),
        }
    }
}

/// A test under its clause number.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub clause: u32,
    /// The clause holds when the test does not.
    pub negated: bool,
    pub test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Const(bool),
    Leaf(Leaf),
    Not(Box<Node>),
    All(Box<[Node]>),
    Any(Box<[Node]>),
}

/// Where a clause stands and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Bytes in the CEL source; nothing for a plain condition.
    pub span: Option<Range<usize>>,
    /// The clause in canonical form.
    pub text: String,
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Pred {
    pub(super) root: Node,
    pub(super) clauses: Vec<Clause>,
}

impl Pred {
    /// The condition that always holds.
    pub const fn always() -> Self {
        Self { root: Node::Const(true), clauses: Vec::new() }
    }

    /// Holds when all of `parts` hold; always when there are none. Clauses are numbered through.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut clauses = Vec::new();
        let mut nodes = Vec::new();
        for mut part in parts {
            renumber(&mut part.root, u32::try_from(clauses.len()).unwrap_or(u32::MAX));
            clauses.append(&mut part.clauses);
            match part.root {
                Node::All(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
        }
        Self { root: join(nodes, Node::All, true), clauses }
    }

    /// Whether it plainly holds for every lead, whatever is unknown. `false` says nothing.
    pub fn holds_always(&self) -> bool {
        settled(&self.root) == Some(true)
    }

    /// The clauses by number.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// All slots that are asked about.
    pub fn slots(&self) -> BTreeSet<Slot> {
        let mut slots = BTreeSet::new();
        collect(&self.root, &mut slots);
        slots
    }
}

/// One node for many; `empty` is the value of none.
pub(super) fn join(mut nodes: Vec<Node>, many: fn(Box<[Node]>) -> Node, empty: bool) -> Node {
    match nodes.len() {
        0 => Node::Const(empty),
        1 => nodes.pop().unwrap_or(Node::Const(empty)),
        _ => many(nodes.into()),
    }
}

fn renumber(node: &mut Node, by: u32) {
    match node {
        Node::Const(_) => {}
        Node::Leaf(leaf) => leaf.clause = leaf.clause.saturating_add(by),
        Node::Not(inner) => renumber(inner, by),
        Node::All(parts) | Node::Any(parts) => parts.iter_mut().for_each(|part| renumber(part, by)),
    }
}

fn collect(node: &Node, slots: &mut BTreeSet<Slot>) {
    match node {
        Node::Const(_) => {}
        Node::Leaf(leaf) => {
            let (slot, other) = leaf.test.slots();
            slots.insert(slot);
            slots.extend(other);
        }
        Node::Not(inner) => collect(inner, slots),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| collect(part, slots)),
    }
}

/// The value that no fact can change, as far as the constants alone say it.
fn settled(node: &Node) -> Option<bool> {
    match node {
        Node::Const(truth) => Some(*truth),
        Node::Leaf(_) => None,
        Node::Not(inner) => settled(inner).map(|truth| !truth),
        Node::All(parts) if parts.iter().any(|part| settled(part) == Some(false)) => Some(false),
        Node::All(parts) => parts.iter().all(|part| settled(part) == Some(true)).then_some(true),
        Node::Any(parts) if parts.iter().any(|part| settled(part) == Some(true)) => Some(true),
        Node::Any(parts) => parts.iter().all(|part| settled(part) == Some(false)).then_some(false),
    }
}
