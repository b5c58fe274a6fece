//! The operators between two values and how tightly they bind, as in the grammar of CEL.
//!
//! Guarantees: operators outside the subset are here too, so that reading can go on behind them.
//! Does not know: which operators are refused; the parser does.

use super::lexer::Token;
use super::syntax::Op;

/// What joins two values, from loose to tight.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Infix {
    Choice,
    Or,
    And,
    Compare(Op),
    In,
    Arithmetic(&'static str),
}

impl Infix {
    pub(super) fn of(token: &Token) -> Option<Self> {
        let sign = match token {
            Token::Word(word) if word == "in" => return Some(Self::In),
            Token::Sign(sign) => *sign,
            _ => return None,
        };
        Some(match sign {
            "?" => Self::Choice,
            "||" => Self::Or,
            "&&" => Self::And,
            "+" | "-" | "*" | "/" | "%" => Self::Arithmetic(sign),
            _ => Self::Compare(Op::ALL.iter().find(|(name, _)| *name == sign)?.1),
        })
    }

    pub(super) const fn power(self) -> u8 {
        match self {
            Self::Choice => 1,
            Self::Or => 2,
            Self::And => 3,
            Self::Compare(_) | Self::In => 4,
            Self::Arithmetic(sign) => match sign.as_bytes() {
                b"+" | b"-" => 5,
                _ => 6,
            },
        }
    }
}
