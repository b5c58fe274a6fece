//! Events: everything that comes in, as it arrived.
//!
//! Guarantees: an event is never changed; what becomes of it is its fate.
//! Does not know: what the body means; that is the decision's business.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{id::EventId, time::Time};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A form fill posted by a marketing tool: a verified body in the source's own shape.
    Fill,
    /// Anything else, in our own shape ([`super::news::News`] as JSON): facts and responses from a
    /// CRM, a click on an action link, an operator's word.
    News,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Accepted, not decided yet.
    Underway,
    /// A fill that opened a lead.
    Opened,
    /// A fill that joined a lead which was there.
    Joined,
    /// A fill that cannot be read (no email and no phone, or not parseable), kept with the reason.
    Rejected,
    /// Deciding it failed again and again; kept with the reason.
    Dead,
    /// News that has been taken note of.
    Noted,
}

impl EventKind {
    /// Every kind with its stored number.
    pub const ALL: [(Self, i64); 2] = [(Self::Fill, 0), (Self::News, 1)];
}

impl Fate {
    /// Every fate with its word and its stored number.
    pub const ALL: [(Self, &'static str, i64); 6] = [
        (Self::Underway, "underway", 0),
        (Self::Opened, "opened", 1),
        (Self::Joined, "joined", 2),
        (Self::Rejected, "rejected", 3),
        (Self::Dead, "dead", 4),
        (Self::Noted, "noted", 5),
    ];

    /// The word used in columns, JSON, metrics and pages.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(fate, ..)| *fate == self).map_or("", |(_, word, _)| word)
    }
}

/// An event on its way into the store. Its `Debug` shows how long the body is, and nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Fill or news.
    pub kind: EventKind,
    /// The configured name of the source, or `handoff:<origin>` for news.
    pub source: String,
    /// What makes a second delivery recognisable within the source.
    pub delivery: String,
    /// When it arrived.
    pub received_at: Time,
    /// The content type that came with it, if any.
    pub content_type: Option<String>,
    /// Who did it, for operators' and reps' actions.
    pub actor: Option<String>,
    /// The raw bytes.
    pub body: Vec<u8>,
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewEvent({:?} of {:?}, {} bytes)", self.kind, self.source, self.body.len())
    }
}

/// An event read back from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its row.
    pub id: EventId,
    /// Its public id.
    pub uuid: Uuid,
    /// What arrived.
    pub arrived: NewEvent,
    /// What became of it.
    pub fate: Fate,
    /// Why, when it was rejected or is dead.
    pub reason: Option<String>,
    /// How often deciding it has failed.
    pub tries: u32,
}

/// The answer to one accepted event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The public id: of this event, or of the first one if this is a repeat.
    pub uuid: Uuid,
    /// Whether the same delivery was already there.
    pub is_duplicate: bool,
}
