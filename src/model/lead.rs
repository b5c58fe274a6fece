//! A lead: a person or company that must be answered.
//!
//! Guarantees: one state, at most one owner; everything a review needs to go on is in here.
//! Does not know: the rulebook; it names rules, pools, reps and SLAs by their ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::Matched,
    field::Fields,
    id::{EventId, LeadId, Seq},
    news::{Known, Outcome},
    observe::Watched,
    time::Time,
};

/// The state of a lead. Every lead has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No owner yet: facts are awaited, or nobody could take it.
    Waiting,
    /// An owner has it and has not answered.
    Assigned,
    /// A person from sales answered.
    Answered,
    /// Left the road by a rule, with a name.
    SetAside,
    /// Was only watched, and it is known what another router did with it.
    Observed,
}

impl State {
    /// Every state with its word and its stored number.
    pub const ALL: [(Self, &'static str, i64); 5] = [
        (Self::Waiting, "waiting", 0),
        (Self::Assigned, "assigned", 1),
        (Self::Answered, "answered", 2),
        (Self::SetAside, "set_aside", 3),
        (Self::Observed, "observed", 4),
    ];

    /// The word used in columns, JSON, metrics and pages.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(state, ..)| *state == self).map_or("", |(_, word, _)| word)
    }
}

/// Why a lead waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum Waiting {
    /// The CRMs were asked who has this person; decided at the deadline with what came.
    Facts {
        /// When to go on without.
        until: Time,
    },
    /// A rule's fact is missing and the rule says to wait for it.
    Fact {
        /// The rule.
        rule: String,
        /// When to go on without.
        until: Time,
    },
    /// Nobody can take it now.
    Somebody {
        /// The pool that has nobody.
        pool: String,
        /// When the bound ends and the alarm is raised.
        until: Time,
    },
    /// It is offered to several, and the first who says "on it" gets it.
    Claim {
        /// The pool that it is offered to.
        pool: String,
        /// Until when the offer stands alone.
        until: Time,
    },
    /// Nobody could take it, people were told at once, and it is held until somebody can.
    Escalated {
        /// The pool that has nobody.
        pool: String,
        /// Since when: the alarm is repeated daily.
        since: Time,
    },
    /// A rule says to hold it for an operator, or it could not be routed at all.
    Operator {
        /// Why, in words.
        why: String,
        /// Since when: the alarm is repeated daily.
        since: Time,
    },
}

/// Somebody who had an earlier lead of the same person or company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The rep.
    pub rep: String,
    /// When there was last something to that lead.
    pub at: Time,
    /// Whether only the company is the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_company: bool,
}

/// An offer of a lead to the members of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The pool.
    pub pool: String,
    /// Until when it stands alone; whoever it was made to may still take the lead afterwards, as
    /// long as nobody has it.
    pub until: Time,
    /// The reps whom it was made to.
    pub to: Vec<String>,
}

/// Where a lead stands on its escalation ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The SLA.
    pub sla: String,
    /// When this owner's clock started.
    pub started_at: Time,
    /// When this owner must have answered.
    pub deadline: Time,
    /// The deadline of the first owner: pages keep it.
    pub first_deadline: Time,
    /// How many firings of steps without a page are over (fired or skipped) for this owner.
    pub steps_done: u32,
    /// How many firings of steps with a page are over, whoever the owner was.
    #[serde(default)]
    pub pages_done: u32,
    /// "On it" was said: nothing fires before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_it_until: Option<Time>,
    /// How often "on it" was said on this clock.
    #[serde(default)]
    pub on_its: u32,
    /// The CRMs are being asked before a step takes the lead away or pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking_until: Option<Time>,
    /// The deadline has passed and was seen to have passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_late: bool,
    /// It was to be taken away and nobody was free: somebody is looked for since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeks_since: Option<Time>,
}

