//! Everything about one lead, for its timeline.
//!
//! Guarantees: one snapshot; each part holds at most [`PAGE_MAX`] rows, the newest, in order.
//! Does not know: what a timeline looks like.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    accept::BODIES_MAX,
    list, rows,
    tx::{Tx, get, get_maybe, get_text},
};
use crate::{
    model::{event::Event, id::Seq, job::Link, plan::Decided, time::Time},
    store::{
        LeadStory, StoreResult,
        read::{Notice, PAGE_MAX},
    },
};

/// The story of the lead with this public id.
pub async fn story(tx: &Tx, lead: Uuid) -> StoreResult<Option<LeadStory>> {
    let Some(row) = tx.first("SELECT id, doc FROM lead WHERE uuid = $1", &[&lead]).await? else {
        return Ok(None);
    };
    let id = get(&row, 0)?;
    Ok(Some(LeadStory {
        lead: rows::lead(id, &get_text(&row, 1)?)?,
        decisions: decisions(tx, id).await?,
        events: events(tx, id).await?,
        links: links(tx, id).await?,
        notices: notices(tx, id).await?,
        jobs: list::jobs_of(tx, id).await?,
    }))
}

/// Reads rows newest first and turns them round.
async fn newest<T>(
    tx: &Tx,
    sql: &str,
    lead: i64,
    read: impl Fn(&Row) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    let found = tx.query(&format!("{sql} LIMIT {PAGE_MAX}"), &[&lead]).await?;
    found.iter().rev().map(read).collect()
}

async fn decisions(tx: &Tx, lead: i64) -> StoreResult<Vec<Decided>> {
    let sql = "SELECT seq, lead, event, doc FROM decision WHERE lead = $1 ORDER BY seq DESC";
    newest(tx, sql, lead, rows::decided).await
}

/// The opening event has the lead's own row, so it is not in the index of the others.
async fn events(tx: &Tx, lead: i64) -> StoreResult<Vec<Event>> {
    let sql = rows::sql_of_events!(
        "WHERE e.id IN (SELECT $1 UNION ALL SELECT id FROM event WHERE lead = $1 AND lead <> id)
         ORDER BY e.id DESC"
    );
    let mut all = newest(tx, sql, lead, rows::event).await?;
    let mut bytes = 0;
    for event in all.iter_mut().rev() {
        bytes += event.arrived.body.len();
        if bytes > BODIES_MAX {
            event.arrived.body = Vec::new();
        }
    }
    Ok(all)
}

async fn links(tx: &Tx, lead: i64) -> StoreResult<BTreeMap<String, Link>> {
    let sql = "SELECT destination, record, owner, tried, written_at FROM link
               WHERE lead = $1 ORDER BY destination COLLATE \"C\"";
    let all = newest(tx, sql, lead, |row| {
        let link = Link {
            record: get_text(row, 1)?,
            owner: get_maybe(row, 2)?,
            tried: get_maybe(row, 3)?,
            written_at: Time(get(row, 4)?),
        };
        Ok((get_text(row, 0)?, link))
    });
    Ok(all.await?.into_iter().collect())
}

async fn notices(tx: &Tx, lead: i64) -> StoreResult<Vec<Notice>> {
    let sql = "SELECT destination, why, revision, at FROM notice
               WHERE lead = $1 ORDER BY id DESC";
    newest(tx, sql, lead, |row| {
        Ok(Notice {
            destination: get_text(row, 0)?,
            why: rows::of_word(&get_text(row, 1)?)?,
            revision: Seq(get(row, 2)?),
            at: Time(get(row, 3)?),
        })
    })
    .await
}
