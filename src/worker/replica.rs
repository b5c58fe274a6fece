//! The beating step: this process says that it is there, and hears who else is.
//!
//! Guarantees: for people and metrics alone; nothing that must be right depends on it.
//! Does not know: leases, which belong to attempts and need nobody to be there.

use std::sync::{Mutex, PoisonError};

use super::{Worker, decide::Worked};
use crate::{
    model::{
        replica::{Present, beat},
        time::Span,
    },
    store::{StoreResult, agree::agree},
};

/// How often.
const EVERY: Span = Span::seconds(5);

/// Who was there at the last look.
#[derive(Debug, Default)]
pub struct Presence(Mutex<Vec<Present>>);

impl Presence {
    /// All of them, this process too if it has said so.
    #[must_use]
    pub fn all(&self) -> Vec<Present> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Worker {
    /// Says that it is there.
    pub async fn replica_once(&self) -> StoreResult<Worked> {
        self.beat(false).await?;
        Ok(Worked { next: Some(self.clock.now().plus(EVERY)), ..Worked::default() })
    }

    async fn beat(&self, is_leaving: bool) -> StoreResult<()> {
        let replica = self.replica.clone();
        let change = move |list: Option<&str>, at| beat(list, &replica, is_leaving, at);
        let there = agree(self.store.as_ref(), "replicas", self.clock.now(), change).await?;
        self.metrics.replicas(there.len());
        *self.presence.0.lock().unwrap_or_else(PoisonError::into_inner) = there;
        Ok(())
    }

    /// The last word of a process that stops in order.
    pub async fn leave(&self) {
        if let Err(error) = self.keep_shadow().await {
            tracing::warn!(%error, "what a shadow counted in the last seconds is lost");
        }
        if !self.store.is_shared() {
            return;
        }
        self.leave_turn().await;
        if let Err(error) = self.beat(true).await {
            tracing::warn!(%error, "the others will miss this process before they know it is gone");
        }
    }
}
