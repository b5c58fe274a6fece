//! Who can come to own a lead by a rule, as far as the rulebook says it.
//!
//! Guarantees: everybody whom a rule can give a lead by a pool, by name, by whoever stands in, or by
//! a table; of those none who has left.
//! Does not know: whom a CRM names as an owner; who is moved by hand.

use std::collections::BTreeSet;

use super::{
    HOPS_MAX, IfNobody, Rep, Rule, Rulebook, Target, Then,
    condition::{Slot, Value},
    fields::ColumnKind,
};

impl Rulebook {
    /// The ids of reps who can own leads of a rule.
    #[must_use]
    pub fn owners(&self, rule: &Rule) -> BTreeSet<&str> {
        let mut owners = BTreeSet::new();
        let Then::Assign { to, if_unavailable } = &rule.then else { return owners };
        for target in [Some(to), if_unavailable.as_ref()].into_iter().flatten() {
            match target {
                Target::Pool(pool) => owners.extend(self.reps_behind(pool)),
                Target::Rep(rep) => owners.extend(self.standing_in(rep).map(|rep| rep.id.as_str())),
                Target::Fact(slot) => {
                    let is_pool = self.lookups.assignable.get(slot) == Some(&ColumnKind::Pool);
                    for named in self.column(*slot) {
                        if is_pool {
                            owners.extend(self.reps_behind(named));
                        } else {
                            owners.extend(self.standing_in(named).map(|rep| rep.id.as_str()));
                        }
                    }
                }
            }
        }
        owners.retain(|rep| self.reps.get(*rep).is_some_and(|rep| !rep.has_left));
        owners
    }

    /// Who is in a pool, or in one that it overflows into.
    fn reps_behind(&self, pool: &str) -> Vec<&str> {
        let mut reps = Vec::new();
        let mut next = self.pools.get(pool);
        for _ in 0..HOPS_MAX {
            let Some(pool) = next else { break };
            reps.extend(self.reps_of(&pool.id));
            next = match &pool.if_nobody {
                IfNobody::Pool(pool) => self.pools.get(pool),
                _ => None,
            };
        }
        reps
    }

    /// A rep, and whoever stands in.
    pub(super) fn standing_in(&self, rep: &str) -> impl Iterator<Item = &Rep> {
        let first = self.reps.get(rep);
        let next = |rep: &&Rep| rep.backup.as_ref().and_then(|backup| self.reps.get(backup));
        std::iter::successors(first, next).take(HOPS_MAX)
    }

    /// The texts that rows of a table have in a column.
    pub(super) fn column(&self, slot: Slot) -> Vec<&str> {
        let values = self.tables.iter().find_map(|table| {
            let at = table.columns.iter().position(|column| *column == slot)?;
            table.values(at, usize::MAX).0
        });
        let texts = values.into_iter().flatten().filter_map(|value| match value {
            Value::Text(text) => Some(&**text),
            _ => None,
        });
        texts.collect()
    }
}
