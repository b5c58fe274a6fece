//! How a rotation is looked at: for whom, and how each member stands.
//!
//! Guarantees: nothing of its own; `rotate` looks and `turns` writes down what the look changes.
//! Does not know: whose turn it is.

use super::available::Standing;
use crate::{
    model::team::{Rotation, Turn},
    rulebook::Member,
};

/// So much of a turn is owed and paid at a time.
pub(super) const PART: f64 = 0.5;

/// How to look for somebody.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// These are passed over: they had the lead.
    pub had: &'a [String],
    /// People who are away, off hours or at a cap will do too.
    pub anyway: bool,
    /// This rep and no other.
    pub only: Option<&'a str>,
    /// It is taken from somebody who owes so many answers.
    pub from_open: Option<i64>,
}

impl<'a> Look<'a> {
    /// For somebody who is free.
    #[must_use]
    pub const fn free(had: &'a [String]) -> Self {
        Self { had, anyway: false, only: None, from_open: None }
    }

    /// For somebody, free or not.
    #[must_use]
    pub const fn anyway(had: &'a [String]) -> Self {
        Self { had, anyway: true, only: None, from_open: None }
    }

    /// For this rep, if free.
    #[must_use]
    pub const fn only(had: &'a [String], rep: &'a str) -> Self {
        Self { had, anyway: false, only: Some(rep), from_open: None }
    }

    /// For somebody who is free to take a lead from one who owes so many answers.
    #[must_use]
    pub const fn take_over(had: &'a [String], open: i64) -> Self {
        Self { had, anyway: false, only: None, from_open: Some(open) }
    }
}

/// A member as the rotation sees it.
pub(super) struct Seen<'a> {
    pub member: &'a Member,
    /// Without regard to this lead.
    pub standing: Standing,
    /// What keeps it from this lead alone.
    pub not_this: Option<Standing>,
    pub credit: f64,
}

impl Seen<'_> {
    /// How it stood for this lead.
    pub fn stood(&self) -> Standing {
        match &self.not_this {
            Some(Standing::HadIt) => Standing::HadIt,
            Some(why) if self.standing.is_free() => why.clone(),
            _ => self.standing.clone(),
        }
    }
}

/// `credit / weight`, with the weight of then, lifted to the floor.
pub(super) fn lifted(rotation: &Rotation, member: &Member, turn: &Turn) -> f64 {
    let weight = if turn.weight > 0.0 { turn.weight } else { member.weight };
    (turn.credit / weight).max(rotation.floor)
}
