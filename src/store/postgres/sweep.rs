//! Sweep and ready: what is past its keep goes, and a write that proves that writing works.
//!
//! Guarantees: only bodies of decided fills are removed; events, fates and decisions stay.
//! Does not know: how often it is called.

use super::tx::Tx;
use crate::{
    model::time::Time,
    store::{Boxed, Keep, StoreError, StoreResult, Swept},
};

/// Removes what is past its keep.
pub async fn sweep(_tx: &Tx, _keep: Keep, _now: Time) -> StoreResult<Swept> {
    Err(StoreError::Refused("sweeping on PostgreSQL is not written yet".to_owned()))
}

/// Writes one row.
pub fn pulse(tx: &Tx) -> Boxed<'_, StoreResult<()>> {
    Box::pin(async move {
        tx.execute("UPDATE pulse SET n = n + 1 WHERE id = 1", &[]).await?;
        Ok(())
    })
}
