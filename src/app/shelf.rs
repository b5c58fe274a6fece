//! The shelf for tokens, on the store that all replicas share.
//!
//! Guarantees: one document per connection, changed by one process after the other; its times are
//! those of the store's clock. Does not know: what is sealed in it.

use std::sync::Arc;

use crate::{
    clock::Clock,
    outbound::{Brought, Shelved, Slot, TokenShelf},
    store::{Boxed, Store, agree::agree},
};

struct StoreShelf {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    name: String,
}

/// The shelf of one CRM connection.
pub(super) fn of(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    connection: &str,
) -> Arc<dyn TokenShelf> {
    let (store, clock) = (Arc::clone(store), Arc::clone(clock));
    Arc::new(StoreShelf { store, clock, name: format!("session:crm:{connection}") })
}

impl TokenShelf for StoreShelf {
    fn look(&self, expired: u64) -> Boxed<'_, Result<Shelved, String>> {
        let now = self.clock.now();
        let change = move |slot: Option<&str>, at| Slot::look(slot, expired, at);
        Box::pin(async move {
            let found = agree(self.store.as_ref(), &self.name, now, change).await;
            found.map_err(|error| error.to_string())
        })
    }

    fn bring(&self, number: u64, brought: Brought) -> Boxed<'_, Result<(), String>> {
        let now = self.clock.now();
        let change = move |slot: Option<&str>, at| (Slot::bring(slot, number, &brought, at), ());
        Box::pin(async move {
            let brought = agree(self.store.as_ref(), &self.name, now, change).await;
            brought.map_err(|error| error.to_string())
        })
    }
}
