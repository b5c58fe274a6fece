//! Whether a table has a row for leads of which only a part is known.
//!
//! Guarantees: that there is none is said only when no lead of that kind gets any row; that a more
//! specific row goes before another is not looked at.
//! Does not know: how what is known is said; a caller asks.

use super::{
    BETWEEN, Table,
    index::{Kind, Level, Node},
    part_of,
    range::Range,
};
use crate::rulebook::condition::{Slot, Value};

/// Whether a field may be a text that passes.
type IsText<'a> = &'a dyn Fn(Slot, &dyn Fn(&str) -> bool) -> bool;

/// What is asked of a lead.
struct Asked<'a> {
    is_text: IsText<'a>,
    is_between: &'a dyn Fn(Slot, f64, f64) -> bool,
    holds: &'a dyn Fn(Slot, Option<&Value>) -> bool,
}

impl Table {
    /// Whether some row may be that of some lead: `is_text` says whether a field may be a text that
    /// passes, `is_between` whether it may be a number between two, or any text, and `holds`
    /// whether it may have a value, or be unknown.
    pub fn has_row(
        &self,
        is_text: impl Fn(Slot, &dyn Fn(&str) -> bool) -> bool,
        is_between: impl Fn(Slot, f64, f64) -> bool,
        holds: impl Fn(Slot, Option<&Value>) -> bool,
    ) -> bool {
        let asked = Asked { is_text: &is_text, is_between: &is_between, holds: &holds };
        self.rows.classes.iter().any(|class| {
            let slots = |wanted: Kind| {
                let both = class.kinds.iter().zip(&self.key);
                both.filter(move |(kind, _)| **kind == wanted).map(|(_, slot)| *slot)
            };
            let exact: Vec<Slot> = slots(Kind::Exact).collect();
            let ranged: Vec<Slot> = slots(Kind::Range).collect();
            class.groups.iter().any(|(key, node)| {
                let mut parts = key.split_terminator(BETWEEN).zip(&exact);
                parts.all(|(part, slot)| asked.fits(*slot, part))
                    && self.below(node, &ranged, &asked)
            })
        })
    }

    fn below(&self, node: &Node, ranged: &[Slot], asked: &Asked<'_>) -> bool {
        let axes = match node {
            Node::Row(row) => return self.is_said(*row, asked),
            Node::Axes(axes) => axes,
        };
        let Some((slot, rest)) = ranged.split_first() else { return true };
        axes.iter().any(|(_, level)| match level {
            Level::Last { ranges, .. } => ranges
                .iter()
                .any(|(range, row)| asked.lies(*slot, range) && self.is_said(*row, asked)),
            Level::Inner(nested) => nested
                .iter()
                .any(|(range, node)| asked.lies(*slot, range) && self.below(node, rest, asked)),
        })
    }

    /// Whether what a row says may be so.
    fn is_said(&self, row: u32, asked: &Asked<'_>) -> bool {
        let mut values = self.columns.iter().zip(self.rows.values(row));
        values.all(|(slot, value)| (asked.holds)(*slot, value.as_ref()))
    }
}

impl Asked<'_> {
    /// Whether a field may be this part of a key.
    fn fits(&self, slot: Slot, part: &str) -> bool {
        // Of a text the second is so, of a number the first.
        (self.is_text)(slot, &|text| part_of(text) == part)
            && part.parse().map_or(true, |number: f64| (self.is_between)(slot, number, number))
    }

    fn lies(&self, slot: Slot, range: &Range) -> bool {
        let (low, high) = range.numbers_between().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        (self.is_between)(slot, low, high)
    }
}
