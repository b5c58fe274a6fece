//! API tokens by name.
//!
//! Guarantees: those of the contract. Only hashes are here.
//! Does not know: what a token may do.

use super::tx::Tx;
use crate::store::{StoreError, StoreResult, TokenOrder, TokenRow};

/// Carries out an order.
pub async fn tokens(_tx: &Tx, _order: &TokenOrder) -> StoreResult<Vec<TokenRow>> {
    Err(StoreError::Refused("tokens on PostgreSQL are not written yet".to_owned()))
}

/// Tokens by name, or all.
pub async fn list(_tx: &Tx, _name: Option<&str>) -> StoreResult<Vec<TokenRow>> {
    Err(StoreError::Refused("tokens on PostgreSQL are not written yet".to_owned()))
}
