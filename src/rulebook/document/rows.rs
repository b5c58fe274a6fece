//! The rows of a table: every cell read as its column says.
//!
//! | code | what it says |
//! |---|---|
//! | `table.duplicate` | Two rows of a table have the same key. |
//! | `table.unreachable` | Narrower rows leave nothing to a row of a table. |
//! | `table.left` | A row of a table names somebody who has left. |
//!
//! Guarantees: each cell that is wrong is named by its line and column, up to a few of a table.
//! Does not know: which columns there are.

use std::{cell, collections::BTreeMap};

use super::{
    super::{
        clean,
        condition::{Slot, Value},
        fields::ColumnKind,
        finding::{Source, advice},
        table::{Cell, KeyKind, Rows, Trouble, number, sheet::Sheet},
    },
    Cx,
};
use crate::model::finding::{Finding, Severity};

/// So many cells of one table are reported.
const CELLS_REPORTED: usize = 20;

/// Columns that rules assign by: there, every cell must be filled.
pub type Assigning = BTreeMap<Slot, String>;

/// Reads the rows of one table.
pub struct Reader<'a, 'd> {
    pub cx: &'a Cx<'d>,
    pub source: &'a Source<'a>,
    pub sheet: &'a Sheet<'a>,
    pub assigning: &'a Assigning,
    /// How many cells were wrong so far.
    pub reported: cell::Cell<usize>,
}

/// One row of the file.
struct Row<'r> {
    start: usize,
    cells: &'r [String],
}

impl Row<'_> {
    fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", String::as_str)
    }
}

