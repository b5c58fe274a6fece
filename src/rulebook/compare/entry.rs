//! One entry of a rulebook before and after, in words.
//!
//! Guarantees: what is named `pool: x` in the document is called so; a list says what it gained
//! and lost; a long value is cut. Does not know: which sections there are, beyond what names a
//! newcomer in short.

use toml::{Table, Value};

/// The longest text of one value, in characters.
const LONG: usize = 120;

/// What differs between two entries: `pool changed from emea to inbound; sla is new: hot`.
pub(super) fn members(old: &Table, new: &Table) -> String {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    changed.map(|key| value(key, old.get(key), new.get(key))).collect::<Vec<_>>().join("; ")
}

/// What differs between two values of one name.
pub(super) fn value(key: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (Some(Value::Table(old)), Some(Value::Table(new))) => nested(key, old, new),
        (Some(Value::Array(old)), Some(Value::Array(new))) => list(key, old, new),
        (Some(old), Some(new)) => match (target(key, old), target(key, new)) {
            (Some((kind, old)), Some((other, new))) if kind == other => {
                format!("{kind} changed from {old} to {new}")
            }
            _ => format!("{key} changed from {} to {}", said(old), said(new)),
        },
        (None, Some(new)) => format!("{key} is new: {}", said(new)),
        (Some(old), None) => format!("{key} is gone, was {}", said(old)),
        (None, None) => key.to_owned(),
    }
}

/// A newcomer in a few words.
pub(super) fn in_short(section: &str, entry: &Table) -> String {
    let keys: &[&str] = match section {
        "rule" => &["assign_to", "set_aside", "sla"],
        "pool" => &["members"],
        "rep" => &["name", "email"],
        "sla" => &["respond_within"],
        "table" => &["file"],
        _ => &[],
    };
    let parts = keys.iter().filter_map(|key| {
        let value = entry.get(*key)?;
        Some(match target(key, value) {
            Some((kind, id)) => format!("{kind} {id}"),
            None if *key == "sla" || *key == "set_aside" => format!("{key} {}", said(value)),
            None => said(value),
        })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// `assign_to = "pool: emea"` is the pool emea.
fn target<'v>(key: &str, value: &'v Value) -> Option<(&'v str, &'v str)> {
    let (kind, id) = value.as_str()?.split_once(':')?;
    let (kind, id) = (kind.trim(), id.trim());
    (key == "assign_to" && matches!(kind, "pool" | "rep")).then_some((kind, id))
}

fn nested(key: &str, old: &Table, new: &Table) -> String {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|one| old.get(*one) != new.get(*one));
    let said = changed.map(|one| value(&format!("{key}.{one}"), old.get(one), new.get(one)));
    said.collect::<Vec<_>>().join("; ")
}

/// What a list gained and lost; else its new order.
fn list(key: &str, old: &[Value], new: &[Value]) -> String {
    let names = |of: &[Value], other: &[Value]| -> Vec<String> {
        of.iter().filter(|one| !other.contains(one)).map(said).collect()
    };
    let (gained, lost) = (names(new, old), names(old, new));
    let mut parts = Vec::new();
    if !gained.is_empty() {
        parts.push(format!("gained {}", cut(&gained.join(", "))));
    }
    if !lost.is_empty() {
        parts.push(format!("lost {}", cut(&lost.join(", "))));
    }
    if parts.is_empty() {
        let order: Vec<String> = new.iter().map(said).collect();
        parts.push(format!("stands in another order: {}", cut(&order.join(", "))));
    }
    format!("{key} {}", parts.join(", "))
}

/// A value as a person says it: texts without quotes, a member of a pool by its name.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(said).collect();
            cut(&all.join(", "))
        }
        Value::Table(table) => {
            let parts = table.iter().map(|(key, value)| format!("{key} {}", said(value)));
            cut(&parts.collect::<Vec<_>>().join(" "))
        }
        other => cut(&other.to_string()),
    }
}

/// On one line, and not longer than people read.
fn cut(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONG {
        return line;
    }
    let start: String = line.chars().take(LONG).collect();
    format!("{start}…")
}
