//! The rows of a table: every cell read as its column says.
//!
//! Guarantees: each cell that is wrong is named by its line and column, up to a few of a table.
//! Does not know: which columns there are.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
};

use super::{
    super::{
        clean,
        condition::{Schema, Slot, Value},
        fields::{ColumnKind, country_code},
        finding::{Source, advice},
        table::{key_of, number, sheet::Sheet},
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
    pub schema: &'a Schema,
    pub assigning: &'a Assigning,
    /// How many cells were wrong so far.
    pub reported: Cell<usize>,
}

/// Values by key.
pub type Rows = HashMap<Box<str>, Box<[Option<Value>]>>;

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
    /// All rows by their keys, and which cells keys have filled, fullest first.
    pub fn rows(
        &self,
        key: &[(usize, Slot)],
        columns: &[(usize, ColumnKind, Slot)],
    ) -> (Rows, Vec<u32>) {
        let mut rows: Rows = HashMap::with_capacity(self.sheet.rows.len());
        let mut starts: HashMap<Box<str>, usize> = HashMap::new();
        let mut shapes: Vec<u32> = Vec::new();
        for (start, cells) in &self.sheet.rows {
            let row = Row { start: *start, cells };
            // Both are read, so that everything that is wrong in a row is said.
            let (found, values) = (self.key(&row, key), self.values(&row, columns));
            let (Some((found, shape)), Some(values)) = (found, values) else { continue };
            if let Some(first) = starts.get(&found) {
                let line = self.source.line(&(*first..*first));
                let message = format!("the key of this row is that of line {line} already");
                let at = key.first().map_or(0, |(at, _)| *at);
                self.wrong(&row, at, message, "keep one of the two");
                continue;
            }
            starts.insert(found.clone(), *start);
            rows.insert(found, values);
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        // Of two that are alike the one with the earlier column.
        shapes.sort_by_key(|shape| std::cmp::Reverse((shape.count_ones(), shape.reverse_bits())));
        (rows, shapes)
    }

    /// The key of a row, and which of its cells are filled.
    fn key(&self, row: &Row<'_>, key: &[(usize, Slot)]) -> Option<(Box<str>, u32)> {
        let mut shape = 0;
        let mut parts: Vec<String> = Vec::with_capacity(key.len());
        for (bit, (at, slot)) in key.iter().enumerate() {
            shape |= u32::from(!row.cell(*at).is_empty()) << bit;
            match self.key_part(*slot, row.cell(*at)) {
                Ok(part) => parts.push(part),
                Err(why) => self.wrong(row, *at, why, ""),
            }
        }
        let found = key_of(parts.iter().map(String::as_str));
        (parts.len() == key.len()).then(|| (found.into(), shape))
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
                        self.report(self.source.finding(&place, Severity::Warning, message, mend));
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

    /// A key cell in the form in which facts hold such a value.
    fn key_part(&self, slot: Slot, cell: &str) -> Result<String, String> {
        match self.schema.name(slot) {
            _ if cell.is_empty() => Ok(String::new()),
            "lead.country" => country_code(cell),
            "lead.email" => Ok(clean::email(cell).unwrap_or_else(|_| cell.to_owned())),
            _ => Ok(cell.to_owned()),
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
