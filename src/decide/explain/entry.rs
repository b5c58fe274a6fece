//! What happened: each decision in one sentence, and a lead's decisions as lines to read.
//!
//! Guarantees: nothing that a stranger typed is in a sentence.
//! Does not know: why a rule held; the explanation says that.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Stored, clock, read, standing};
use crate::{
    decide::{available::Standing, routed::Sticky},
    model::{
        id::Seq,
        lead::Waiting,
        news::Outcome,
        plan::{Decided, Decision, What},
        time::Time,
    },
    rulebook::Rulebook,
};

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// The decision's number.
    pub seq: Seq,
    /// What happened, in one word.
    pub what: What,
    /// In a sentence.
    pub text: String,
}

/// A lead's decisions as lines to read.
#[must_use]
pub fn timeline(book: &Rulebook, decisions: &[Decided]) -> Vec<Entry> {
    decisions
        .iter()
        .map(|one| Entry {
            at: one.decision.at,
            seq: one.seq,
            what: one.decision.what,
            text: sentence(book, &one.decision),
        })
        .collect()
}

/// A decision in one sentence, without anything that a stranger typed.
#[must_use]
pub fn sentence(book: &Rulebook, decision: &Decision) -> String {
    let stored: Stored = read(decision);
    let name = |id: &Option<String>| name(book, id.as_deref().unwrap_or("nobody"));
    let outcome = || {
        let watched = if stored.watched { "only watched: " } else { "" };
        format!("{watched}{}", placed(book, &stored))
    };
    match decision.what {
        What::Opened => format!("A new lead from {}: {}", source(&stored), outcome()),
        What::Joined if stored.owner.is_some() => {
            format!("The same person filled in another form ({}); {}", source(&stored), outcome())
        }
        What::Joined => format!("The same person filled in another form ({})", source(&stored)),
        What::Reopened => format!("A fill that asks for more re-opened it; {}", outcome()),
        What::Rejected => {
            format!("It could not be read: {}", reason(decision).unwrap_or("no reason was kept"))
        }
        What::Routed | What::Held | What::SetAside => capital(&outcome()),
        What::Reminded => format!("A reminder was due{}", skipped(&stored)),
        What::Escalated => escalated(&stored),
        What::Reassigned => handed_over(book, &stored),
        What::Asked => "The CRM is asked whether somebody has answered".to_owned(),
        What::OnIt if stored.offer.is_some() => claimed(book, &stored),
        What::OnIt => match stored.until {
            Some(until) => {
                format!("{} is on it; the ladder waits until {}", name(&stored.rep), clock(until))
            }
            None => format!("{} is on it", name(&stored.rep)),
        },
        What::Answered => answered(book, &stored),
        What::OwnerKept => format!(
            "{} shows another owner, and that choice is kept{}",
            stored.crm.as_deref().unwrap_or("the CRM"),
            stored
                .owner
                .as_ref()
                .map_or_else(String::new, |_| format!(": {}", name(&stored.owner)))
        ),
        What::Observed => capital(stored.says.as_deref().unwrap_or("It was only watched")),
        What::AwayNoted => away_noted(&name(&stored.rep), &stored),
        What::Noted if stored.late.is_some() => {
            format!("The deadline has passed; {} has not answered", name(&stored.late))
        }
        What::Noted => match (&stored.kept, &stored.refused) {
            (Some(kept), Some(why)) => {
                format!("{} refused it ({why}); it stays, since {kept}", name(&stored.from))
            }
            (Some(kept), None) => format!("It stays with its owner, since {kept}"),
            (None, _) => "Taken note of".to_owned(),
        },
    }
}

fn away_noted(name: &str, stored: &Stored) -> String {
    match &stored.refused_by {
        Some(crm) => format!("{crm} refuses {name} as an owner: no lead goes there any more"),
        None if stored.calendar => format!("The calendar of {name} changed"),
        None => format!("The absences of {name} changed"),
    }
}

/// The first of those whom it was offered to.
fn claimed(book: &Rulebook, stored: &Stored) -> String {
    let who = name(book, stored.rep.as_deref().unwrap_or("nobody"));
    let others = stored.offer.as_ref().map_or(0, |offer| offer.to.len()).saturating_sub(1);
    let mut text = format!("{who} took it");
    match others {
        0 => {}
        1 => text.push_str(", one other was asked"),
        more => {
            let _ = write!(text, ", first of {}", more + 1);
        }
    }
    if let (Some(sla), Some(deadline)) = (&stored.sla, stored.deadline) {
        let _ = write!(text, "; to be answered by {} ({sla})", clock(deadline));
    }
    text
}

/// Who had this person or company before, and what came of it.
fn stuck_to(book: &Rulebook, sticky: &Sticky) -> String {
    let what = if sticky.is_company { "this company" } else { "this person" };
    let who = name(book, &sticky.rep);
    match &sticky.standing {
        Standing::Free => format!("{who} had {what} before"),
        other => format!("{who} had {what} before, but: {}", standing(other)),
    }
}

