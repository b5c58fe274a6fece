//! Accept: events become rows, once per delivery.
//!
//! Guarantees: a second delivery of the same (source, delivery) writes nothing and gets the first
//! one's id, also within one call. Nothing is on disk before the turn commits.
//! Does not know: what a body means.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{books::Books, rows};
use crate::{
    model::{
        event::{Accepted, Event, EventKind, Fate, NewEvent},
        id::{EventId, event_uuid, hash64},
    },
    store::StoreResult,
};

/// The most bytes of bodies that one read brings into memory; a list ends early at it.
pub const BODIES_MAX: usize = 8 * 1024 * 1024;

/// Stores events that are new.
pub fn accept(
    tx: &Connection,
    books: &mut Books,
    events: &[NewEvent],
) -> StoreResult<Vec<Accepted>> {
    events.iter().map(|event| accept_one(tx, books, event)).collect()
}

fn accept_one(tx: &Connection, books: &mut Books, event: &NewEvent) -> StoreResult<Accepted> {
    let hash = hash64(&[event.source.as_bytes(), event.delivery.as_bytes()]);
    let first = tx
        .prepare_cached("SELECT uuid FROM event WHERE hash = ?1 AND delivery = ?2 AND source = ?3")?
        .query_row(params![hash, event.delivery, event.source], |row| row.get(0))
        .optional()?;
    if let Some(first) = first {
        return Ok(Accepted { uuid: Uuid::from_bytes(first), is_duplicate: true });
    }
    let uuid = event_uuid(event.received_at, &event.source, &event.delivery);
    let is_fill = event.kind == EventKind::Fill;
    let id = tx
        .prepare_cached(
            "INSERT INTO event (hash, uuid, kind, fate, tries, received_at, source, delivery,
                content_type, actor, news) VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(params![
            hash,
            uuid.as_bytes(),
            rows::event_kind_number(event.kind),
            event.received_at.0,
            event.source,
            event.delivery,
            event.content_type,
            event.actor,
            (!is_fill).then_some(&event.body),
        ])?;
    if is_fill {
        tx.prepare_cached("INSERT INTO body (event, bytes) VALUES (?1, ?2)")?
            .execute(params![id, event.body])?;
        books.accepted();
        books.fate(None, Fate::Underway);
    }
    Ok(Accepted { uuid, is_duplicate: false })
}

/// Events under way, oldest first; fewer when their bodies are large.
pub fn undecided(conn: &Connection, after: EventId, max: usize) -> StoreResult<Vec<Event>> {
    let mut found = conn.prepare_cached(rows::sql_of_events!(
        "WHERE e.fate = 0 AND e.id > ?1 ORDER BY e.id LIMIT ?2"
    ))?;
    let mut found = found.query([after.0, max as i64])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let event = rows::event(row)?;
        bytes += event.arrived.body.len();
        events.push(event);
        if bytes >= BODIES_MAX {
            break;
        }
    }
    Ok(events)
}
