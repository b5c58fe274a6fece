//! Reading the daemon's JSON for a table.
//!
//! Guarantees: a field that is missing or of another kind is an empty text, never a panic: a
//! newer daemon may say more or less than this program knows. Does not know: any table.

use serde_json::Value;

use crate::model::time::Time;

/// One object of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a>(pub &'a Value);

impl<'a> Row<'a> {
    /// The value at a name, or at a path of names parted by dots.
    #[must_use]
    pub fn value(self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.0, |value, name| value.get(name))
    }

    /// As text: texts as they are, numbers and truths as written, nothing otherwise.
    #[must_use]
    pub fn text(self, path: &str) -> String {
        match self.value(path) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => String::new(),
        }
    }

    /// The same, or a dash.
    #[must_use]
    pub fn dash(self, path: &str) -> String {
        let text = self.text(path);
        if text.is_empty() { "–".to_owned() } else { text }
    }

    /// An instant.
    #[must_use]
    pub fn time(self, path: &str) -> Option<Time> {
        self.value(path)?.as_i64().map(Time)
    }

    /// A truth; false when it is missing.
    #[must_use]
    pub fn is(self, path: &str) -> bool {
        self.value(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The objects of a list.
    pub fn rows(self, path: &str) -> impl Iterator<Item = Row<'a>> {
        self.value(path).and_then(Value::as_array).into_iter().flatten().map(Row)
    }

    /// The members of an object.
    pub fn members(self, path: &str) -> impl Iterator<Item = (&'a String, Row<'a>)> {
        let object = self.value(path).and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, value)| (name, Row(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_empty() {
        let value = serde_json::json!({
            "a": "x", "n": 7, "t": true, "o": { "in": "y" }, "l": [{ "b": 1 }],
        });
        let row = Row(&value);
        for (path, expected) in [
            ("a", "x"),
            ("n", "7"),
            ("t", "true"),
            ("o.in", "y"),
            ("o", ""),
            ("x.y.z", ""),
            ("l", ""),
        ] {
            assert_eq!(row.text(path), expected, "{path}");
        }
        assert_eq!((row.dash("x"), row.time("n"), row.is("t")), ("–".into(), Some(Time(7)), true));
        assert_eq!(row.rows("l").map(|one| one.text("b")).collect::<Vec<_>>(), ["1"]);
        assert_eq!(row.members("o").count(), 1);
        assert_eq!(row.rows("a").count() + row.members("l").count(), 0);
    }
}
