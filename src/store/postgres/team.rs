//! People's state as rows.
//!
//! Guarantees: what is written reads back as the same [`Team`], floats to the bit.
//! Does not know: how a rotation turns.

use super::tx::Tx;
use crate::{
    model::team::Team,
    store::{StoreError, StoreResult},
};

/// Reads everything about people.
pub async fn load(_tx: &Tx) -> StoreResult<Team> {
    Err(StoreError::Refused("people on PostgreSQL are not written yet".to_owned()))
}
