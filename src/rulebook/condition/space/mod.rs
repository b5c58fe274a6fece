//! Sets of leads, to reason about conditions without a lead at hand.
//!
//! A [`Region`] says for some fields what they may be, and of some tests (a part of a text, an
//! expression, one field against another) whether they come out true; everything else is open. A
//! condition holds in the union of a few regions. What no field can say alone, such as two
//! expressions that exclude each other, is not seen: a region that looks inhabited may be empty.
//!
//! Guarantees: sound where it counts. A region that [`Region::and`] refuses holds no facts at all;
//! [`Region::minus`] leaves out nothing that is not in what is taken away; a condition that came
//! out one way for some facts does so everywhere in the region that [`Pred::around`] gives.
//! Does not know: rules, tables, or how fields hang together; a caller adds what it knows of that.

mod domain;
mod hidden;
mod numbers;
mod sample;
mod shape;
mod spelling;
mod texts;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use self::{
    domain::{Domain, Set},
    numbers::Numbers,
    texts::Texts,
};
use super::facts::{Facts, Value};
use super::field::Slot;
use super::pred::{Reading, Test};
use hidden::Hidden;

/// A set of facts.
#[derive(Clone, Debug, Default)]
pub struct Region<'p> {
    /// Sorted by slot; a field that is not here may be anything.
    fields: Vec<(Slot, Domain)>,
    /// Tests that no domain can say.
    hidden: Vec<Hidden<'p>>,
}

impl<'p> Region<'p> {
    /// All facts there are.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Those where this field is known.
    #[must_use]
    pub fn known(slot: Slot) -> Self {
        Self::field(slot, Domain::KNOWN)
    }

    /// Those where this field is unknown.
    #[must_use]
    pub fn unknown(slot: Slot) -> Self {
        Self::field(slot, Domain::UNKNOWN)
    }

    /// Those where this field is true, or false.
    #[must_use]
    pub fn truth(slot: Slot, truth: bool) -> Self {
        Self::field(slot, Domain::of(Set::Truth(truth)))
    }

    /// Those where this text is one of these, exactly.
    #[must_use]
    pub fn one_of(slot: Slot, texts: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut sorted: Vec<Arc<str>> = texts.into_iter().collect();
        sorted.sort();
        sorted.dedup();
        Self::field(slot, Domain::of(Set::Texts(Texts::one_of(Reading::Exact, &sorted))))
    }

    /// Those where this number is one of these.
    #[must_use]
    pub fn number_of(slot: Slot, numbers: &[f64]) -> Self {
        Self::field(slot, Domain::of(Set::Numbers(Numbers::one_of(numbers))))
    }

    fn field(slot: Slot, domain: Domain) -> Self {
        Self { fields: vec![(slot, domain)], hidden: Vec::new() }
    }

    /// Where a test comes out so; nothing when it never does.
    fn hidden(test: &'p Test, holds: bool) -> Option<Self> {
        Self::default().with_hidden(Hidden { test, holds })
    }

    /// What a field may be.
    fn domain(&self, slot: Slot) -> &Domain {
        let at = self.fields.binary_search_by_key(&slot, |(slot, _)| *slot);
        at.ok().and_then(|at| self.fields.get(at)).map_or(&Domain::ALL, |(_, domain)| domain)
    }

