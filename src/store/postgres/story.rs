//! Everything about one lead.
//!
//! Guarantees: those of the contract.
//! Does not know: who may see it.

use uuid::Uuid;

use super::tx::Tx;
use crate::store::{LeadStory, StoreError, StoreResult};

/// The story of the lead with this public id.
pub async fn story(_tx: &Tx, _lead: Uuid) -> StoreResult<Option<LeadStory>> {
    Err(StoreError::Refused("stories on PostgreSQL are not written yet".to_owned()))
}
