//! Agree: one small document changes by a pure function.
//!
//! Guarantees: nobody changes it between the look and the change; the function is given the
//! database's clock, read when the row is ours. A change may be lost in a crash of the server: what
//! stands in these documents is found out again, and nothing that is acknowledged depends on it.
//! Does not know: what it means.

use super::{
    Leases,
    tx::{Tx, get, get_text},
    value::text,
};
use crate::{
    model::time::Time,
    store::{StoreResult, agree::Change},
};

/// Changes one document, or leaves it alone.
pub async fn agree(
    tx: &Tx,
    leases: Leases,
    name: &str,
    change: &Change,
    now: Time,
) -> StoreResult<()> {
    let name = text(name);
    let mut row = tx.first(LOOK, &[&name]).await?;
    if row.is_none() {
        // An empty one stands for none: there is nothing to lock otherwise.
        let sql = "INSERT INTO agreement (name, doc) VALUES ($1, '') ON CONFLICT DO NOTHING";
        tx.execute(sql, &[&name]).await?;
        row = tx.first(LOOK, &[&name]).await?;
    }
    let (before, at) = match &row {
        Some(row) => (get_text(row, 0)?, Time(get(row, 1)?)),
        None => (String::new(), now),
    };
    let at = match leases {
        Leases::Database => at,
        Leases::Caller => now,
    };
    let before = Some(before.as_str()).filter(|before| !before.is_empty());
    if let Some(after) = change(before, at) {
        tx.batch("SET LOCAL synchronous_commit = off").await?;
        let sql = "UPDATE agreement SET doc = $2 WHERE name = $1";
        tx.execute(sql, &[&name, &text(&after)]).await?;
    }
    Ok(())
}

/// The clock is read after the row was locked, however long that took.
const LOOK: &str = "WITH ours AS MATERIALIZED (
        SELECT doc FROM agreement WHERE name = $1 FOR UPDATE
    )
    SELECT doc, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM ours";
