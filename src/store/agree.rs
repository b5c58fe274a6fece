//! Agreements: small documents that the processes on one store share.
//!
//! Each is changed by a pure function of what it says and of the store's own clock, by one process
//! at a time: a gate, a sealed session, whose turn it is to tell, who is there.
//!
//! Guarantees: what the function answers is what stands, or an error says that it may not.
//! Does not know: what any document means.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Store, StoreError, StoreResult};
use crate::model::time::Time;

/// From what a document says, if it is there, and the store's clock, to what it is to say; nothing
/// to leave it alone. It may be called again, when the database could not take the first answer.
pub type Change = dyn Fn(Option<&str>, Time) -> Option<String> + Send + Sync;

/// Changes a document, and brings back what the function found out.
///
/// # Errors
/// Those of the store: what stands is uncertain, and the next change will see it.
pub async fn agree<T: Send + 'static>(
    store: &dyn Store,
    name: &str,
    now: Time,
    change: impl Fn(Option<&str>, Time) -> (Option<String>, T) + Send + Sync + 'static,
) -> StoreResult<T> {
    let found = Arc::new(Mutex::new(None));
    let brings = Arc::clone(&found);
    let change: Arc<Change> = Arc::new(move |document, now| {
        let (document, found) = change(document, now);
        *brings.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        document
    });
    store.agree(name.to_owned(), change, now).await?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.ok_or_else(|| StoreError::Corrupt(format!("{name} was agreed on by nobody")))
}
