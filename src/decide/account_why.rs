//! Why a lead was matched to an account, in sentences.
//!
//! Guarantees: says only what the decision recorded; nothing that a stranger typed is in it.
//! Does not know: how it is shown.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::account::{By, Matched, Near, Part};

/// Which account it is, by what, and who else came close.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountWhy {
    /// In one sentence.
    pub text: String,
    /// Who else came close, each in a sentence.
    pub others: Vec<String>,
    /// The same as it was recorded.
    pub matched: Matched,
}

impl AccountWhy {
    /// Of a match.
    #[must_use]
    pub fn of(matched: &Matched) -> Self {
        Self {
            text: sentence(matched),
            others: matched.others.iter().map(other).collect(),
            matched: matched.clone(),
        }
    }
}

fn sentence(matched: &Matched) -> String {
    let Some(account) = &matched.account else {
        return "No account of the mirror has this domain or a name near enough.".to_owned();
    };
    let called = called(&account.id, &account.name);
    let mut text = match matched.by {
        By::Domain => format!(
            "The account {called} has the domain {}",
            matched.domain.as_deref().unwrap_or("of the lead")
        ),
        _ => format!("The account {called} has a name like the lead's, by {}", scored(matched)),
    };
    if let Some(tie) = &matched.tie {
        let _ = write!(text, "; it is the one of several by {tie:?}");
    }
    if let Some(parent) = &matched.parent {
        let _ = write!(text, "; it belongs to {}", self::called(&parent.id, &parent.name));
    }
    text + "."
}

/// The score and what it is made of.
fn scored(matched: &Matched) -> String {
    let part = |part: &Part| {
        let share = percent(part.share);
        if part.alike >= 1.0 {
            format!("{} (the same, {share} of it)", part.word)
        } else if part.alike > 0.0 {
            format!("{} (alike by {}, {share} of it)", part.word, percent(part.alike))
        } else {
            format!("{} (missing, {share} of it)", part.word)
        }
    };
    let parts: Vec<String> = matched.parts.iter().map(part).collect();
    let mut text = format!("{}: {}", percent(matched.score), parts.join(", "));
    if matched.left_over > 0.0 {
        let more = percent(matched.left_over);
        let _ = write!(text, "; words that only the lead has weigh {more} of all");
    }
    text
}

fn other(near: &Near) -> String {
    let called = called(&near.id, &near.name);
    let score = percent(near.score);
    match near.lost_by.as_str() {
        "score" => format!("{called} came close with {score}."),
        tie => format!("{called} has {score} too and lost by {tie:?}."),
    }
}

/// An account as people know it.
fn called(id: &str, name: &str) -> String {
    if name.is_empty() { format!("{id:?}") } else { format!("{name} ({id})") }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
