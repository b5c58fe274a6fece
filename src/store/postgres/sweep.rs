//! Sweep and ready: what is past its keep goes, and a write that proves that writing works.
//!
//! Guarantees: only bodies of decided fills are emptied; events, fates and decisions stay. A
//! sweep looks at a bounded number of rows, the oldest first; replicas that sweep at once do not
//! wait for each other.
//! Does not know: how often it is called, nor when the space is used again: that is the server's
//! vacuum.

use super::tx::Tx;
use crate::{
    model::time::Time,
    store::{Boxed, Keep, StoreResult, Swept},
};

/// Removes what is past its keep.
pub async fn sweep(tx: &Tx, keep: Keep, now: Time) -> StoreResult<Swept> {
    let swept = tx
        .execute(
            "DELETE FROM body WHERE event IN (
                SELECT b.event FROM (SELECT event FROM body ORDER BY event LIMIT $2) AS oldest
                JOIN event e ON e.id = oldest.event AND e.fate <> 0 AND e.received_at < $1
                JOIN body b ON b.event = oldest.event FOR UPDATE OF b SKIP LOCKED)",
            &[&now.minus(keep.bodies).0, &(keep.rows_max as i64)],
        )
        .await?;
    Ok(Swept { bodies: swept as usize })
}

/// Writes one row.
pub fn pulse(tx: &Tx) -> Boxed<'_, StoreResult<()>> {
    Box::pin(async move {
        tx.execute("UPDATE pulse SET n = n + 1 WHERE id = 1", &[]).await?;
        Ok(())
    })
}
