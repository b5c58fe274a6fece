//! What a stand-in shows of itself: records, people, requests.
//!
//! Guarantees: plain values, cut loose from the book. Does not know: how the book keeps them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// What it is: `contact`, `company`, `Lead`, `Contact`, `Account`, `Task`, `Event`, `User`.
    pub kind: &'static str,
    /// Its fields under the CRM's names.
    pub fields: BTreeMap<String, Value>,
    /// Every owner it was given, in order.
    pub owners: Vec<OwnerWrite>,
    /// When it was made, in microseconds since the stand-in started.
    pub appeared_us: u64,
    /// When somebody was first given it; none if nobody was.
    pub owned_us: Option<u64>,
}

/// A person on record, as much as a count of them needs.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The address.
    pub email: &'a str,
    /// Our key.
    pub key: &'a str,
    /// The owner; empty without one.
    pub owner: &'a str,
    /// How often the API wrote an owner.
    pub owner_writes: u32,
    /// When it was made, in microseconds since the stand-in started.
    pub appeared_us: u64,
    /// When somebody was first given it; none if nobody was.
    pub owned_us: Option<u64>,
}

/// One owner written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerWrite {
    /// The owner.
    pub owner: String,
    /// `api` or `hand`.
    pub by: &'static str,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers that matter: `authorization`, `content-type`, `host`, `sforce-*`.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON, the fields of a form, or null.
    pub body: Value,
}

impl Record {
    /// The text of a field; empty if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}
