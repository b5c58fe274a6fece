//! Why: a decision said back in sentences, from what it stored and what is recomputed from that.
//!
//! Guarantees: the winner and every candidate are those that the decision recorded; the losing
//! rules are recomputed with the facts it recorded, by the rulebook version it names.
//! Does not know: how it is shown; a stranger's values stay [`Untrusted`](crate::model::text::Untrusted)
//! as far as they are values of fields, and are quoted inside clauses for pages that escape.

mod entry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::entry::{Entry, sentence, timeline, waits};
pub use super::{
    account_why::AccountWhy,
    losers::{RuleWhy, Rules},
};
use super::{
    available::Standing,
    rotate::Candidate,
    routed::{Passed, Sticky},
};
use crate::{
    model::{
        account::Matched,
        field::Fields,
        lead::{Offer, Waiting},
        news::{Absence, Known, Outcome, Response},
        plan::{Decided, Decision},
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
    refused: Option<String>,
    watched: bool,
    says: Option<String>,
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

/// An instant for sentences; pages show the reader's own zone.
fn clock(at: Time) -> String {
    let text = at.rfc3339();
    let minute = text.get(..16).unwrap_or(&text).replace('T', " ");
    format!("{minute} UTC")
}
