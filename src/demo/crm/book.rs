//! What a stand-in remembers: records, owners, requests, and what it is told to do wrong.
//!
//! Guarantees: ids count up; every owner ever written stays on record with who wrote it; a record
//! is found by its id or a unique field in the same time whether there are ten or a million.
//! Does not know: HTTP, any vendor's JSON.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{
    Fault, Kind, OUR_USER,
    counts::{Counts, Stats},
    index::{Index, hash},
    names::Names,
    record::{OwnerWrite, Person, Record, Request},
    row::{Cell, Row},
};

/// The instant that a stand-in takes everything to happen at, unless it is told otherwise.
pub(super) const EPOCH: &str = "2026-01-01T00:00:00.000Z";

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

/// One value that a field had.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub value: Value,
    pub at: String,
    pub by: &'static str,
}

/// The fields that records are looked for by, in any CRM.
const INDEXED: [&str; 7] =
    ["email", "handoff_id", "domain", "Email", "Handoff_Id__c", "Phone", "WhoId"];

/// Everything a stand-in remembers.
#[derive(Debug)]
pub(super) struct Book {
    pub kind: Kind,
    pub requests: Vec<Request>,
    pub script: VecDeque<Fault>,
    pub is_down: bool,
    pub is_strict: bool,
    pub is_denying: bool,
    pub is_locked: bool,
    /// Requests and what we wrote ourselves are forgotten.
    pub is_lean: bool,
    pub delay_ms: u64,
    pub duplicate_rule: Option<bool>,
    /// The number of the session that is valid now.
    pub session: u32,
    pub counts: Counts,
    rows: Vec<Row>,
    by_kind: BTreeMap<&'static str, Vec<u32>>,
    names: Names,
    index: Index,
    /// Every owner written, in order: the record, the owner's number, who wrote it.
    owners: Vec<(u32, u16, &'static str)>,
    owner_names: Names,
    past: HashMap<(u32, u16), Vec<Past>>,
}

/// A record in the book.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    book: &'a Book,
    pub number: u32,
    row: &'a Row,
}

impl<'a> View<'a> {
    pub fn id(self) -> String {
        self.book.id(self.number)
    }

    /// A field by its number.
    pub fn cell(self, name: u16) -> Option<Cell<'a>> {
        self.row.get(name)
    }

    /// A field.
    pub fn get(self, name: &str) -> Option<Cell<'a>> {
        self.row.get(self.book.field(name)?)
    }

    /// The text of a field; empty if it has none.
    pub fn text(self, name: &str) -> &'a str {
        self.get(name).map(Cell::text).unwrap_or_default()
    }

    /// Whether a field has this value.
    pub fn is(self, name: &str, value: bool) -> bool {
        self.get(name) == Some(Cell::Json(if value { "true" } else { "false" }))
    }

    /// What a field was, the newest first.
    pub fn past(self, name: u16) -> impl Iterator<Item = &'a Past> {
        self.book.past.get(&(self.number, name)).into_iter().flat_map(|past| past.iter().rev())
    }
}

