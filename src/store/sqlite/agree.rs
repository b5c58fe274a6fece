//! Agree: one small document changes by a pure function.
//!
//! Guarantees: nobody changes it between the look and the change. Does not know: what it means.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    model::time::Time,
    store::{StoreResult, agree::Change},
};

/// Changes one document, or leaves it alone. The caller's clock is the store's: there is one process.
pub fn agree(tx: &Connection, name: &str, change: &Change, now: Time) -> StoreResult<()> {
    let before: Option<String> = tx
        .prepare_cached("SELECT doc FROM agreement WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if let Some(after) = change(before.as_deref(), now) {
        tx.prepare_cached("INSERT OR REPLACE INTO agreement (name, doc) VALUES (?1, ?2)")?
            .execute(params![name, after])?;
    }
    Ok(())
}
