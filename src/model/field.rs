//! A lead's normalised fields: canonical names to typed values.
//!
//! Guarantees: one list of the canonical names; sorted by name, so the same fields always serialise to the same bytes.
//! Does not know: which names a rulebook adds; text in here is still a stranger's text.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, de::Visitor};

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
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Field {
    /// True or false.
    Bool(bool),
    /// A number, as JSON has them.
    Number(f64),
    /// Text, trimmed and bounded, never safe to print as it is.
    Text(Untrusted),
}

/// Read by what it is, since trying one kind after the other costs more than all the rest of a
/// lead.
impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyField)
    }
}

struct AnyField;

impl Visitor<'_> for AnyField {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Field, E> {
        Ok(Field::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field, E> {
        Ok(Field::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field, E> {
        Ok(Field::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field, E> {
        Ok(Field::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(Untrusted::from(text)))
    }

    fn visit_string<E>(self, text: String) -> Result<Field, E> {
        Ok(Field::Text(Untrusted::from(text)))
    }
}

/// Canonical name (`email`, `employees`, `custom.budget`) to value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, Field>);

impl Fields {
    /// Whether this JSON says exactly these.
    #[must_use]
    pub fn are(&self, said: &serde_json::Value) -> bool {
        let Some(said) = said.as_object().filter(|said| said.len() == self.0.len()) else {
            return false;
        };
        self.0.iter().all(|(name, field)| match (field, said.get(name)) {
            (Field::Bool(field), Some(serde_json::Value::Bool(said))) => field == said,
            (Field::Number(field), Some(serde_json::Value::Number(said))) => {
                said.as_f64().is_some_and(|said| said.to_bits() == field.to_bits())
            }
            (Field::Text(field), Some(serde_json::Value::String(said))) => {
                field.as_str_for_logic() == said
            }
            _ => false,
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_what_they_are() {
        let text = |text: &str| Field::Text(Untrusted::from(text));
        for (json, expected) in [
            ("true", Some(Field::Bool(true))),
            ("-5", Some(Field::Number(-5.0))),
            ("18446744073709551615", Some(Field::Number(18_446_744_073_709_551_615.0))),
            ("0.5", Some(Field::Number(0.5))),
            ("\"\"", Some(text(""))),
            ("\"a\\n\\u00e4\"", Some(text("a\nä"))),
            ("null", None),
            ("[]", None),
            ("{}", None),
        ] {
            let read = serde_json::from_str::<Field>(json).ok();
            assert_eq!(read, expected, "{json}");
            let Some(read) = read else { continue };
            assert_eq!(
                serde_json::from_value::<Field>(serde_json::to_value(&read).unwrap()).unwrap(),
                read
            );
        }
    }
}
