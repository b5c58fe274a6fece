//! Sweep and ready: what is past its keep goes, and a write that proves that writing works.
//!
//! Guarantees: only bodies of decided fills are emptied; events, fates and decisions stay. A
//! sweep looks at a bounded number of rows, the oldest first. What it removes is overwritten.
//! Does not know: how often it is called.

use rusqlite::{Connection, params};

use crate::{
    model::time::Time,
    store::{Keep, StoreResult, Swept},
};

/// Removes what is past its keep.
pub fn sweep(tx: &Connection, keep: Keep, now: Time) -> StoreResult<Swept> {
    overwrite(tx, true)?;
    let swept = tx
        .prepare_cached(
            "DELETE FROM body WHERE event IN (
                SELECT b.event FROM (SELECT event FROM body ORDER BY event LIMIT ?2) b
                JOIN event e ON e.id = b.event WHERE e.fate <> 0 AND e.received_at < ?1)",
        )?
        .execute(params![now.minus(keep.bodies).0, keep.rows_max as i64]);
    overwrite(tx, false)?;
    Ok(Swept { bodies: swept? })
}

/// Whether whole pages that become free are overwritten too. Otherwise only cells are, which
/// costs no page more: whole pages cost a write each, so only the sweep pays for it.
fn overwrite(tx: &Connection, is_whole: bool) -> StoreResult<()> {
    tx.pragma_update_and_check(
        None,
        "secure_delete",
        if is_whole { "ON" } else { "FAST" },
        |_| Ok(()),
    )?;
    Ok(())
}

/// Writes one row.
pub fn pulse(tx: &Connection) -> StoreResult<()> {
    tx.prepare_cached("UPDATE pulse SET n = n + 1 WHERE id = 1")?.execute([])?;
    Ok(())
}
