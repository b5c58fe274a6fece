//! The waiting line of what comes in, and the commits that it shares.
//!
//! Guarantees: the line is bounded; past that a request is answered busy at once.
//! Does not know: what a body means.

use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use super::{pools::Pools, wakes::Wakes};
use crate::{
    model::event::{Accepted, NewEvent},
    store::{StoreError, StoreResult},
};

/// The way to the task.
pub struct Line;

impl Line {
    /// Starts the task.
    pub fn start(_pools: Pools, _wakes: Arc<Wakes>, _line_max: usize) -> Self {
        Self
    }

    /// Puts a request in the line.
    pub fn send(
        &self,
        _events: Vec<NewEvent>,
        _reply: Sender<StoreResult<Vec<Accepted>>>,
    ) -> StoreResult<()> {
        Err(StoreError::Refused("accepting on PostgreSQL is not written yet".to_owned()))
    }
}
