//! From a lead's canonical fields to a CRM's own names, and from a batch to its parts.
//!
//! Guarantees: an empty value is never written; a name that the map does not know is not written.
//! Does not know: any vendor's names or types.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::{
    failure::Failure,
    field::{Field, Fields},
};

/// Canonical name to the CRM's name.
pub(super) type FieldMap = BTreeMap<String, String>;

/// A map from pairs, for defaults.
pub(super) fn map_of(pairs: &[(&str, &str)]) -> FieldMap {
    pairs.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect()
}

/// The fields that the map names, under the CRM's names. Empty text is left out.
pub(super) fn mapped<'a>(
    fields: &'a Fields,
    map: &'a FieldMap,
) -> impl Iterator<Item = (&'a str, Value)> {
    map.iter().filter_map(|(ours, theirs)| {
        let value = match fields.0.get(ours)? {
            Field::Bool(bool) => Value::Bool(*bool),
            Field::Number(number) => number_value(*number)?,
            Field::Text(text) if text.as_str_for_logic().trim().is_empty() => return None,
            Field::Text(text) => Value::String(text.as_str_for_logic().to_owned()),
        };
        Some((theirs.as_str(), value))
    })
}

/// A number as JSON, whole if it is whole: `800`, not `800.0`.
fn number_value(number: f64) -> Option<Value> {
    // Beyond 2^53 a float is not exact, so nothing is gained by writing it as an integer.
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Some(Value::from(number as i64));
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}

/// First and last name; a full name alone is cut at its last space.
pub(super) fn names(fields: &Fields) -> (Option<&str>, Option<&str>) {
    let (first, last) = (fields.text("first_name"), fields.text("last_name"));
    if last.is_some() {
        return (first, last);
    }
    match fields.text("name").map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => match name.rsplit_once(' ') {
            Some((head, tail)) => (first.or(Some(head.trim_end())), Some(tail)),
            None if first == Some(name) => (first, None),
            None => (first, Some(name)),
        },
        None => (first, None),
    }
}

/// The slots of a batch that wait for their answers, filled in any order.
pub(super) struct Slots<T>(Vec<Option<Result<T, Failure>>>);

impl<T> Slots<T> {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).map(|_| None).collect())
    }

    /// Answers one item; the first answer stands.
    pub(super) fn answer(&mut self, at: usize, answer: Result<T, Failure>) {
        if let Some(slot) = self.0.get_mut(at) {
            slot.get_or_insert(answer);
        }
    }

    /// Every answer, in order. An item that nobody answered may have been done.
    pub(super) fn into_answers(self) -> Vec<Result<T, Failure>> {
        self.0.into_iter().map(|slot| slot.unwrap_or(Err(Failure::MaybeDone))).collect()
    }
}

/// Reads `null` as the default: vendors write it where nothing is.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What may be quoted of a vendor's word: letters, digits and `_.-`, 60 of them, so that no text
/// of a stranger gets into a failure.
pub(super) fn code(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if is_plain { word.chars().take(60).collect() } else { "unnamed".to_owned() }
}

/// The longest prefix of at most `most` characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_either_form() {
        for (first, last, full, wanted) in [
            (Some("Eva"), Some("Linden"), None, (Some("Eva"), Some("Linden"))),
            (None, None, Some("Eva Linden"), (Some("Eva"), Some("Linden"))),
            (None, None, Some("Eva Maria  Linden "), (Some("Eva Maria"), Some("Linden"))),
            (None, None, Some("Linden"), (None, Some("Linden"))),
            (Some("Eva"), None, None, (Some("Eva"), None)),
            (Some("Eva"), None, Some("Eva"), (Some("Eva"), None)),
            (None, None, Some("  "), (None, None)),
        ] {
            let mut fields = Fields::default();
            for (name, value) in [("first_name", first), ("last_name", last), ("name", full)] {
                if let Some(value) = value {
                    fields.put_text(name, value);
                }
            }
            assert_eq!(names(&fields), wanted);
        }
    }

    #[test]
    fn numbers_are_written_whole_and_empty_text_not_at_all() {
        let map = map_of(&[("employees", "n"), ("budget", "b"), ("city", "c"), ("ok", "o")]);
        let mut fields = Fields::default();
        fields.0.insert("employees".into(), Field::Number(800.0));
        fields.0.insert("budget".into(), Field::Number(f64::NAN));
        fields.0.insert("ok".into(), Field::Bool(true));
        fields.put_text("city", " ");
        fields.put_text("unmapped", "x");
        let got: Vec<_> = mapped(&fields, &map).map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(got, ["n=800", "o=true"]);
    }

    #[test]
    fn only_plain_words_are_quoted() {
        assert_eq!(code("VALIDATION_ERROR"), "VALIDATION_ERROR");
        assert_eq!(code("eva@linden.example is not valid"), "unnamed");
        assert_eq!(code(""), "unnamed");
        assert_eq!(cut("äöü", 2), "äö");
    }
}
