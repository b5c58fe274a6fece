//! Claim: due jobs of one lane are leased to whoever will do them.
//!
//! Guarantees: those of the contract.
//! Does not know: how a job is done.

use super::{Leases, tx::Tx};
use crate::store::{Claim, ClaimDone, StoreError, StoreResult};

/// Leases due jobs.
pub async fn claim(_tx: &Tx, _leases: Leases, _claim: &Claim) -> StoreResult<ClaimDone> {
    Err(StoreError::Refused("claiming on PostgreSQL is not written yet".to_owned()))
}
