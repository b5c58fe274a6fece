//! Why: a decision said back in sentences, from what it stored and what is recomputed from that.
//!
//! Guarantees: the winner and every candidate are those that the decision recorded; the losing
//! rules are recomputed with the facts it recorded, by the rulebook version it names.
//! Does not know: how it is shown; a stranger's values stay [`Untrusted`](crate::model::text::Untrusted)
//! as far as they are values of fields, and are quoted inside clauses for pages that escape.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use super::account_why::AccountWhy;
pub use super::losers::{RuleWhy, Rules};
use super::{available::Standing, pool::Sticky, rotate::Candidate, route::Passed};
use crate::{
    model::{
        account::Matched,
        field::Fields,
        id::Seq,
        lead::{Offer, Waiting},
        news::{Absence, Known, Outcome, Response},
        plan::{Decided, Decision, What},
        time::Time,
    },
    rulebook::{Per, Rulebook, absence_word, facts::FactSource},
};

/// Why a lead is where it is.
#[derive(Clone, Debug, Serialize)]
pub struct Why<'b> {
    /// The whole in one sentence.
    pub headline: String,
    /// The rule that decided, said back.
    pub rule: Option<String>,
    /// Every rule up to the one that decided, in order.
    pub rules: Rules<'b>,
    /// Which account of the mirror it was matched to and why, if there is a mirror.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountWhy>,
    /// Everybody who was looked at.
    pub candidates: Vec<CandidateWhy>,
    /// The rulebook version and the decision.
    pub rulebook: u32,
}

/// How one candidate stood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateWhy {
    /// The pool.
    pub pool: String,
    /// The rep's id.
    pub rep: String,
    /// What the rotation compared.
    pub credit: f64,
    /// Whether it was this one's turn.
    pub is_winner: bool,
    /// In words: "free", "out today until …", "20 per day reached".
    pub standing: String,
}

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

/// The parts of a decision that say why, as it stored them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stored {
    fields: Option<Fields>,
    known: BTreeMap<String, Known>,
    account: Option<Matched>,
    source: Option<String>,
    intent: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) passed: Vec<Passed>,
    pools: Vec<(String, Vec<Candidate>)>,
    owner: Option<String>,
    pool: Option<String>,
    through: Vec<String>,
    sticky: Vec<Sticky>,
    offer: Option<Offer>,
    calendar: bool,
    sla: Option<String>,
    deadline: Option<Time>,
    waiting: Option<Waiting>,
    set_aside: Option<String>,
    from: Option<String>,
    kept: Option<String>,
    late: Option<String>,
    paged: Option<String>,
    skipped_as_late: Vec<usize>,
    response: Option<Response>,
    outcome: Option<Outcome>,
    rep: Option<String>,
    until: Option<Time>,
    by: Option<String>,
    why: Option<String>,
    crm: Option<String>,
    refused_by: Option<String>,
    away_until: Option<Time>,
}

fn read<T: DeserializeOwned + Default>(decision: &Decision) -> T {
    serde_json::from_value(serde_json::Value::Object(decision.why.clone())).unwrap_or_default()
}

/// Why the lead went where its last routing sent it.
#[must_use]
pub fn lead<'b>(book: &'b Rulebook, decisions: &[Decided]) -> Option<Why<'b>> {
    let routed = decisions.iter().rev().find(|one| one.decision.why.contains_key("fields"))?;
    let opened = decisions.first().map(|one| read::<Stored>(&one.decision)).unwrap_or_default();
    let source = opened.source.unwrap_or_default();
    Some(decision(book, &routed.decision, &source, opened.intent.as_deref()))
}

