//! The job rows that a plan makes, replaces and drops.
//!
//! Guarantees: one row per (kind, lead, destination). Replacing a leased one keeps its lease, so
//! that what the attempt leaves behind is still recorded; a dropped one that is leased is only
//! marked, and goes when its attempt settles or its lease has lapsed.
//! Does not know: who does the work.

use rusqlite::{Connection, params};

use super::rows;
use crate::{
    model::{
        id::{LeadId, Seq},
        job::{JobKind, JobWanted},
        plan::Review,
        time::{Span, Time},
    },
    store::StoreResult,
};

/// The revision wanted of a job that was dropped while it was leased.
pub const DROPPED: i64 = -1;

/// How the reason of a job begins that an operator gave up; what was wrong with it follows.
pub const BURIED: &str = "buried by an operator";

/// Wants a job done at a revision: a new row, or the one that is there, with its attempts counted
/// anew. (Numbers of attempts that never settled are not given out again: they fence.) One that
/// was tried and not done is uncertain from here on: counted anew, the next attempt would look like
/// the first, and make in a CRM what a lost answer had made already.
pub fn want(tx: &Connection, lead: LeadId, wanted: Seq, job: &JobWanted) -> StoreResult<()> {
    let why = job.why.as_ref().map(rows::word).transpose()?;
    tx.prepare_cached(
        "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (lead, kind, destination) DO UPDATE SET
            wanted = excluded.wanted, due_at = excluded.due_at, rank = excluded.rank,
            why = excluded.why, is_dead = 0, reason = NULL,
            is_uncertain = is_uncertain OR (lease_until = 0 AND attempts > lapsed),
            attempts = CASE WHEN lease_until = 0 THEN lapsed ELSE attempts END",
    )?
    .execute(params![
        lead.0,
        rows::job_kind_number(job.kind),
        job.destination,
        job.lane(),
        wanted.0,
        job.due_at.0,
        job.rank,
        why
    ])?;
    Ok(())
}

/// Drops a job that is pointless now. One that is leased is no more dead, were it buried: whoever
/// finds its lease lapsed removes it, and nobody looks for what is dead.
pub fn drop(tx: &Connection, lead: LeadId, kind: JobKind, destination: &str) -> StoreResult<()> {
    let kind = rows::job_kind_number(kind);
    let dropped = tx
        .prepare_cached(
            "DELETE FROM job WHERE lead = ?1 AND kind = ?2 AND destination = ?3
                AND lease_until = 0",
        )?
        .execute(params![lead.0, kind, destination])?;
    if dropped == 0 {
        tx.prepare_cached(
            "UPDATE job SET wanted = ?4, is_dead = 0, reason = NULL
             WHERE lead = ?1 AND kind = ?2 AND destination = ?3",
        )?
        .execute(params![lead.0, kind, destination, DROPPED])?;
    }
    Ok(())
}

/// Moves, keeps or removes the lead's review; answers how many more are open then. Keeping the
/// review that is being decided would decide it for ever, so that removes it.
pub fn review(
    tx: &Connection,
    lead: LeadId,
    wanted: Seq,
    review: Review,
    (is_new, is_deciding_it): (bool, bool),
) -> StoreResult<i64> {
    let due_at = match review {
        Review::Keep if !is_deciding_it => return Ok(0),
        Review::None if is_new => return Ok(0),
        Review::Keep | Review::None => {
            let removed = tx
                .prepare_cached(
                    "DELETE FROM job WHERE lead = ?1 AND kind = 0 AND destination = ''",
                )?
                .execute([lead.0])?;
            return Ok(-(removed as i64));
        }
        Review::At(due_at) => due_at,
    };
    // A lead that is new has none.
    let moved = !is_new
        && tx
            .prepare_cached(
                "UPDATE job SET wanted = ?2, due_at = ?3, attempts = 0, reason = NULL
                 WHERE lead = ?1 AND kind = 0 AND destination = ''",
            )?
            .execute(params![lead.0, wanted.0, due_at.0])?
            > 0;
    if moved {
        return Ok(0);
    }
    tx.prepare_cached(
        "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank)
         VALUES (?1, 0, '', '', ?2, ?3, 0)",
    )?
    .execute(params![lead.0, wanted.0, due_at.0])?;
    Ok(1)
}

/// A review that is due.
#[derive(Clone, Copy, Debug)]
pub struct DueReview {
    /// Its row.
    pub job: i64,
    /// The lead's row.
    pub lead: i64,
    /// When it was due.
    pub due_at: Time,
}

/// Due reviews, oldest first.
pub fn due_reviews(tx: &Connection, now: Time, max: usize) -> StoreResult<Vec<DueReview>> {
    let mut found = tx.prepare_cached(
        "SELECT id, lead, due_at FROM job
         WHERE is_dead = 0 AND kind = 0 AND lane = '' AND rank = 0 AND due_at <= ?1
         ORDER BY due_at LIMIT ?2",
    )?;
    let rows = found.query_map(params![now.0, max as i64], |row| {
        Ok(DueReview { job: row.get(0)?, lead: row.get(1)?, due_at: Time(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next review is due.
pub fn next_review(tx: &Connection) -> StoreResult<Option<Time>> {
    let mut found = tx.prepare_cached(
        "SELECT min(due_at) FROM job WHERE is_dead = 0 AND kind = 0 AND lane = '' AND rank = 0",
    )?;
    Ok(found.query_row([], |row| row.get::<_, Option<i64>>(0))?.map(Time))
}

/// A review whose decision failed: again after `pause`, doubled each time up to `pause_max`. Never
/// dead: a lead is not let go because our code has a mistake.
pub fn review_failed(
    tx: &Connection,
    review: DueReview,
    why: &str,
    now: Time,
    (pause, pause_max): (Span, Span),
) -> StoreResult<()> {
    tx.prepare_cached(
        "UPDATE job SET attempts = attempts + 1, reason = ?2,
            due_at = ?3 + min(?4 << min(attempts, 10), ?5) WHERE id = ?1",
    )?
    .execute(params![review.job, why, now.0, pause.0, pause_max.0])?;
    Ok(())
}
