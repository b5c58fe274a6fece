//! Escalations that reach nobody, or hand leads on to nobody.
//!
//! | code | what it says |
//! |---|---|
//! | `escalation.nobody` | A ladder ends in nobody but the owner. (Compiling finds it.) |
//! | `escalation.unheard` | Nobody of those whom a ladder tells can hear of it. |
//! | `escalation.reassign-alone` | A ladder re-assigns leads that nobody else can get. |
//! | `alarm.nobody` | Nobody hears of a lead that is stuck: there is no "alarm". (Compiling finds it.) |
//!
//! Guarantees: somebody hears when a pager is paged, a channel is told, or a person who is there has
//! a channel on which they are told.
//! Does not know: whether a channel works.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Escalation, Rep, Rulebook, Target, Tell, Then, fields::ColumnKind},
    places::Places,
    team,
};
use crate::model::finding::Finding;

/// So many people are named.
const NAMED: usize = 4;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for ladder in book.escalations.values() {
        if let Some(message) = unheard(book, ladder) {
            let at = places.at("escalation", &ladder.id, "step");
            let mend = "tell a channel or page somebody, or give those people a \"tell_by\"";
            found.push(places.warning(&at, "escalation.unheard", message, mend));
        }
    }
    found.extend(alone(book, places));
    found
}

/// Why nobody beside the owner hears of a lead that stays unanswered.
fn unheard(book: &Rulebook, ladder: &Escalation) -> Option<String> {
    let hears = |rep: &Rep| !rep.has_left && !rep.tell_by.is_empty();
    let mut names: Vec<String> = Vec::new();
    for tell in ladder.steps.iter().flat_map(|step| &step.tell) {
        match tell {
            Tell::Owner => {}
            Tell::Channel(_) => return None,
            Tell::Rep(rep) => {
                let rep = book.reps.get(rep)?;
                if hears(rep) {
                    return None;
                }
                let why = if rep.has_left { "has left" } else { "has no \"tell_by\"" };
                names.push(format!("{} {why}", rep.name));
            }
            // Who has none was a finding of compiling.
            Tell::Manager => {
                let rules = book.rules.iter().filter(|rule| {
                    let sla = book.slas.get(&rule.sla);
                    sla.is_some_and(|sla| sla.escalation == ladder.id)
                });
                let owners: BTreeSet<&str> = rules.flat_map(|rule| book.owners(rule)).collect();
                let owners = owners.into_iter().filter_map(|owner| book.reps.get(owner));
                let managed =
                    owners.filter_map(|rep| Some((rep, book.reps.get(rep.manager.as_deref()?)?)));
                let unheard = managed.filter(|(_, manager)| !hears(manager));
                names.extend(unheard.map(|(rep, manager)| {
                    let why = if manager.has_left { "has left" } else { "has no \"tell_by\"" };
                    format!("{}, the manager of {}, {why}", manager.name, rep.name)
                }));
            }
        }
    }
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    let is_paged = ladder.steps.iter().any(|step| step.page.is_some());
    (!is_paged && !names.is_empty()).then(|| {
        format!("nobody but the owner hears of the ladder {:?}: {}", ladder.id, names.join(", "))
    })
}

/// Ladders that hand leads on, used by a rule whose pools have one person in all.
fn alone(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&str, usize), BTreeSet<&str>> = BTreeMap::new();
    for rule in &book.rules {
        let ladder = book.slas.get(&rule.sla).and_then(|sla| book.escalations.get(&sla.escalation));
        let Some(ladder) = ladder else { continue };
        let Some(step) = ladder.steps.iter().position(|step| step.reassign) else { continue };
        for pool in pools_of(book, &rule.then) {
            let pools = team::chain(book, pool).pools;
            let reps: BTreeSet<&str> =
                pools.into_iter().flat_map(|pool| team::reps(book, pool)).collect();
            if reps.len() == 1 {
                found.entry((&ladder.id, step)).or_default().insert(pool);
            }
        }
    }
    let finding = |((ladder, step), pools): ((&str, usize), BTreeSet<&str>)| {
        let pools: Vec<String> = pools.into_iter().map(|pool| format!("{pool:?}")).collect();
        let message = format!(
            "this step takes leads away, and of the pool {} nobody else could get them: one person \
             is all there is, overflow included",
            super::super::finding::either(&pools)
        );
        let mend =
            "add somebody to the pool, let it overflow, or use a ladder without \"reassign\"";
        let at = places.item("escalation", ladder, "step", step);
        places.warning(&at, "escalation.reassign-alone", message, mend)
    };
    found.into_iter().map(finding).collect()
}

/// The pools that a rule gives leads to, as far as it names them itself.
fn pools_of<'b>(book: &'b Rulebook, then: &'b Then) -> Vec<&'b str> {
    let Then::Assign { to, if_unavailable } = then else { return Vec::new() };
    let named = [Some(to), if_unavailable.as_ref()].into_iter().flatten();
    let pools = named.flat_map(|target| match target {
        Target::Pool(pool) => vec![pool.as_str()],
        Target::Rep(_) => Vec::new(),
        Target::Fact(slot) => in_table(book, *slot),
    });
    pools.collect()
}

/// The pools that rows of tables name.
pub fn in_table(book: &Rulebook, slot: super::super::condition::Slot) -> Vec<&str> {
    if book.lookups.assignable.get(&slot) != Some(&ColumnKind::Pool) {
        return Vec::new();
    }
    book.column(slot)
}
