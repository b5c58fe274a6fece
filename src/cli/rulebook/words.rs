//! What changed between two rulebooks, in words: entries added, removed, changed and moved.
//!
//! Guarantees: an entry is found by its section and id, wherever it stands in the document.
//! Does not know: what an entry means; a document that is no TOML has no words.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// One line per entry that differs: `rule dach-enterprise: sla was "hot", is "standard"`.
#[must_use]
pub fn changes(old: &str, new: &str) -> Vec<String> {
    let (Ok(old), Ok(new)) = (old.parse::<Table>(), new.parse::<Table>()) else {
        return Vec::new();
    };
    let mut said = Vec::new();
    let mut sections: Vec<&String> = old.keys().chain(new.keys()).collect();
    sections.sort();
    sections.dedup();
    for section in sections {
        match (old.get(section), new.get(section)) {
            (before, after) if before == after => {}
            (before, after) if is_list(before) && is_list(after) => {
                entries(section, before, after, &mut said);
            }
            (before, after) => said.push(value(section, before, after)),
        }
    }
    said
}

fn is_list(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_array().is_some_and(|list| list.iter().all(Value::is_table)))
}

/// The entries of one section, by their ids, and the order of those in both.
fn entries(section: &str, old: Option<&Value>, new: Option<&Value>, said: &mut Vec<String>) {
    let (old_order, old) = by_id(old);
    let (new_order, new) = by_id(new);
    for id in &old_order {
        match (old.get(id), new.get(id)) {
            (Some(_), None) => said.push(format!("{section} {id} was removed")),
            (Some(before), Some(after)) if before != after => {
                said.push(format!("{section} {id}: {}", members(before, after)));
            }
            _ => {}
        }
    }
    for id in new_order.iter().filter(|id| !old.contains_key(*id)) {
        said.push(format!("{section} {id} was added"));
    }
    let kept = |order: &[String], other: &BTreeMap<String, &Table>| -> Vec<String> {
        order.iter().filter(|id| other.contains_key(*id)).cloned().collect()
    };
    let after = kept(&new_order, &old);
    // Only the order of rules and of a pool's members means something; members are a field.
    if section == "rule" && kept(&old_order, &new) != after {
        said.push(format!("the rules stand in another order: {}", new_order.join(", ")));
    }
}

/// Entries without an id are told apart by their source or by their number.
fn by_id(list: Option<&Value>) -> (Vec<String>, BTreeMap<String, &Table>) {
    let tables = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let mut order = Vec::new();
    let mut all = BTreeMap::new();
    for (number, table) in tables.enumerate() {
        let name = ["id", "source"].iter().find_map(|key| table.get(*key)?.as_str());
        let mut id = name.map_or_else(|| format!("number {}", number + 1), str::to_owned);
        if all.contains_key(&id) {
            id = format!("{id} (number {})", number + 1);
        }
        order.push(id.clone());
        all.insert(id, table);
    }
    (order, all)
}

fn members(old: &Table, new: &Table) -> String {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    changed.map(|key| value(key, old.get(key), new.get(key))).collect::<Vec<_>>().join("; ")
}

fn value(key: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{key} was {old}, is {new}"),
        (None, Some(new)) => format!("{key} is new: {new}"),
        (Some(old), None) => format!("{key} is gone, was {old}"),
        (None, None) => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"
default_sla = "standard"
[[rep]]
id = "ada"
email = "ada@acme.example"
[[rep]]
id = "konrad"
[[rule]]
id = "dach"
if.country = ["DE"]
sla = "hot"
[[rule]]
id = "students"
[[rule]]
id = "rest"
"#;

    #[test]
    fn every_change_is_said_by_section_and_id() {
        let new = r#"
default_sla = "relaxed"
[[rep]]
id = "grace"
[[rep]]
id = "ada"
email = "ada@acme.example"
[[rule]]
id = "students"
[[rule]]
id = "dach"
if.country = ["DE", "AT"]
[[rule]]
id = "rest"
[[example]]
expect = "pool: x"
"#;
        let said = changes(OLD, new);
        assert_eq!(
            said,
            [
                "default_sla was \"standard\", is \"relaxed\"",
                "example number 1 was added",
                "rep konrad was removed",
                "rep grace was added",
                "rule dach: if was { country = [\"DE\"] }, is { country = [\"DE\", \"AT\"] }; \
                 sla is gone, was \"hot\"",
                "the rules stand in another order: students, dach, rest",
            ]
        );
    }

    #[test]
    fn equal_rulebooks_and_broken_ones_have_no_words() {
        assert!(changes(OLD, OLD).is_empty());
        assert!(changes(OLD, "[[rule").is_empty());
        let moved = "[[pool]]\nid = \"b\"\n[[pool]]\nid = \"a\"\n";
        let other = "[[pool]]\nid = \"a\"\n[[pool]]\nid = \"b\"\n";
        assert!(changes(moved, other).is_empty(), "the order of pools means nothing");
    }
}
