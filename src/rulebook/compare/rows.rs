//! A table before and after: which rows came, went and changed.
//!
//! Guarantees: rows are told apart by their first cell where it names one row on each side, else
//! by their whole text; all are counted and the first few named, in time and memory that grow with
//! the table and not with its square. Does not know: columns; a file of holidays is lines to it.

use std::collections::{BTreeMap, BTreeSet};

/// How many rows of each kind are named.
const NAMED: usize = 3;
/// The longest row that is named whole, in characters.
const LONG: usize = 60;

/// One line for a file that differs.
pub(super) fn says(name: &str, old: &str, new: &str) -> String {
    let (old_rows, new_rows) = (counted(old), counted(new));
    let gone: Vec<&str> = only(&old_rows, &new_rows);
    let come: Vec<&str> = only(&new_rows, &old_rows);
    let (gone_by, come_by) = (by_first(&gone), by_first(&come));
    let changed: BTreeSet<&str> =
        gone_by.keys().filter(|first| come_by.contains_key(*first)).copied().collect();
    let is_changed = |row: &&&str| changed.contains(first(row));
    let added: Vec<String> =
        come.iter().filter(|row| !is_changed(row)).map(|row| cut(row)).collect();
    let removed: Vec<String> =
        gone.iter().filter(|row| !is_changed(row)).map(|row| cut(row)).collect();
    let changed: Vec<String> = changed
        .iter()
        .filter_map(|first| {
            Some(format!("{} is now {}", cut(gone_by.get(first)?), cut(come_by.get(first)?)))
        })
        .collect();
    let parts: Vec<String> = [("added", added), ("removed", removed), ("changed", changed)]
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(word, rows)| part(word, &rows))
        .collect();
    if parts.is_empty() {
        return format!("{name}: only the order of rows or blanks changed");
    }
    format!("{name}: {}", parts.join("; "))
}

/// `2 rows added (DE,emea · AT,emea)`.
fn part(word: &str, rows: &[String]) -> String {
    let noun = if rows.len() == 1 { "row" } else { "rows" };
    let named = rows.get(..rows.len().min(NAMED)).unwrap_or_default().join(" · ");
    let more = if rows.len() > NAMED { " · …" } else { "" };
    format!("{} {noun} {word} ({named}{more})", rows.len())
}

fn counted(text: &str) -> BTreeMap<&str, usize> {
    let mut all = BTreeMap::new();
    for row in text.lines().map(str::trim).filter(|row| !row.is_empty()) {
        *all.entry(row).or_default() += 1;
    }
    all
}

/// The rows of which one side has more, as often as it has more.
fn only<'t>(mine: &BTreeMap<&'t str, usize>, theirs: &BTreeMap<&'t str, usize>) -> Vec<&'t str> {
    let more = mine.iter().flat_map(|(row, count)| {
        let other = theirs.get(row).copied().unwrap_or(0);
        std::iter::repeat_n(*row, count.saturating_sub(other))
    });
    more.collect()
}

/// Rows by their first cell, where it names one row alone.
fn by_first<'t>(rows: &[&'t str]) -> BTreeMap<&'t str, &'t str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(first(row)).or_default() += 1;
    }
    let is_alone = |row: &&&'t str| counts.get(first(row)) == Some(&1);
    rows.iter().filter(is_alone).map(|row| (first(row), *row)).collect()
}

fn first(row: &str) -> &str {
    row.split(',').next().unwrap_or(row).trim()
}

fn cut(row: &str) -> String {
    if row.chars().count() <= LONG {
        return row.to_owned();
    }
    let start: String = row.chars().take(LONG).collect();
    format!("{start}…")
}
