//! What a stand-in remembers: records, owners, requests, and what it is told to do wrong.
//!
//! Guarantees: ids count up; every owner ever written stays on record with who wrote it.
//! Does not know: HTTP, any vendor's JSON.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{Fault, Kind, OUR_USER};

/// The instant that a stand-in takes everything to happen at, unless it is told otherwise.
pub(super) const EPOCH: &str = "2026-01-01T00:00:00.000Z";

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
    /// Every value that each field had: the value, the instant, who.
    pub history: BTreeMap<String, Vec<(Value, String, &'static str)>>,
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

/// The book behind its lock.
#[derive(Debug)]
pub(super) struct Shared(Mutex<Book>);

impl Shared {
    pub fn new(kind: Kind) -> Self {
        Self(Mutex::new(Book::new(kind)))
    }

    /// The book. A panic elsewhere leaves it usable: it is a stand-in.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything a stand-in remembers.
#[derive(Debug)]
pub(super) struct Book {
    pub kind: Kind,
    pub records: Vec<Record>,
    pub requests: Vec<Request>,
    pub script: VecDeque<Fault>,
    pub is_down: bool,
    pub is_strict: bool,
    pub is_denying: bool,
    pub is_locked: bool,
    pub delay_ms: u64,
    pub duplicate_rule: Option<bool>,
    /// The number of the session that is valid now.
    pub session: u32,
    next: u64,
}

impl Book {
    fn new(kind: Kind) -> Self {
        let mut book = Self {
            kind,
            records: Vec::new(),
            requests: Vec::new(),
            script: VecDeque::new(),
            is_down: false,
            is_strict: false,
            is_denying: false,
            is_locked: false,
            delay_ms: 0,
            duplicate_rule: None,
            session: 1,
            next: 1,
        };
        for (name, is_active) in [("ada", true), ("bob", true), ("zoe", false)] {
            let fields = BTreeMap::from([
                ("Name".to_owned(), json!(name)),
                ("Email".to_owned(), json!(format!("{name}@acme.example"))),
                ("IsActive".to_owned(), json!(is_active)),
                ("UserType".to_owned(), json!("Standard")),
            ]);
            book.add("User", fields);
        }
        book
    }

    /// The kind of a person.
    pub fn person(&self) -> &'static str {
        match self.kind {
            Kind::Hubspot => "contact",
            Kind::Salesforce => "Lead",
        }
    }

    /// The field that holds the owner.
    pub fn owner_field(&self) -> &'static str {
        match self.kind {
            Kind::Hubspot => "hubspot_owner_id",
            Kind::Salesforce => "OwnerId",
        }
    }

    /// The id of the owner with this name.
    pub fn owner(&self, name: &str) -> String {
        let is_it = |record: &&Record| record.kind == "User" && record.text("Name") == name;
        self.records.iter().find(is_it).map(|record| record.id.clone()).unwrap_or_default()
    }

    /// Whether this owner can own records.
    pub fn is_active_owner(&self, id: &str) -> bool {
        let is_active = |record: &Record| record.fields.get("IsActive") == Some(&json!(true));
        id == OUR_USER
            || self
                .records
                .iter()
                .any(|record| record.kind == "User" && record.id == id && is_active(record))
    }

    /// The record of this kind whose field has this value.
    pub fn find(&self, kind: &str, field: &str, value: &str) -> Option<&Record> {
        self.records.iter().find(|record| {
            record.kind == kind
                && if field == "id" {
                    record.id == value
                } else {
                    record.text(field).eq_ignore_ascii_case(value)
                }
        })
    }

    /// Adds a record with its first values written by hand, or by us for people made by the API.
    pub fn add(&mut self, kind: &'static str, fields: BTreeMap<String, Value>) -> String {
        let number = self.next;
        self.next += 1;
        let id = match self.kind {
            Kind::Hubspot => (500 + number).to_string(),
            Kind::Salesforce => {
                let prefix = match kind {
                    "Lead" => "00Q",
                    "Contact" => "003",
                    "Account" => "001",
                    "Task" => "00T",
                    "Event" => "00U",
                    _ => "005",
                };
                format!("{prefix}{number:012}AAA")
            }
        };
        let (owners, history) = (Vec::new(), BTreeMap::new());
        self.records.push(Record {
            id: id.clone(),
            kind,
            fields: BTreeMap::new(),
            owners,
            history,
        });
        for (name, value) in fields {
            self.set(&id, &name, value, "hand", EPOCH);
        }
        id
    }

    /// Sets a field and remembers who did.
    pub fn set(&mut self, id: &str, name: &str, value: Value, by: &'static str, at: &str) {
        let owner_field = self.owner_field();
        let Some(record) = self.records.iter_mut().find(|record| record.id == id) else { return };
        if name == owner_field {
            let owner = value.as_str().unwrap_or_default().to_owned();
            record.owners.push(OwnerWrite { owner, by });
        }
        let past = record.history.entry(name.to_owned()).or_default();
        past.insert(0, (value.clone(), at.to_owned(), by));
        record.fields.insert(name.to_owned(), value);
    }
}
