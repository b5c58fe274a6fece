//! The filtered, paged lists.
//!
//! Guarantees: a page has at most [`PAGE_MAX`] rows and about [`BODIES_MAX`] bytes of bodies, and
//! says where to go on; it may be short and still have a next one. Every filter runs on an index or
//! on a bounded stretch of rows.
//! Does not know: who may see it.

use tokio_postgres::Row;

use super::{
    accept::BODIES_MAX,
    rows,
    tx::{Tx, get, get_maybe, get_text},
    value::{Value, text},
};
use crate::{
    model::{
        event::{Event, Fate},
        id::{JobId, LeadId},
        job::JobRow,
        plan::Decided,
        time::Time,
    },
    store::{
        DecisionFilter, EventFilter, JobFilter, LeadFilter, LeadRow, Page, StoreResult,
        read::PAGE_MAX,
    },
};

/// How many events, from the newest on, one page looks through when no index has the answer.
const STRETCH: i64 = 50_000;

/// A statement put together from fixed pieces; every value is a parameter.
struct Query<'a> {
    sql: String,
    values: Vec<Box<dyn Value + Send + 'a>>,
}

impl<'a> Query<'a> {
    fn new(select: &str) -> Self {
        Self { sql: format!("{select} WHERE true"), values: Vec::new() }
    }

    /// Adds a condition that has one value, for which it says `?`, if there is one.
    fn and(&mut self, condition: &str, value: Option<impl Value + Send + 'a>) -> &mut Self {
        if let Some(value) = value {
            self.values.push(Box::new(value));
            self.plain(&condition.replace('?', &format!("${}", self.values.len())));
        }
        self
    }

    fn plain(&mut self, condition: &str) -> &mut Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self
    }

    /// The rows in an order, at most `max`.
    async fn read(&self, tx: &Tx, order: &str, max: usize) -> StoreResult<Vec<Row>> {
        let sql = format!("{} ORDER BY {order} LIMIT {max}", self.sql);
        let values: Vec<&dyn Value> = self.values.iter().map(|value| &**value as _).collect();
        tx.query(&sql, &values).await
    }
}

/// How many rows a page may have.
fn limit(max: usize) -> usize {
    max.clamp(1, PAGE_MAX)
}

/// A page of rows that are read as they are; full ones may have a next.
fn page<T>(
    found: &[Row],
    max: usize,
    read: impl Fn(&Row) -> StoreResult<T>,
    id: impl Fn(&T) -> i64,
) -> StoreResult<Page<T>> {
    let rows = found.iter().map(read).collect::<StoreResult<Vec<T>>>()?;
    let next = rows.last().filter(|_| rows.len() >= max).map(id);
    Ok(Page { rows, next })
}

/// Leads, newest first.
pub async fn leads(tx: &Tx, filter: &LeadFilter) -> StoreResult<Page<LeadRow>> {
    let mut query = Query::new("SELECT id, doc FROM lead");
    query
        .and("state = ?", filter.state.map(rows::state_number))
        .and("owner = ?", filter.owner.as_ref().map(text))
        .and("state = 1 AND due_at < ?", filter.due_before.map(|at| at.0))
        .and("id < ?", filter.before);
    if let Some(after) = filter.changed_after {
        query.and("revision > ?", Some(after.0)).and(
            "id IN (SELECT lead FROM decision WHERE seq > ? AND lead IS NOT NULL)",
            Some(after.0),
        );
    }
    if let Some((destination, record)) = &filter.record {
        query
            .and("id IN (SELECT lead FROM link WHERE destination = ?", Some(text(destination)))
            .and("record = ?)", Some(text(record)));
    }
    let max = limit(filter.max);
    let read = |row: &Row| -> StoreResult<LeadRow> {
        let id = get(row, 0)?;
        Ok(LeadRow { row: LeadId(id), lead: rows::lead(id, &get_text(row, 1)?)? })
    };
    page(&query.read(tx, "id DESC", max).await?, max, read, |one| one.row.0)
}

