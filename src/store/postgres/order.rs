//! Order and redo: an operator retries or buries jobs, and puts events under way again.
//!
//! Guarantees: an attempt that is under way keeps its lease and may still record what it did. A
//! review is never buried: that would let go of a lead in silence. A redone event keeps its row,
//! its id and its place in the books. Rows that a deciding transaction holds are waited for one by
//! one, so that two that wait never wait for each other.
//! Does not know: who ordered it; the caller records that as an event.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    job::BURIED,
    pools::Pools,
    rows, tally,
    tx::{Tx, get},
    value::text,
};
use crate::{
    model::{
        event::{EventKind, Fate},
        time::Time,
    },
    store::{JobOrder, StoreResult, books::Books},
};

/// Retries, buries or hastens jobs; answers how many there were to do so with.
pub async fn order(pools: &Pools, jobs: &[i64], order: JobOrder, now: Time) -> StoreResult<usize> {
    let tx = pools.write().await?;
    let first = async {
        let (free, held) = free(&tx, jobs).await?;
        Ok((change(&tx, free, order, now).await?, held))
    };
    let first = first.await;
    let (mut changed, held) = tx.end(first).await?;
    for job in held {
        let tx = pools.write().await?;
        let one = change(&tx, vec![job], order, now).await;
        changed += tx.end(one).await?;
    }
    Ok(changed)
}

/// The rows of these jobs that nobody holds, locked, and those that somebody does.
async fn free(tx: &Tx, jobs: &[i64]) -> StoreResult<(Vec<i64>, Vec<i64>)> {
    let asked = jobs.to_vec();
    let sql = "SELECT id FROM job WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED";
    let mut free = Vec::new();
    for row in &tx.query(sql, &[&asked]).await? {
        free.push(get(row, 0)?);
    }
    let mut held = Vec::new();
    if free.len() < asked.len() {
        let known: HashSet<i64> = free.iter().copied().collect();
        for row in &tx.query("SELECT id FROM job WHERE id = ANY ($1)", &[&asked]).await? {
            let id = get(row, 0)?;
            if !known.contains(&id) {
                held.push(id);
            }
        }
    }
    Ok((free, held))
}

async fn change(tx: &Tx, jobs: Vec<i64>, order: JobOrder, now: Time) -> StoreResult<usize> {
    let buried = text(BURIED);
    let changed = match order {
        JobOrder::Retry => {
            tx.execute(
                "UPDATE job SET due_at = $2, is_dead = false,
                    reason = CASE WHEN starts_with(reason, $3) THEN NULL ELSE reason END,
                    is_uncertain = is_uncertain OR (lease_until = 0 AND attempts > lapsed),
                    attempts = CASE WHEN lease_until = 0 THEN lapsed ELSE attempts END
                 WHERE id = ANY ($1) AND wanted >= 0",
                &[&jobs, &now.0, &buried],
            )
            .await?
        }
        JobOrder::Bury => {
            tx.execute(
                "UPDATE job SET is_dead = true,
                    reason = $2 || coalesce(': ' || CASE WHEN is_dead THEN reason END, '')
                 WHERE id = ANY ($1) AND kind <> 0 AND wanted >= 0
                    AND NOT starts_with(coalesce(reason, ''), $2)",
                &[&jobs, &buried],
            )
            .await?
        }
        JobOrder::Hasten => {
            tx.execute(
                "UPDATE job SET due_at = $2
                 WHERE id = ANY ($1) AND kind <> 0 AND NOT is_dead AND wanted >= 0
                    AND lease_until = 0 AND due_at > $2",
                &[&jobs, &now.0],
            )
            .await?
        }
    };
    Ok(changed as usize)
}

/// Puts rejected or dead events under way again; answers how many. A fill whose body is swept
/// cannot be decided again and is left as it is.
pub async fn redo(tx: &Tx, events: &[Uuid]) -> StoreResult<usize> {
    let events = events.to_vec();
    let rows = tx
        .query(
            "WITH found AS MATERIALIZED (
                SELECT e.id, e.kind, e.fate FROM event e LEFT JOIN body b ON b.event = e.id
                WHERE e.uuid = ANY ($1) AND e.fate IN (3, 4)
                    AND coalesce(e.news, b.bytes) IS NOT NULL
                ORDER BY e.id FOR UPDATE OF e)
             UPDATE event SET fate = 0, tries = 0, reason = NULL FROM found
             WHERE event.id = found.id RETURNING found.kind, found.fate",
            &[&events],
        )
        .await?;
    let mut books = Books::default();
    for row in &rows {
        if rows::event_kind(get(row, 0)?)? == EventKind::Fill {
            books.fate(Some(rows::fate(get(row, 1)?)?), Fate::Underway);
        }
    }
    tally::add(tx, &books.counts).await?;
    Ok(rows.len())
}