/// Why one routing decision went as it did.
#[must_use]
pub fn decision<'b>(
    book: &'b Rulebook,
    decision: &Decision,
    source: &str,
    intent: Option<&str>,
) -> Why<'b> {
    let stored: Stored = read(decision);
    let fields = stored.fields.clone().unwrap_or_default();
    let facts = book.facts(&FactSource {
        fields: &fields,
        source: stored.source.as_deref().unwrap_or(source),
        intent: stored.intent.as_deref().or(intent),
        known: &stored.known,
        account: stored.account.as_ref(),
    });
    Why {
        headline: sentence(book, decision),
        rule: stored
            .rule
            .as_ref()
            .and_then(|id| book.rules.iter().find(|rule| rule.id == *id))
            .map(|rule| rule.sentence(book)),
        rules: Rules::new(book, facts, stored.rule.as_deref(), stored.passed.clone()),
        account: stored.account.as_ref().map(AccountWhy::of),
        candidates: candidates(book, &stored),
        rulebook: decision.rulebook,
    }
}

fn candidates(book: &Rulebook, stored: &Stored) -> Vec<CandidateWhy> {
    let each = |(pool, all): &(String, Vec<Candidate>)| -> Vec<CandidateWhy> {
        all.iter()
            .map(|one| CandidateWhy {
                pool: pool.clone(),
                rep: one.rep.clone(),
                credit: one.credit,
                is_winner: won(stored, pool, &one.rep),
                standing: standing(&one.standing),
            })
            .collect()
    };
    let _ = book;
    stored.pools.iter().flat_map(each).collect()
}

/// Whether this candidate of this pool got it: the owner, or the pool within the pool that did.
fn won(stored: &Stored, pool: &str, candidate: &str) -> bool {
    let Some(own) = stored.pool.as_deref() else {
        return stored.owner.as_deref() == Some(candidate);
    };
    let mut path = stored.through.iter().map(String::as_str).chain([own]);
    let Some(_) = path.find(|one| *one == pool) else { return false };
    path.next().or(stored.owner.as_deref()) == Some(candidate)
}

/// A standing in words.
#[must_use]
pub fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Free => "free".to_owned(),
        Standing::Left => "no longer with us".to_owned(),
        Standing::Deactivated => absence_word(Absence::Deactivated).to_owned(),
        Standing::Away { absence, until: Some(until) } => {
            format!("{} until {}", absence_word(*absence), clock(*until))
        }
        Standing::Away { absence, until: None } => absence_word(*absence).to_owned(),
        Standing::OffHours { opens: Some(opens) } => {
            format!("off hours until {}", clock(*opens))
        }
        Standing::OffHours { opens: None } => "off hours".to_owned(),
        Standing::Capped { leads, per: Per::Open } => format!("has {leads} open leads: the cap"),
        Standing::Capped { leads, per } => {
            format!("the cap of {leads} per {} is reached", period(*per))
        }
        Standing::PoolCapped { leads, per: Per::Open } => {
            format!("the pool has {leads} open leads: its cap")
        }
        Standing::PoolCapped { leads, per } => {
            format!("the pool's cap of {leads} per {} is reached", period(*per))
        }
        Standing::Nobody => "nobody of it is free".to_owned(),
        Standing::Behind { late: 0, open } => format!("has {open} leads to answer already"),
        Standing::Behind { late, .. } => format!("is late with {late} already"),
        Standing::HadIt => "had it before".to_owned(),
    }
}

const fn period(per: Per) -> &'static str {
    match per {
        Per::Hour => "hour",
        Per::Day | Per::Open => "day",
        Per::Week => "week",
    }
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
    let outcome = || placed(book, &stored);
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
        What::AwayNoted => away_noted(&name(&stored.rep), &stored),
        What::Noted if stored.late.is_some() => {
            format!("The deadline has passed; {} has not answered", name(&stored.late))
        }
        What::Noted => match &stored.kept {
            Some(kept) => format!("It stays with its owner, since {kept}"),
            None => "Taken note of".to_owned(),
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

/// An instant for sentences; pages show the reader's own zone.
fn clock(at: Time) -> String {
    let text = at.rfc3339();
    let minute = text.get(..16).unwrap_or(&text).replace('T', " ");
    format!("{minute} UTC")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
