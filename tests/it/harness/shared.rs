//! A store that says that others work on it too, and that can be cut off from one of them.
//!
//! Guarantees: every verb is that of the store within, so that two daemons in one process stand on
//! the same rows. Does not know: what they do with it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use handoff::store::{Store, StoreError, StoreResult, Wrapped};

/// One process's way to a store that others share.
pub struct Shared {
    pub store: Arc<dyn Store>,
    /// Nothing gets through.
    pub is_cut: AtomicBool,
}

impl Shared {
    pub fn new(store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store: Arc::clone(store), is_cut: AtomicBool::new(false) })
    }
}

impl Wrapped for Shared {
    fn within(&self) -> &dyn Store {
        &*self.store
    }

    fn gate(&self) -> StoreResult<()> {
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(StoreError::Busy("cut off".to_owned()));
        }
        Ok(())
    }

    fn is_shared(&self) -> bool {
        true
    }
}
