//! Rulebook versions.
//!
//! Guarantees: those of the contract.
//! Does not know: whether the text is a rulebook.

use super::tx::Tx;
use crate::store::{NewRulebook, RulebookRow, StoreError, StoreResult};

/// Makes the next version, or answers the current one if its text is the same.
pub async fn publish(_tx: &Tx, _rulebook: &NewRulebook) -> StoreResult<u32> {
    Err(StoreError::Refused("publishing on PostgreSQL is not written yet".to_owned()))
}

/// Versions, newest first.
pub async fn rulebooks(_tx: &Tx, _version: Option<u32>) -> StoreResult<Vec<RulebookRow>> {
    Err(StoreError::Refused("rulebooks on PostgreSQL are not written yet".to_owned()))
}
