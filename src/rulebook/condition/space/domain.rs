//! What one field may be: unknown, or one of some values.
//!
//! Guarantees: as [`Numbers`] and [`Texts`]; of a list only whether it is known is said.
//! Does not know: other fields.

use super::super::facts::Value;
use super::{Numbers, Texts};

/// Values of one field.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Set {
    None,
    All,
    Truth(bool),
    Numbers(Numbers),
    Texts(Texts),
}

impl Set {
    fn and(&self, other: &Self) -> Self {
        let both = match (self, other) {
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Truth(one), Self::Truth(two)) if one == two => Self::Truth(*one),
            (Self::Numbers(one), Self::Numbers(two)) => Self::Numbers(one.and(two)),
            (Self::Texts(one), Self::Texts(two)) => Self::Texts(one.and(two)),
            // Sets of two kinds share nothing.
            _ => Self::None,
        };
        if both.is_empty() { Self::None } else { both }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::All | Self::Truth(_) => false,
            Self::Numbers(numbers) => numbers.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
        }
    }

    /// Sets that together are all other values.
    fn not(&self) -> Vec<Self> {
        let sets = match self {
            Self::None => vec![Self::All],
            Self::All => Vec::new(),
            Self::Truth(truth) => vec![Self::Truth(!truth)],
            Self::Numbers(numbers) => vec![Self::Numbers(numbers.not())],
            Self::Texts(texts) => texts.not().into_iter().map(Self::Texts).collect(),
        };
        sets.into_iter().filter(|set| !set.is_empty()).collect()
    }

    fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            _ if self.is_empty() => true,
            (_, Self::All) => true,
            (Self::All, Self::Numbers(numbers)) => numbers.not().is_empty(),
            (Self::All, Self::Texts(texts)) => texts.is_any(),
            (Self::Truth(one), Self::Truth(two)) => one == two,
            (Self::Numbers(one), Self::Numbers(two)) => one.and(&two.not()).is_empty(),
            (Self::Texts(one), Self::Texts(two)) => one.is_within(two),
            _ => false,
        }
    }

    fn has(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::All, _) => true,
            (Self::Truth(truth), Value::Bool(value)) => truth == value,
            (Self::Numbers(numbers), Value::Number(value)) => numbers.has(*value),
            (Self::Texts(texts), Value::Text(value)) => texts.has(value),
            _ => false,
        }
    }
}

/// What a field may be.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Domain {
    pub may_be_unknown: bool,
    pub set: Set,
}

impl Domain {
    pub const ALL: Self = Self { may_be_unknown: true, set: Set::All };
    pub const KNOWN: Self = Self { may_be_unknown: false, set: Set::All };
    pub const UNKNOWN: Self = Self { may_be_unknown: true, set: Set::None };

    pub const fn of(set: Set) -> Self {
        Self { may_be_unknown: false, set }
    }

    /// Known values other than those of `set`.
    pub fn all_but(set: &Set) -> Vec<Self> {
        set.not().into_iter().map(Self::of).collect()
    }

    pub fn is_empty(&self) -> bool {
        !self.may_be_unknown && self.set.is_empty()
    }

    pub fn and(&self, other: &Self) -> Self {
        Self {
            may_be_unknown: self.may_be_unknown && other.may_be_unknown,
            set: self.set.and(&other.set),
        }
    }

    /// Domains that together are everything else.
    pub fn not(&self) -> Vec<Self> {
        let mut rest: Vec<Self> = Self::all_but(&self.set);
        if !self.may_be_unknown {
            match rest.first_mut() {
                Some(first) => first.may_be_unknown = true,
                None => rest.push(Self::UNKNOWN),
            }
        }
        rest
    }

    pub fn is_within(&self, other: &Self) -> bool {
        (!self.may_be_unknown || other.may_be_unknown) && self.set.is_within(&other.set)
    }

    pub fn has(&self, value: Option<&Value>) -> bool {
        value.map_or(self.may_be_unknown, |value| self.set.has(value))
    }
}
