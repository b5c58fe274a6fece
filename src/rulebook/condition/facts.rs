//! The values of one lead, by slot.
//!
//! Guarantees: a slot holds nothing or a value of its type; a number is never NaN. Texts are
//! folded to lower case once, when they are set, so that evaluating plain conditions allocates
//! nothing; a text that is in lower case already is not copied.
//! Does not know: why a value is missing.

use std::sync::Arc;

use serde::Serialize;

use super::{
    field::{Slot, Type, fold},
    schema::Schema,
};

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A string.
    Text(Arc<str>),
    /// A number; a whole one is written as such, without `.0`.
    Number(#[serde(serialize_with = "number")] f64),
    /// True or false.
    Bool(bool),
    /// A list of texts.
    List(Arc<[Arc<str>]>),
}

/// Whole numbers up to this have each a number of their own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn number<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts.
    pub fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(items.into_iter().map(Arc::from).collect())
    }

    const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Number(_) => Type::Number,
            Self::Bool(_) => Type::Bool,
            Self::List(_) => Type::List,
        }
    }

    fn folded(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(fold_shared(text)),
            Self::List(items) => Self::List(items.iter().map(fold_shared).collect()),
            other => other.clone(),
        }
    }
}

fn fold_shared(text: &Arc<str>) -> Arc<str> {
    let lower = |c: char| {
        let mut folded = c.to_lowercase();
        folded.next() == Some(c) && folded.next().is_none()
    };
    let is_lower = if text.is_ascii() {
        !text.bytes().any(|byte| byte.is_ascii_uppercase())
    } else {
        text.chars().all(lower)
    };
    if is_lower { Arc::clone(text) } else { fold(text).into() }
}

impl Schema {
    /// The only values that a slot can have, if they are listed.
    pub fn allowed(&self, slot: Slot) -> Option<&[Arc<str>]> {
        self.field(slot)?.allowed.as_deref()
    }
}

/// A value beside its folded form.
#[derive(Clone, Debug)]
struct Known {
    value: Value,
    folded: Value,
}

/// What is known about one lead, by slot; a slot without a value is unknown.
#[derive(Clone, Debug)]
pub struct Facts {
    kinds: Arc<[Type]>,
    known: Box<[Option<Known>]>,
}

impl Facts {
    /// Facts of which nothing is known yet.
    pub fn new(schema: &Schema) -> Self {
        let kinds = Arc::clone(&schema.kinds);
        let known = kinds.iter().map(|_| None).collect();
        Self { kinds, known }
    }

    /// Sets or, with `None`, forgets a value. Says whether the slot now is as asked: a value of
    /// another type than the slot's, a NaN, and a slot of another schema are not taken, and the
    /// slot stays as it was.
    pub fn set(&mut self, slot: Slot, value: Option<Value>) -> bool {
        let kind = self.kinds.get(slot.at()).copied();
        let Some(place) = self.known.get_mut(slot.at()) else { return false };
        match value {
            Some(Value::Number(number)) if number.is_nan() => return false,
            Some(value) if Some(value.kind()) != kind => return false,
            Some(value) => *place = Some(Known { folded: value.folded(), value }),
            None => *place = None,
        }
        true
    }

    /// The value of a slot, if it is known.
    pub fn get(&self, slot: Slot) -> Option<&Value> {
        Some(&self.known.get(slot.at())?.as_ref()?.value)
    }

    pub(super) fn text(&self, slot: Slot, folded: bool) -> Option<&str> {
        match self.form(slot, folded)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, slot: Slot, folded: bool) -> Option<&[Arc<str>]> {
        match self.form(slot, folded)? {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn number(&self, slot: Slot) -> Option<f64> {
        match self.get(slot)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn bool(&self, slot: Slot) -> Option<bool> {
        match self.get(slot)? {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    fn form(&self, slot: Slot, folded: bool) -> Option<&Value> {
        let known = self.known.get(slot.at())?.as_ref()?;
        Some(if folded { &known.folded } else { &known.value })
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::Field;
    use super::*;

    #[test]
    fn only_values_of_the_slots_type_are_taken() {
        let schema = Schema::builder()
            .with(Field::new("lead.country", Type::Text))
            .with(Field::new("lead.employees", Type::Number))
            .build()
            .unwrap();
        let (country, employees) =
            (schema.slot("lead.country").unwrap(), schema.slot("lead.employees").unwrap());
        let mut facts = Facts::new(&schema);
        assert!(facts.set(country, Some(Value::text("ÖSTERREICH"))));
        assert!(!facts.set(country, Some(Value::Number(1.0))));
        assert!(!facts.set(employees, Some(Value::Number(f64::NAN))));
        assert!(!facts.set(Slot(2), Some(Value::Bool(true))));
        assert_eq!(facts.text(country, false), Some("ÖSTERREICH"));
        assert_eq!(facts.text(country, true), Some("österreich"));
        assert_eq!(facts.get(employees), None);
        assert!(facts.set(country, None));
        assert_eq!(facts.get(country), None);
    }

    #[test]
    fn a_text_in_lower_case_is_not_copied() {
        let text: Arc<str> = "österreich".into();
        assert!(Arc::ptr_eq(&text, &fold_shared(&text)));
    }
}
