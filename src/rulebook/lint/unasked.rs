//! Tables that no rule asks for.
//!
//! Guarantees: a table is said to be unused only when no condition and no target names a fact of it.
//! Does not know: which of its columns are for people's eyes alone; those are left alone.

use super::{
    super::{Rule, Rulebook, Target, Then},
    places::Places,
};
use crate::model::finding::Finding;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for table in &book.tables {
        let asks = |rule: &Rule| {
            let slots = rule.when.slots();
            let named = match &rule.then {
                Then::Assign { to: Target::Fact(slot), .. } => Some(slot),
                _ => None,
            };
            slots.contains(&table.known)
                || table.columns.iter().any(|slot| slots.contains(slot) || named == Some(slot))
        };
        if !book.rules.iter().any(asks) {
            let id = &table.id;
            let message = format!("no rule uses the table {id:?}");
            let mend = format!("ask for it in a rule, as in if.{id} = \"known\", or remove it");
            found.push(places.warning(&places.at("table", id, "id"), "unused", message, mend));
        }
    }
    found
}
