//! A field that a condition may ask about: its name, its type, and how values are written.
//!
//! Guarantees: what a person wrote becomes the value that facts hold, or is refused with advice.
//! Does not know: which other fields there are; the [`Schema`](super::Schema) does.

use std::{fmt, sync::Arc};

use serde::Serialize;

use super::finding::did_you_mean;

/// What kind of value a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// A string.
    Text,
    /// A finite number.
    Number,
    /// True or false.
    Bool,
    /// A list of texts.
    List,
}

impl Type {
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::List => "a list of texts",
        }
    }
}

/// The number of a field: an index into [`Facts`](super::Facts) of the same schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slot(pub(super) u16);

impl Slot {
    pub(super) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// Turns what a person wrote into the value that facts hold, or says why it cannot.
pub type Normaliser = Arc<dyn Fn(&str) -> Result<String, String> + Send + Sync>;
/// Turns a value that facts hold into words for a person.
pub type Shower = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// One field while the schema is being made.
#[derive(Clone)]
pub struct Field {
    pub(super) name: Arc<str>,
    pub(super) kind: Type,
    pub(super) label: String,
    pub(super) allowed: Option<Box<[Arc<str>]>>,
    pub(super) normaliser: Option<Normaliser>,
    pub(super) shower: Option<Shower>,
    /// The group whose presence this field says.
    pub(super) presence_of: Option<Arc<str>>,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Field {
    /// A field by its dotted name (`lead.utm.campaign`). In sentences it is called by its name
    /// without `lead.`, dots and underscores (`utm campaign`).
    pub fn new(name: &str, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
            label: name.strip_prefix("lead.").unwrap_or(name).replace(['.', '_'], " "),
            allowed: None,
            normaliser: None,
            shower: None,
            presence_of: None,
        }
    }

    /// What the field is called in sentences.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// The only values that the field can have; another one in a rulebook is a mistake.
    #[must_use]
    pub fn allowed<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed = Some(values.into_iter().map(Arc::from).collect());
        self
    }

    /// How a value in the rulebook becomes the value that facts hold ("Germany" → "DE").
    #[must_use]
    pub fn normalised(
        mut self,
        normaliser: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        self.normaliser = Some(Arc::new(normaliser));
        self
    }

    /// How a value that facts hold is shown to people ("DE" → "Germany").
    #[must_use]
    pub fn shown(mut self, shower: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.shower = Some(Arc::new(shower));
        self
    }

    /// The value that facts would hold for `written`, regardless of case.
    pub(super) fn canonical(&self, written: &str) -> Result<String, String> {
        let value = match &self.normaliser {
            Some(normaliser) => normaliser(written)?,
            None => written.to_owned(),
        };
        let Some(allowed) = &self.allowed else { return Ok(value) };
        let folded = fold(&value);
        if let Some(known) = allowed.iter().find(|known| fold(known) == folded) {
            return Ok(known.to_string());
        }
        let advice = did_you_mean(&value, allowed.iter().map(AsRef::as_ref));
        Err(match advice.as_str() {
            "" => {
                let few: Vec<&str> = allowed.iter().take(12).map(AsRef::as_ref).collect();
                format!("{} is never {value:?}; it can be {}", self.name, few.join(", "))
            }
            _ => format!("{} is never {value:?}{advice}", self.name),
        })
    }
}

/// The form in which texts are compared by plain conditions: every character in lower case by
/// itself, so that what a text folds to does not depend on what stands beside it.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_does_not_look_at_neighbours() {
        assert_eq!(fold("ÄÖ DE"), "äö de");
        assert_eq!(fold("ΟΔΟΣ"), "οδοσ");
    }
}
