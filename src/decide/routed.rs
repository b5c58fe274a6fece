//! Where routing sends a lead, with the reasons that the decision keeps.
//!
//! Guarantees: nothing of its own; `route` and `pool` fill it in.
//! Does not know: rules and rotations.

use serde::{Deserialize, Serialize};

use super::{
    available::Standing,
    rotate::{Candidate, Taken},
};
use crate::model::{
    lead::{Offer, Waiting},
    time::Time,
};

/// Why a matching rule did not decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// The rule.
    pub rule: String,
    /// Why: `unknown` (a fact is missing), or where its target led.
    pub why: String,
}

/// Where a lead goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// To a rep.
    Rep(Taken),
    /// Nowhere yet.
    Wait(Waiting),
    /// Off the road.
    Aside(String),
}

/// The outcome of routing, with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    /// Where to.
    pub place: Place,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Its SLA.
    pub sla: String,
    /// Rules that might have held and did not decide.
    pub passed: Vec<Passed>,
    /// The candidates of every pool looked at, in order.
    pub pools: Vec<(String, Vec<Candidate>)>,
    /// Who had this person or company before, as far as it was asked.
    pub sticky: Vec<Sticky>,
    /// To whom it is offered.
    pub offer: Option<Offer>,
    /// Which pager is paged because nobody is there.
    pub page: Option<String>,
}

/// Somebody who had this person or company before, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sticky {
    /// The rep.
    pub rep: String,
    /// When there was last something to the earlier lead.
    pub since: Time,
    /// Whether only the company is the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_company: bool,
    /// How the rep stood: free gets it.
    #[serde(flatten)]
    pub standing: Standing,
}
