//! `[[table]]`: every cell checked.
//!
//! Guarantees: a row's values have the types of their columns, pools and reps in it exist, and no
//! two rows have the same key. A key is of texts, and of numbers where its cells are ranges.
//! Does not know: facts of leads.

use std::{cell::Cell, collections::BTreeMap};

use super::{
    super::{
        condition::{Schema, Slot, is_reserved},
        fields::ColumnKind,
        finding::{Source, advice},
        table::{KeyKind, Table, sheet::Sheet},
    },
    Cx,
    names::Entry,
    people,
    rows::{Assigning, Reader},
    tree::Item,
};
use crate::model::finding::Severity;

/// Rows of one table.
const ROWS_MAX: usize = 100_000;
const KEY_MAX: usize = 4;
const COLUMNS_MAX: usize = 50;

/// A `[[table]]` read, before its file is.
#[derive(Debug)]
pub struct Written<'d> {
    pub id: &'d str,
    /// Columns of the key, with the fact that each is looked up by.
    key: Vec<Item<'d>>,
    /// Columns with facts of their own.
    pub columns: Vec<(Item<'d>, ColumnKind)>,
    file: Option<Item<'d>>,
}

/// Reads all `[[table]]`.
pub fn written<'d>(cx: &Cx<'d>, entries: &[Entry<'d>]) -> Vec<Written<'d>> {
    entries.iter().map(|entry| one(cx, entry)).collect()
}

fn one<'d>(cx: &Cx<'d>, Entry { id, section }: &Entry<'d>) -> Written<'d> {
    let file = section.need("file", "file = \"tables/territory.csv\"");
    let key_item = section.need("key", "key = { country = \"lead.country\" }");
    let key = key_item.and_then(|item| item.section("key"));
    let columns_item = section.need("columns", "columns = { pool = \"pool\", tier = \"number\" }");
    let columns = columns_item.and_then(|item| item.section("columns"));
    section.done();
    if !id.is_empty() && !is_name(id) {
        let at = section.item("id").map_or_else(|| section.at.clone(), |item| item.at());
        cx.log.wrong(
            &at,
            format!("{id:?} cannot be a table: conditions name it"),
            "write a lower-case letter, then letters, digits or _; not lead, account or person",
        );
    }
    let key = key.map(|key| key.all()).unwrap_or_default();
    if let Some(item) = key_item
        && item.is_table()
        && !(1..=KEY_MAX).contains(&key.len())
    {
        item.wrong(
            format!("a key of {} columns", key.len()),
            format!("name 1 to {KEY_MAX} columns"),
        );
    }
    let columns = columns.map(|columns| columns.all()).unwrap_or_default();
    let columns = columns.into_iter().filter_map(|item| Some((item, column(cx, &item)?))).collect();
    Written { id, key, columns, file }
}

fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(good)
        && !matches!(name, "lead" | "account" | "person")
        && !is_reserved(name)
}

fn column(cx: &Cx<'_>, item: &Item<'_>) -> Option<ColumnKind> {
    if !is_name(item.key) || item.key == "known" {
        cx.log.wrong(
            &item.key_at(),
            format!("{:?} cannot be a column: conditions name it", item.key),
            "write a lower-case letter, then letters, digits or _; \"known\" is taken",
        );
        return None;
    }
    let text = item.text()?;
    let found = ColumnKind::ALL.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let words = ColumnKind::ALL.map(|(word, _)| word);
        item.wrong(format!("unknown type {text:?}"), advice(text, "type", words));
    }
    found.map(|(_, kind)| *kind)
}

