//! Alerts that stand: kept so that a restart neither repeats nor forgets a word.
//!
//! Guarantees: those of the contract.
//! Does not know: what an alert means.

use super::tx::Tx;
use crate::{
    model::alert::RaisedAlert,
    store::{StoreError, StoreResult},
};

/// Those that are kept.
pub async fn list(_tx: &Tx) -> StoreResult<Vec<RaisedAlert>> {
    Err(StoreError::Refused("alerts on PostgreSQL are not written yet".to_owned()))
}

/// Keeps these instead.
pub async fn replace(_tx: &Tx, _standing: &[RaisedAlert]) -> StoreResult<Vec<RaisedAlert>> {
    Err(StoreError::Refused("alerts on PostgreSQL are not written yet".to_owned()))
}
