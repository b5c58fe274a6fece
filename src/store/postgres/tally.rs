//! The books: read as they are kept, and counted anew from the rows.
//!
//! Guarantees: both come from one snapshot of the database, so they can be held against each
//! other while everything goes on.
//! Does not know: whether they agree; the caller compares.

use super::tx::Tx;
use crate::{
    model::time::Time,
    store::{Audit, StoreError, StoreResult, Tally, books::Counts},
};

/// The books as they are kept.
pub async fn tally(_tx: &Tx, _now: Time) -> StoreResult<Tally> {
    Err(StoreError::Refused("the books on PostgreSQL are not written yet".to_owned()))
}

/// The books as they are kept, and counted anew from the rows, of the transaction's snapshot.
pub async fn audit(_tx: &Tx, _now: Time) -> StoreResult<Audit> {
    Err(StoreError::Refused("the books on PostgreSQL are not written yet".to_owned()))
}

/// Adds to the books, in the slot of this connection.
pub async fn add(_tx: &Tx, _more: &Counts) -> StoreResult<()> {
    Err(StoreError::Refused("the books on PostgreSQL are not written yet".to_owned()))
}
