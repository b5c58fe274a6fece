//! From a source's body to raw values by field.
//!
//! Guarantees: the first path of a field that yields a value wins; a field that yields nothing is
//! named. Pure, and no panic whatever the body holds.
//! Does not know: how a value is normalised, nor which fields a lead must have.

pub mod path;
pub mod transform;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{path::Path, transform::Transform};
use super::Rulebook;

/// How one field is filled.
#[derive(Clone, Debug)]
pub struct FieldMapping {
    /// The canonical name, or `custom.<name>`.
    pub field: String,
    /// Where to look, in order.
    pub paths: Vec<Path>,
    /// What to do with what is found.
    pub steps: Vec<Transform>,
}

/// What a body yielded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    /// Raw values by field, to be normalised.
    pub values: BTreeMap<String, Value>,
    /// Fields that have a mapping and stayed empty.
    pub unfilled: Vec<String>,
}

impl FieldMapping {
    fn value(&self, document: &Value) -> Option<Value> {
        let found = self.paths.iter().find_map(|path| {
            let nodes = path.nodes(document);
            let found = match nodes.as_slice() {
                [] => None,
                [one] => Some((*one).clone()),
                many => Some(Value::Array(many.iter().map(|node| (*node).clone()).collect())),
            };
            // A default is for when no path yields; here it would hide the paths behind it.
            let found = found.filter(transform::is_something)?;
            transform::run(Some(found), self.without_defaults()).and_then(single)
        });
        found.or_else(|| transform::run(None, &self.steps).and_then(single))
    }

    /// The steps before the first default.
    fn without_defaults(&self) -> &[Transform] {
        let is_default = |step: &Transform| matches!(step, Transform::Default(_));
        let until = self.steps.iter().position(is_default).unwrap_or(self.steps.len());
        self.steps.get(..until).unwrap_or_default()
    }
}

/// Of a list its first item; of an object nothing, since a field holds one value.
fn single(value: Value) -> Option<Value> {
    match value {
        Value::Array(items) => items.into_iter().filter(transform::is_something).find_map(single),
        Value::Object(_) => None,
        other => Some(other).filter(transform::is_something),
    }
}

impl Rulebook {
    /// The raw values of a body of `source`. A source that the rulebook does not know has no
    /// mapping and yields nothing.
    pub fn map(&self, source: &str, document: &Value) -> Mapped {
        let mut mapped = Mapped::default();
        for mapping in self.mappings.get(source).into_iter().flatten() {
            match mapping.value(document) {
                Some(value) => drop(mapped.values.insert(mapping.field.clone(), value)),
                None => mapped.unfilled.push(mapping.field.clone()),
            }
        }
        mapped
    }

    /// Whether another rulebook finds the same values in every body of this source.
    #[must_use]
    pub fn maps_as(&self, other: &Self, source: &str) -> bool {
        // A mapping is what it was compiled to, and that is written out whole.
        let said = |book: &Self| format!("{:?}", book.mappings.get(source));
        said(self) == said(other)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_path_that_yields_wins_and_lists_give_one_value() {
        let field = |paths: &[&str], steps: Vec<Transform>| FieldMapping {
            field: "x".into(),
            paths: paths.iter().map(|path| Path::parse(path).unwrap()).collect(),
            steps,
        };
        let body = json!({ "a": "", "b": null, "c": [" ", "first", "second"], "o": { "k": 1 }, "n": "x9" });
        let number = || vec![Transform::Number, Transform::Default(json!(1))];
        for (mapping, expected) in [
            (field(&["$.a", "$.b", "$.c"], vec![]), Some(json!("first"))),
            (field(&["$.c[*]"], vec![Transform::Join("+".into())]), Some(json!(" +first+second"))),
            (field(&["$.o"], vec![]), None),
            (field(&["$.zzz"], vec![]), None),
            (field(&["$.n", "$.o.k"], number()), Some(json!(1))),
            (field(&["$.n"], number()), Some(json!(1))),
        ] {
            assert_eq!(mapping.value(&body), expected);
        }
    }
}
