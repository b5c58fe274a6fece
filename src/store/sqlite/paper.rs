//! Papers by name.
//!
//! Guarantees: nobody changes one between the look and the change.
//! Does not know: what any of them means.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{
    StoreResult,
    paper::{Amend, Amended, Paper, Papers},
};

/// One with its body, or several without.
pub fn papers(conn: &Connection, which: &Papers) -> StoreResult<Vec<Paper>> {
    let (mut found, name) = match which {
        Papers::Named(name) => {
            (conn.prepare_cached("SELECT name, head, body FROM paper WHERE name = ?1")?, name)
        }
        Papers::Under(name) => (
            conn.prepare_cached(
                "SELECT name, head, NULL FROM paper WHERE substr(name, 1, length(?1)) = ?1
                 ORDER BY name",
            )?,
            name,
        ),
    };
    let rows = found.query_map([name], |row| {
        Ok(Paper { name: row.get(0)?, head: row.get(1)?, body: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes one.
pub fn amend(tx: &Connection, name: &str, change: &Amend) -> StoreResult<()> {
    let head: Option<String> = tx
        .prepare_cached("SELECT head FROM paper WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match change(head.as_deref()) {
        Amended::Kept => {}
        Amended::Head(head) => {
            tx.prepare_cached("UPDATE paper SET head = ?2 WHERE name = ?1")?
                .execute(params![name, head])?;
        }
        Amended::Whole { head, body } => {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO paper (name, head, body) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![name, head, body])?;
        }
        Amended::Gone => {
            end(tx, name)?;
        }
    }
    Ok(())
}

/// Removes one; whether it was there.
pub fn end(tx: &Connection, name: &str) -> StoreResult<bool> {
    Ok(tx.prepare_cached("DELETE FROM paper WHERE name = ?1")?.execute([name])? > 0)
}
