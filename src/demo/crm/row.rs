//! One record of a stand-in in one allocation, so that a million of them fit.
//!
//! Guarantees: a field set is the field read back; a field keeps one value.
//! Does not know: names (they are numbers here), vendors, what a record means.

use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

/// Marks a value that is no text.
const JSON: u32 = 1 << 31;

/// A record.
#[derive(Debug)]
pub(super) struct Row {
    /// What it is: `contact`, `Lead` …
    pub kind: &'static str,
    /// When it was made, in microseconds since the stand-in started.
    pub appeared: u64,
    /// When somebody was first given it; never if zero.
    pub owned: u64,
    /// How often the API wrote an owner.
    pub owner_writes: u32,
    /// Name (2 bytes), length and mark (4 bytes), value; again and again.
    cells: Box<[u8]>,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Json(&'a str),
}

impl Row {
    /// An empty one.
    pub fn new(kind: &'static str, appeared: u64) -> Self {
        Self { kind, appeared, owned: 0, owner_writes: 0, cells: Box::default() }
    }

    /// Every field in the order in which they were set first.
    pub fn cells(&self) -> impl Iterator<Item = (u16, Cell<'_>)> {
        self.raw().map(|(name, head, bytes)| (name, cell(head, bytes)))
    }

    /// A field.
    pub fn get(&self, name: u16) -> Option<Cell<'_>> {
        self.raw().find(|(own, ..)| *own == name).map(|(_, head, bytes)| cell(head, bytes))
    }

    /// Sets a field.
    pub fn set(&mut self, name: u16, value: &Value) {
        let other;
        let (mark, text) = match value {
            Value::String(text) => (0, text.as_str()),
            value => {
                other = value.to_string();
                (JSON, other.as_str())
            }
        };
        // Longer than the mark leaves room for, no body may be.
        let length = u32::try_from(text.len()).unwrap_or(0) & !JSON;
        let text = text.as_bytes().get(..length as usize).unwrap_or_default();
        let mut cells = Vec::with_capacity(self.cells.len() + text.len() + 6);
        let mut put = |name: u16, head: u32, bytes: &[u8]| {
            cells.extend_from_slice(&name.to_le_bytes());
            cells.extend_from_slice(&head.to_le_bytes());
            cells.extend_from_slice(bytes);
        };
        let mut is_set = false;
        for (own, head, bytes) in self.raw() {
            if own == name {
                put(name, mark | length, text);
                is_set = true;
            } else {
                put(own, head, bytes);
            }
        }
        if !is_set {
            put(name, mark | length, text);
        }
        self.cells = cells.into_boxed_slice();
    }

    fn raw(&self) -> impl Iterator<Item = (u16, u32, &[u8])> {
        let mut rest: &[u8] = &self.cells;
        std::iter::from_fn(move || {
            let (name, tail) = rest.split_first_chunk::<2>()?;
            let (head, tail) = tail.split_first_chunk::<4>()?;
            let head = u32::from_le_bytes(*head);
            let (bytes, tail) = tail.split_at_checked((head & !JSON) as usize)?;
            rest = tail;
            Some((u16::from_le_bytes(*name), head, bytes))
        })
    }
}

fn cell(head: u32, bytes: &[u8]) -> Cell<'_> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if head & JSON == 0 { Cell::Text(text) } else { Cell::Json(text) }
}

impl<'a> Cell<'a> {
    /// The text; empty if it is none.
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Json(_) => "",
        }
    }

    /// As JSON.
    pub fn value(self) -> Value {
        match self {
            Self::Text(text) => Value::from(text),
            Self::Json(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(text) => serde_json::from_str::<&RawValue>(text)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_set_is_the_field_read_back_in_its_first_place() {
        let mut row = Row::new("contact", 1);
        for (name, value) in [
            (7, json!("ada@acme.example")),
            (300, json!(false)),
            (8, json!({ "a": [1, null] })),
            (7, json!("é")),
            (9, json!("")),
        ] {
            row.set(name, &value);
            assert_eq!(row.get(name).map(Cell::value), Some(value));
        }
        let names: Vec<u16> = row.cells().map(|(name, _)| name).collect();
        assert_eq!(names, [7, 300, 8, 9]);
        assert_eq!(row.get(10), None);
        let shown = serde_json::to_string(&row.get(8)).unwrap();
        assert_eq!(shown, r#"{"a":[1,null]}"#);
    }

    proptest! {
        #[test]
        fn the_last_value_of_each_name_is_kept(
            sets in proptest::collection::vec((0_u16..5, any::<String>()), 0..20),
        ) {
            let mut row = Row::new("contact", 1);
            let mut kept = std::collections::BTreeMap::new();
            for (name, text) in sets {
                row.set(name, &json!(text));
                kept.insert(name, text);
            }
            for name in 0..5 {
                prop_assert_eq!(row.get(name).map(Cell::text), kept.get(&name).map(String::as_str));
            }
            prop_assert_eq!(row.cells().count(), kept.len());
        }
    }
}
