//! The rulebook: one immutable, numbered document written by sales ops, compiled.
//!
//! Guarantees: a [`Rulebook`] that exists has been checked as a whole: every reference leads
//! somewhere, the last rule holds for every lead, every example passes. Looking something up by
//! id never fails for an id that the rulebook itself named.
//! Does not know: leads' states, people's absences, the time, or any file.

pub mod calendar;
mod clean;
pub mod compare;
pub mod condition;
mod document;
pub mod facts;
mod fields;
mod files;
mod finding;
mod ladder;
#[cfg(test)]
mod limit_tests;
pub mod lint;
mod mapping;
mod matching;
mod mirrored;
mod sentence;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::{
    calendar::Hours,
    condition::{Pred, Schema, Slot},
};
pub use self::{
    facts::{FactSource, Lookups},
    files::{ChannelKind, Files, MAIN, Setup, SourceShape},
    ladder::{Clock, Escalation, LadderStep, Repeat, Sla, StepAt, Tell},
    mapping::{FieldMapping, Mapped, path::Path, transform::Transform},
    matching::{Form, Found, Match, Passed, WhyPassed},
    table::{Coverage, Stretch, Table, sheet::delimiter as csv_delimiter},
};
use crate::model::{account::Matching, finding::Finding, news::Absence, record::Basis, time::Span};

/// A checked and compiled rulebook.
#[derive(Debug)]
pub struct Rulebook {
    /// Its number; zero for one that was never published.
    pub version: u32,
    /// The names that conditions may use, and their slots.
    pub schema: Schema,
    /// The rules, in order. The last one holds for every lead.
    pub rules: Vec<Rule>,
    /// Reps by id.
    pub reps: BTreeMap<String, Rep>,
    /// Pools by id.
    pub pools: BTreeMap<String, Pool>,
    /// Hours by id.
    pub hours: BTreeMap<String, Hours>,
    /// SLAs by id.
    pub slas: BTreeMap<String, Sla>,
    /// Ladders by id.
    pub escalations: BTreeMap<String, Escalation>,
    /// The SLA of rules that name none.
    pub default_sla: String,
    /// A fill by the same person within this time of the lead's last fill is the same lead.
    pub same_lead_within: Span,
    /// How long facts from CRMs are waited for before deciding (counted from arrival).
    pub ask_within: Span,
    /// Whom to tell when a lead is stuck: `channel: …` and `rep: …` targets.
    pub alarm: Vec<Tell>,
    /// Intents from weak to strong.
    pub intents: Vec<String>,
    /// What the fills of forms ask for.
    pub forms: Vec<Form>,
    /// How fields are found, by source.
    pub mappings: BTreeMap<String, Vec<FieldMapping>>,
    /// How leads are matched to accounts.
    pub matching: Matching,
    /// Look-ups that add facts.
    pub tables: Vec<Table>,
    /// What somebody should look at, although it compiled.
    pub warnings: Vec<Finding>,
    /// How facts, owners and candidates are found.
    pub lookups: Lookups,
    /// What its decisions stand on beside it.
    pub basis: std::sync::Arc<Basis>,
    /// CRM connections that were offered to it, and those of them that are asked.
    pub connected: (Vec<String>, Vec<String>),
}

impl Rulebook {
    /// A rulebook with nothing in it: what compiling and tests begin with.
    #[must_use]
    pub fn empty(schema: Schema) -> Self {
        Self {
            version: 0,
            lookups: Lookups::of(&schema),
            schema,
            rules: Vec::new(),
            reps: BTreeMap::new(),
            pools: BTreeMap::new(),
            hours: BTreeMap::new(),
            slas: BTreeMap::new(),
            escalations: BTreeMap::new(),
            default_sla: String::new(),
            same_lead_within: Span::days(30),
            ask_within: Span::seconds(2),
            alarm: Vec::new(),
            intents: Vec::new(),
            forms: Vec::new(),
            mappings: BTreeMap::new(),
            matching: Matching::default(),
            tables: Vec::new(),
            warnings: Vec::new(),
            basis: std::sync::Arc::default(),
            connected: (Vec::new(), Vec::new()),
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// When it holds.
    pub when: Pred,
    /// What if a fact it needs is missing.
    pub if_unknown: IfUnknown,
    /// What it does.
    pub then: Then,
    /// The SLA of what it assigns; the rulebook's default when the rule names none.
    pub sla: String,
    /// For so long whoever had this person or company before is asked first, in place of what the
    /// pool says.
    pub sticky: Option<Span>,
}

/// What to do when a rule is neither true nor false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfUnknown {
    /// Go on with the next rule.
    Skip,
    /// Hold the lead for an operator.
    Hold,
    /// Wait so long from arrival, then skip or hold.
    Wait {
        /// How long, counted from arrival.
        wait: Span,
        /// Hold afterwards; skip otherwise.
        then_hold: bool,
    },
}

/// What a rule does with a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Gives it to somebody.
    Assign {
        /// Whom.
        to: Target,
        /// Whom if that one rep is not available.
        if_unavailable: Option<Target>,
    },
    /// Takes it off the road under this name.
    SetAside(String),
}

