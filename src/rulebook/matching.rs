//! Which rule takes a lead.
//!
//! Guarantees: rules are tried in their order and the first that holds and names somebody wins;
//! whatever an index leaves out would not have won.
//! Does not know: whether who is named is available.

use super::{
    IfUnknown, Rule, Rulebook, Target, Then,
    condition::{Bits, Clauses, Facts, Tri, Value},
    fields::ColumnKind,
};

/// So many rules that are skipped for want of a fact are named; who asks why is told of all.
pub const SKIPPED_NAMED: usize = 16;

/// A form of a source, and what its fills ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The source.
    pub source: String,
    /// The form's name as the field `form` has it; any, if none.
    pub form: Option<String>,
    /// The intent.
    pub intent: String,
}

/// Where going through the rules stopped.
#[derive(Clone, Debug)]
pub struct Match<'r> {
    /// The rule's place, to go on behind it.
    pub at: usize,
    /// The rule.
    pub rule: &'r Rule,
    /// What was found.
    pub found: Found,
    /// The rules before it that were passed over although they were not false; of those skipped
    /// for want of a fact the first sixteen.
    pub passed: Vec<Passed>,
}

/// What stopped going through the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The rule holds and gives the lead to this pool or rep: never [`Target::Fact`].
    Assign {
        /// Whom.
        to: Target,
        /// Whom if that one rep is not available.
        if_unavailable: Option<Target>,
    },
    /// The rule holds and takes the lead off the road.
    SetAside,
    /// A fact is missing and the rule says to wait or to hold.
    Unknown,
}

/// A rule that was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its place.
    pub at: usize,
    /// Why.
    pub why: WhyPassed,
}

/// Why a rule that was not false did not take a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPassed {
    /// A fact it needs is missing, and it says to skip then.
    Unknown,
    /// It holds, but the fact that should name somebody names nobody.
    NamesNobody,
}

impl Rulebook {
    /// The rules to look at for a lead, in their order, with their places: those that may hold,
    /// those that wait or hold when a fact is missing, and of those that would be skipped then
    /// the first few, so that they can be named.
    pub fn candidates<'r>(&'r self, facts: &Facts) -> impl Iterator<Item = (usize, &'r Rule)> {
        let some = self.lookups.index.as_ref().map(|index| {
            let left = index.look(facts);
            let mut looked_at = left.holds;
            let mut open = left.open.clone();
            open.keep(&self.lookups.stops);
            looked_at.join(&open);
            let mut skipped = left.open;
            skipped.drop(&looked_at);
            let named = skipped.numbers().take(SKIPPED_NAMED);
            named.for_each(|at| looked_at.put(at as u32));
            looked_at.numbers()
        });
        let all = if some.is_none() { 0..self.rules.len() } else { 0..0 };
        let places = some.into_iter().flatten().chain(all);
        places.filter_map(|at| Some((at, self.rules.get(at)?)))
    }

    /// Those of the rules that stop a lead when a fact is missing.
    pub(super) fn stops(&self) -> Bits {
        let mut stops = Bits::none(self.rules.len());
        for (at, rule) in (0_u32..).zip(&self.rules) {
            if rule.if_unknown != IfUnknown::Skip {
                stops.put(at);
            }
        }
        stops
    }

    /// Every clause of every rule, to say why; made when it is first asked for.
    pub fn clauses(&self) -> &Clauses {
        let rules = || Clauses::build(self.rules.iter().map(|rule| &rule.when));
        self.lookups.clauses.get_or_init(rules)
    }

    /// The first rule at or behind the place `from` that takes the lead or stops it. `None` only
    /// for a `from` behind the last rule.
    pub fn first_match(&self, facts: &Facts, from: usize) -> Option<Match<'_>> {
        let mut passed = Vec::new();
        for (at, rule) in self.candidates(facts).skip_while(|(at, _)| *at < from) {
            let found = match rule.when.eval(facts) {
                Tri::False => continue,
                Tri::Unknown if rule.if_unknown == IfUnknown::Skip => Err(WhyPassed::Unknown),
                Tri::Unknown => Ok(Found::Unknown),
                Tri::True => self.outcome(rule, facts).ok_or(WhyPassed::NamesNobody),
            };
            match found {
                Ok(found) => return Some(Match { at, rule, found, passed }),
                Err(why) => passed.push(Passed { at, why }),
            }
        }
        None
    }

    /// What a rule that holds does; nothing if it names nobody.
    fn outcome(&self, rule: &Rule, facts: &Facts) -> Option<Found> {
        let Then::Assign { to, if_unavailable } = &rule.then else { return Some(Found::SetAside) };
        let named = self.resolve(to, facts);
        Some(match (named, if_unavailable) {
            (Some(to), instead) => Found::Assign { to, if_unavailable: instead.clone() },
            (None, Some(instead)) => Found::Assign { to: instead.clone(), if_unavailable: None },
            (None, None) => return None,
        })
    }

    /// The pool or rep that a target means for a lead; `None` if the fact names nobody.
    pub fn resolve(&self, target: &Target, facts: &Facts) -> Option<Target> {
        let Target::Fact(slot) = target else { return Some(target.clone()) };
        let Some(Value::Text(id)) = facts.get(*slot) else { return None };
        match self.lookups.assignable.get(slot)? {
            ColumnKind::Pool => {
                self.pools.get_key_value(&**id).map(|(id, _)| Target::Pool(id.clone()))
            }
            _ => self.reps.get_key_value(&**id).map(|(id, _)| Target::Rep(id.clone())),
        }
    }

    /// What a fill of this form asks for.
    pub fn intent_of(&self, source: &str, form: Option<&str>) -> Option<&str> {
        let of_source = || self.forms.iter().filter(|entry| entry.source == source);
        let is_named = |entry: &&Form| match (&entry.form, form) {
            (Some(name), Some(form)) => name.trim().eq_ignore_ascii_case(form.trim()),
            _ => false,
        };
        let found =
            of_source().find(is_named).or_else(|| of_source().find(|entry| entry.form.is_none()));
        found.map(|entry| entry.intent.as_str())
    }

    /// Whether fills of this source ask for the same by another rulebook.
    #[must_use]
    pub fn intends_as(&self, other: &Self, source: &str) -> bool {
        let of = |book: &'_ Self| -> Vec<Form> {
            book.forms.iter().filter(|form| form.source == source).cloned().collect()
        };
        of(self) == of(other)
    }

    /// Whether `intent` asks for more than `than`. One that the rulebook does not list asks for
    /// less than any.
    pub fn stronger(&self, intent: Option<&str>, than: Option<&str>) -> bool {
        let rank = |intent: Option<&str>| {
            intent.and_then(|intent| self.intents.iter().position(|known| known == intent))
        };
        rank(intent) > rank(than)
    }
}
