//! Two processes on one PostgreSQL.
//!
//! Guarantees: every test prints its figures. Does not know: how replicas agree.

mod accounts;
mod cycles;
mod database;
mod load;
mod rolling;

use std::collections::BTreeSet;

use handoff::store::Store;

use super::{house::House, senders::Sent};
use crate::faults::daemon::all_events;

/// The public ids of every event that is stored.
async fn stored(store: &dyn Store) -> BTreeSet<uuid::Uuid> {
    all_events(store).await.into_iter().map(|event| event.uuid).collect()
}

/// Nothing acknowledged is lost, everything is consistent; how many leads there are.
async fn all_is_well(house: &House, store: &dyn Store, sent: &Sent) -> usize {
    house.until_done(store, std::time::Duration::from_mins(4)).await;
    assert_eq!(sent.lost_in(&stored(store).await), 0, "acknowledged and lost");
    house.assert_consistent(store).await.len()
}
