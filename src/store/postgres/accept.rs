//! Accept: events become rows, once per delivery.
//!
//! Guarantees: a second delivery of the same (source, delivery) writes nothing and gets the first
//! one's id, also within one call and when two replicas take it at once. Nothing is durable before
//! the commit.
//! Does not know: what a body means.

use super::tx::Tx;
use crate::{
    model::{
        event::{Accepted, Event, NewEvent},
        id::EventId,
    },
    store::{StoreError, StoreResult},
};

/// The most bytes of bodies that one read brings into memory; a list ends early at it.
pub const BODIES_MAX: usize = 8 * 1024 * 1024;

/// Stores events that are new, within a transaction.
pub async fn accept(_tx: &Tx, _events: &[NewEvent]) -> StoreResult<Vec<Accepted>> {
    Err(StoreError::Refused("accepting on PostgreSQL is not written yet".to_owned()))
}

/// Events under way, oldest first; fewer when their bodies are large.
pub async fn undecided(_tx: &Tx, _after: EventId, _max: usize) -> StoreResult<Vec<Event>> {
    Err(StoreError::Refused("accepting on PostgreSQL is not written yet".to_owned()))
}