/// Whom a lead goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pool's rotation.
    Pool(String),
    /// One rep.
    Rep(String),
    /// Whoever the fact in this slot names: a rep's id, `pool: id` or `rep: id`.
    Fact(Slot),
}

/// A rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rep {
    /// The id.
    pub id: String,
    /// What the person is called.
    pub name: String,
    /// The address.
    pub email: String,
    /// The owner ids by CRM connection.
    pub crm: BTreeMap<String, String>,
    /// The working hours; always, if none.
    pub hours: Option<String>,
    /// The manager's rep id.
    pub manager: Option<String>,
    /// Channels on which the person hears of a lead.
    pub tell_by: Vec<String>,
    /// Who stands in.
    pub backup: Option<String>,
    /// No longer with us: never gets a lead.
    pub has_left: bool,
}

/// A pool of reps that share leads by rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The id.
    pub id: String,
    /// Its members, in the order of the document.
    pub members: Vec<Member>,
    /// How turns go round.
    pub rotation: RotationKind,
    /// What if nobody is available.
    pub if_nobody: IfNobody,
    /// The most leads of all its members together.
    pub caps: Vec<Cap>,
    /// When it takes leads, beside the hours of its members; always, if none.
    pub hours: Option<String>,
    /// For so long whoever had this person or company before is asked first.
    pub sticky: Option<Span>,
    /// How long a lead is offered, for [`RotationKind::Claim`].
    pub claim_within: Span,
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Who.
    pub who: Who,
    /// The share: 2 gets twice as many as 1. Above zero.
    pub weight: f64,
    /// The most leads in a period; each holds.
    pub caps: Vec<Cap>,
}

/// Who a member of a pool is. No rep and pool have the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A rep.
    Rep(String),
    /// All of another pool, taking turns like one.
    Pool(String),
}

impl Member {
    /// The id of the rep or the pool.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.who {
            Who::Rep(id) | Who::Pool(id) => id,
        }
    }

    /// The rep, if it is one.
    #[must_use]
    pub fn rep(&self) -> Option<&str> {
        match &self.who {
            Who::Rep(rep) => Some(rep),
            Who::Pool(_) => None,
        }
    }
}

/// Pools within pools, overflow and backups are followed so far.
pub const HOPS_MAX: usize = 8;

impl Rulebook {
    /// The reps of a pool, those of pools within it included, each once.
    #[must_use]
    pub fn reps_of(&self, pool: &str) -> Vec<&str> {
        let mut reps = Vec::new();
        self.gather_reps(pool, 0, &mut reps);
        reps
    }

    fn gather_reps<'a>(&'a self, pool: &str, hop: usize, reps: &mut Vec<&'a str>) {
        let Some(pool) = self.pools.get(pool).filter(|_| hop < HOPS_MAX) else { return };
        for member in &pool.members {
            match &member.who {
                Who::Rep(rep) if !reps.contains(&rep.as_str()) => reps.push(rep),
                Who::Rep(_) => {}
                Who::Pool(inner) => self.gather_reps(inner, hop + 1, reps),
            }
        }
    }

    /// Whether any pool or rule asks who had a company before.
    #[must_use]
    pub fn is_sticky(&self) -> bool {
        self.pools.values().any(|pool| pool.sticky.is_some())
            || self.rules.iter().any(|rule| rule.sticky.is_some())
    }
}

/// A cap such as `20 per day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cap {
    /// The most leads …
    pub leads: u32,
    /// … in one such period, or open at once.
    pub per: Per,
}

/// The period of a cap; days and weeks are those of the rep's own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Per {
    Hour,
    Day,
    Week,
    Open,
}

/// How turns go round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationKind {
    /// Lowest received / weight; ties by longest wait.
    Balanced,
    /// In the order of the document.
    RoundRobin,
    /// Fewest open leads / weight; ties by longest wait.
    LeastOpen,
    /// Offered to everybody who is there; the first who says "on it" has it.
    Claim,
}

/// What a pool does when nobody is available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfNobody {
    /// Another pool.
    Pool(String),
    /// Wait for somebody, at most so long, then raise the alarm and assign anyway.
    Wait(Span),
    /// Assign by rotation although nobody is available.
    AssignAnyway,
    /// Tell people at once, and hold it until somebody is there.
    Escalate {
        /// The pager that is paged too.
        page: Option<String>,
    },
}

/// The words of an absence, for sentences.
#[must_use]
pub const fn absence_word(absence: Absence) -> &'static str {
    match absence {
        Absence::Out => "out today",
        Absence::Paused => "paused",
        Absence::Deactivated => "deactivated in the CRM",
    }
}
