//! Papers: documents that people work on for a while, kept by name: drafts of the rulebook, those
//! that are scheduled, a shadow run, a re-routing.
//!
//! A paper has a short head, which lists show and changes look at, and a body that may be large.
//!
//! Guarantees: what is amended is on disk; one amendment of a paper follows the other.
//! Does not know: what any paper means.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Store, StoreError, StoreResult};

/// A paper as reads return it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its name: `draft/austria`.
    pub name: String,
    /// Its head, as JSON.
    pub head: String,
    /// Its body, when it was asked for by its name.
    pub body: Option<String>,
}

/// Which papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Papers {
    /// Those whose name begins so, by name, without their bodies.
    Under(String),
    /// The one of this name, with its body.
    Named(String),
}

/// What becomes of a paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amended {
    /// It stays as it is.
    Kept,
    /// It has another head.
    Head(String),
    /// It is made, or replaced.
    Whole {
        /// Its head.
        head: String,
        /// Its body.
        body: String,
    },
    /// It is no more.
    Gone,
}

/// From the head of a paper, if it is there, to what becomes of it. It may be called again, when
/// the database could not take the first answer.
pub type Amend = dyn Fn(Option<&str>) -> Amended + Send + Sync;

/// On what terms a rulebook is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Only if this is the newest version.
    pub based_on: Option<u32>,
    /// Only if there is a paper of this name, which is gone then: in the same transaction.
    pub ends: Option<String>,
}

/// What publishing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It has this number, or this version says the same.
    As(u32),
    /// It was not based on the newest version, which is this one.
    NotLatest(u32),
    /// The paper that it was to end is not there any more.
    Ended,
}

/// Changes a paper, and brings back what the function found out.
///
/// # Errors
/// Those of the store.
pub async fn amend<T: Send + 'static>(
    store: &dyn Store,
    name: &str,
    change: impl Fn(Option<&str>) -> (Amended, T) + Send + Sync + 'static,
) -> StoreResult<T> {
    let found = Arc::new(Mutex::new(None));
    let brings = Arc::clone(&found);
    let change: Arc<Amend> = Arc::new(move |head| {
        let (amended, found) = change(head);
        *brings.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        amended
    });
    store.amend(name.to_owned(), change).await?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.ok_or_else(|| StoreError::Corrupt(format!("{name} was amended by nobody")))
}

/// The paper of this name, with its body.
///
/// # Errors
/// Those of the store.
pub async fn named(store: &dyn Store, name: &str) -> StoreResult<Option<Paper>> {
    Ok(store.papers(Papers::Named(name.to_owned())).await?.into_iter().next())
}