/// Reads the files of all tables.
pub fn tables(
    cx: &Cx<'_>,
    written: &[Written<'_>],
    schema: &Schema,
    assigning: &Assigning,
) -> Vec<Table> {
    written.iter().filter_map(|table| compile(cx, table, schema, assigning)).collect()
}

fn compile(
    cx: &Cx<'_>,
    written: &Written<'_>,
    schema: &Schema,
    assigning: &Assigning,
) -> Option<Table> {
    let key: Vec<Option<Slot>> = written.key.iter().map(|fact| key_slot(fact, schema)).collect();
    let file = written.file?;
    let name = file.text()?;
    let text = people::file(cx, &file, name)?;
    let source = Source::new(name, text);
    let sheet = match Sheet::read(text) {
        Ok(sheet) => sheet,
        Err((at, why)) => {
            let mend = "save the table as CSV, with its column names in the first row";
            cx.log.note(source.finding(&(at..at), Severity::Error, why, mend));
            return None;
        }
    };
    if written.columns.len() > COLUMNS_MAX || sheet.rows.len() > ROWS_MAX {
        let (rows, columns) = (sheet.rows.len(), written.columns.len());
        file.wrong(
            format!("{name:?} has {rows} rows and {columns} columns"),
            format!("{ROWS_MAX} rows and {COLUMNS_MAX} columns are read at most; split the table"),
        );
        return None;
    }
    let place = |item: &Item<'_>| find_column(cx, item, name, &sheet);
    let key_at: Vec<Option<usize>> = written.key.iter().map(place).collect();
    let columns_at: Vec<Option<usize>> =
        written.columns.iter().map(|(item, _)| place(item)).collect();
    let key: Vec<Slot> = key.into_iter().collect::<Option<_>>()?;
    let key_at: Vec<usize> = key_at.into_iter().collect::<Option<_>>()?;
    let columns_at: Vec<usize> = columns_at.into_iter().collect::<Option<_>>()?;
    let slot = |item: &Item<'_>| schema.slot(&format!("{}.{}", written.id, item.key));
    let columns: Vec<(usize, ColumnKind, Slot)> = columns_at
        .iter()
        .zip(&written.columns)
        .filter_map(|(at, (item, kind))| Some((*at, *kind, slot(item)?)))
        .collect();
    let known = schema.slot(&format!("{}.known", written.id))?;
    let reader = Reader { cx, source: &source, sheet: &sheet, assigning, reported: Cell::new(0) };
    let kinds = key.iter().map(|slot| KeyKind::of(schema, *slot));
    let kinds: Vec<KeyKind> = kinds.collect::<Option<_>>()?;
    let keyed: Vec<(usize, KeyKind)> = key_at.into_iter().zip(kinds).collect();
    let rows = reader.rows(&keyed, &columns);
    let columns = columns.into_iter().map(|(.., slot)| slot).collect();
    Some(Table { id: written.id.to_owned(), key, known, columns, rows })
}

fn key_slot(item: &Item<'_>, schema: &Schema) -> Option<Slot> {
    let name = item.text()?;
    let is_fact = ["lead.", "account.", "person."].iter().any(|group| name.starts_with(group));
    let names = schema.slots().map(|(_, name)| name).filter(|name| name.starts_with("lead."));
    let names: Vec<&str> = names.collect();
    let found = schema.slot(name).filter(|_| is_fact);
    match found {
        None => item.wrong(format!("unknown fact {name:?}"), advice(name, "fact", names)),
        Some(slot) if KeyKind::of(schema, slot).is_none() => {
            item.wrong(
                format!("{name} is neither text nor a number"),
                "look a row up by one of those, and ask for the rest in the rule",
            );
            return None;
        }
        Some(_) => {}
    }
    found
}

/// The place of a column in the header, regardless of case.
fn find_column(cx: &Cx<'_>, item: &Item<'_>, file: &str, sheet: &Sheet<'_>) -> Option<usize> {
    let wanted = item.key.to_lowercase();
    let is_it = |name: &String| name.to_lowercase().replace(' ', "_") == wanted;
    let found = sheet.header.iter().position(is_it);
    if found.is_none() {
        let names = sheet.header.iter().map(String::as_str).filter(|name| !name.is_empty());
        let mend = advice(item.key, "column", names);
        cx.log.wrong(&item.key_at(), format!("{file:?} has no column {:?}", item.key), mend);
    }
    found
}

/// The facts that a rule may assign by, and what they hold.
pub fn assignable(written: &[Written<'_>], schema: &Schema) -> BTreeMap<Slot, ColumnKind> {
    let own =
        ["account.owner", "account.parent_owner", "account.opportunity_owner", "person.owner"]
            .into_iter();
    let own = own.filter_map(|name| Some((schema.slot(name)?, ColumnKind::Rep)));
    let columns = written.iter().flat_map(|table| {
        table.columns.iter().filter_map(|(item, kind)| {
            let assigns = matches!(kind, ColumnKind::Pool | ColumnKind::Rep);
            let slot = schema.slot(&format!("{}.{}", table.id, item.key))?;
            assigns.then_some((slot, *kind))
        })
    });
    own.chain(columns).collect()
}
