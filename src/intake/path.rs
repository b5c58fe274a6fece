//! Plain JSON paths over raw text: members and "each element", nothing else.
//!
//! Guarantees: what is found is a slice of the text, byte for byte; no tree is built, so a hostile
//! body costs no memory and no stack; a path that does not fit finds nothing.
//! Does not know: the rest of RFC 9535, which field mappings use.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Member(String),
    Each,
}

/// `$.data.id`, `$['portal-id']`, `$.entry[*].changes[*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlainPath(Vec<Segment>);

impl PlainPath {
    /// Reads a path.
    ///
    /// # Errors
    /// A sentence that says what a plain path is.
    pub(super) fn parse(key: &str, text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{key}: {text:?} is not a plain JSON path; write $.member.member, $['odd name'] \
                 or $.list[*]"
            )
        };
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut segments = Vec::new();
        while !rest.is_empty() {
            if let Some(tail) = rest.strip_prefix("[*]") {
                segments.push(Segment::Each);
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix("['") {
                let (name, tail) = tail.split_once("']").ok_or_else(wrong)?;
                if name.contains(['\'', '\\']) {
                    return Err(wrong());
                }
                segments.push(Segment::Member(name.to_owned()));
                rest = tail;
            } else {
                let tail = rest.strip_prefix('.').ok_or_else(wrong)?;
                let end = tail.find(['.', '[']).unwrap_or(tail.len());
                let (name, tail) = tail.split_at(end);
                let fits = |letter: char| letter.is_alphanumeric() || letter == '_';
                if !name.chars().all(fits) || name.is_empty() {
                    return Err(wrong());
                }
                segments.push(Segment::Member(name.to_owned()));
                rest = tail;
            }
        }
        Ok(Self(segments))
    }

    /// Whether the path may find more than one value.
    pub(super) fn is_list(&self) -> bool {
        self.0.contains(&Segment::Each)
    }

    /// All that the path finds, in order; `None` when any step of it does not fit.
    pub(super) fn select<'a>(&self, json: &'a str) -> Option<Vec<&'a str>> {
        let mut found = vec![json];
        for segment in &self.0 {
            let mut next = Vec::new();
            for text in found {
                match segment {
                    Segment::Member(name) => next.push(member(text, name)?),
                    Segment::Each => {
                        let elements: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
                        next.extend(elements.into_iter().map(RawValue::get));
                    }
                }
            }
            found = next;
        }
        Some(found)
    }

    /// A text, whole number or truth value that can be part of a key; `None` for what is missing,
    /// empty, or might not be told apart from another (a fraction, a list).
    pub(super) fn scalar(&self, json: &str) -> Option<serde_json::Value> {
        let found = self.select(json)?;
        let value: serde_json::Value = match found.as_slice() {
            [one] if !one.starts_with(['{', '[']) => serde_json::from_str(one).ok()?,
            _ => return None,
        };
        match &value {
            serde_json::Value::String(text) => !text.is_empty(),
            serde_json::Value::Number(number) => !number.is_f64(),
            serde_json::Value::Bool(_) => true,
            _ => false,
        }
        .then_some(value)
    }
}

/// The value of one member of an object, the last one if it is there twice.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = reader.deserialize_map(Members(name)).ok()?;
    reader.end().ok()?;
    found.map(RawValue::get)
}

struct Members<'n>(&'n str);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(wanted) = map.next_key_seed(Named(self.0))? {
            if wanted {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Compares a member's name without keeping it.
struct Named<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_raw_text() {
        let check = |path: &str, json: &str, expected: Option<Vec<&str>>| {
            assert_eq!(PlainPath::parse("x", path).unwrap().select(json), expected, "{path}");
        };
        check("$", " 1 ", Some(vec![" 1 "]));
        check("$.a.b", r#"{"a": {"b": 1.50 }}"#, Some(vec!["1.50"]));
        check("$['a-b']", r#"{"a-b":"x"}"#, Some(vec![r#""x""#]));
        check("$.a", r#"{"a":1,"\u0061":2}"#, Some(vec!["2"]));
        check("$[*]", r#"[ {"a" :1}, 2 ]"#, Some(vec![r#"{"a" :1}"#, "2"]));
        check("$.e[*].c[*]", r#"{"e":[{"c":[1]},{"c":[2,3]}]}"#, Some(vec!["1", "2", "3"]));
        check("$.e[*].c[*]", r#"{"e":[{"c":[1]},{}]}"#, None);
        check("$[*]", "{}", None);
        check("$.a", "[1]", None);
        check("$.a", r#"{"a":1} x"#, None);
        check("$[*]", "[1,", None);
    }

    #[test]
    fn only_what_tells_deliveries_apart_is_a_key() {
        let path = PlainPath::parse("x", "$.a").unwrap();
        for (json, some) in [
            (r#"{"a":"x"}"#, true),
            (r#"{"a":18446744073709551615}"#, true),
            (r#"{"a":18446744073709551616}"#, false),
            (r#"{"a":1.5}"#, false),
            (r#"{"a":""}"#, false),
            (r#"{"a":null}"#, false),
            (r#"{"a":[1]}"#, false),
            ("{}", false),
        ] {
            assert_eq!(path.scalar(json).is_some(), some, "{json}");
        }
    }

    #[test]
    fn what_is_not_a_plain_path_is_refused() {
        for text in ["", "a", "$a", "$.", "$..a", "$.a[0]", "$['a", "$.a-b", "$[?@.a]", "$.a "] {
            assert!(PlainPath::parse("dedupe", text).unwrap_err().contains("dedupe"), "{text}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let json = format!("{{\"x\":{deep},\"a\":1}}");
        assert_eq!(PlainPath::parse("x", "$.a").unwrap().select(&json), Some(vec!["1"]));
    }
}
