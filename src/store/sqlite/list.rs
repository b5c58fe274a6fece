//! The filtered, paged lists.
//!
//! Guarantees: a page has at most [`PAGE_MAX`] rows and about [`BODIES_MAX`] bytes of bodies, and
//! says where to go on; it may be short and still have a next one. Every filter runs on an index or
//! on a bounded stretch of rows.
//! Does not know: who may see it.

use rusqlite::{Connection, Row, ToSql, params_from_iter, types::Value};

use super::{accept::BODIES_MAX, rows};
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
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn new(select: &str) -> Self {
        Self { sql: format!("{select} WHERE 1"), values: Vec::new() }
    }

    /// Adds a condition that has one value, if there is one.
    fn and(&mut self, condition: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.plain(condition);
            self.values.push(value.into());
        }
        self
    }

    fn plain(&mut self, condition: &str) -> &mut Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self
    }

    /// Reads rows in an order, at most `max`, until `is_full` says so. The second value says
    /// whether there may be more.
    fn read<T>(
        &self,
        conn: &Connection,
        order: &str,
        max: usize,
        row: impl Fn(&Row<'_>) -> StoreResult<T>,
        mut is_full: impl FnMut(&T) -> bool,
    ) -> StoreResult<(Vec<T>, bool)> {
        let mut found =
            conn.prepare_cached(&format!("{} ORDER BY {order} LIMIT {max}", self.sql))?;
        let mut found =
            found.query(params_from_iter(self.values.iter().map(|v| v as &dyn ToSql)))?;
        let mut all = Vec::new();
        while let Some(next) = found.next()? {
            all.push(row(next)?);
            if all.last().is_some_and(&mut is_full) {
                return Ok((all, true));
            }
        }
        let is_full = all.len() >= max;
        Ok((all, is_full))
    }
}

/// How many rows a page may have.
fn limit(max: usize) -> usize {
    max.clamp(1, PAGE_MAX)
}

/// Leads, newest first.
pub fn leads(conn: &Connection, filter: &LeadFilter) -> StoreResult<Page<LeadRow>> {
    let mut query = Query::new("SELECT id, doc FROM lead");
    query
        .and("state = ?", filter.state.map(rows::state_number))
        .and("owner = ?", filter.owner.clone())
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
            .and("id IN (SELECT lead FROM link WHERE destination = ?", Some(destination.clone()))
            .and("record = ?)", Some(record.clone()));
    }
    let read = |row: &Row<'_>| -> StoreResult<LeadRow> {
        let (id, doc): (i64, String) = (row.get(0)?, row.get(1)?);
        Ok(LeadRow { row: LeadId(id), lead: rows::lead(id, &doc)? })
    };
    let (rows, has_more) = query.read(conn, "id DESC", limit(filter.max), read, |_| false)?;
    let next = rows.last().filter(|_| has_more).map(|last| last.row.0);
    Ok(Page { rows, next })
}

/// Jobs, newest first.
pub fn jobs(conn: &Connection, filter: &JobFilter) -> StoreResult<Page<JobRow>> {
    let mut query = Query::new(JOB);
    match filter.is_dead {
        Some(true) => query.plain("j.is_dead = 1"),
        Some(false) => query.plain("j.is_dead = 0"),
        None => &mut query,
    }
    .and("j.kind = ?", filter.kind.map(rows::job_kind_number))
    .and("j.id < ?", filter.before);
    let (rows, has_more) = query.read(conn, "j.id DESC", limit(filter.max), job, |_| false)?;
    let next = rows.last().filter(|_| has_more).map(|last| last.id.0);
    Ok(Page { rows, next })
}

/// What [`job`] reads.
const JOB: &str = "SELECT j.id, j.kind, l.uuid, j.destination, j.due_at, j.attempts, j.is_dead, \
     j.lease_until > 1, j.reason FROM job j LEFT JOIN lead l ON l.id = j.lead";

fn job(row: &Row<'_>) -> StoreResult<JobRow> {
    Ok(JobRow {
        id: JobId(row.get(0)?),
        kind: rows::job_kind(row.get(1)?)?,
        lead: row.get::<_, Option<[u8; 16]>>(2)?.map(uuid::Uuid::from_bytes),
        destination: row.get(3)?,
        due_at: Time(row.get(4)?),
        attempts: row.get(5)?,
        is_dead: row.get(6)?,
        is_leased: row.get(7)?,
        reason: row.get(8)?,
    })
}

/// The jobs of one lead, oldest first.
pub fn jobs_of(conn: &Connection, lead: i64) -> StoreResult<Vec<JobRow>> {
    let mut query = Query::new(JOB);
    query.and("j.lead = ?", Some(lead));
    Ok(query.read(conn, "j.id", PAGE_MAX, job, |_| false)?.0)
}

/// Events, newest first.
pub fn events(conn: &Connection, filter: &EventFilter) -> StoreResult<Page<Event>> {
    let mut query = Query::new(rows::sql_of_events!(""));
    query.and("e.uuid = ?", filter.uuid.map(|uuid| uuid.as_bytes().to_vec()));
    match filter.fate {
        // Written out: these three have indexes of their own, found by the literal.
        Some(Fate::Underway) => query.plain("e.fate = 0"),
        Some(Fate::Rejected) => query.plain("e.fate = 3"),
        Some(Fate::Dead) => query.plain("e.fate = 4"),
        fate => query.and("e.fate = ?", fate.map(rows::fate_number)),
    }
    .and("e.id < ?", filter.before);
    query.and("e.source = ?", filter.source.clone());
    let has_index = matches!(filter.fate, Some(Fate::Underway | Fate::Rejected | Fate::Dead));
    let mut stretch_end = None;
    if filter.source.is_some() || (filter.fate.is_some() && !has_index) {
        let before = filter.before.map_or_else(|| newest_event(conn), Ok)?;
        query.and("e.id >= ?", Some(before - STRETCH));
        stretch_end = Some(before - STRETCH).filter(|from| *from > 1);
    }
    let mut bytes = 0;
    let (rows, has_more) =
        query.read(conn, "e.id DESC", limit(filter.max), rows::event, |event| {
            bytes += event.arrived.body.len();
            bytes >= BODIES_MAX
        })?;
    let next = rows.last().filter(|_| has_more).map(|last| last.id.0).or(stretch_end);
    Ok(Page { rows, next })
}

/// One past the newest event.
fn newest_event(conn: &Connection) -> StoreResult<i64> {
    let mut found = conn.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM event")?;
    Ok(found.query_row([], |row| row.get(0))?)
}

/// Decisions, in order.
pub fn decisions(conn: &Connection, filter: &DecisionFilter) -> StoreResult<Page<Decided>> {
    let mut query = Query::new("SELECT seq, lead, event, doc FROM decision");
    query.and("seq > ?", filter.after.map(|after| after.0));
    let (rows, has_more) = query.read(conn, "seq", limit(filter.max), rows::decided, |_| false)?;
    let next = rows.last().filter(|_| has_more).map(|last| last.seq.0);
    Ok(Page { rows, next })
}
