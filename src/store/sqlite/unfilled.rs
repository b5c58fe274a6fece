//! The counters of fields that stay empty, as rows.
//!
//! Guarantees: only what has moved far enough is written.
//! Does not know: what counts; [`Unfilled`] does.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::store::{StoreResult, unfilled::Unfilled};

/// The counters as they are on disk.
pub fn load(conn: &Connection) -> StoreResult<Unfilled> {
    let mut all = Unfilled::default();
    let mut found = conn.prepare("SELECT source, field, n FROM unfilled")?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        all.load(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(all)
}

/// Writes what has moved far enough.
pub fn write(tx: &Connection, unfilled: &mut Unfilled) -> StoreResult<()> {
    for (source, field, n) in unfilled.take_moved() {
        tx.prepare_cached(
            "INSERT INTO unfilled (source, field, n) VALUES (?1, ?2, ?3)
             ON CONFLICT (source, field) DO UPDATE SET n = excluded.n",
        )?
        .execute(params![source, field, n])?;
    }
    Ok(())
}

/// The counters on disk, as `source/field`.
pub fn read(conn: &Connection) -> StoreResult<BTreeMap<String, i64>> {
    let mut found =
        conn.prepare_cached("SELECT source || '/' || field, n FROM unfilled WHERE n > 0")?;
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
