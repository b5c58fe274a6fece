//! Snapshot, step and plan: all that a decision may look at, what it decides about, and all that
//! it changes.
//!
//! Guarantees: a plan names whole new values, so committing it needs no further choice.
//! Does not know: transactions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::Matched,
    event::{Event, Fate},
    field::Fields,
    id::{EventId, LeadId, Seq},
    job::JobWanted,
    lead::{Identity, Lead},
    news::News,
    record::Record,
    team::{Team, TeamChange},
    time::Time,
};

/// The number of the deciding code. Replay is promised to the byte for the same number.
pub const ENGINE: u32 = 4;

/// A form fill, parsed, mapped and normalised outside any transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The normalised fields.
    pub fields: Fields,
    /// Who it is: never empty. The company is among them when a pool gives by it.
    pub identities: Vec<Identity>,
    /// What the fill asks for.
    pub intent: Option<String>,
    /// The account of the mirror that it belongs to; nothing, if there is no mirror.
    pub account: Option<Matched>,
    /// Mapped fields that the payload filled …
    pub filled: Vec<String>,
    /// … and those that it did not, for the alarm about renamed forms.
    pub unfilled: Vec<String>,
}

/// A fill that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Why, without anything that a stranger typed.
    pub reason: String,
    /// Mapped fields that the payload filled all the same …
    pub filled: Vec<String>,
    /// … and those that it did not: a renamed email field is found by these.
    pub unfilled: Vec<String>,
}

impl Unread {
    /// For this reason, before any field was looked for.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }
}

/// What a step is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A fill that could be read.
    Fill(Box<Draft>),
    /// A fill that could not.
    Unreadable(Unread),
    /// News.
    News(Box<News>),
    /// The lead's review is due.
    Review,
}

/// One thing to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The event, unless it is a review.
    pub event: Option<StepEvent>,
    /// What about.
    pub input: Input,
}

/// The event behind a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEvent {
    /// Its row.
    pub id: EventId,
    /// Its public id.
    pub uuid: Uuid,
    /// Its source.
    pub source: String,
    /// When it arrived.
    pub received_at: Time,
    /// Who did it.
    pub actor: Option<String>,
}

impl StepEvent {
    /// The part of a stored event that deciding may see.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            id: event.id,
            uuid: event.uuid,
            source: event.arrived.source.clone(),
            received_at: event.arrived.received_at,
            actor: event.arrived.actor.clone(),
        }
    }
}

/// Which lead the store loads for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// The newest lead of this person: the first identity [of a person](Identity::is_person) that
    /// is known decides.
    Person(&'a [Identity]),
    /// This lead.
    Lead(Uuid),
    /// None.
    Nothing,
}

impl Step {
    /// Which lead to load.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        match &self.input {
            Input::Fill(draft) => Wanted::Person(&draft.identities),
            Input::News(news) => news.lead().map_or(Wanted::Nothing, Wanted::Lead),
            Input::Unreadable(_) | Input::Review => Wanted::Nothing,
        }
    }

    /// The company whose newest lead is to be loaded beside it.
    #[must_use]
    pub fn company(&self) -> Option<&Identity> {
        match &self.input {
            Input::Fill(draft) => draft.identities.iter().find(|one| !one.is_person()),
            _ => None,
        }
    }
}

/// All that a decision may look at.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// The lead that the step is about, or the newest of the same person.
    pub lead: Option<&'a Lead>,
    /// For a fill, the newest lead of the same company, if the draft names one.
    pub company: Option<&'a Lead>,
    /// People.
    pub team: &'a Team,
}

/// What happens to a lead's review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// As it was.
    Keep,
    /// None any more.
    None,
    /// Then.
    At(Time),
}

/// All that a decision changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What becomes of the event.
    pub fate: Option<Fate>,
    /// Why, when it is rejected.
    pub reason: Option<String>,
    /// The lead as it is from now on: new if its id is the event's, changed otherwise.
    pub lead: Option<Lead>,
    /// How the person is recognised from now on.
    pub identities: Vec<Identity>,
    /// Changes about people.
    pub team: Vec<TeamChange>,
    /// Work to do outside.
    pub jobs: Vec<JobWanted>,
    /// Open jobs of the lead that are pointless now, by kind and destination.
    pub dropped: Vec<(super::job::JobKind, String)>,
    /// The lead's next review.
    pub review: Review,
    /// What was decided and why, as JSON; `None` when nothing worth a number happened.
    pub decision: Option<Decision>,
    /// Mapped fields that stayed empty, and those that were filled, by source.
    pub filled: Option<Filled>,
    /// All that the decision saw and moved, so that it can be decided again.
    pub record: Option<Record>,
}

impl Plan {
    /// A plan that changes nothing yet.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            fate: None,
            reason: None,
            lead: None,
            identities: Vec::new(),
            team: Vec::new(),
            jobs: Vec::new(),
            dropped: Vec::new(),
            review: Review::Keep,
            decision: None,
            filled: None,
            record: None,
        }
    }
}

/// Which mapped fields a fill of this source had, and which it left empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The source.
    pub source: String,
    /// The fields that it had.
    pub filled: Vec<String>,
    /// The fields that stayed empty.
    pub unfilled: Vec<String>,
}

/// What was decided for a lead, on which facts, by which rulebook version, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The deciding code.
    pub engine: u32,
    /// The rulebook's version.
    pub rulebook: u32,
    /// The instant it was decided at.
    pub at: Time,
    /// What happened, in one word of the field: see [`What`].
    pub what: What,
    /// What was recorded to say why.
    #[serde(flatten)]
    pub why: serde_json::Map<String, serde_json::Value>,
}

/// What a decision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum What {
    Opened,
    Joined,
    Reopened,
    Rejected,
    Routed,
    Held,
    SetAside,
    Reminded,
    Escalated,
    Reassigned,
    Asked,
    OnIt,
    Answered,
    OwnerKept,
    AwayNoted,
    Noted,
    Observed,
}

/// A decision with its gapless number, as reads return it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The number.
    pub seq: Seq,
    /// The lead, unless it was about nobody's.
    pub lead: Option<LeadId>,
    /// The event behind it, unless it was a review.
    pub event: Option<EventId>,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
}

/// The pure function that a store calls inside its transaction, a lead at a time.
pub type Decide = dyn Fn(&Snapshot<'_>, &Step, Time) -> Plan + Send + Sync;