impl Reader<'_, '_> {
    /// All rows by their keys.
    pub fn rows(&self, key: &[(usize, KeyKind)], columns: &[(usize, ColumnKind, Slot)]) -> Rows {
        let mut rows = Vec::with_capacity(self.sheet.rows.len());
        let mut starts = Vec::with_capacity(self.sheet.rows.len());
        for (start, cells) in &self.sheet.rows {
            let row = Row { start: *start, cells };
            // Both are read, so that everything that is wrong in a row is said.
            let (found, values) = (self.key(&row, key), self.values(&row, columns));
            let (Some(found), Some(values)) = (found, values) else { continue };
            starts.push(row);
            rows.push((found, values));
        }
        let (rows, troubles) = Rows::of(rows);
        let at = key.first().map_or(0, |(at, _)| *at);
        let line = |row: u32| {
            let start = starts.get(row as usize).map_or(0, |row: &Row<'_>| row.start);
            self.source.line(&(start..start))
        };
        for trouble in troubles {
            match trouble {
                Trouble::Duplicate { row, of } => {
                    let Some(row) = starts.get(row as usize) else { continue };
                    let message =
                        format!("the key of this row is that of line {} already", line(of));
                    let (place, mend) = (self.sheet.cell(row.start, at), "keep one of the two");
                    let found = self.source.finding(&place, Severity::Error, message, mend);
                    self.report(found.coded("table.duplicate"));
                }
                Trouble::Unreachable { row, by } => {
                    let Some(row) = starts.get(row as usize) else { continue };
                    let lines: Vec<String> = by.iter().map(|row| line(*row).to_string()).collect();
                    let message = format!(
                        "no lead gets this row: narrower ones take all of it (line {})",
                        super::super::finding::all(&lines)
                    );
                    let mend = "remove it, or narrow those";
                    let place = self.sheet.cell(row.start, at);
                    let found = self.source.finding(&place, Severity::Warning, message, mend);
                    self.report(found.coded("table.unreachable"));
                }
            }
        }
        rows
    }

    /// The key of a row.
    fn key(&self, row: &Row<'_>, key: &[(usize, KeyKind)]) -> Option<Vec<Cell>> {
        let mut cells: Vec<Cell> = Vec::with_capacity(key.len());
        for (at, kind) in key {
            match kind.read(row.cell(*at)) {
                Ok(cell) => cells.push(cell),
                Err(why) => self.wrong(row, *at, why, ""),
            }
        }
        (cells.len() == key.len()).then_some(cells)
    }

    fn values(
        &self,
        row: &Row<'_>,
        columns: &[(usize, ColumnKind, Slot)],
    ) -> Option<Box<[Option<Value>]>> {
        let mut values: Vec<Option<Value>> = Vec::with_capacity(columns.len());
        for (at, kind, slot) in columns {
            match self.value(row.cell(*at), *kind, *slot) {
                Ok(value) => {
                    if let (ColumnKind::Rep, Some(Value::Text(rep))) = (kind, &value)
                        && self.cx.names.has_left(rep)
                    {
                        let place = self.sheet.cell(row.start, *at);
                        let (message, mend) =
                            (format!("{rep} has left"), "name somebody who is there");
                        let found = self.source.finding(&place, Severity::Warning, message, mend);
                        self.report(found.coded("table.left"));
                    }
                    values.push(value);
                }
                Err((message, mend)) => self.wrong(row, *at, message, mend),
            }
        }
        (values.len() == columns.len()).then(|| values.into())
    }

    fn wrong(&self, row: &Row<'_>, column: usize, message: String, mend: impl Into<String>) {
        let place = self.sheet.cell(row.start, column);
        let (cells, headings) = (row.cells.len(), self.sheet.header.len());
        // A forgotten delimiter, or another one, makes a cell wrong that nobody wrote so.
        let mend = if cells < headings {
            let sign = match self.sheet.delimiter {
                '\t' => "tabs".to_owned(),
                sign => format!("{sign:?}"),
            };
            format!(
                "this row has {cells} cells, the heading {headings}: part them with {sign}, as there"
            )
        } else {
            mend.into()
        };
        self.report(self.source.finding(&place, Severity::Error, message, mend));
    }

    /// Reports a cell, the first few of a table.
    fn report(&self, finding: Finding) {
        let reported = self.reported.get();
        self.reported.set(reported + 1);
        if reported < CELLS_REPORTED {
            self.cx.log.note(finding);
        } else if reported == CELLS_REPORTED {
            let (message, mend) = ("more cells of this table are wrong", "mend those above first");
            self.cx.log.note(self.source.finding(&(0..0), finding.severity, message, mend));
        }
    }

    fn value(
        &self,
        cell: &str,
        kind: ColumnKind,
        slot: Slot,
    ) -> Result<Option<Value>, (String, String)> {
        if cell.is_empty() {
            return match self.assigning.get(&slot) {
                None => Ok(None),
                Some(rule) => Err((
                    format!("this cell is empty, and the rule {rule:?} assigns by it"),
                    "fill it, or remove the row".to_owned(),
                )),
            };
        }
        let names = &self.cx.names;
        let refer = |kind: &'static str| {
            let id = cell.strip_prefix(kind).and_then(|rest| rest.trim_start().strip_prefix(':'));
            let id = id.map_or(cell, str::trim);
            if names.has(kind, id) {
                names.use_it(kind, id);
                return Ok(Some(Value::text(id)));
            }
            // Looking for advice takes long where nobody will read it.
            if self.reported.get() > CELLS_REPORTED {
                return Err((String::new(), String::new()));
            }
            Err((format!("unknown {kind} {id:?}"), advice(id, kind, names.all(kind))))
        };
        match kind {
            ColumnKind::Text => Ok(Some(Value::text(cell))),
            ColumnKind::Pool => refer("pool"),
            ColumnKind::Rep => refer("rep"),
            ColumnKind::Number => number(cell, Some(self.sheet.delimiter))
                .map(|number| Some(Value::Number(number)))
                .ok_or_else(|| {
                    (format!("{cell:?} is not a number"), "write digits alone".to_owned())
                }),
            ColumnKind::Bool => {
                clean::truth(cell).map(|truth| Some(Value::Bool(truth))).ok_or_else(|| {
                    (format!("{cell:?} is neither yes nor no"), "write yes or no".to_owned())
                })
            }
        }
    }
}
