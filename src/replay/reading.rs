//! Recorded fills read again, by a rulebook that maps them otherwise than the one that decided.
//!
//! Guarantees: a body is read only where the mapping of its source is another one, and a few at a
//! time; a body that is no longer kept is said to be gone, and its fill stays as it was recorded.
//! Does not know: who a person was found to be: that was looked up with the mapping of then, and so
//! was the account.

use std::collections::HashMap;

use super::{
    Books,
    world::{Recorded, World},
};
use crate::{
    decide::{prepare::prepare, replay::input},
    intake::form,
    model::{event::Event, id::EventId, plan::Input},
    rulebook::Rulebook,
    store::{EventFilter, Store, StoreResult},
};

/// Events that are read at once: records follow one another nearly as their events do.
const NEAR: i64 = 200;

/// In what a world reads fills of a source otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Otherwise {
    fields: bool,
    intent: bool,
}

/// A fill as two worlds read it.
#[derive(Debug, Default)]
pub struct Read {
    /// By each, where that is not as recorded.
    pub inputs: [Option<Input>; 2],
    /// The second would read it otherwise, and its body is gone.
    pub is_gone: bool,
}

/// Reads fills again.
pub struct Reading<'s> {
    store: &'s dyn Store,
    /// By the rulebook that decided, then by source.
    known: HashMap<(u32, i64), HashMap<String, [Otherwise; 2]>>,
    near: HashMap<EventId, Event>,
}

impl<'s> Reading<'s> {
    /// From this store.
    #[must_use]
    pub fn of(store: &'s dyn Store) -> Self {
        Self { store, known: HashMap::new(), near: HashMap::new() }
    }

    /// The fill of a step as these worlds read it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn read(
        &mut self,
        books: &mut Books<'_>,
        worlds: [&World; 2],
        one: &Recorded<'_>,
    ) -> StoreResult<Read> {
        let is_fill = one.saw.fields.is_some() || one.saw.unreadable.is_some();
        let (true, Some(event), Some(seen)) = (is_fill, one.row.event, &one.saw.event) else {
            return Ok(Read::default());
        };
        let worlds = worlds.map(|world| world.book.as_ref());
        let otherwise = self.otherwise(books, worlds, one, &seen.source).await?;
        if otherwise == [Otherwise::default(); 2] {
            return Ok(Read::default());
        }
        let is_mapped = otherwise.iter().any(|one| one.fields);
        let body = if is_mapped { self.body(event).await? } else { None };
        let is_gone = otherwise[1].fields && body.is_none();
        let [first, second] = worlds;
        let read = |book: &Rulebook, otherwise: Otherwise| {
            let mut input = match (body, otherwise) {
                (Some(event), Otherwise { fields: true, .. }) => {
                    let arrived = &event.arrived;
                    let document = form::document(arrived.content_type.as_deref(), &arrived.body);
                    prepare(book, &seen.source, document)
                }
                (_, Otherwise { intent: true, .. }) => input(book, one.saw),
                _ => return None,
            };
            if let Input::Fill(draft) = &mut input {
                let intent = book.intent_of(&seen.source, draft.fields.text("form"));
                draft.intent = intent.map(str::to_owned);
                draft.account = one.saw.account.as_deref().cloned();
            }
            Some(input)
        };
        Ok(Read { inputs: [read(first, otherwise[0]), read(second, otherwise[1])], is_gone })
    }

    /// In what these rulebooks read this source otherwise than the one that decided.
    async fn otherwise(
        &mut self,
        books: &mut Books<'_>,
        worlds: [&Rulebook; 2],
        one: &Recorded<'_>,
        source: &str,
    ) -> StoreResult<[Otherwise; 2]> {
        let key = (one.stored.rulebook, one.saw.basis);
        let of_book = self.known.entry(key).or_default();
        if let Some(known) = of_book.get(source) {
            return Ok(*known);
        }
        let found = match books.get(key.0, key.1).await? {
            Ok(then) => worlds.map(|book| Otherwise {
                fields: !book.maps_as(&then, source),
                intent: !book.intends_as(&then, source),
            }),
            // Nobody can tell any more how it read them.
            Err(_) => Default::default(),
        };
        of_book.insert(source.to_owned(), found);
        Ok(found)
    }

    /// An event with its body, if that is still kept.
    async fn body(&mut self, id: EventId) -> StoreResult<Option<&Event>> {
        if !self.near.contains_key(&id) {
            self.near.clear();
            // The first reads those behind it too; it ends early where bodies are large.
            for ahead in [NEAR, 1] {
                let (before, max) = (Some(id.0 + ahead), ahead.unsigned_abs() as usize);
                let filter = EventFilter { before, max, ..EventFilter::default() };
                let page = self.store.events(filter).await?;
                self.near.extend(page.rows.into_iter().map(|event| (event.id, event)));
                if self.near.contains_key(&id) {
                    break;
                }
            }
        }
        Ok(self.near.get(&id).filter(|event| !event.arrived.body.is_empty()))
    }
}
