//! Order and redo: an operator retries or buries jobs, and puts events under way again.
//!
//! Guarantees: an attempt that is under way keeps its lease and may still record what it did. A
//! review is never buried: that would let go of a lead in silence. A redone event keeps its row,
//! its id and its place in the books.
//! Does not know: who ordered it; the caller records that as an event.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{books::Books, job::BURIED, rows};
use crate::{
    model::{
        event::{EventKind, Fate},
        time::Time,
    },
    store::{JobOrder, StoreResult},
};

/// Retries, buries or hastens jobs; answers how many there were to do so with.
pub fn order(tx: &Connection, jobs: &[i64], order: JobOrder, now: Time) -> StoreResult<usize> {
    let mut changed = 0;
    for job in jobs {
        changed += match order {
            JobOrder::Retry => tx
                .prepare_cached(
                    "UPDATE job SET due_at = ?2, is_dead = 0,
                        reason = CASE WHEN reason LIKE ?3 || '%' THEN NULL ELSE reason END,
                        is_uncertain = is_uncertain OR (lease_until = 0 AND attempts > lapsed),
                        attempts = CASE WHEN lease_until = 0 THEN lapsed ELSE attempts END
                     WHERE id = ?1 AND wanted >= 0",
                )?
                .execute(params![job, now.0, BURIED])?,
            JobOrder::Bury => tx
                .prepare_cached(
                    "UPDATE job SET is_dead = 1,
                        reason = ?2 || coalesce(': ' || CASE WHEN is_dead = 1 THEN reason END, '')
                     WHERE id = ?1 AND kind <> 0 AND wanted >= 0
                        AND coalesce(reason, '') NOT LIKE ?2 || '%'",
                )?
                .execute(params![job, BURIED])?,
            JobOrder::Hasten => tx
                .prepare_cached(
                    "UPDATE job SET due_at = ?2
                     WHERE id = ?1 AND kind <> 0 AND is_dead = 0 AND wanted >= 0
                        AND lease_until = 0 AND due_at > ?2",
                )?
                .execute(params![job, now.0])?,
        };
    }
    Ok(changed)
}

/// Puts rejected or dead events under way again; answers how many. A fill whose body is swept
/// cannot be decided again and is left as it is.
pub fn redo(tx: &Connection, books: &mut Books, events: &[Uuid]) -> StoreResult<usize> {
    let mut redone = 0;
    for uuid in events {
        let mut found = tx.prepare_cached(
            "SELECT e.id, e.kind, e.fate FROM event e LEFT JOIN body b ON b.event = e.id
             WHERE e.uuid = ?1 AND e.fate IN (3, 4) AND coalesce(e.news, b.bytes) IS NOT NULL",
        )?;
        let mut found = found.query([uuid.as_bytes()])?;
        let Some(row) = found.next()? else { continue };
        let (id, kind, fate): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        tx.prepare_cached("UPDATE event SET fate = 0, tries = 0, reason = NULL WHERE id = ?1")?
            .execute([id])?;
        if rows::event_kind(kind)? == EventKind::Fill {
            books.fate(Some(rows::fate(fate)?), Fate::Underway);
        }
        redone += 1;
    }
    Ok(redone)
}
