//! Rulebook versions as they were when they decided.
//!
//! Guarantees: compiled with what their decisions stood on, whatever the settings and the time
//! zones of today are; a few are kept at hand. Does not know: what is decided with them.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    rulebook::{Files, Rulebook, Setup},
    store::{Store, StoreResult},
};

/// Compiled rulebooks that are kept at hand.
const BOOKS_MAX: usize = 4;

/// Rulebook versions as they were compiled when they decided.
pub struct Books<'s> {
    store: &'s dyn Store,
    at_hand: VecDeque<((u32, i64), Arc<Rulebook>)>,
}

impl<'s> Books<'s> {
    /// Of this store.
    #[must_use]
    pub fn of(store: &'s dyn Store) -> Self {
        Self { store, at_hand: VecDeque::new() }
    }

    /// A version, compiled with what its decisions stood on. The inner error says why there is
    /// none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get(
        &mut self,
        version: u32,
        basis: i64,
    ) -> StoreResult<Result<Arc<Rulebook>, String>> {
        let key = (version, basis);
        if let Some((_, book)) = self.at_hand.iter().find(|(known, _)| *known == key) {
            return Ok(Ok(Arc::clone(book)));
        }
        let rows = self.store.rulebooks(Some(version)).await?;
        let document = rows.into_iter().next().and_then(|row| row.document);
        let Some(document) = document else {
            return Ok(Err(format!("rulebook version {version} is not in the store")));
        };
        let Some(basis) = self.store.basis(basis).await? else {
            return Ok(Err("what it stood on is not in the store".to_owned()));
        };
        let work = move || compile(&document, &basis, version);
        // Compiling may take a second: not on a thread that others wait for, if there are others.
        let compiled = match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_else(|_| {
                Err(format!("compiling rulebook version {version} failed inside handoff"))
            }),
            Err(_) => work(),
        };
        let compiled = match compiled {
            Ok(book) => Arc::new(book),
            Err(why) => return Ok(Err(why)),
        };
        self.at_hand.truncate(BOOKS_MAX - 1);
        self.at_hand.push_front((key, Arc::clone(&compiled)));
        Ok(Ok(compiled))
    }
}

fn compile(document: &str, basis: &str, version: u32) -> Result<Rulebook, String> {
    let files = Files::from_json(document)?;
    let setup = Setup::of_basis(basis)?;
    Rulebook::compile(&files, &setup, version).map_err(|findings| {
        let first = findings.first().map(ToString::to_string).unwrap_or_default();
        format!("rulebook version {version} does not compile any more: {first}")
    })
}
