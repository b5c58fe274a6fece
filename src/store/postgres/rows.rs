//! Rows of PostgreSQL as values of the model.
//!
//! Guarantees: what does not read back is corrupt, with the row's place and never its content.
//! Does not know: which verb asks.

use tokio_postgres::Row;
use uuid::Uuid;

use super::tx::{get, get_maybe, get_text};
use crate::{
    model::{
        event::{Event, NewEvent},
        id::{EventId, LeadId, Seq},
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
            "e.content_type, e.actor, e.reason, coalesce(e.news, b.bytes, ''::bytea) ",
            "FROM event e LEFT JOIN body b ON b.event = e.id ",
            $rest
        )
    };
}
pub(super) use sql_of_events;

/// An event from a row of [`sql_of_events`]; the body is empty once it is swept.
pub fn event(row: &Row) -> StoreResult<Event> {
    Ok(Event {
        id: EventId(get(row, 0)?),
        uuid: get::<Uuid>(row, 1)?,
        arrived: NewEvent {
            kind: event_kind(get(row, 2)?)?,
            received_at: Time(get(row, 5)?),
            source: get_text(row, 6)?,
            delivery: get_text(row, 7)?,
            content_type: get_maybe(row, 8)?,
            actor: get_maybe(row, 9)?,
            body: get(row, 11)?,
        },
        fate: fate(get(row, 3)?)?,
        reason: get_maybe(row, 10)?,
        tries: number(get(row, 4)?),
    })
}

/// A decision from the columns `seq, lead, event, doc`.
pub fn decided(row: &Row) -> StoreResult<Decided> {
    let seq: i64 = get(row, 0)?;
    Ok(Decided {
        seq: Seq(seq),
        lead: get::<Option<i64>>(row, 1)?.map(LeadId),
        event: get::<Option<i64>>(row, 2)?.map(EventId),
        decision: json("decision", seq, get(row, 3)?)?,
    })
}

/// A small number of a column; all of ours are 64 bits wide.
#[must_use]
pub fn number(wide: i64) -> u32 {
    u32::try_from(wide).unwrap_or(0)
}
