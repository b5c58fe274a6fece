//! Everything about one lead, for its timeline.
//!
//! Guarantees: one snapshot; each part holds at most [`PAGE_MAX`] rows, the newest, in order.
//! Does not know: what a timeline looks like.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::{accept::BODIES_MAX, list, rows};
use crate::{
    model::{event::Event, id::Seq, job::Link, plan::Decided, time::Time},
    store::{
        LeadStory, StoreResult,
        read::{Notice, PAGE_MAX},
    },
};

/// The story of the lead with this public id.
pub fn story(conn: &Connection, lead: Uuid) -> StoreResult<Option<LeadStory>> {
    let Some(id) = rows::lead_row(conn, lead)? else { return Ok(None) };
    let Some(lead) = rows::load_lead(conn, id)? else { return Ok(None) };
    Ok(Some(LeadStory {
        lead,
        decisions: decisions(conn, id)?,
        events: events(conn, id)?,
        links: links(conn, id)?,
        notices: notices(conn, id)?,
        jobs: list::jobs_of(conn, id)?,
    }))
}

/// Reads rows newest first and turns them round.
fn newest<T>(
    conn: &Connection,
    sql: &str,
    lead: i64,
    read: impl Fn(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    let mut found = conn.prepare_cached(&format!("{sql} LIMIT {PAGE_MAX}"))?;
    let mut found = found.query([lead])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(read(row)?);
    }
    all.reverse();
    Ok(all)
}

fn decisions(conn: &Connection, lead: i64) -> StoreResult<Vec<Decided>> {
    let sql = "SELECT seq, lead, event, doc FROM decision WHERE lead = ?1 ORDER BY seq DESC";
    newest(conn, sql, lead, rows::decided)
}

/// The opening event has the lead's own row, so it is not in the index of the others.
fn events(conn: &Connection, lead: i64) -> StoreResult<Vec<Event>> {
    let sql = rows::sql_of_events!(
        "WHERE e.id IN (SELECT ?1 UNION ALL SELECT id FROM event WHERE lead = ?1 AND lead <> id)
         ORDER BY e.id DESC"
    );
    let mut all = newest(conn, sql, lead, rows::event)?;
    let mut bytes = 0;
    for event in all.iter_mut().rev() {
        bytes += event.arrived.body.len();
        if bytes > BODIES_MAX {
            event.arrived.body = Vec::new();
        }
    }
    Ok(all)
}

fn links(conn: &Connection, lead: i64) -> StoreResult<BTreeMap<String, Link>> {
    let sql = "SELECT destination, record, owner, tried, written_at FROM link
               WHERE lead = ?1 ORDER BY destination";
    let all = newest(conn, sql, lead, |row| {
        let link = Link {
            record: row.get(1)?,
            owner: row.get(2)?,
            tried: row.get(3)?,
            written_at: Time(row.get(4)?),
        };
        Ok((row.get(0)?, link))
    })?;
    Ok(all.into_iter().collect())
}

fn notices(conn: &Connection, lead: i64) -> StoreResult<Vec<Notice>> {
    let sql = "SELECT destination, why, revision, at FROM notice
               WHERE lead = ?1 ORDER BY id DESC";
    newest(conn, sql, lead, |row| {
        let why: String = row.get(1)?;
        Ok(Notice {
            destination: row.get(0)?,
            why: rows::of_word(&why)?,
            revision: Seq(row.get(2)?),
            at: Time(row.get(3)?),
        })
    })
}