/// Jobs, newest first.
pub async fn jobs(tx: &Tx, filter: &JobFilter) -> StoreResult<Page<JobRow>> {
    let mut query = Query::new(JOB);
    match filter.is_dead {
        Some(true) => query.plain("j.is_dead"),
        Some(false) => query.plain("NOT j.is_dead"),
        None => &mut query,
    }
    .and("j.kind = ?", filter.kind.map(rows::job_kind_number))
    .and("j.id < ?", filter.before);
    let max = limit(filter.max);
    page(&query.read(tx, "j.id DESC", max).await?, max, job, |job| job.id.0)
}

/// What [`job`] reads.
const JOB: &str = "SELECT j.id, j.kind, l.uuid, j.destination, j.due_at, j.attempts, j.is_dead, \
     j.lease_until > 1, j.reason FROM job j LEFT JOIN lead l ON l.id = j.lead";

fn job(row: &Row) -> StoreResult<JobRow> {
    Ok(JobRow {
        id: JobId(get(row, 0)?),
        kind: rows::job_kind(get(row, 1)?)?,
        lead: get(row, 2)?,
        destination: get_text(row, 3)?,
        due_at: Time(get(row, 4)?),
        attempts: rows::number(get(row, 5)?),
        is_dead: get(row, 6)?,
        is_leased: get(row, 7)?,
        reason: get_maybe(row, 8)?,
    })
}

/// The jobs of one lead, oldest first.
pub async fn jobs_of(tx: &Tx, lead: i64) -> StoreResult<Vec<JobRow>> {
    let mut query = Query::new(JOB);
    query.and("j.lead = ?", Some(lead));
    query.read(tx, "j.id", PAGE_MAX).await?.iter().map(job).collect()
}

/// Events, newest first.
pub async fn events(tx: &Tx, filter: &EventFilter) -> StoreResult<Page<Event>> {
    let mut query = Query::new(rows::sql_of_events!(""));
    query.and("e.uuid = ?", filter.uuid);
    match filter.fate {
        // Written out: these three have indexes of their own, found by the literal.
        Some(Fate::Underway) => query.plain("e.fate = 0"),
        Some(Fate::Rejected) => query.plain("e.fate = 3"),
        Some(Fate::Dead) => query.plain("e.fate = 4"),
        fate => query.and("e.fate = ?", fate.map(rows::fate_number)),
    }
    .and("e.id < ?", filter.before);
    query.and("e.source = ?", filter.source.as_ref().map(text));
    let has_index = matches!(filter.fate, Some(Fate::Underway | Fate::Rejected | Fate::Dead));
    let mut stretch_end = None;
    if filter.source.is_some() || (filter.fate.is_some() && !has_index) {
        let before = match filter.before {
            Some(before) => before,
            None => newest_event(tx).await?,
        };
        query.and("e.id >= ?", Some(before - STRETCH));
        stretch_end = Some(before - STRETCH).filter(|from| *from > 1);
    }
    let max = limit(filter.max);
    let found = query.read(tx, "e.id DESC", max).await?;
    let (rows, is_short) = within_bytes(&found)?;
    let has_more = is_short || rows.len() >= max;
    let next = rows.last().filter(|_| has_more).map(|last| last.id.0).or(stretch_end);
    Ok(Page { rows, next })
}

/// Events until their bodies are many bytes; and whether that was so.
pub fn within_bytes(found: &[Row]) -> StoreResult<(Vec<Event>, bool)> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    for row in found {
        let event = rows::event(row)?;
        bytes += event.arrived.body.len();
        events.push(event);
        if bytes >= BODIES_MAX {
            return Ok((events, true));
        }
    }
    Ok((events, false))
}

/// One past the newest event.
async fn newest_event(tx: &Tx) -> StoreResult<i64> {
    let newest = tx.first("SELECT coalesce(max(id), 0) + 1 FROM event", &[]).await?;
    newest.as_ref().map_or(Ok(1), |row| get(row, 0))
}

/// Decisions, in order.
pub async fn decisions(tx: &Tx, filter: &DecisionFilter) -> StoreResult<Page<Decided>> {
    let mut query = Query::new("SELECT seq, lead, event, doc FROM decision");
    query.and("seq > ?", filter.after.map(|after| after.0));
    let max = limit(filter.max);
    page(&query.read(tx, "seq", max).await?, max, rows::decided, |decided| decided.seq.0)
}