fn reason(decision: &Decision) -> Option<&str> {
    decision.why.get("reason").and_then(serde_json::Value::as_str)
}

fn source(stored: &Stored) -> &str {
    stored.source.as_deref().unwrap_or("a source")
}

/// Where routing sent it: "to Grace by the rule dach-enterprise; Konrad is out today …".
fn placed(book: &Rulebook, stored: &Stored) -> String {
    let rule = stored.rule.as_deref().unwrap_or("none");
    if let Some(aside) = &stored.set_aside {
        return format!("set aside as {aside} by the rule {rule}");
    }
    if let Some(waiting) = &stored.waiting {
        return waits(waiting);
    }
    let Some(owner) = &stored.owner else { return "noted".to_owned() };
    let mut text = format!("to {} by the rule {rule}", name(book, owner));
    if let Some(pool) = &stored.pool {
        let _ = write!(text, ", pool {pool}");
    }
    for sticky in &stored.sticky {
        let _ = write!(text, "; {}", stuck_to(book, sticky));
    }
    let mut said: Vec<&String> = stored.sticky.iter().map(|sticky| &sticky.rep).collect();
    for (_, candidates) in &stored.pools {
        for one in candidates.iter().filter(|one| !one.standing.is_free()) {
            if said.contains(&&one.rep) {
                continue;
            }
            said.push(&one.rep);
            let _ = write!(text, "; {}: {}", name(book, &one.rep), standing(&one.standing));
        }
    }
    if let (Some(sla), Some(deadline)) = (&stored.sla, stored.deadline) {
        let _ = write!(text, "; to be answered by {} ({sla})", clock(deadline));
    }
    text
}

/// What a waiting lead waits for.
#[must_use]
pub fn waits(waiting: &Waiting) -> String {
    match waiting {
        Waiting::Facts { until } => {
            format!("the CRM is asked who has this person, until {}", clock(*until))
        }
        Waiting::Fact { rule, until } => {
            format!("the rule {rule} waits for a missing fact until {}", clock(*until))
        }
        Waiting::Somebody { pool, until } => {
            format!(
                "nobody of the pool {pool} is there; it waits until {} at the latest",
                clock(*until)
            )
        }
        Waiting::Claim { pool, until } => {
            format!(
                "it is offered to whoever of the pool {pool} takes it first, until {}",
                clock(*until)
            )
        }
        Waiting::Escalated { pool, .. } => {
            format!(
                "nobody of the pool {pool} is there; people were told, and it is held until somebody is"
            )
        }
        Waiting::Operator { why, .. } => format!("an operator must look: {why}"),
    }
}

fn skipped(stored: &Stored) -> String {
    match stored.skipped_as_late.len() {
        0 => String::new(),
        1 => "; one earlier step was skipped as late".to_owned(),
        more => format!("; {more} earlier steps were skipped as late"),
    }
}

fn escalated(stored: &Stored) -> String {
    let mut text = match &stored.paged {
        Some(pager) => format!("Nobody has answered: {pager} was paged"),
        None => "Nobody has answered in time: people were told".to_owned(),
    };
    if let Some(kept) = &stored.kept {
        let _ = write!(text, "; it stays with its owner, since {kept}");
    }
    text.push_str(&skipped(stored));
    text
}

fn handed_over(book: &Rulebook, stored: &Stored) -> String {
    let named = |id: &Option<String>| name(book, id.as_deref().unwrap_or("nobody"));
    let mut text = format!("Handed over from {} to {}", named(&stored.from), named(&stored.owner));
    let since = match (&stored.by, &stored.refused_by, stored.away_until) {
        _ if stored.refused.is_some() => {
            let why = stored.refused.as_deref().unwrap_or_default();
            format!(", since {} refused it: {why}", named(&stored.from))
        }
        (_, Some(crm), _) => format!(", since {crm} refuses that owner"),
        (_, _, Some(until)) => {
            format!(", since {} is out until {}", named(&stored.from), clock(until))
        }
        (Some(by), ..) => format!(" by {by}"),
        _ => ", since nobody answered".to_owned(),
    };
    text.push_str(&since);
    if let Some(why) = &stored.why {
        let _ = write!(text, ": {why}");
    }
    if let Some(deadline) = stored.deadline {
        let _ = write!(text, "; to be answered by {}", clock(deadline));
    }
    text + &skipped(stored)
}

fn answered(book: &Rulebook, stored: &Stored) -> String {
    let by = stored.response.as_ref().and_then(|response| response.by.as_deref());
    let who = by.map_or_else(|| "Somebody".to_owned(), |by| name(book, by));
    match &stored.outcome {
        Some(Outcome::Qualified) | None => format!("{who} answered"),
        Some(Outcome::Nurture) => format!("{who} answered: nurture"),
        Some(Outcome::NotAFit { why }) => format!("{who} answered: not a fit, because {why}"),
    }
}

/// What a person is called, or the id if the rulebook does not know it.
fn name(book: &Rulebook, id: &str) -> String {
    book.reps.get(id).map_or_else(|| id.to_owned(), |rep| rep.name.clone())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
