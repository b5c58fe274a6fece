//! Moving house: a whole store from one database into another.
//!
//! Table by table, in batches, inside one transaction on each side. Before the new one is committed
//! everything is read back from it and held against what was read from the old one.
//!
//! Guarantees: all or nothing: what fails leaves the new store empty and the old one as it was.
//! Nobody writes to either meanwhile. The new store takes no number again that the old one gave out,
//! and no lease comes along: whoever held one must not act for the new store.
//! Does not know: which databases these are.

pub mod table;

use serde::Serialize;

use self::table::{Row, Sum, TABLES, Table};
use super::{Audit, StoreError, StoreResult};
use crate::model::time::Time;

/// One store of a copy, for nobody else as long as this is there. Dropped before
/// [`finish`](Side::finish), it is as it was.
pub trait Side {
    /// Where it is, for people.
    fn place(&self) -> String;
    /// Begins to read a table from its first row.
    fn begin(&mut self, table: &'static Table) -> StoreResult<()>;
    /// The next rows of it; none at its end. Leases are free in what is read.
    fn next(&mut self) -> StoreResult<Vec<Row>>;
    /// Adds rows to a table.
    fn write(&mut self, table: &'static Table, rows: &[Row]) -> StoreResult<()>;
    /// The last number that was given out for rows of this table; zero for none.
    fn last_number(&mut self, table: &'static str) -> StoreResult<i64>;
    /// Numbers of this table begin after this one.
    fn number_after(&mut self, table: &'static str, last: i64) -> StoreResult<()>;
    /// The books beside a count of the rows.
    fn audit(&mut self, now: Time) -> StoreResult<Audit>;
    /// Makes durable what was written.
    fn finish(&mut self) -> StoreResult<()>;
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many rows of this table are moved.
    Moved(&'static str, u64),
    /// Everything of this table was read back and is the same.
    Verified(&'static str, u64),
}

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// Their sum, the same on both sides.
    pub sum: String,
}

/// Copies everything, verifies it, and makes it durable.
///
/// # Errors
/// Refused: the new store is not empty, or the old one's books do not balance. Corrupt: what was
/// read back differs. Nothing is written then.
pub fn copy(
    from: &mut dyn Side,
    to: &mut dyn Side,
    now: Time,
    tell: &mut dyn FnMut(Progress),
) -> StoreResult<Vec<Copied>> {
    refuse_unless_empty(to)?;
    let audit = from.audit(now)?;
    if let Some(wrong) = audit.differences().first() {
        return Err(StoreError::Refused(format!(
            "the books of {} do not balance ({wrong}): run `handoff check --store` and restore a \
             backup; nothing was copied",
            from.place()
        )));
    }
    let mut copied = Vec::with_capacity(TABLES.len());
    for table in &TABLES {
        let mut sum = Sum::default();
        from.begin(table)?;
        loop {
            let rows = from.next()?;
            if rows.is_empty() {
                break;
            }
            rows.iter().for_each(|row| sum.add(row));
            to.write(table, &rows)?;
            tell(Progress::Moved(table.name, sum.rows));
        }
        copied.push((table, sum));
    }
    for table in table::NUMBERED {
        let last = from.last_number(table)?;
        to.number_after(table, last)?;
    }
    verify(to, &copied, tell)?;
    let new = to.audit(now)?;
    if new != audit {
        return Err(StoreError::Corrupt(format!(
            "the books differ after the copy: {audit:?} became {new:?}; nothing was kept"
        )));
    }
    to.finish()?;
    let copied = copied.into_iter();
    Ok(copied
        .map(|(table, sum)| Copied { table: table.name, rows: sum.rows, sum: sum.text() })
        .collect())
}

fn refuse_unless_empty(to: &mut dyn Side) -> StoreResult<()> {
    for table in &TABLES {
        to.begin(table)?;
        // A new store may have lines of the books, all zero.
        let is_empty = table.name == "tally" || to.next()?.is_empty();
        if !is_empty {
            return Err(StoreError::Refused(format!(
                "{} is not empty (there are rows in {}): copy into a new one; nothing was copied",
                to.place(),
                table.name
            )));
        }
    }
    Ok(())
}

/// Reads everything back.
fn verify(
    to: &mut dyn Side,
    copied: &[(&'static Table, Sum)],
    tell: &mut dyn FnMut(Progress),
) -> StoreResult<()> {
    for (table, sum) in copied {
        let mut found = Sum::default();
        to.begin(table)?;
        loop {
            let rows = to.next()?;
            if rows.is_empty() {
                break;
            }
            rows.iter().for_each(|row| found.add(row));
        }
        if found != *sum {
            return Err(StoreError::Corrupt(format!(
                "{} differs after the copy: {} rows ({}) became {} rows ({}); nothing was kept",
                table.name,
                sum.rows,
                sum.text(),
                found.rows,
                found.text()
            )));
        }
        tell(Progress::Verified(table.name, sum.rows));
    }
    Ok(())
}
