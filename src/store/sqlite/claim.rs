//! Claim: due jobs of one lane are leased to whoever will do them.
//!
//! Guarantees: the smallest rank first, then the longest due; what is leased is not given again
//! before its lease ends; a claim after a lease that lapsed says so, until an attempt succeeds.
//! Tells to one destination come together, within the claim's limit.
//! Does not know: how a job is done. Ranks are expected to be few (one look-up each).

use rusqlite::{Connection, params};

use super::{job::DROPPED, rows};
use crate::{
    model::{
        id::{JobId, Seq},
        job::{Claimed, JobKind, Link, lane},
        time::Time,
    },
    store::{Claim, ClaimDone, StoreError, StoreResult},
};

/// Leases due jobs.
pub fn claim(tx: &Connection, claim: &Claim) -> StoreResult<ClaimDone> {
    let mut done = ClaimDone::default();
    let chosen = choose(tx, claim)?;
    for job in chosen {
        if let Some(claimed) = lease(tx, claim, job)? {
            done.jobs.push(claimed);
        }
    }
    done.next_due = next_due(tx, claim)?;
    Ok(done)
}

/// The rows to lease, in order.
fn choose(tx: &Connection, claim: &Claim) -> StoreResult<Vec<i64>> {
    let mut chosen = Vec::new();
    for rank in ranks(tx, claim)? {
        let mut found = tx.prepare_cached(
            "SELECT id, destination FROM job
             WHERE is_dead = 0 AND kind = ?1 AND lane = ?2 AND rank = ?3 AND due_at <= ?4
                AND lease_until <= ?4
             ORDER BY due_at LIMIT ?5",
        )?;
        let kind = rows::job_kind_number(claim.kind);
        let room = claim.max.saturating_sub(chosen.len());
        let mut found = found.query(params![kind, claim.lane, rank, claim.now.0, room as i64])?;
        while let Some(row) = found.next()? {
            let id: i64 = row.get(0)?;
            if chosen.len() >= claim.max || chosen.contains(&id) {
                continue;
            }
            chosen.push(id);
            if claim.kind == JobKind::Tell {
                let destination: String = row.get(1)?;
                with_companions(tx, claim, &destination, &mut chosen)?;
            }
        }
        if chosen.len() >= claim.max {
            break;
        }
    }
    Ok(chosen)
}

/// Adds the other due tells to the same destination, so that one message can speak of all.
fn with_companions(
    tx: &Connection,
    claim: &Claim,
    destination: &str,
    chosen: &mut Vec<i64>,
) -> StoreResult<()> {
    let mut found = tx.prepare_cached(
        "SELECT id FROM job
         WHERE is_dead = 0 AND kind = 2 AND destination = ?1 AND due_at <= ?2 AND lease_until <= ?2
         ORDER BY rank, due_at LIMIT ?3",
    )?;
    let mut found = found.query(params![destination, claim.now.0, claim.max as i64])?;
    while let Some(row) = found.next()? {
        let id = row.get(0)?;
        if chosen.len() < claim.max && !chosen.contains(&id) {
            chosen.push(id);
        }
    }
    Ok(())
}

/// The ranks that this lane's open jobs have, by skipping from one to the next.
fn ranks(tx: &Connection, claim: &Claim) -> StoreResult<Vec<i64>> {
    let mut next = tx.prepare_cached(
        "SELECT min(rank) FROM job WHERE is_dead = 0 AND kind = ?1 AND lane = ?2 AND rank > ?3",
    )?;
    let kind = rows::job_kind_number(claim.kind);
    let (mut ranks, mut after) = (Vec::new(), i64::MIN);
    loop {
        let rank: Option<i64> =
            next.query_row(params![kind, claim.lane, after], |row| row.get(0))?;
        match rank {
            Some(rank) => ranks.push(rank),
            None => return Ok(ranks),
        }
        after = rank.unwrap_or(i64::MAX);
    }
}

/// Leases one job, or puts aside one that cannot be done.
fn lease(tx: &Connection, claim: &Claim, id: i64) -> StoreResult<Option<Claimed>> {
    tx.prepare_cached(
        "UPDATE job SET
            lapsed = CASE WHEN lease_until <> 0 THEN attempts ELSE lapsed END,
            is_uncertain = is_uncertain OR lease_until <> 0,
            attempts = attempts + 1, lease_until = ?2
         WHERE id = ?1",
    )?
    .execute(params![id, claim.now.plus(claim.lease).0.max(1)])?;
    // Read by itself: rows that a change returns are gathered in a table of their own first.
    let mut leased = tx.prepare_cached(
        "SELECT lead, destination, wanted, attempts, is_uncertain, why, due_at FROM job
         WHERE id = ?1",
    )?;
    let mut leased = leased.query([id])?;
    let Some(row) = leased.next()? else { return Ok(None) };
    let (lead, destination, wanted): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (attempt, is_uncertain): (u32, bool) = (row.get(3)?, row.get(4)?);
    let why: Option<String> = row.get(5)?;
    let due_at = Time(row.get(6)?);
    drop(leased);
    if wanted == DROPPED {
        tx.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([id])?;
        return Ok(None);
    }
    let lead = match rows::load_lead(tx, lead) {
        Ok(Some(lead)) => lead,
        Ok(None) => return bury(tx, id, "its lead is missing"),
        Err(StoreError::Corrupt(why)) => return bury(tx, id, &why),
        Err(error) => return Err(error),
    };
    Ok(Some(Claimed {
        id: JobId(id),
        kind: claim.kind,
        link: link(tx, lead.id.0, lane(&destination))?,
        lead,
        destination,
        wanted: Seq(wanted),
        attempt,
        is_uncertain,
        why: why.as_deref().map(rows::of_word).transpose()?,
        due_at,
    }))
}

/// A job that cannot even be read harms no other.
fn bury(tx: &Connection, id: i64, why: &str) -> StoreResult<Option<Claimed>> {
    tx.prepare_cached("UPDATE job SET is_dead = 1, lease_until = 0, reason = ?2 WHERE id = ?1")?
        .execute(params![id, why])?;
    Ok(None)
}

/// What is on record about a lead at a CRM.
fn link(tx: &Connection, lead: i64, destination: &str) -> StoreResult<Option<Link>> {
    let mut found = tx.prepare_cached(
        "SELECT record, owner, tried, written_at FROM link WHERE lead = ?1 AND destination = ?2",
    )?;
    let mut found = found.query(params![lead, destination])?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some(Link {
        record: row.get(0)?,
        owner: row.get(1)?,
        tried: row.get(2)?,
        written_at: Time(row.get(3)?),
    }))
}

/// When something of this lane is to be had next: a job is due, or a lease ends.
fn next_due(tx: &Connection, claim: &Claim) -> StoreResult<Option<Time>> {
    let kind = rows::job_kind_number(claim.kind);
    let mut next: Option<i64> = None;
    for rank in ranks(tx, claim)? {
        let mut found = tx.prepare_cached(
            "SELECT due_at, lease_until FROM job
             WHERE is_dead = 0 AND kind = ?1 AND lane = ?2 AND rank = ?3 ORDER BY due_at",
        )?;
        let mut found = found.query(params![kind, claim.lane, rank])?;
        while let Some(row) = found.next()? {
            let (due_at, lease_until): (i64, i64) = (row.get(0)?, row.get(1)?);
            let is_free = lease_until <= claim.now.0;
            let at = if is_free { due_at } else { due_at.max(lease_until) };
            next = Some(next.map_or(at, |next| next.min(at)));
            if is_free {
                break;
            }
        }
    }
    Ok(next.map(Time))
}
