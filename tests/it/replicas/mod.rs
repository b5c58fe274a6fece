//! Several replicas on one store: what they share, and what happens when one of them fails.
//!
//! Two daemons in one process on one store show what is agreed on (`leases`, `gates`, `sessions`,
//! `watch`, `books`); two processes on one PostgreSQL show that it holds (`processes`).
//!
//! Guarantees: each fault is shown to have happened. Does not know: how a store agrees.

mod books;
mod gates;
mod house;
mod leases;
mod link;
mod processes;
mod senders;
mod sessions;
mod watch;

use std::sync::Arc;

use handoff::{
    app::{self, Running},
    clock::SystemClock,
    worker::Worker,
};

use crate::harness::{Config, Plant, Tune, shared::Shared};

/// Two daemons on one store, one CRM and one chat.
pub struct Pair {
    /// The first, and what both stand on.
    pub plant: Plant,
    /// The second.
    pub second: Running,
}

impl Pair {
    /// Starts both, by the machine's clock if `is_real`.
    pub async fn start(config: Config, is_real: bool) -> Self {
        let before = config.tune.clone();
        let tune: Tune = Arc::new(move |parts| {
            if let Some(before) = &before {
                before(parts);
            }
            parts.store = Shared::new(&parts.store);
            if is_real {
                parts.clock = Arc::new(SystemClock::new());
            }
        });
        let plant = Plant::start(Config { tune: Some(Arc::clone(&tune)), ..config }).await;
        let mut parts = plant.parts();
        tune(&mut parts);
        let second = app::start(parts).await.expect("the second daemon starts");
        Self { plant, second }
    }

    /// The first's worker, and the second's.
    pub fn workers(&self) -> [&Arc<Worker>; 2] {
        [&self.plant.running().worker, &self.second.worker]
    }

    pub async fn stop(mut self) {
        self.second.stop().await;
        self.plant.stop().await;
    }
}
