//! Stand-ins for CRMs: small, stateful, over real sockets, and as unreliable as one asks.
//!
//! Guarantees: unique properties are unique, a partial batch is answered item by item, every owner
//! written is remembered with who wrote it, every request is kept (a lean one only counts them).
//! Faults come from a script, one per request, in order; from outside of the process by
//! `POST /_control`. Bound to loopback.
//! Does not know: the adapters, the clock.

mod book;
mod control;
mod counts;
mod hubspot;
mod index;
mod names;
mod record;
mod row;
mod salesforce;
mod server;
mod soql;

use std::{io, net::Ipv4Addr, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use self::{book::Shared, server::Running};
pub use self::{
    counts::Stats,
    record::{OwnerWrite, Person, Record, Request},
};

/// Which CRM to stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HubSpot; the bearer token is [`TOKEN`].
    Hubspot,
    /// Salesforce; any client credentials are taken.
    Salesforce,
}

/// The static token that the HubSpot stand-in takes.
pub const TOKEN: &str = "stand-in";
/// The user that the Salesforce stand-in takes us for; new leads are this user's.
pub const OUR_USER: &str = "005000000000000AAA";

/// What happens to one request. In an order from outside: `"none"`, `{"status": 500}`,
/// `{"retry_after": [429, 3]}`, `"reset_before"`, `"reset_after"`, `"expire"`, `"lock"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing: the request is served.
    None,
    /// This status, nothing done.
    Status(u16),
    /// This status with a `Retry-After` in seconds, nothing done.
    RetryAfter(u16, u32),
    /// The connection breaks, nothing done.
    ResetBefore,
    /// The request is carried out, then the connection breaks.
    ResetAfter,
    /// The session has expired (Salesforce).
    Expire,
    /// Somebody else holds the rows that are to be written (Salesforce).
    Lock,
}

/// A running stand-in. Dropping it stops it.
#[derive(Debug)]
pub struct StandIn {
    /// Where it listens, `http://127.0.0.1:…/`.
    pub url: String,
    shared: Arc<Shared>,
    running: Running,
}

impl StandIn {
    /// Starts one on a free port of loopback, with the owners `ada`, `bob` and the inactive `zoe`.
    ///
    /// # Errors
    /// When no port or thread can be had.
    pub fn start(kind: Kind) -> io::Result<Self> {
        Self::start_on(kind, 0)
    }

    /// The same on a port that others know.
    ///
    /// # Errors
    /// When the port or a thread cannot be had.
    pub fn start_on(kind: Kind, port: u16) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(kind));
        let running = server::start(Arc::clone(&shared), (Ipv4Addr::LOCALHOST, port).into())?;
        Ok(Self { url: format!("http://{}/", running.address), shared, running })
    }

    /// The id of the owner with this first name.
    #[must_use]
    pub fn owner(&self, name: &str) -> String {
        self.shared.book().owner(name)
    }

    /// The people: contacts there, leads here, in the order of their creation.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.shared.book().records()
    }

    /// Shows every person in the order of their creation, without a copy of each. The stand-in
    /// answers nobody meanwhile.
    pub fn people(&self, look: impl FnMut(Person<'_>)) {
        self.shared.book().people(look);
    }

    /// What it has counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.book().stats()
    }

    /// Microseconds since it started, by the clock of its records.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.shared.book().counts.now()
    }

    /// Every request that came in, in order; none from the time when it is lean.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.book().requests.clone()
    }

    /// How many people carry this key; more than one is a duplicate.
    #[must_use]
    pub fn with_key(&self, key: &str) -> usize {
        let mut count = 0;
        self.people(|person| count += usize::from(person.key == key));
        count
    }

    /// Adds a record as a person would: a kind of that CRM (`contact`, `company`, `Lead`, `Task`…)
    /// and its fields. Answers its id.
    pub fn add(&self, kind: &'static str, fields: &[(&str, &str)]) -> String {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        self.shared.book().add(kind, fields.collect())
    }

    /// Sets a field as a person would, at an instant in RFC 3339.
    #[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
    pub fn set_by_hand(&self, id: &str, name: &str, value: Value, at: &str) {
        self.shared.book().set(id, name, &value, "hand", at);
    }

    /// Gives a record to somebody as a person would.
    pub fn give_by_hand(&self, id: &str, owner: &str) {
        let mut book = self.shared.book();
        let field = book.owner_field();
        book.set(id, field, &Value::from(owner), "hand", book::EPOCH);
    }

    /// Every request fails with 503 while it is down.
    pub fn set_down(&self, is_down: bool) {
        self.shared.book().is_down = is_down;
    }

    /// Every request waits so many milliseconds first.
    pub fn set_delay(&self, ms: u64) {
        self.shared.book().delay_ms = ms;
    }

    /// From now on it only counts requests, and forgets what fields were before: for a load of
    /// many records. What people do by hand stays on record.
    pub fn set_lean(&self, is_lean: bool) {
        self.shared.book().is_lean = is_lean;
    }

    /// A batch with one bad item is refused as a whole.
    pub fn set_strict(&self, is_strict: bool) {
        self.shared.book().is_strict = is_strict;
    }

    /// A duplicate rule on phone numbers, which only warns or refuses (Salesforce).
    pub fn set_duplicate_rule(&self, only_warns: bool) {
        self.shared.book().duplicate_rule = Some(only_warns);
    }

    /// Refuses every grant (Salesforce).
    pub fn set_denying(&self, is_denying: bool) {
        self.shared.book().is_denying = is_denying;
    }

    /// Appends faults for the requests to come. Token requests use none up.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.book().script.extend(faults);
    }

    /// Stops listening and breaks what is open.
    pub fn stop(self) {
        self.running.stop();
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.running.stop();
    }
}
