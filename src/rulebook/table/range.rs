//! Ranges of numbers and of postal codes as stretches of whole numbers.
//!
//! Guarantees: two ranges on one axis are compared by their ends alone; a range can be said again
//! in the form in which people write it.
//! Does not know: how it was written.

use std::fmt::Write as _;

use super::postal;

/// What a range is measured on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// Numbers.
    Numbers,
    /// Whole numbers, such as people are counted in.
    Counts,
    /// Postal codes of this form: `9` for a digit, `a` for a letter.
    Codes(Box<str>),
}

/// From a place on an axis up to, not including, another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub axis: Axis,
    pub from: u128,
    pub to: u128,
}

/// A number's place: numbers stand two apart, so that a cut above one is not below the next.
fn place(number: f64) -> u128 {
    // Adding zero makes -0 the 0 that it equals.
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    u128::from(ordered) * 2
}

fn number_at(place: u128) -> f64 {
    let ordered = (place / 2) as u64;
    let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
    f64::from_bits(bits)
}

/// An end of a range of numbers: the number, and whether it belongs to it.
pub type End = (f64, bool);

impl Range {
    /// Numbers between two ends; without one it goes on for ever. `None` when nothing lies there.
    pub fn numbers(low: Option<End>, high: Option<End>) -> Option<Self> {
        let from = low
            .map_or(place(f64::NEG_INFINITY), |(number, is_in)| place(number) + u128::from(!is_in));
        let to = high
            .map_or(place(f64::INFINITY) + 1, |(number, is_in)| place(number) + u128::from(is_in));
        (from < to).then_some(Self { axis: Axis::Numbers, from, to })
    }

    /// Of these numbers the whole ones.
    pub fn counted(self) -> Self {
        Self { axis: Axis::Counts, ..self }
    }

    /// Codes of one form, both ends included.
    pub fn codes(shape: &str, low: u128, high: u128) -> Self {
        Self { axis: Axis::Codes(shape.into()), from: low, to: high + 1 }
    }

    /// How wide it is: for codes the share of all of this form.
    pub fn width(&self) -> f64 {
        match &self.axis {
            Axis::Numbers | Axis::Counts => number_at(self.to) - number_at(self.from),
            Axis::Codes(shape) => (self.to - self.from) as f64 / postal::codes_of(shape) as f64,
        }
    }

    /// The numbers between which all of it lies; nothing for codes.
    pub fn numbers_between(&self) -> Option<(f64, f64)> {
        self.axis.has_numbers().then(|| (number_at(self.from), number_at(self.to)))
    }

    /// Whether anything on its axis lies in it: between 49 and 50 there are no employees.
    pub fn holds_any(&self) -> bool {
        let low = number_at(self.from);
        let is_above = self.from % 2 == 1 && low.fract() == 0.0;
        let first = low.ceil() + if is_above { 1.0 } else { 0.0 };
        self.axis != Axis::Counts || place(first) < self.to
    }

    /// Nothing that a person counts lies in it: between 299 and 300 there are no employees.
    pub fn is_hairline(&self) -> bool {
        let (from, to) = (number_at(self.from), number_at(self.to));
        self.axis.has_numbers()
            && from.fract() == 0.0
            && to.fract() == 0.0
            && to - from <= 1.0
            && self.from % 2 == 1
            && self.to.is_multiple_of(2)
    }

    /// The range as people write it.
    pub fn said(&self) -> String {
        let mut said = String::new();
        let _ = match &self.axis {
            Axis::Codes(shape) => {
                let (low, high) =
                    (postal::code(shape, self.from), postal::code(shape, self.to - 1));
                if low == high { write!(said, "{low}") } else { write!(said, "{low}-{high}") }
            }
            Axis::Numbers | Axis::Counts => {
                let (low, high) = (number_at(self.from), number_at(self.to));
                let (above, up_to) = (self.from % 2 == 1, self.to % 2 == 1);
                match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
                    (true, true) => write!(said, "any number"),
                    (true, false) if up_to => write!(said, "{high} or less"),
                    (true, false) => write!(said, "under {high}"),
                    (false, true) if above => write!(said, "over {low}"),
                    (false, true) => write!(said, "{low} or more"),
                    (false, false) => {
                        let from = if above { "over " } else { "" };
                        let to = if up_to { "" } else { "under " };
                        write!(said, "{from}{low} to {to}{high}")
                    }
                }
            }
        };
        said
    }
}

impl Axis {
    fn has_numbers(&self) -> bool {
        matches!(self, Self::Numbers | Self::Counts)
    }

    /// The place of a number on this axis.
    pub fn number(&self, number: f64) -> Option<u128> {
        self.has_numbers().then(|| place(number))
    }

    /// The place of a postal code on this axis, if it has this form at its front.
    pub fn code(&self, runs: &postal::Runs) -> Option<u128> {
        match self {
            Self::Codes(shape) => runs.place(shape),
            Self::Numbers | Self::Counts => None,
        }
    }

    /// All there is on this axis.
    pub fn whole(&self) -> Range {
        let (from, to) = match self {
            Self::Numbers | Self::Counts => (place(f64::NEG_INFINITY), place(f64::INFINITY) + 1),
            Self::Codes(shape) => (0, postal::codes_of(shape)),
        };
        Range { axis: self.clone(), from, to }
    }
}
