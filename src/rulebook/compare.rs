//! Two rulebooks side by side, in words: what was added, removed, changed and moved.
//!
//! Guarantees: an entry is found by its section and id, wherever it stands in the document; rows
//! of a table are found by their text, and of very many the first few are named and all counted;
//! equal rulebooks have no changes. Whatever the texts are, comparing them does not fail.
//! Does not know: whether either of them compiles; a document that is no TOML has no entries.

mod entry;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::files::{Files, MAIN};

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum What {
    Added,
    Removed,
    Changed,
    Moved,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The section of the document (`rule`), or `file` for what stands beside it.
    pub section: String,
    /// The entry's id, its number where it has none, or the file's name; empty for a setting of
    /// the whole rulebook.
    pub id: String,
    /// What happened.
    pub what: What,
    /// The whole of it as a line: `rule dach: pool changed from emea to inbound`.
    pub says: String,
}

impl Change {
    fn new(section: &str, id: &str, what: What, says: impl Into<String>) -> Self {
        let (section, id) = (section.to_owned(), id.to_owned());
        Self { section, id, what, says: says.into() }
    }
}

/// Everything that differs between two rulebooks, rules first.
#[must_use]
pub fn changes(old: &Files, new: &Files) -> Vec<Change> {
    let (before, after) = (text(&old.main), text(&new.main));
    let mut all = match (before.parse::<Table>(), after.parse::<Table>()) {
        (Ok(before), Ok(after)) => of_documents(&before, &after),
        _ if before == after => Vec::new(),
        _ => {
            let says = format!("{MAIN} changed, and one of the two is no TOML");
            vec![Change::new("file", MAIN, What::Changed, says)]
        }
    };
    let names: BTreeSet<&String> = old.others.keys().chain(new.others.keys()).collect();
    for name in names {
        let change = match (old.others.get(name), new.others.get(name)) {
            (Some(before), Some(after)) if before == after => continue,
            (Some(before), Some(after)) => {
                let says = rows::says(name, &text(before), &text(after));
                Change::new("file", name, What::Changed, says)
            }
            (None, _) => Change::new("file", name, What::Added, format!("{name} was added")),
            (_, None) => Change::new("file", name, What::Removed, format!("{name} was removed")),
        };
        all.push(change);
    }
    if all.is_empty() && old != new {
        // Comments, blanks, and the order of what has none.
        let says = format!("{MAIN}: only comments, blanks or the order of entries changed");
        all.push(Change::new("file", MAIN, What::Changed, says));
    }
    all
}

/// The changes in one line, for a list of versions.
#[must_use]
pub fn summary(changes: &[Change]) -> String {
    const SAID: usize = 3;
    let mut said: Vec<&str> = changes.iter().take(SAID).map(|one| one.says.as_str()).collect();
    let more = format!("and {} more", changes.len().saturating_sub(SAID));
    if changes.len() > SAID {
        said.push(&more);
    }
    if said.is_empty() { "nothing changed".to_owned() } else { said.join("; ") }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The sections in the order in which people ask for them; the others after these.
const ORDER: [&str; 9] =
    ["rule", "pool", "rep", "sla", "escalation", "hours", "table", "mapping", "form"];

fn of_documents(old: &Table, new: &Table) -> Vec<Change> {
    let mut sections: Vec<&String> = old.keys().chain(new.keys()).collect();
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    sections.sort_by_key(|name| (place(name), *name));
    sections.dedup();
    let mut all = Vec::new();
    for section in sections {
        match (old.get(section), new.get(section)) {
            (before, after) if before == after => {}
            (before, after) if is_list(before) && is_list(after) => {
                entries(section, before, after, &mut all);
            }
            (before, after) => {
                let what = match (before, after) {
                    (None, _) => What::Added,
                    (_, None) => What::Removed,
                    _ => What::Changed,
                };
                let says = entry::value(section, before, after);
                all.push(Change::new(section, "", what, says));
            }
        }
    }
    all
}

fn is_list(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_array().is_some_and(|list| list.iter().all(Value::is_table)))
}

/// The entries of one section, by their ids, and the order of those in both.
fn entries(section: &str, old: Option<&Value>, new: Option<&Value>, all: &mut Vec<Change>) {
    let (old_order, old) = by_id(old);
    let (new_order, new) = by_id(new);
    for id in &new_order {
        match (old.get(id), new.get(id)) {
            (None, Some(added)) => {
                let says = format!("{section} {id} was added{}", entry::in_short(section, added));
                all.push(Change::new(section, id, What::Added, says));
            }
            (Some(before), Some(after)) if before != after => {
                let says = format!("{section} {id}: {}", entry::members(before, after));
                all.push(Change::new(section, id, What::Changed, says));
            }
            _ => {}
        }
    }
    for id in old_order.iter().filter(|id| !new.contains_key(*id)) {
        let gone = old.get(id).map(|gone| entry::in_short(section, gone)).unwrap_or_default();
        let says = format!("{section} {id} was removed{gone}");
        all.push(Change::new(section, id, What::Removed, says));
    }
    // Only the order of rules means something.
    if section == "rule" {
        let kept = |order: &[String], other: &BTreeMap<String, &Table>| -> Vec<String> {
            order.iter().filter(|id| other.contains_key(*id)).cloned().collect()
        };
        let (before, after) = (kept(&old_order, &new), kept(&new_order, &old));
        all.extend(moved(&before, &after));
    }
}

/// The entries that were taken out and put elsewhere: the fewest that explain the new order.
fn moved(before: &[String], after: &[String]) -> Vec<Change> {
    if before == after {
        return Vec::new();
    }
    let places: BTreeMap<&String, usize> =
        before.iter().enumerate().map(|(place, id)| (id, place)).collect();
    let order: Vec<usize> = after.iter().filter_map(|id| places.get(id).copied()).collect();
    let fixed = longest_rising(&order);
    let mut all = Vec::new();
    for (at, id) in after.iter().enumerate() {
        if places.get(id).is_none_or(|place| fixed.contains(place)) {
            continue;
        }
        let says = match after.get(at + 1) {
            Some(next) => format!("rule {id} moved: it stands before {next} now"),
            None => format!("rule {id} moved: it is the last now"),
        };
        all.push(Change::new("rule", id, What::Moved, says));
    }
    all
}

/// The values of a longest rising subsequence.
fn longest_rising(order: &[usize]) -> BTreeSet<usize> {
    // For each length, the smallest last value of a rising subsequence; and who came before whom.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    for value in order {
        let length = ends.partition_point(|end| end < value);
        let one_less = length.checked_sub(1).and_then(|less| ends.get(less)).copied();
        before.insert(*value, one_less);
        match ends.get_mut(length) {
            Some(end) => *end = *value,
            None => ends.push(*value),
        }
    }
    let mut all = BTreeSet::new();
    let mut next = ends.last().copied();
    while let Some(value) = next {
        all.insert(value);
        next = before.get(&value).copied().flatten();
    }
    all
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

#[cfg(test)]
mod tests;
