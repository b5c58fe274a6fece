//! The CRM port: what handoff asks of any CRM, many leads at a time.
//!
//! Guarantees asked of every adapter: `put` never carries the owner; `set_owner` is conditional
//! and says when a human has moved the record; every item of a batch gets its own answer; errors
//! are translated into [`Failure`] and carry no personal data and no secret.
//! Does not know: rules, reps, SLAs. Owners are the CRM's own ids.

mod fields;
pub mod hubspot;
mod owner;
pub mod salesforce;

use serde::Serialize;
use uuid::Uuid;

pub use self::{
    hubspot::{Hubspot, HubspotSettings},
    salesforce::{Salesforce, SalesforceSettings},
};

use crate::model::{
    failure::Failure,
    field::Fields,
    news::{KnownRecord, Response},
    time::Time,
};
use crate::outbound::TokenShelf;
use std::{future::Future, pin::Pin, sync::Arc};

/// A boxed future, so that the trait is object-safe.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One answer per item asked.
pub type Answers<T> = Vec<Result<T, Failure>>;

/// What an adapter can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Caps {
    /// The most leads in one `put`.
    pub put_max: usize,
    /// The most people in one `find`.
    pub find_max: usize,
    /// The CRM makes a second record impossible by a key of ours.
    pub has_unique_key: bool,
}

/// A lead to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// Our public id: the external key in the CRM.
    pub key: Uuid,
    /// The record, if we have stored one; consulted before any search.
    pub record: Option<String>,
    /// The fields; the adapter maps them to its own names.
    pub fields: Fields,
    /// The source of the lead.
    pub source: String,
    /// An earlier attempt may have gone through: look by key before creating.
    pub is_uncertain: bool,
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutDone {
    /// The record's id.
    pub record: String,
    /// Created, updated or matched.
    pub how: PutHow,
    /// The owner that the record shows, if the answer tells.
    pub owner: Option<String>,
}

/// How a put found its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutHow {
    /// A new record.
    Created,
    /// Our own record.
    Updated,
    /// A record of this person that was there before us (duplicate rule, existing contact).
    Matched,
}

/// An owner to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOwner {
    /// The record.
    pub record: String,
    /// The CRM's id of the new owner.
    pub owner: String,
    /// What must be true of the owner there now.
    pub expect: Expect,
}

/// The condition of a [`SetOwner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nobody, or one of the connection's default owners.
    Unowned,
    /// The same, of a record that this attempt made a moment ago: an adapter whose CRM gives new
    /// records to nobody need not look once more.
    New,
    /// One of these: the owner that we wrote last, and those whom an attempt of ours without an
    /// end may have written.
    Ours(Vec<String>),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerSet {
    /// Set.
    Done,
    /// It was that owner already.
    Already,
    /// A human has moved it: left alone.
    Changed {
        /// Who has it there.
        now: Option<String>,
    },
}

/// Whom to look for. Its `Debug` shows nothing of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Find {
    /// The normalised address, if any.
    pub email: Option<String>,
    /// The registrable domain of the company, never a free-mail one.
    pub domain: Option<String>,
    /// Our own record of the lead, to look for a response there.
    pub record: Option<String>,
    /// Look for responses since then.
    pub since: Option<Time>,
}

impl std::fmt::Debug for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Find")
            .field("record", &self.record)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The person.
    pub person: Option<KnownRecord>,
    /// The company.
    pub account: Option<KnownRecord>,
    /// Evidence of a person's answer.
    pub response: Option<Response>,
}

/// A person who can own records there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The CRM's id.
    pub id: String,
    /// The address.
    pub email: String,
    /// The name there.
    pub name: String,
    /// Whether it can own records now.
    pub is_active: bool,
}

/// A CRM connection. All calls bear their own deadlines.
pub trait Crm: Send + Sync {
    /// What it can do.
    fn caps(&self) -> Caps;
    /// Creates or updates leads by our key, without owners. One answer per lead, in order.
    fn put(&self, leads: Vec<Put>, now: Time) -> Boxed<'_, Answers<PutDone>>;
    /// Sets owners where the condition holds. One answer per record, in order.
    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> Boxed<'_, Answers<OwnerSet>>;
    /// Looks for people, their companies and responses. One answer per person, in order.
    fn find(&self, people: Vec<Find>, now: Time) -> Boxed<'_, Answers<Found>>;
    /// Everybody who can own records.
    fn owners(&self, now: Time) -> Boxed<'_, Result<Vec<Owner>, Failure>>;
    /// Shares its session with the other processes of this house, if it has one.
    fn share_session(&self, _tokens: Arc<dyn TokenShelf>) {}
    /// How many calls it has made, for the pace that its gate keeps.
    fn calls(&self) -> u64;
    /// Whether this owner counts as nobody, as the integration's own user does.
    fn is_nobody(&self, _owner: &str) -> bool {
        false
    }
    /// Who we are there: proves that the credential works.
    fn whoami(&self, now: Time) -> Boxed<'_, Result<String, Failure>>;
    /// Reads a callback's body (`POST /crm/{name}`), already verified by the caller: records that
    /// changed and what was seen on them. Unknown shapes give an empty list.
    fn read_callback(&self, body: &[u8]) -> Vec<Seen>;
}

/// Something a CRM pushed at us about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The record.
    pub record: String,
    /// What it says.
    pub what: SeenWhat,
}

/// What a callback says about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeenWhat {
    /// The owner changed.
    Owner(String),
    /// A person answered.
    Response(Response),
}
