//! People who have left, and people whom a CRM does not know.
//!
//! | code | what it says |
//! |---|---|
//! | `rep.left` | Somebody who has left is still named. (Compiling finds it.) |
//! | `rep.untold` | Nobody tells a rep of a lead: there is no "tell_by". (Compiling finds it.) |
//! | `rep.backup-circle` | Reps stand in for each other in a circle. (Compiling finds it.) |
//! | `rep.manager-circle` | Reps are each other's managers in a circle. (Compiling finds it.) |
//! | `rep.backup-left` | Whoever stands in for a rep has left, and nobody else does. |
//! | `rep.no-owner` | Leads of a rep get no owner in a CRM: there is no owner id of it. |
//!
//! Guarantees: who has left and has a backup who is there is no finding of this; an owner id is
//! missed only of somebody who can be given leads by a pool, by a rule's own target or as a backup,
//! and once for all where nobody has one.
//! Does not know: who is away today; who is named by a table or a fact alone; which ids are right.

use std::collections::BTreeSet;

use super::{
    super::{Rep, Rulebook, Target, Then},
    places::Places,
    team,
};
use crate::model::finding::Finding;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = unowned(book, places);
    for rep in book.reps.values().filter(|rep| !rep.has_left) {
        let Some(backup) = rep.backup.as_ref().and_then(|backup| book.reps.get(backup)) else {
            continue;
        };
        if backup.has_left && team::stands_in(book, backup).is_empty() {
            let message = format!("nobody stands in for {}: {} has left", rep.name, backup.name);
            let at = places.at("rep", &rep.id, "backup");
            let mend = "name somebody who is there";
            found.push(places.warning(&at, "rep.backup-left", message, mend));
        }
    }
    found
}

/// Who can be given leads and has no owner id in a CRM that is connected.
fn unowned(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let given = given(book);
    let reps: Vec<&Rep> = given.iter().filter_map(|id| book.reps.get(*id)).collect();
    let mut found = Vec::new();
    for crm in &book.connected.0 {
        let lacking: Vec<&Rep> =
            reps.iter().copied().filter(|rep| !rep.crm.contains_key(crm)).collect();
        let mend = format!(
            "write crm.{crm} = \"…\" for them; `handoff reps import` prints the owner ids by email"
        );
        let warning = |rep: &Rep, message: String| {
            places.warning(&places.at("rep", &rep.id, "crm"), "rep.no-owner", message, mend.clone())
        };
        match lacking.as_slice() {
            [first, _, ..] if lacking.len() == reps.len() => {
                let message = format!(
                    "no rep has an owner id in {crm:?}: leads are written there without an owner"
                );
                found.push(warning(first, message));
            }
            some => found.extend(some.iter().map(|rep| {
                let name = &rep.name;
                let message = format!(
                    "{name} has no owner id in {crm:?}: leads of {name} are written there without \
                     an owner"
                );
                warning(rep, message)
            })),
        }
    }
    found
}

/// Who can be given leads and has not left.
fn given(book: &Rulebook) -> BTreeSet<&str> {
    let mut given: BTreeSet<&str> =
        book.pools.values().flat_map(|pool| team::reps(book, pool)).collect();
    for rule in &book.rules {
        let Then::Assign { to, if_unavailable } = &rule.then else { continue };
        given.extend([Some(to), if_unavailable.as_ref()].into_iter().flatten().filter_map(
            |target| match target {
                Target::Rep(rep) => Some(rep.as_str()),
                Target::Pool(_) | Target::Fact(_) => None,
            },
        ));
    }
    let reps = given.iter().filter_map(|id| book.reps.get(*id));
    reps.flat_map(|rep| team::stands_in(book, rep)).map(|rep| rep.id.as_str()).collect()
}
