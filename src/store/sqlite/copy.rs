//! A store on SQLite as one side of a copy.
//!
//! Guarantees: under the lock of the file from beginning to end, in one transaction.
//! Does not know: the other side.

use std::{fs::File, path::Path};

use rusqlite::{Connection, params_from_iter, types::Value};
use uuid::Uuid;

use super::{migrate, open, tally};
use crate::{
    model::{id::hash64, time::Time},
    store::{
        Audit, StoreError, StoreResult,
        copy::{
            Side,
            table::{Cell, Kind, Row, Statement, Table},
        },
    },
};

/// One side of a copy.
pub struct SqliteSide {
    conn: Connection,
    place: String,
    /// What is being read, and the key of the last row.
    reading: Option<(&'static Table, Vec<Value>)>,
    _lock: File,
}

impl SqliteSide {
    /// Opens the file under its lock; makes it if it `may_create` it.
    ///
    /// # Errors
    /// A daemon has it, it is not there, or it cannot be used.
    pub fn open(path: &Path, may_create: bool) -> StoreResult<Self> {
        let (mut conn, lock) = open::writer(path, may_create)?;
        migrate::migrate(&mut conn)?;
        open::sync_folder(path)?;
        conn.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { conn, place: path.display().to_string(), reading: None, _lock: lock })
    }
}

/// A column as it is read: leases do not come along.
fn read_column(name: &'static str) -> &'static str {
    if name == "lease_until" { "min(lease_until, 1)" } else { name }
}

fn select(table: &Table, has_begun: bool) -> Statement {
    let all = Statement::of("SELECT ").list(table.names().map(read_column));
    let from = all.then(" FROM ").then(table.name);
    let rest = if has_begun {
        let after = from.then(" WHERE (").list(table.key_names()).then(") > (");
        after.list(table.key_names().map(|_| "?")).then(")")
    } else {
        from
    };
    rest.then(" ORDER BY ").list(table.key_names()).then(" LIMIT ?")
}

fn cell(kind: Kind, value: Value) -> StoreResult<Cell> {
    Ok(match (kind, value) {
        (_, Value::Null) => Cell::None,
        (Kind::Int, Value::Integer(number)) => Cell::Int(number),
        (Kind::Flag, Value::Integer(number)) => Cell::Flag(number != 0),
        (Kind::Real, Value::Real(number)) => Cell::Real(number),
        (Kind::Text, Value::Text(text)) => Cell::Text(text),
        (Kind::Bytes, Value::Blob(bytes)) => Cell::Bytes(bytes),
        (Kind::Uuid, Value::Blob(bytes)) => {
            Cell::Uuid(Uuid::from_slice(&bytes).map_err(|_| odd())?)
        }
        _ => return Err(odd()),
    })
}

fn odd() -> StoreError {
    StoreError::Corrupt("a column does not hold what the schema says".to_owned())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::None => Value::Null,
        Cell::Int(number) => Value::Integer(*number),
        Cell::Real(number) => Value::Real(*number),
        Cell::Flag(is_set) => Value::Integer(i64::from(*is_set)),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Bytes(bytes) => Value::Blob(bytes.clone()),
        Cell::Uuid(id) => Value::Blob(id.as_bytes().to_vec()),
    }
}

/// The hint by which a delivery is found: of its source and its key, which stand in the row.
fn hint(table: &Table, row: &Row) -> Value {
    let text = |column: &str| match table.cell(row, column) {
        Some(Cell::Text(text)) => text.as_bytes(),
        _ => &[],
    };
    Value::Integer(hash64(&[text("source"), text("delivery")]))
}

impl Side for SqliteSide {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn begin(&mut self, table: &'static Table) -> StoreResult<()> {
        self.reading = Some((table, Vec::new()));
        Ok(())
    }

    fn next(&mut self) -> StoreResult<Vec<Row>> {
        let Some((table, last)) = &mut self.reading else { return Ok(Vec::new()) };
        let statement = select(table, !last.is_empty());
        let mut found = self.conn.prepare_cached(statement.text())?;
        let limit = Value::Integer(table.batch);
        let mut found = found.query(params_from_iter(last.iter().chain([&limit])))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let mut cells = Row::with_capacity(table.columns.len());
            for (place, (_, kind)) in table.columns.iter().enumerate() {
                cells.push(cell(*kind, row.get(place)?)?);
            }
            rows.push(cells);
        }
        if let Some(row) = rows.last() {
            *last = row.iter().take(table.key).map(value).collect();
        }
        Ok(rows)
    }

    fn write(&mut self, table: &'static Table, rows: &[Row]) -> StoreResult<()> {
        let has_hint = table.name == "event";
        let columns: Vec<&'static str> = table.names().chain(has_hint.then_some("hash")).collect();
        // Lines of the books may be there, all zero.
        let verb = if table.name == "tally" { "INSERT OR REPLACE INTO " } else { "INSERT INTO " };
        let statement = Statement::of(verb).then(table.name).then(" (");
        let statement = statement.list(columns.iter().copied()).then(") VALUES (");
        let statement = statement.list(columns.iter().map(|_| "?")).then(")");
        let mut put = self.conn.prepare_cached(statement.text())?;
        for row in rows {
            let hint = has_hint.then(|| hint(table, row));
            put.execute(params_from_iter(row.iter().map(value).chain(hint)))?;
        }
        Ok(())
    }

    fn last_number(&mut self, table: &'static str) -> StoreResult<i64> {
        let rows = Statement::of("SELECT coalesce(max(id), 0) FROM ").then(table);
        let rows: i64 = self.conn.query_row(rows.text(), [], |row| row.get(0))?;
        let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
        let given: i64 = self.conn.query_row(sql, [table], |row| row.get(0))?;
        Ok(rows.max(given))
    }

    fn number_after(&mut self, table: &'static str, last: i64) -> StoreResult<()> {
        // The others are numbered after their last row, and are never removed.
        if table == "job" && last > 0 {
            self.conn.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
            self.conn.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                rusqlite::params![table, last],
            )?;
        }
        Ok(())
    }

    fn audit(&mut self, now: Time) -> StoreResult<Audit> {
        tally::audit(&self.conn, now)
    }

    fn finish(&mut self) -> StoreResult<()> {
        self.conn.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }
}
