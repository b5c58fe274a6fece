//! The fields that a condition may ask about: named, typed, numbered slots.
//!
//! Guarantees: names are unique, can be written in CEL, and none is the front part of another.
//! Does not know: where the values come from; a caller fills them into [`Facts`](super::Facts).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{advice::nothing_near, finding::did_you_mean};

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

/// All fields that conditions of one rulebook may ask about.
#[derive(Clone, Debug)]
pub struct Schema {
    fields: Vec<Field>,
    pub(super) kinds: Arc<[Type]>,
    by_name: HashMap<Arc<str>, Slot>,
    groups: BTreeMap<Arc<str>, Slot>,
}

/// Collects the fields of a [`Schema`].
#[derive(Debug, Default)]
pub struct SchemaBuilder {
    fields: Vec<Field>,
    groups: Vec<(Arc<str>, Arc<str>)>,
}

impl SchemaBuilder {
    /// Adds a field.
    #[must_use]
    pub fn with(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Makes `account = "known"` ask whether the Bool field `presence` holds.
    #[must_use]
    pub fn group(mut self, name: &str, presence: &str) -> Self {
        self.groups.push((name.into(), presence.into()));
        self
    }

    /// Numbers the fields in the order in which they were added.
    ///
    /// # Errors
    /// Every name that is taken twice, is the front of another, cannot be written in CEL, and
    /// every group without a Bool field.
    pub fn build(self) -> Result<Schema, Vec<String>> {
        let Self { mut fields, groups: wanted } = self;
        let mut wrong = Vec::new();
        let mut by_name = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            if let Err(why) = check_name(&field.name) {
                wrong.push(why);
            }
            let Ok(at) = u16::try_from(at) else {
                wrong.push("a schema has at most 65,536 fields; remove some".to_owned());
                break;
            };
            if by_name.insert(Arc::clone(&field.name), Slot(at)).is_some() {
                wrong.push(format!("the field {} is there twice; rename one", field.name));
            }
        }
        for field in &fields {
            for (dot, _) in field.name.match_indices('.') {
                let front = field.name.get(..dot).unwrap_or_default();
                if by_name.contains_key(front) {
                    let name = &field.name;
                    wrong.push(format!("{front} is a field, so {name} cannot be one; rename one"));
                }
            }
        }
        let mut groups = BTreeMap::new();
        for (name, presence) in wanted {
            let field = by_name.get(&presence).copied();
            let field = field.and_then(|slot| Some((slot, fields.get_mut(slot.at())?)));
            match field {
                Some((slot, field)) if field.kind == Type::Bool => {
                    field.presence_of = Some(Arc::clone(&name));
                    groups.insert(name, slot);
                }
                _ => {
                    wrong
                        .push(format!("the group {name} needs the true-or-false field {presence}"));
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let kinds = fields.iter().map(|field| field.kind).collect();
        Ok(Schema { fields, kinds, by_name, groups })
    }
}

/// What CEL reads as something else at the start of a name.
const FIRST: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "has",
    "size",
];
/// What CEL reads as something else in every part of a name.
const EVERYWHERE: &[&str] = &["in", "true", "false", "null"];

/// Whether this word means something else in CEL than the name of a group of fields.
pub fn is_reserved(word: &str) -> bool {
    FIRST.contains(&word) || EVERYWHERE.contains(&word)
}

/// CEL reads `class.x` and `x.true` as something else than fields.
fn check_name(name: &str) -> Result<(), String> {
    for (at, part) in name.split('.').enumerate() {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !part.chars().all(letters) {
            return Err(format!(
                "{name:?} cannot be a field: each part between dots is a letter or _, then letters, digits or _"
            ));
        }
        if EVERYWHERE.contains(&part) || (at == 0 && is_reserved(part)) {
            return Err(format!(
                "{name:?} cannot be a field: {part:?} means something else in CEL"
            ));
        }
    }
    Ok(())
}

impl Schema {
    /// Starts a schema without fields.
    pub fn builder() -> SchemaBuilder {
        SchemaBuilder::default()
    }

    /// The slot of the field with this dotted name.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.by_name.get(name).copied()
    }

    /// The dotted name of a slot; empty for a slot of another schema.
    pub fn name(&self, slot: Slot) -> &str {
        self.field(slot).map_or("", |field| &field.name)
    }

    /// What a slot holds.
    pub fn kind(&self, slot: Slot) -> Option<Type> {
        self.field(slot).map(|field| field.kind)
    }

    /// All slots with their names, in order.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &str)> {
        (0_u16..).zip(&self.fields).map(|(at, field)| (Slot(at), field.name.as_ref()))
    }

    pub(super) fn field(&self, slot: Slot) -> Option<&Field> {
        self.fields.get(slot.at())
    }

    pub(super) fn group(&self, name: &str) -> Option<Slot> {
        self.groups.get(name).copied()
    }

    /// `unknown field lead.emploees, did you mean lead.employees?`
    pub(super) fn unknown_field(&self, name: &str) -> String {
        if let Some(presence) = self.group(name) {
            let presence = self.name(presence);
            return format!(
                "{name} is a group of fields; write {presence} to ask whether it is known"
            );
        }
        let below = self
            .slots()
            .find(|(_, field)| field.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
        if let Some((_, field)) = below {
            return format!("{name} is not a field but a group of them; name one, such as {field}");
        }
        let names = self.fields.iter().map(|field| field.name.as_ref());
        match did_you_mean(name, names).as_str() {
            "" => nothing_near(name),
            advice => format!("unknown field {name}{advice}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_numbered_in_order_and_found_by_name() {
        let schema = Schema::builder()
            .with(Field::new("lead.country", Type::Text))
            .with(Field::new("account.known", Type::Bool))
            .group("account", "account.known")
            .build()
            .unwrap();
        let slot = schema.slot("account.known").unwrap();
        assert_eq!((slot, schema.name(slot)), (Slot(1), "account.known"));
        assert_eq!(schema.group("account"), Some(slot));
        assert_eq!(schema.slot("lead"), None);
    }

    #[test]
    fn a_schema_that_cel_could_not_read_is_refused_with_every_reason() {
        let wrong = Schema::builder()
            .with(Field::new("lead.utm", Type::Text))
            .with(Field::new("lead.utm.campaign", Type::Text))
            .with(Field::new("lead.utm", Type::Text))
            .with(Field::new("lead.first-name", Type::Text))
            .with(Field::new("if.country", Type::Text))
            .with(Field::new("lead.true", Type::Bool))
            .group("account", "lead.utm")
            .build()
            .unwrap_err();
        assert_eq!(wrong.len(), 6, "{wrong:#?}");
    }

    #[test]
    fn an_unknown_field_names_its_neighbour() {
        let schema = Schema::builder()
            .with(Field::new("lead.employees", Type::Number))
            .with(Field::new("lead.utm.campaign", Type::Text))
            .build()
            .unwrap();
        for (name, expected) in [
            ("lead.emploees", "unknown field lead.emploees, did you mean lead.employees?"),
            (
                "lead.utm",
                "lead.utm is not a field but a group of them; name one, such as lead.utm.campaign",
            ),
        ] {
            assert_eq!(schema.unknown_field(name), expected);
        }
    }

    #[test]
    fn folding_does_not_look_at_neighbours() {
        assert_eq!(fold("ÄÖ DE"), "äö de");
        assert_eq!(fold("ΟΔΟΣ"), "οδοσ");
    }
}
