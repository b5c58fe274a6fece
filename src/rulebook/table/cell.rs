//! A cell of a table's key, read.
//!
//! Guarantees: what was a value before ranges were understood still is, but for postal codes and
//! numbers that are written as ranges.
//! Does not know: other cells.

use super::{part_of, postal, range::Range};
use crate::rulebook::{
    clean,
    condition::{Schema, Slot, Type, number_range},
    fields::country_code,
};

/// How a column of the key is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// As text.
    Text,
    /// As a country.
    Country,
    /// As a mail address.
    Email,
    /// As a postal code or a range of them.
    Postal,
    /// As a number or a range.
    Number,
    /// As a whole number or a range of them.
    Count,
}

/// A cell of the key.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Anything, also nothing.
    Any,
    /// One value, in the form in which it is compared.
    Exact(String),
    /// A range.
    Range(Range),
}

impl KeyKind {
    /// How cells are read that are compared with this fact; `None` for a fact that no table is
    /// looked up by.
    #[must_use]
    pub fn of(schema: &Schema, slot: Slot) -> Option<Self> {
        match (schema.kind(slot)?, schema.name(slot)) {
            (Type::Number, "lead.employees") => Some(Self::Count),
            (Type::Number, _) => Some(Self::Number),
            (Type::Text, "lead.country") => Some(Self::Country),
            (Type::Text, "lead.email") => Some(Self::Email),
            (Type::Text, "lead.postal_code") => Some(Self::Postal),
            (Type::Text, _) => Some(Self::Text),
            _ => None,
        }
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn read(self, cell: &str) -> Result<Cell, String> {
        let cell = cell.trim();
        if cell.is_empty() || cell == "*" {
            return Ok(Cell::Any);
        }
        let exact = |text: &str| Ok(Cell::Exact(part_of(text)));
        match self {
            Self::Text => exact(cell),
            Self::Country => exact(&country_code(cell)?),
            Self::Email => exact(&clean::email(cell).unwrap_or_else(|_| cell.to_owned())),
            Self::Postal => match postal::range(cell)? {
                Some((shape, low, high)) => Ok(Cell::Range(Range::codes(&shape, low, high))),
                None => exact(cell),
            },
            Self::Number | Self::Count => {
                let (low, high) = number_range(cell)?;
                match (low, high) {
                    (Some((low, true)), Some((high, true))) if low >= high => {
                        Ok(Cell::Exact(number_part(low)))
                    }
                    _ => Range::numbers(low, high)
                        .map(|range| if self == Self::Count { range.counted() } else { range })
                        .map(Cell::Range)
                        .ok_or_else(|| format!("no number is {cell:?}")),
                }
            }
        }
    }
}

/// A number as a part of a key.
pub fn number_part(number: f64) -> String {
    format!("{}", number + 0.0)
}
