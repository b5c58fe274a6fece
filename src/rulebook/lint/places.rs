//! Where things stand in the main file.
//!
//! Guarantees: a place for whatever is asked; the whole entry, or the first line, where a key is
//! not written down. Does not know: whether what stands there is right; compiling said so.

use std::{collections::HashMap, ops::Range};

use toml::de::{DeTable, DeValue};

use super::super::finding::Source;
use crate::model::finding::{Finding, Severity};

/// The main file's entries by their kinds and ids.
pub struct Places<'t> {
    source: Source<'t>,
    entries: HashMap<(&'static str, &'t str), &'t DeTable<'t>>,
}

const KINDS: [&str; 6] = ["rule", "pool", "rep", "sla", "escalation", "table"];

impl<'t> Places<'t> {
    pub fn new(source: Source<'t>, document: &'t DeTable<'t>) -> Self {
        let mut entries = HashMap::new();
        for kind in KINDS {
            let list = document.get(kind).and_then(|list| list.get_ref().as_array());
            for entry in list.into_iter().flatten() {
                let Some(table) = entry.get_ref().as_table() else { continue };
                let Some(id) = table.get("id").and_then(|id| id.get_ref().as_str()) else {
                    continue;
                };
                entries.entry((kind, id.trim())).or_insert(table);
            }
        }
        Self { source, entries }
    }

    /// The bytes of a value of an entry, or of its id.
    pub fn at(&self, kind: &'static str, id: &str, key: &str) -> Range<usize> {
        let entry = self.entries.get(&(kind, id));
        let value = |key: &str| entry.and_then(|entry| Some(entry.get(key)?.span()));
        value(key).or_else(|| value("id")).unwrap_or(0..0)
    }

    /// The bytes of one item of a list, such as a step of a ladder.
    pub fn item(&self, kind: &'static str, id: &str, key: &str, at: usize) -> Range<usize> {
        let list = self.entries.get(&(kind, id)).and_then(|entry| entry.get(key));
        let item = list.and_then(|list| list.get_ref().as_array()?.get(at));
        item.map_or_else(|| self.at(kind, id, key), toml::Spanned::span)
    }

    /// The bytes of a member of a pool, by whom it names.
    pub fn member(&self, pool: &str, name: &str) -> Range<usize> {
        let list = self.entries.get(&("pool", pool)).and_then(|entry| entry.get("members"));
        let members = list.and_then(|list| list.get_ref().as_array()).into_iter().flatten();
        let is_it = |value: &DeValue<'_>| match value {
            DeValue::Table(table) => ["rep", "pool"].iter().any(|key| {
                let named = table.get(*key).and_then(|value| value.get_ref().as_str());
                named.is_some_and(|named| named.trim() == name)
            }),
            value => value.as_str().is_some_and(|text| text.trim() == name),
        };
        let mut found = members.filter(|member| is_it(member.get_ref()));
        found.next().map_or_else(|| self.at("pool", pool, "members"), toml::Spanned::span)
    }

    /// `"dach" (line 12)`, for sentences.
    pub fn named(&self, kind: &'static str, id: &str) -> String {
        format!("{id:?} (line {})", self.source.line(&self.at(kind, id, "id")))
    }

    /// A warning.
    pub fn warning(
        &self,
        at: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        self.source.finding(at, Severity::Warning, message, mend).coded(code)
    }

    /// What is good to know.
    pub fn note(
        &self,
        at: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        self.source.finding(at, Severity::Note, message, mend).coded(code)
    }
}