    /// The fields that are not left open.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.fields.iter().map(|(slot, _)| *slot)
    }

    /// Whether the field is known everywhere in here.
    #[must_use]
    pub fn is_known(&self, slot: Slot) -> bool {
        !self.domain(slot).may_be_unknown
    }

    /// Whether the field is known to be true everywhere in here.
    #[must_use]
    pub fn is_true(&self, slot: Slot) -> bool {
        *self.domain(slot) == Domain::of(Set::Truth(true))
    }

    /// Whether the field may have this value in here, as far as it alone is concerned.
    #[must_use]
    pub fn may_have(&self, slot: Slot, value: &Value) -> bool {
        self.domain(slot).has(Some(value))
    }

    /// As [`Self::may_have`], of an unknown one too.
    #[must_use]
    pub fn may_hold(&self, slot: Slot, value: Option<&Value>) -> bool {
        self.domain(slot).has(value)
    }

    /// Whether the field may be a text that passes. One that is not listed may.
    #[must_use]
    pub fn may_be_text(&self, slot: Slot, passes: &dyn Fn(&str) -> bool) -> bool {
        match &self.domain(slot).set {
            Set::None => false,
            Set::Texts(texts) => {
                texts.listed().is_none_or(|(_, listed)| listed.iter().any(|text| passes(text)))
            }
            _ => true,
        }
    }

    /// Whether the field may be a number between two, both included, or a text.
    #[must_use]
    pub fn may_be_between(&self, slot: Slot, low: f64, high: f64) -> bool {
        match &self.domain(slot).set {
            Set::None => false,
            Set::Numbers(numbers) => !numbers.and(&Numbers::between(low, high)).is_empty(),
            _ => true,
        }
    }

    /// What both have in common; nothing when that is certainly nothing.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (slot, domain) in &other.fields {
            both = both.with_field(*slot, domain)?;
        }
        for hidden in &other.hidden {
            both = both.with_hidden(*hidden)?;
        }
        Some(both)
    }

    fn with_field(mut self, slot: Slot, domain: &Domain) -> Option<Self> {
        match self.fields.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => {
                let (_, present) = self.fields.get_mut(at)?;
                *present = present.and(domain);
            }
            Err(at) => self.fields.insert(at, (slot, domain.clone())),
        }
        if self.domain(slot).is_empty() {
            return None;
        }
        self.ask_the_listed(slot)?.with_pairs()
    }

    /// Texts that are the same are one of what both may be.
    fn with_pairs(self) -> Option<Self> {
        let is_torn = self.hidden.iter().any(|hidden| match hidden.test {
            Test::SameText { left, right } if left.slot == right.slot => {
                left.reading == right.reading && !hidden.holds
            }
            Test::SameText { left, right } => {
                let is_exact = [left, right].iter().all(|side| side.reading == Reading::Exact);
                let (left, right) = (self.domain(left.slot), self.domain(right.slot));
                is_exact && hidden.holds && left.and(right).is_empty()
            }
            _ => false,
        });
        (!is_torn).then_some(self)
    }

    /// The part where this number is a whole one, if it is known; nothing when there is none.
    #[must_use]
    pub fn whole(mut self, slot: Slot) -> Option<Self> {
        let at = self.fields.binary_search_by_key(&slot, |(slot, _)| *slot);
        let Some((_, domain)) = at.ok().and_then(|at| self.fields.get_mut(at)) else {
            return Some(self);
        };
        if let Set::Numbers(numbers) = &domain.set {
            let numbers = numbers.whole();
            domain.set = if numbers.is_empty() { Set::None } else { Set::Numbers(numbers) };
        }
        (!domain.is_empty()).then_some(self)
    }

    fn with_hidden(mut self, hidden: Hidden<'p>) -> Option<Self> {
        let is_excluded = || self.hidden.iter().any(|known| known.excludes(hidden));
        if hidden.is_impossible_with(&self.hidden) || is_excluded() {
            return None;
        }
        if !self.hidden.iter().any(|known| known.implies(hidden)) {
            self.hidden.push(hidden);
        }
        let (slot, other) = hidden.test.slots();
        let mut region = self.with_field(slot, &Domain::KNOWN)?;
        if let Some(other) = other {
            region = region.with_field(other, &Domain::KNOWN)?;
        }
        Some(region)
    }

    /// Where a text is one of a few, tests of it are asked of each.
    fn ask_the_listed(mut self, slot: Slot) -> Option<Self> {
        let Set::Texts(texts) = &self.domain(slot).set else { return Some(self) };
        let asks = |hidden: &Hidden<'_>| {
            hidden.test.slots() == (slot, None) && hidden.test.holds_for_text("").is_some()
        };
        let (asked, rest): (Vec<_>, Vec<_>) = self.hidden.iter().copied().partition(asks);
        if asked.is_empty() {
            return Some(self);
        }
        let Some(listed) = texts.exactly() else {
            // Listed as another reading has it, each of them can be spelled in several ways.
            let is_torn = texts.listed().is_some_and(|(_, listed)| {
                !self.domain(slot).may_be_unknown
                    && !listed.iter().any(|text| spelling::may_pass(text, &asked))
            });
            return (!is_torn).then_some(self);
        };
        let passes = |text: &&Arc<str>| {
            asked.iter().all(|one| one.test.holds_for_text(text) == Some(one.holds))
        };
        let kept: Vec<Arc<str>> = listed.iter().filter(passes).cloned().collect();
        let may_be_unknown = self.domain(slot).may_be_unknown;
        let set = Set::Texts(Texts::one_of(Reading::Exact, &kept));
        self.hidden = rest;
        let domain = Domain { may_be_unknown, set };
        if domain.is_empty() {
            return None;
        }
        let at = self.fields.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        *self.fields.get_mut(at)? = (slot, domain);
        Some(self)
    }

    /// Regions that together are what is in here and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        let mut out = Vec::new();
        let mut rest = self.clone();
        for (slot, domain) in &other.fields {
            if self.domain(*slot).is_within(domain) {
                continue;
            }
            let parts = domain.not();
            out.extend(parts.iter().filter_map(|part| rest.clone().with_field(*slot, part)));
            match rest.with_field(*slot, domain) {
                Some(both) => rest = both,
                None => return out,
            }
        }
        for hidden in &other.hidden {
            // Its fields are known by now: that is one of the domains of `other`.
            out.extend(rest.clone().with_hidden(hidden.opposite()));
            match rest.with_hidden(*hidden) {
                Some(both) => rest = both,
                None => return out,
            }
        }
        out
    }

    /// Certainly all that is in here is in `other` too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.fields.iter().all(|(slot, domain)| self.domain(*slot).is_within(domain))
            && other.hidden.iter().all(|hidden| self.settles(*hidden))
    }

    fn settles(&self, hidden: Hidden<'_>) -> bool {
        let is_implied = self.hidden.iter().any(|known| known.implies(hidden));
        if is_implied || hidden.opposite().is_impossible_with(&[]) {
            return true;
        }
        let (slot, None) = hidden.test.slots() else { return false };
        let Set::Texts(texts) = &self.domain(slot).set else { return false };
        let passes = |text: &Arc<str>| hidden.test.holds_for_text(text) == Some(hidden.holds);
        texts.exactly().is_some_and(|listed| listed.iter().all(passes))
    }

    /// Bits for what is asked in here: a region within another has all of the other's.
    #[must_use]
    pub fn marks(&self) -> u128 {
        let fields = self.fields.iter().filter(|(_, domain)| *domain != Domain::ALL);
        let fields = fields.map(|(slot, _)| 1_u128 << (slot.at() % 64));
        let expressions = self.hidden.iter().filter(|hidden| hidden.holds).filter_map(|hidden| {
            let Test::Matches { regex, .. } = hidden.test else { return None };
            let sum = regex
                .as_str()
                .bytes()
                .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
            Some(1_u128 << (64 + sum % 64))
        });
        fields.chain(expressions).fold(0, std::ops::BitOr::bitor)
    }

    /// Whether these facts are in here.
    #[must_use]
    pub fn has(&self, facts: &Facts) -> bool {
        self.fields.iter().all(|(slot, domain)| domain.has(facts.get(*slot)))
            && self.hidden.iter().all(|one| one.test.holds(facts) == Some(one.holds))
    }
}
