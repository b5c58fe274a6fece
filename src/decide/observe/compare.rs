//! Whom another router gave a lead to, held against what handoff decided.
//!
//! Guarantees: pure; one kind and one sentence for every pair, without anything that a stranger
//! typed. Does not know: when the CRM was looked at, nor what is done about a disagreement.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    decide::{Desk, explain::waits, route},
    model::{
        lead::{Lead, State},
        observe::Seen,
    },
    rulebook::{
        Rep, Rule, Target, Then,
        condition::{Facts, Tri},
    },
};

/// The most rules that a sentence names.
const RULES_MAX: usize = 3;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In one word.
    pub seen: Seen,
    /// The rep who has it in the CRM, if the rulebook knows one.
    pub shown: Option<String>,
    /// In a sentence.
    pub says: String,
}

/// Holds the owner that the CRM shows against what was decided about this lead. `passed_over` are
/// those who could not have it then, and why; `owner` is the CRM's id.
#[must_use]
pub fn compare(
    desk: Desk<'_>,
    lead: &Lead,
    passed_over: &BTreeMap<String, String>,
    crm: &str,
    owner: Option<&str>,
) -> Found {
    let ours = ours(desk, lead);
    if owner.is_none() && lead.fields.text("email").is_none() {
        let says = format!(
            "it has no mail address, by which alone it could be looked up in {crm}; {ours}"
        );
        return Found { seen: Seen::NotLookedUp, shown: None, says };
    }
    let Some(owner) = owner else {
        let says = format!("{crm} showed no owner in time; {ours}");
        return Found { seen: Seen::Nobody, shown: None, says };
    };
    let is_it = |rep: &&Rep| rep.crm.get(crm).is_some_and(|id| id == owner);
    let Some(rep) = desk.book.reps.values().find(is_it) else {
        let says = format!(
            "{crm} shows the owner {owner}, whom no rep of the rulebook has as crm.{crm}; {ours}"
        );
        return Found { seen: Seen::UnknownOwner, shown: None, says };
    };
    let (seen, why) = against(desk, lead, passed_over, rep);
    let who = &rep.name;
    let says = match seen {
        Seen::Agrees => format!("{who} has it in {crm}, and {ours}"),
        _ => format!("{who} has it in {crm}, but {ours}{why}"),
    };
    Found { seen, shown: Some(rep.id.clone()), says }
}

/// The kind, and what is to be said beside.
fn against(
    desk: Desk<'_>,
    lead: &Lead,
    passed_over: &BTreeMap<String, String>,
    rep: &Rep,
) -> (Seen, String) {
    let stood = passed_over.get(&rep.id).map(|why| format!("; {}: {why}", rep.name));
    match lead.state {
        State::SetAside => return (Seen::SetAside, String::new()),
        State::Waiting => {
            let is_offered = lead.offers.iter().any(|offer| offer.to.contains(&rep.id));
            let seen = if is_offered { Seen::Agrees } else { Seen::Held };
            return (seen, stood.unwrap_or_default());
        }
        State::Assigned | State::Answered | State::Observed => {}
    }
    if lead.owner.as_ref() == Some(&rep.id) {
        return (Seen::Agrees, String::new());
    }
    if let Some(stood) = stood {
        return (Seen::Skipped, stood);
    }
    let pools = || lead.through.iter().chain(&lead.pool);
    if pools().any(|pool| desk.book.reps_of(pool).contains(&rep.id.as_str())) {
        let pool = lead.pool.as_deref().unwrap_or_default();
        let turn = lead.owner.as_deref().map_or("another", |owner| name(desk, owner));
        let why = format!("; both are in the pool {pool}, where it was the turn of {turn}");
        return (Seen::Turn, why);
    }
    (Seen::Elsewhere, by_which_rules(desk, lead, rep))
}

/// What handoff did, in words.
fn ours(desk: Desk<'_>, lead: &Lead) -> String {
    let by = lead.rule.as_ref().map(|rule| format!(" by the rule {rule}")).unwrap_or_default();
    if let Some(name) = &lead.set_aside {
        return format!("handoff set it aside as {name}{by}");
    }
    if let Some(waiting) = &lead.waiting {
        return format!("handoff had it wait{by}: {}", waits(waiting));
    }
    let Some(owner) = &lead.owner else { return "handoff gave it to nobody".to_owned() };
    format!("handoff gave it to {}{by}", name(desk, owner))
}

fn name<'a>(desk: Desk<'a>, rep: &'a str) -> &'a str {
    desk.book.reps.get(rep).map_or(rep, |known| &known.name)
}

/// The rules that would give it to this rep, and why none of them did.
fn by_which_rules(desk: Desk<'_>, lead: &Lead, rep: &Rep) -> String {
    let facts = route::facts(desk, lead);
    let place = |id: &str| desk.book.rules.iter().position(|rule| rule.id == id);
    let decided = lead.rule.as_deref().and_then(place);
    let gives = |rule: &&Rule| gives_to(desk, rule, &facts, &rep.id);
    let mut found = desk.book.rules.iter().filter(gives);
    let mut says = String::new();
    for rule in found.by_ref().take(RULES_MAX) {
        let holds = rule.when.eval(&facts) == Tri::True;
        let comes_later = decided.is_some_and(|decided| place(&rule.id) > Some(decided));
        let why = match (holds, comes_later) {
            (true, true) => "would hold, but comes after it",
            (true, false) => "holds, but led to somebody else",
            (false, _) => "does not hold for this lead",
        };
        let _ = write!(says, "; the rule {} gives to {} and {why}", rule.id, rep.name);
    }
    match (says.is_empty(), found.count()) {
        (true, _) => format!("; no rule gives to {}", rep.name),
        (false, 0) => says,
        (false, 1) => format!("{says}; so does one more rule"),
        (false, more) => format!("{says}; so do {more} more rules"),
    }
}

fn gives_to(desk: Desk<'_>, rule: &Rule, facts: &Facts, rep: &str) -> bool {
    let Then::Assign { to, if_unavailable } = &rule.then else { return false };
    let mut targets = [Some(to), if_unavailable.as_ref()].into_iter().flatten();
    targets.any(|target| match desk.book.resolve(target, facts) {
        Some(Target::Rep(id)) => id == rep,
        Some(Target::Pool(pool)) => desk.book.reps_of(&pool).contains(&rep),
        Some(Target::Fact(_)) | None => false,
    })
}