impl Book {
    fn new(kind: Kind) -> Self {
        let mut book = Self {
            kind,
            requests: Vec::new(),
            script: VecDeque::new(),
            is_down: false,
            is_strict: false,
            is_denying: false,
            is_locked: false,
            is_lean: false,
            delay_ms: 0,
            duplicate_rule: None,
            session: 1,
            counts: Counts::default(),
            rows: Vec::new(),
            by_kind: BTreeMap::new(),
            names: Names::default(),
            index: Index::default(),
            owners: Vec::new(),
            owner_names: Names::default(),
            past: HashMap::new(),
        };
        // First of all names, so that whether a name is indexed is a comparison.
        for name in INDEXED {
            book.names.number(name);
        }
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

    /// The number of a field that some record has or had.
    pub fn field(&self, name: &str) -> Option<u16> {
        self.names.known(name)
    }

    /// The id of the owner with this name.
    pub fn owner(&self, name: &str) -> String {
        self.of("User").find(|user| user.text("Name") == name).map(View::id).unwrap_or_default()
    }

    /// Whether this owner can own records.
    pub fn is_active_owner(&self, id: &str) -> bool {
        id == OUR_USER || self.find("User", "id", id).is_some_and(|user| user.is("IsActive", true))
    }

    /// The records of a kind, in the order of their creation.
    pub fn of(&self, kind: &str) -> impl DoubleEndedIterator<Item = View<'_>> {
        let rows = self.by_kind.get(kind).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|number| self.view(*number))
    }

    /// A record by its number.
    pub fn view(&self, number: u32) -> Option<View<'_>> {
        Some(View { book: self, number, row: self.rows.get(number as usize)? })
    }

    /// The oldest record of this kind whose field has this value.
    pub fn find(&self, kind: &str, field: &str, value: &str) -> Option<View<'_>> {
        match self.all(kind, field, value) {
            Some(found) => found.first().copied(),
            None => self.of(kind).find(|one| one.text(field).eq_ignore_ascii_case(value)),
        }
    }

    /// The records of this kind whose field has this value, oldest first; none if the field is not
    /// one to look for records by.
    pub fn all(&self, kind: &str, field: &str, value: &str) -> Option<Vec<View<'_>>> {
        let is_id = field.eq_ignore_ascii_case("id");
        let rows = if is_id {
            self.number(value).into_iter().collect()
        } else {
            let name = self.field(field).filter(|name| is_indexed(*name))?;
            self.index.candidates(hash(kind, name, value))
        };
        let meets = |view: &View<'_>| {
            view.row.kind == kind && (is_id || view.text(field).eq_ignore_ascii_case(value))
        };
        Some(rows.into_iter().filter_map(|number| self.view(number)).filter(meets).collect())
    }

    /// The id of a record.
    fn id(&self, number: u32) -> String {
        let count = number + 1;
        match self.kind {
            Kind::Hubspot => (500 + count).to_string(),
            Kind::Salesforce => {
                let kind = self.rows.get(number as usize).map_or("", |row| row.kind);
                let prefix = match kind {
                    "Lead" => "00Q",
                    "Contact" => "003",
                    "Account" => "001",
                    "Task" => "00T",
                    "Event" => "00U",
                    _ => "005",
                };
                format!("{prefix}{count:012}AAA")
            }
        }
    }

    /// The record with this id.
    fn number(&self, id: &str) -> Option<u32> {
        let (digits, before) = match self.kind {
            Kind::Hubspot => (id, 501),
            Kind::Salesforce => (id.get(3..15)?, 1),
        };
        let number = digits.parse::<u32>().ok()?.checked_sub(before)?;
        (self.id(number).eq_ignore_ascii_case(id)).then_some(number)
    }

    /// Adds a record with its first values written by hand. Answers its id.
    pub fn add(&mut self, kind: &'static str, fields: BTreeMap<String, Value>) -> String {
        let number = self.open(kind);
        for (name, value) in fields {
            self.put(number, &name, &value, "hand", EPOCH);
        }
        self.id(number)
    }

    /// Adds an empty record.
    pub fn open(&mut self, kind: &'static str) -> u32 {
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(Row::new(kind, self.counts.now()));
        self.by_kind.entry(kind).or_default().push(number);
        if kind == self.person() {
            self.counts.stats.people += 1;
        }
        number
    }

    /// Sets a field of the record with this id.
    pub fn set(&mut self, id: &str, name: &str, value: &Value, by: &'static str, at: &str) {
        if let Some(number) = self.number(id) {
            self.put(number, name, value, by, at);
        }
    }

    /// Sets a field and remembers who did.
    pub fn put(&mut self, number: u32, name: &str, value: &Value, by: &'static str, at: &str) {
        if name == self.owner_field() {
            self.given(number, value.as_str().unwrap_or_default(), by);
        }
        let name = self.names.number(name);
        if !self.is_lean || by == "hand" {
            let past = self.past.entry((number, name)).or_default();
            past.push(Past { value: value.clone(), at: at.to_owned(), by });
        }
        let Some(row) = self.rows.get_mut(number as usize) else { return };
        if is_indexed(name) {
            if let Some(Cell::Text(old)) = row.get(name) {
                self.index.remove(hash(row.kind, name, old), number);
            }
            if let Some(text) = value.as_str() {
                self.index.add(hash(row.kind, name, text), number);
            }
        }
        row.set(name, value);
    }

    /// The record goes to this owner.
    fn given(&mut self, number: u32, owner: &str, by: &'static str) {
        self.owners.push((number, self.owner_names.number(owner), by));
        let now = self.counts.now();
        let Some(row) = self.rows.get_mut(number as usize) else { return };
        if owner.is_empty() || owner == OUR_USER {
            return;
        }
        row.owner_writes += u32::from(by == "api");
        if row.owned == 0 {
            row.owned = now.max(1);
            self.counts.stats.owned += usize::from(row.kind != "company" && row.kind != "Account");
        }
    }

    /// The counters as they are now.
    pub fn stats(&self) -> Stats {
        Stats { up_ms: self.counts.now() / 1000, ..self.counts.stats.clone() }
    }

    /// The people as whole records, in the order of their creation.
    pub fn records(&self) -> Vec<Record> {
        let mut owners: HashMap<u32, Vec<OwnerWrite>> = HashMap::new();
        for (number, owner, by) in &self.owners {
            let owner = self.owner_names.name(*owner).to_owned();
            owners.entry(*number).or_default().push(OwnerWrite { owner, by });
        }
        let whole = |view: View<'_>| Record {
            id: view.id(),
            kind: view.row.kind,
            fields: view
                .row
                .cells()
                .map(|(name, cell)| (self.names.name(name).to_owned(), cell.value()))
                .collect(),
            owners: owners.remove(&view.number).unwrap_or_default(),
            appeared_us: view.row.appeared,
            owned_us: (view.row.owned > 0).then_some(view.row.owned),
        };
        self.of(self.person()).map(whole).collect()
    }

    /// Shows every person, in the order of their creation.
    pub fn people(&self, mut look: impl FnMut(Person<'_>)) {
        let (email, key) = match self.kind {
            Kind::Hubspot => ("email", "handoff_id"),
            Kind::Salesforce => ("Email", "Handoff_Id__c"),
        };
        for view in self.of(self.person()) {
            look(Person {
                email: view.text(email),
                key: view.text(key),
                owner: view.text(self.owner_field()),
                owner_writes: view.row.owner_writes,
                appeared_us: view.row.appeared,
                owned_us: (view.row.owned > 0).then_some(view.row.owned),
            });
        }
    }
}

/// Whether records are looked for by this field: the indexed ones got the first numbers.
fn is_indexed(name: u16) -> bool {
    usize::from(name) < INDEXED.len()
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
