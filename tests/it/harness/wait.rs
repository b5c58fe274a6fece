//! Waiting for a state, and the state that must hold after everything.
//!
//! Guarantees: no test sleeps for luck: it waits until something holds, or fails saying what did
//! not come. Does not know: what a test is about.

use std::{future::Future, time::Duration};

use handoff::{
    model::time::Time,
    store::{Store, StoreError},
};

use super::PATIENCE;

/// accepted = waiting + assigned + answered + set aside + joined + rejected + dead + under way, in
/// the books and in the rows of one snapshot. One recount is made at a time, and the daemon makes
/// its own.
pub async fn assert_conserved(store: &dyn Store, now: Time) {
    let end = tokio::time::Instant::now() + PATIENCE;
    let audit = loop {
        match store.audit(now).await {
            Err(StoreError::Busy(_)) if tokio::time::Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            audit => break audit.expect("the books"),
        }
    };
    assert_eq!(audit.differences(), [""; 0], "{audit:?}");
}

/// Waits for a state, not for a while.
pub async fn until<F, Fut>(what: &str, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let end = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "it never came to be that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
