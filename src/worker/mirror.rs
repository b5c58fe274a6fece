//! The mirror of accounts in memory, kept like the store's.
//!
//! Guarantees: what was imported, here or by another replica, is matched against within seconds: as
//! soon as nothing has changed for a second, and while an import goes on every half minute. Leads
//! go on being decided by the mirror that is there meanwhile. While a new one is made both are in
//! memory. It takes no more of it than it may: what does not fit is left out, and that is said.
//! Does not know: who fills the store's mirror.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{Worker, decide::Worked};
use crate::{
    decide::matching::{Builder, Mirror},
    model::time::{Span, Time},
    store::{StoreError, StoreResult, mirror::ACCOUNTS_MAX},
};

/// How often the store's version is looked at.
const EVERY: Span = Span::seconds(1);
/// While it changes all the time it is loaded this often.
const AT_LEAST: Span = Span::seconds(30);

/// The mirror that leads are matched against.
#[derive(Debug)]
pub struct Accounts {
    /// The one in force.
    pub now: ArcSwap<Mirror>,
    /// How many bytes it may take.
    room: usize,
    /// The version that was seen last, and since when another than that in force is there.
    seen: Mutex<Option<(u64, Time)>>,
}

impl Accounts {
    /// None yet; there will be as many as fit into so many bytes.
    #[must_use]
    pub fn within(room: usize) -> Self {
        Self { now: ArcSwap::default(), room, seen: Mutex::default() }
    }

    /// Whether a version is to be loaded now: it stayed for a look, or changes have been coming in
    /// for long.
    fn is_due(&self, version: u64, now: Time) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if version == self.now.load().version() {
            *seen = None;
            return false;
        }
        let (last, since) = seen.unwrap_or((0, now));
        *seen = Some((version, since));
        let is_due = last == version || now.since(since) >= AT_LEAST;
        if is_due {
            *seen = None;
        }
        is_due
    }
}

impl Worker {
    /// Loads the mirror if the store's has changed.
    pub async fn mirror_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        let version = self.store.mirror_version().await?;
        let is_due = self.accounts.is_due(version, now);
        if is_due {
            self.load_mirror(version).await?;
        }
        let done = usize::from(is_due);
        Ok(Worked { done, is_more: false, next: Some(self.clock.now().plus(EVERY)) })
    }

    /// Loads the mirror as the store has it, if there is any: before the first lead is decided.
    pub async fn first_mirror(&self) -> StoreResult<()> {
        let version = self.store.mirror_version().await?;
        if version == 0 { Ok(()) } else { self.load_mirror(version).await }
    }

    async fn load_mirror(&self, version: u64) -> StoreResult<()> {
        let began = self.clock.monotonic();
        let mut builder = Builder::within(self.accounts.room);
        let mut after = None;
        loop {
            let rows = self.store.accounts(after.clone(), ACCOUNTS_MAX).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.origin.clone(), last.account.id.clone()));
            // Taking names apart is work for a processor: no other loop waits for it.
            builder = apart(move || {
                for row in &rows {
                    builder.add(&row.origin, &row.account);
                }
                builder
            })
            .await?;
        }
        let mirror = apart(move || builder.finish(version)).await?;
        let left_out = mirror.left_out();
        let took = self.clock.monotonic().0.saturating_sub(began.0);
        tracing::info!(
            version,
            accounts = mirror.len(),
            mebibytes = mirror.bytes() / (1 << 20),
            left_out,
            took_ms = took,
            "the mirror of accounts is loaded"
        );
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "accounts do not fit into limits.accounts and are left out: leads of theirs are \
                 matched to no account; raise it, or bring fewer"
            );
        }
        self.accounts.now.store(Arc::new(mirror));
        Ok(())
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> StoreResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Busy(format!("the mirror could not be made: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_loaded_when_it_has_come_to_rest_or_after_half_a_minute() {
        let accounts = Accounts::within(usize::MAX);
        let at = |seconds: i64| Time(seconds * 1_000);
        assert!(!accounts.is_due(0, at(0)), "nothing was ever imported");
        assert!(!accounts.is_due(1, at(1)), "it may go on changing");
        assert!(accounts.is_due(1, at(2)));
        for second in 3..33 {
            assert!(!accounts.is_due(second as u64, at(second)), "second {second}");
        }
        assert!(accounts.is_due(99, at(33)));
        accounts.now.store(Arc::new(Builder::default().finish(99)));
        assert!(!accounts.is_due(99, at(34)), "it is in force");
    }
}
