//! Rows of SQLite as values of the model.
//!
//! Guarantees: what does not read back is corrupt, with the row's place and never its content.
//! Does not know: which verb asks.

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::{
    model::{
        event::{Event, NewEvent},
        id::{EventId, LeadId, Seq},
        lead::Lead,
        plan::Decided,
        time::Time,
    },
    store::StoreResult,
};

pub use crate::store::columns::{
    doc, event_kind, event_kind_number, fate, fate_number, job_kind, job_kind_number, json, lead,
    of_word, state, state_number, word,
};

/// A statement that reads events, as [`event`] wants them: `sql_of_events!("WHERE …")`.
macro_rules! sql_of_events {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.uuid, e.kind, e.fate, e.tries, e.received_at, e.source, e.delivery, ",
            "e.content_type, e.actor, e.reason, coalesce(e.news, b.bytes, x'') ",
            "FROM event e LEFT JOIN body b ON b.event = e.id ",
            $rest
        )
    };
}
pub(super) use sql_of_events;

/// An event from a row of [`sql_of_events`]; the body is empty once it is swept.
pub fn event(row: &Row<'_>) -> StoreResult<Event> {
    Ok(Event {
        id: EventId(row.get(0)?),
        uuid: Uuid::from_bytes(row.get(1)?),
        arrived: NewEvent {
            kind: event_kind(row.get(2)?)?,
            received_at: Time(row.get(5)?),
            source: row.get(6)?,
            delivery: row.get(7)?,
            content_type: row.get(8)?,
            actor: row.get(9)?,
            body: row.get(11)?,
        },
        fate: fate(row.get(3)?)?,
        reason: row.get(10)?,
        tries: row.get(4)?,
    })
}

/// A decision from the columns `seq, lead, event, doc`.
pub fn decided(row: &Row<'_>) -> StoreResult<Decided> {
    let seq: i64 = row.get(0)?;
    Ok(Decided {
        seq: Seq(seq),
        lead: row.get::<_, Option<i64>>(1)?.map(LeadId),
        event: row.get::<_, Option<i64>>(2)?.map(EventId),
        decision: json("decision", seq, row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?,
    })
}

/// Loads a lead by its row.
pub fn load_lead(conn: &Connection, id: i64) -> StoreResult<Option<Lead>> {
    let mut found = conn.prepare_cached("SELECT doc FROM lead WHERE id = ?1")?;
    let mut rows = found.query([id])?;
    match rows.next()? {
        Some(row) => lead(id, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?).map(Some),
        None => Ok(None),
    }
}

/// The row of the lead with this public id.
pub fn lead_row(conn: &Connection, uuid: Uuid) -> StoreResult<Option<i64>> {
    let row = conn
        .prepare_cached("SELECT id FROM lead WHERE uuid = ?1")?
        .query_row([uuid.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(row)
}
