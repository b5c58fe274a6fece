//! Accounts of the mirror, and which of them a lead was matched to.
//!
//! Guarantees: a match carries everything that rules may ask about it, so that a decision needs no
//! mirror to be made again. Nothing here is ever merged: accounts that look alike stay two.
//! Does not know: how a match is found.

mod tidy;

use serde::{Deserialize, Serialize};

pub use self::tidy::{LeftOut, tidy};

use super::time::Time;

/// An open opportunity of an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Opportunity {
    /// How far it is, in the CRM's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Who has it: a rep's id, a rep's address or an owner id of a CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it is worth, in the CRM's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<f64>,
}

/// An account as the mirror has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Its id where it comes from.
    pub id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its registrable domains, none of them a free-mail one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Its country: two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Who owns it: a rep's id, a rep's address or an owner id of a CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The id of the account that it belongs to, from the same origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its open opportunity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<Opportunity>,
    /// What segment or tier it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// When something last happened to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_activity: Option<Time>,
    /// Since when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
}

/// By what a lead was matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By the company's domain.
    Domain,
    /// By the company's name.
    Name,
    /// The mirror was asked and has none.
    #[default]
    None,
}

impl By {
    /// Every way with its word.
    pub const ALL: [(&'static str, Self); 3] =
        [("domain", Self::Domain), ("name", Self::Name), ("none", Self::None)];

    /// Its word in rules, columns and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, by)| *by == self).map_or("", |(word, _)| word)
    }
}

/// One word of the account's name that the lead's name has too, or one that is alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The word, as the account has it, folded.
    pub word: String,
    /// Its share of the account's name, from 0 to 1: rare words weigh more.
    pub share: f64,
    /// How alike the lead's word is: 1 for the same, 0 for none.
    pub alike: f64,
}

/// The account above the one that was matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub id: String,
    /// What it is called; nothing, if the mirror has it not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who owns it, as the mirror has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Another account that came close.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its score.
    pub score: f64,
    /// Why it is not the one: `score`, or the tie-breaker that decided against it.
    pub lost_by: String,
}

/// The account of the mirror that a lead was matched to, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matched {
    /// By what.
    pub by: By,
    /// The account, without its domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// Where the account comes from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The account above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The domain that it was found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// From 0 to 1, in hundredths: 1 for a domain or for the same name.
    pub score: f64,
    /// What the score is made of, for a name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// How much of the lead's name the account's has not, from 0 to 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_over: f64,
    /// The tie-breaker that decided, where several had this score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie: Option<String>,
    /// Who else came close, the closest first: few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Near>,
    /// The mirror's version.
    pub mirror: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// A tie-breaker among accounts of one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// One that has an owner.
    Owned,
    /// One that has an open opportunity.
    OpenOpportunity,
    /// One of the lead's country.
    Country,
    /// The one with the latest activity.
    LatestActivity,
    /// The one that is there longest.
    Oldest,
    /// The one whose name is nearest to the lead's company.
    Name,
}

impl Tie {
    /// Every tie-breaker with its word.
    pub const ALL: [(&'static str, Self); 6] = [
        ("owned", Self::Owned),
        ("open-opportunity", Self::OpenOpportunity),
        ("country", Self::Country),
        ("latest-activity", Self::LatestActivity),
        ("oldest", Self::Oldest),
        ("name", Self::Name),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, tie)| *tie == self).map_or("", |(word, _)| word)
    }
}

/// How leads are matched to accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// In which order: `Domain` and `Name`, each at most once.
    pub by: Vec<By>,
    /// A name counts from this score on.
    pub min_score: f64,
    /// What decides among accounts of one score, in order; at last the smaller id.
    pub ties: Vec<Tie>,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            by: vec![By::Domain, By::Name],
            min_score: 0.85,
            ties: vec![
                Tie::Owned,
                Tie::OpenOpportunity,
                Tie::Country,
                Tie::LatestActivity,
                Tie::Oldest,
            ],
        }
    }
}
