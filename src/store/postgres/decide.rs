//! Decide: load what a batch needs, call the pure function step after step, write all at once.
//!
//! Guarantees: those of the contract.
//! Does not know: how to decide.

use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::{pools::Pools, wakes::Wakes};
use crate::store::{Batch, BatchDone, StoreError, StoreResult};

/// The way to the task that decides.
pub struct Decider;

impl Decider {
    /// Starts the task.
    pub fn start(_pools: Pools, _wakes: Arc<Wakes>) -> Self {
        Self
    }

    /// Puts a batch in its line.
    pub fn send(&self, _batch: Batch, _reply: Sender<StoreResult<BatchDone>>) -> StoreResult<()> {
        Err(StoreError::Refused("deciding on PostgreSQL is not written yet".to_owned()))
    }
}
