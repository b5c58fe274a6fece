//! Orders of operators: about jobs, and about events that are to be decided again.
//!
//! Guarantees: those of the contract.
//! Does not know: who gives them.

use uuid::Uuid;

use super::tx::Tx;
use crate::{
    model::time::Time,
    store::{JobOrder, StoreError, StoreResult},
};

/// Retries, buries or hastens jobs.
pub async fn order(_tx: &Tx, _jobs: &[i64], _order: JobOrder, _now: Time) -> StoreResult<usize> {
    Err(StoreError::Refused("orders on PostgreSQL are not written yet".to_owned()))
}

/// Puts events under way again.
pub async fn redo(_tx: &Tx, _events: &[Uuid]) -> StoreResult<usize> {
    Err(StoreError::Refused("orders on PostgreSQL are not written yet".to_owned()))
}
