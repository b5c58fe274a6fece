//! Settle: an attempt ends, with what it left behind and the news it brought.
//!
//! Guarantees: those of the contract.
//! Does not know: what the attempt did.

use super::tx::Tx;
use crate::{
    model::{
        job::{Settled, Settlement},
        time::Time,
    },
    store::{StoreError, StoreResult},
};

/// Ends attempts.
pub async fn settle(
    _tx: &Tx,
    _settlements: &[Settlement],
    _now: Time,
) -> StoreResult<Vec<Settled>> {
    Err(StoreError::Refused("settling on PostgreSQL is not written yet".to_owned()))
}
