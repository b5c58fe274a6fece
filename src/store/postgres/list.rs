//! The filtered, paged lists.
//!
//! Guarantees: those of the contract.
//! Does not know: who may see it.

use super::tx::Tx;
use crate::{
    model::{event::Event, job::JobRow, plan::Decided},
    store::{
        DecisionFilter, EventFilter, JobFilter, LeadFilter, LeadRow, Page, StoreError, StoreResult,
    },
};

fn missing<T>() -> StoreResult<T> {
    Err(StoreError::Refused("lists on PostgreSQL are not written yet".to_owned()))
}

/// Leads, newest first.
pub async fn leads(_tx: &Tx, _filter: &LeadFilter) -> StoreResult<Page<LeadRow>> {
    missing()
}

/// Jobs, newest first.
pub async fn jobs(_tx: &Tx, _filter: &JobFilter) -> StoreResult<Page<JobRow>> {
    missing()
}

/// Events, newest first.
pub async fn events(_tx: &Tx, _filter: &EventFilter) -> StoreResult<Page<Event>> {
    missing()
}

/// Decisions, in order.
pub async fn decisions(_tx: &Tx, _filter: &DecisionFilter) -> StoreResult<Page<Decided>> {
    missing()
}