/// A lead as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Its row.
    #[serde(skip)]
    pub id: LeadId,
    /// Its public id.
    pub uuid: Uuid,
    /// Raised by every decision that changes it.
    pub revision: Seq,
    /// The event that opened it.
    pub event: EventId,
    /// Its state.
    pub state: State,
    /// Why it waits, when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Under which name it was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// The source of the first fill.
    pub source: String,
    /// What the strongest fill asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The normalised fields.
    pub fields: Fields,
    /// What CRMs knew, by connection.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub known: std::collections::BTreeMap<String, Known>,
    /// The account of the mirror that it belongs to, as it was when it was matched; nothing, if
    /// there was no mirror.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Matched>,
    /// CRM connections that were asked and have not answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<String>,
    /// The rule that placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The pool whose rotation gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The pools around that one, outermost first, when it is a member of another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// Who had an earlier lead of this person or company, as known when it was opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// To whom it was offered while nobody has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// The rep who has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The CRM's id of an owner there whom the rulebook does not know: left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_owner: Option<String>,
    /// Everybody who had it before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub had: Vec<String>,
    /// Where it stands on its ladder, while it has an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Ladder>,
    /// When the first fill arrived.
    pub opened_at: Time,
    /// When a stronger fill re-opened it, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened_at: Option<Time>,
    /// When the last fill arrived.
    pub filled_at: Time,
    /// When the present owner got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Time>,
    /// When somebody answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How many fills it has.
    pub fills: u32,
    /// Channels on which a page for it is open, to be closed by the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paged: Vec<String>,
    /// It is only watched: nothing of it is written, and nobody hears of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Box<Watched>>,
}

impl Lead {
    /// A lead that this event opens: it waits, and nothing more is known of it.
    #[must_use]
    pub fn opened(event: EventId, uuid: Uuid, source: String, at: Time) -> Self {
        Self {
            id: LeadId(event.0),
            uuid,
            revision: Seq(0),
            event,
            state: State::Waiting,
            waiting: None,
            set_aside: None,
            source,
            intent: None,
            fields: Fields::default(),
            known: std::collections::BTreeMap::new(),
            account: None,
            awaited: Vec::new(),
            rule: None,
            pool: None,
            through: Vec::new(),
            earlier: Vec::new(),
            offers: Vec::new(),
            owner: None,
            outside_owner: None,
            had: Vec::new(),
            ladder: None,
            opened_at: at,
            reopened_at: None,
            filled_at: at,
            assigned_at: None,
            answered_at: None,
            outcome: None,
            fills: 1,
            paged: Vec::new(),
            observed: None,
        }
    }

    /// Who has it open: assigned and not answered.
    #[must_use]
    pub fn open_with(&self) -> Option<&str> {
        (self.state == State::Assigned).then_some(self.owner.as_deref()).flatten()
    }

    /// Who has it open and past its deadline.
    #[must_use]
    pub fn late_with(&self) -> Option<&str> {
        self.open_with().filter(|_| self.ladder.as_ref().is_some_and(|ladder| ladder.is_late))
    }

    /// Since when it is open: a response before this is no answer to it.
    #[must_use]
    pub fn open_since(&self) -> Time {
        self.reopened_at.unwrap_or(self.opened_at)
    }
}

/// What makes two fills the same person. Its `Debug` shows the kind alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// A normalised address.
    Email(String),
    /// A number in E.164.
    Phone(String),
    /// The domain that a company registered: it joins no fills, it finds who had the company.
    Company(String),
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(***)",
            Self::Phone(_) => "Phone(***)",
            Self::Company(_) => "Company(***)",
        })
    }
}

impl Identity {
    /// The value in full, with its kind in front.
    #[must_use]
    pub fn full(&self) -> String {
        match self {
            Self::Email(email) => format!("email:{email}"),
            Self::Phone(phone) => format!("phone:{phone}"),
            Self::Company(domain) => format!("company:{domain}"),
        }
    }

    /// Whether it is a person's own.
    #[must_use]
    pub fn is_person(&self) -> bool {
        !matches!(self, Self::Company(_))
    }

    /// The 64-bit hash for look-ups, to be verified against [`Identity::full`].
    #[must_use]
    pub fn hash(&self) -> i64 {
        super::id::hash64(&[self.full().as_bytes()])
    }
}
