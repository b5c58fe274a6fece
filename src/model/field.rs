//! A lead's normalised fields: canonical names to typed values.
//!
//! Guarantees: one list of the canonical names; sorted by name, so the same fields always serialise to the same bytes.
//! Does not know: which names a rulebook adds; text in here is still a stranger's text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Untrusted;

/// The canonical fields of a lead: for mappings, conditions and examples. All are text but
/// `employees`.
pub const CANONICAL: [&str; 24] = [
    "email",
    "phone",
    "first_name",
    "last_name",
    "name",
    "company",
    "website",
    "title",
    "country",
    "region",
    "city",
    "postal_code",
    "employees",
    "industry",
    "persona",
    "language",
    "message",
    "form",
    "campaign",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
];

/// One normalised value. Text came from a stranger and keeps that type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Field {
    /// True or false.
    Bool(bool),
    /// A number, as JSON has them.
    Number(f64),
    /// Text, trimmed and bounded, never safe to print as it is.
    Text(Untrusted),
}

/// Canonical name (`email`, `employees`, `custom.budget`) to value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, Field>);

impl Fields {
    /// The text under `name`, for logic and look-ups, never for printing.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Field::Text(text)) => Some(text.as_str_for_logic()),
            _ => None,
        }
    }

    /// The stranger's text under `name`, to be escaped for where it is shown.
    #[must_use]
    pub fn untrusted(&self, name: &str) -> Option<&Untrusted> {
        match self.0.get(name) {
            Some(Field::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number under `name`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Field::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Puts a text.
    pub fn put_text(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), Field::Text(Untrusted::from(value.into())));
    }

    /// Takes over every field of `newer` that this has not, and keeps its own values otherwise.
    pub fn fill_gaps(&mut self, newer: &Self) {
        for (name, value) in &newer.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}
