//! The syntax tree of a condition, and its canonical text.
//!
//! Guarantees: what is printed is CEL, and reads back as the same tree.
//! Does not know: which fields exist and what types they have.

use std::fmt;
use std::ops::Range;

/// Parentheses, lists, calls and `!` inside one another.
pub const MAX_DEPTH: usize = 64;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Op {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::More),
        (">=", Self::AtLeast),
    ];

    pub(super) fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(sign, _)| sign)
    }

    /// The comparison with its sides exchanged.
    pub(super) const fn flipped(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }
}

/// The functions that are called on a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    StartsWith,
    EndsWith,
    Contains,
    Matches,
    LowerAscii,
    Size,
}

impl Method {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("startsWith", Self::StartsWith),
        ("endsWith", Self::EndsWith),
        ("contains", Self::Contains),
        ("matches", Self::Matches),
        ("lowerAscii", Self::LowerAscii),
        ("size", Self::Size),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }
}

/// A part of a condition and the bytes it stands at.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// Trees are equal when they say the same, wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text(String),
    Number(f64),
    Bool(bool),
    List(Vec<Expr>),
    /// A dotted field name.
    Path(String),
    /// `has(…)` of a dotted field name.
    Has(String),
    Not(Box<Expr>),
    /// Two or more.
    And(Vec<Expr>),
    /// Two or more.
    Or(Vec<Expr>),
    Compare(Op, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Box<Expr>),
    Call(Method, Box<Expr>, Vec<Expr>),
    /// Something outside the subset, which a finding names already.
    Bad,
}

impl Kind {
    /// How tightly the outermost operator binds.
    const fn power(&self) -> u8 {
        match self {
            Self::Or(_) => 1,
            Self::And(_) => 2,
            Self::Compare(..) | Self::In(..) => 3,
            Self::Not(_) => 4,
            _ => 5,
        }
    }
}

impl Expr {
    /// Prints with parentheses where an operator of `power` needs them.
    fn within(&self, power: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.power() <= power { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = self.kind.power();
        match &self.kind {
            Kind::Text(text) => print_text(text, f),
            Kind::Number(number) => write!(f, "{}", Plainly(*number)),
            Kind::Bool(truth) => write!(f, "{truth}"),
            Kind::List(items) => {
                f.write_str("[")?;
                print_joined(items, f)?;
                f.write_str("]")
            }
            Kind::Path(name) => f.write_str(name),
            Kind::Has(name) => write!(f, "has({name})"),
            Kind::Not(inner) => {
                f.write_str("!")?;
                inner.within(power - 1, f)
            }
            Kind::And(parts) | Kind::Or(parts) => {
                let join = if matches!(self.kind, Kind::And(_)) { " && " } else { " || " };
                for (at, part) in parts.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { join })?;
                    part.within(power, f)?;
                }
                Ok(())
            }
            Kind::Compare(op, left, right) => {
                left.within(power, f)?;
                write!(f, " {} ", op.sign())?;
                right.within(power, f)
            }
            Kind::In(left, right) => {
                left.within(power, f)?;
                f.write_str(" in ")?;
                right.within(power, f)
            }
            Kind::Call(method, target, arguments) => {
                target.within(4, f)?;
                write!(f, ".{}(", method.name())?;
                print_joined(arguments, f)?;
                f.write_str(")")
            }
            Kind::Bad => f.write_str("?"),
        }
    }
}

fn print_joined(items: &[Expr], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { ", " })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

fn print_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// A number without a fraction when it has none, as both CEL and people write it.
pub(super) struct Plainly(pub f64);

impl fmt::Display for Plainly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.fract() == 0.0 && self.0.abs() < 9.0e15 {
            write!(f, "{}", self.0 as i64)
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_people_write_them() {
        for (number, expected) in [
            (500.0, "500"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (-5.0, "-5"),
            (1e21, "1e21"),
            (1e-7, "1e-7"),
        ] {
            assert_eq!(Plainly(number).to_string(), expected);
        }
    }
}
