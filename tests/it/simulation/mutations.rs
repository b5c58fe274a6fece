//! Planted bugs. None yet.

use std::sync::Arc;

use handoff::{crm::Crm, notify::Channel, store::Store};

use super::{channels::Line, crm};

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {}

/// The store with the bug.
pub fn store(_mutation: Option<Mutation>, store: &Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::clone(store)
}

/// The CRM with the bug.
pub fn crm(_mutation: Option<Mutation>, model: &Arc<crm::Model>) -> Arc<dyn Crm> {
    Arc::new(crm::Connection { model: Arc::clone(model) })
}

/// The channel with the bug.
pub fn channel(_mutation: Option<Mutation>, line: Line) -> Arc<dyn Channel> {
    Arc::new(line)
}
