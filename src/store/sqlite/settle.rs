//! Settle: an attempt ends, with what it left behind and the news it brought.
//!
//! Guarantees: fenced by the attempt's number and its lease, so that a lost lease changes
//! nothing; a job is finished only for the revision that is still wanted; effect, verdict and
//! news are one transaction.
//! Does not know: what the attempt did.

use rusqlite::{Connection, params};

use super::{
    accept,
    books::Books,
    job::{BURIED, DROPPED},
    rows,
};
use crate::{
    model::{
        job::{Effect, Link, Settled, Settlement, Verdict, lane},
        time::Time,
    },
    store::StoreResult,
};

/// The job as it is when its attempt ends.
struct Attempted {
    lead: i64,
    destination: String,
    wanted: i64,
    is_dead: bool,
}

/// What becomes of the row.
enum End<'a> {
    /// Nothing is left to do.
    Delete,
    /// Wanted again by a newer plan: due as that plan said, counted anew.
    Anew { is_done: bool },
    /// The same work again.
    Again { at: Time, is_free: bool, why: &'a str },
    /// For a person to look at.
    Dead { why: &'a str },
}

/// Ends attempts.
pub fn settle(
    tx: &Connection,
    books: &mut Books,
    settlements: &[Settlement],
) -> StoreResult<Vec<Settled>> {
    settlements.iter().map(|settlement| settle_one(tx, books, settlement)).collect()
}

fn settle_one(tx: &Connection, books: &mut Books, settlement: &Settlement) -> StoreResult<Settled> {
    let Some(job) = attempted(tx, settlement)? else { return Ok(Settled::LeaseLost) };
    match &settlement.effect {
        Some(Effect::Written(link)) => write_link(tx, &job, link)?,
        Some(Effect::Told { why, at }) => {
            tx.prepare_cached(
                "INSERT INTO notice (lead, destination, why, revision, at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                job.lead,
                job.destination,
                rows::word(why)?,
                settlement.revision.0,
                at.0
            ])?;
        }
        None => {}
    }
    finish(tx, settlement, &job)?;
    accept::accept(tx, books, &settlement.news)?;
    Ok(Settled::Kept)
}

/// The job, if this attempt still holds it.
fn attempted(tx: &Connection, settlement: &Settlement) -> StoreResult<Option<Attempted>> {
    let mut found = tx.prepare_cached(
        "SELECT lead, destination, wanted, is_dead FROM job
         WHERE id = ?1 AND attempts = ?2 AND lease_until <> 0",
    )?;
    let mut found = found.query(params![settlement.job.0, settlement.attempt])?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(Attempted {
        lead: row.get(0)?,
        destination: row.get(1)?,
        wanted: row.get(2)?,
        is_dead: row.get(3)?,
    }))
}

/// Which end the verdict is for the row as it is now: a plan may have raised the revision wanted
/// or dropped the job, and an operator may have buried it, while the attempt was under way.
fn end<'a>(settlement: &'a Settlement, job: &Attempted) -> End<'a> {
    let is_stale = job.wanted > settlement.revision.0;
    match &settlement.verdict {
        _ if job.wanted == DROPPED => End::Delete,
        Verdict::Done if is_stale => End::Anew { is_done: true },
        Verdict::Done => End::Delete,
        Verdict::Retry { why, .. } | Verdict::Snooze { why, .. } if job.is_dead => {
            End::Dead { why }
        }
        Verdict::Dead { .. } if is_stale && !job.is_dead => End::Anew { is_done: false },
        Verdict::Dead { why } => End::Dead { why },
        Verdict::Retry { at, why } => End::Again { at: *at, is_free: false, why },
        Verdict::Snooze { at, why } => End::Again { at: *at, is_free: true, why },
    }
}

fn finish(tx: &Connection, settlement: &Settlement, job: &Attempted) -> StoreResult<()> {
    let id = settlement.job.0;
    match end(settlement, job) {
        End::Delete => tx.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([id]),
        End::Anew { is_done } => tx
            .prepare_cached(
                "UPDATE job SET lease_until = 0, attempts = lapsed, is_dead = 0, reason = NULL,
                    is_uncertain = NOT ?2 AND (is_uncertain OR attempts > lapsed + 1)
                 WHERE id = ?1",
            )?
            .execute(params![id, is_done]),
        End::Again { at, is_free, why } => tx
            .prepare_cached(
                "UPDATE job SET lease_until = 0, attempts = attempts - ?2, reason = ?3,
                    due_at = CASE WHEN wanted > ?5 THEN max(due_at, ?4) ELSE ?4 END
                 WHERE id = ?1",
            )?
            .execute(params![id, is_free, why, at.0, settlement.revision.0]),
        End::Dead { why } => tx
            .prepare_cached(
                "UPDATE job SET lease_until = 0, is_dead = 1,
                    reason = CASE WHEN reason LIKE ?3 || '%' THEN reason ELSE ?2 END WHERE id = ?1",
            )?
            .execute(params![id, why, BURIED]),
    }?;
    Ok(())
}

fn write_link(tx: &Connection, job: &Attempted, link: &Link) -> StoreResult<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO link (lead, destination, record, owner, tried, written_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        job.lead,
        lane(&job.destination),
        link.record,
        link.owner,
        link.tried,
        link.written_at.0
    ])?;
    Ok(())
}
