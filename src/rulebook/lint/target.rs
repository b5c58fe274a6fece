//! Whether a rule that holds takes the lead for certain.
//!
//! Guarantees: what is said to take does, whoever is away: as `decide::route` follows targets. A
//! rule whose fact may name nobody goes on with the next rule instead.
//! Does not know: people whom a CRM has deactivated; those are of the day.

use super::super::{
    Rulebook, Target, Then,
    condition::{Facts, Region, Slot, Value},
    fields::ColumnKind,
};
use super::team;

/// When a rule that holds takes the lead.
pub enum Takes {
    Always,
    /// Where this fact names one of these.
    Fact(Slot, Region<'static>),
    Unsaid,
}

impl Takes {
    pub fn of(book: &Rulebook, then: &Then) -> Self {
        let Then::Assign { to, if_unavailable } = then else { return Self::Always };
        let is_sure = |target: &Target| match target {
            Target::Pool(pool) => team::chain(book, pool).ends,
            Target::Rep(rep) => book.reps.get(rep).is_some_and(|rep| !rep.has_left),
            Target::Fact(_) => false,
        };
        if is_sure(to) || if_unavailable.as_ref().is_some_and(is_sure) {
            return Self::Always;
        }
        let Target::Fact(slot) = to else { return Self::Unsaid };
        let ids: Vec<&String> = match book.lookups.assignable.get(slot) {
            Some(ColumnKind::Pool) => {
                book.pools.keys().filter(|pool| team::chain(book, pool).ends).collect()
            }
            Some(ColumnKind::Rep) => {
                book.reps.values().filter(|rep| !rep.has_left).map(|rep| &rep.id).collect()
            }
            _ => return Self::Unsaid,
        };
        Self::Fact(*slot, Region::one_of(*slot, ids.into_iter().map(|id| id.as_str().into())))
    }

    /// Where a rule that holds may take the lead at all: nobody is named by a fact that is unknown.
    pub fn at_most(then: &Then) -> Region<'static> {
        match then {
            Then::Assign { to: Target::Fact(slot), if_unavailable: None } => Region::known(*slot),
            _ => Region::all(),
        }
    }

    /// The region around `facts` in which a rule that holds takes the lead, if it does.
    pub fn around(&self, facts: &Facts) -> Option<Region<'static>> {
        match self {
            Self::Always => Some(Region::all()),
            Self::Fact(slot, region) => {
                let is_named = matches!(facts.get(*slot), Some(Value::Text(_)));
                (is_named && region.has(facts)).then(|| region.clone())
            }
            Self::Unsaid => None,
        }
    }
}
