//! Records of decisions, and what is kept beside them.
//!
//! Guarantees: documents come back byte for byte.
//! Does not know: what is in them.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    model::{
        id::{EventId, LeadId, Seq},
        record::RecordRow,
        team::Team,
    },
    store::{
        Page, RecordFilter, StoreResult,
        columns::json,
        keeping::{Keeping, Unkept},
        read::PAGE_MAX,
    },
};

/// What is kept already.
pub fn load(conn: &Connection) -> StoreResult<Keeping> {
    let last = conn
        .prepare_cached(
            "SELECT seq, length(team) FROM checkpoint
             WHERE (SELECT saw IS NOT NULL FROM decision ORDER BY seq DESC LIMIT 1)
             ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(Keeping::load(last))
}

/// Writes what is to be kept.
pub fn write(tx: &Connection, unkept: &Unkept) -> StoreResult<()> {
    for basis in &unkept.bases {
        tx.prepare_cached("INSERT OR IGNORE INTO basis (hash, doc) VALUES (?1, ?2)")?
            .execute(params![basis.hash, basis.doc])?;
    }
    for (seq, team) in &unkept.checkpoints {
        tx.prepare_cached("INSERT OR REPLACE INTO checkpoint (seq, team) VALUES (?1, ?2)")?
            .execute(params![seq, team])?;
    }
    Ok(())
}

/// Decisions with their records, in order.
pub fn records(conn: &Connection, filter: &RecordFilter) -> StoreResult<Page<RecordRow>> {
    let max = filter.max.clamp(1, PAGE_MAX);
    let lead = match filter.lead {
        None => None,
        // A lead that is not there has no decisions.
        Some(uuid) => Some(super::rows::lead_row(conn, uuid)?.unwrap_or(-1)),
    };
    let mut found = match lead {
        Some(_) => conn.prepare_cached(
            "SELECT seq, lead, event, doc, saw, moved FROM decision
             WHERE seq > ?1 AND lead = ?2 ORDER BY seq LIMIT ?3",
        )?,
        None => conn.prepare_cached(
            "SELECT seq, lead, event, doc, saw, moved FROM decision
             WHERE seq > ?1 AND ?2 IS NULL ORDER BY seq LIMIT ?3",
        )?,
    };
    let after = filter.after.map_or(0, |after| after.0);
    let rows = found.query_map(params![after, lead, max as i64], |row| {
        Ok(RecordRow {
            seq: Seq(row.get(0)?),
            lead: row.get::<_, Option<i64>>(1)?.map(LeadId),
            event: row.get::<_, Option<i64>>(2)?.map(EventId),
            doc: row.get(3)?,
            saw: row.get(4)?,
            moved: row.get(5)?,
        })
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let next = rows.last().filter(|_| rows.len() >= max).map(|last| last.seq.0);
    Ok(Page { rows, next })
}

/// People as they were after the last decision at or before this one after which they were kept.
pub fn checkpoint(conn: &Connection, at: Seq) -> StoreResult<Option<(Seq, Team)>> {
    let found: Option<(i64, String)> = conn
        .prepare_cached(
            "SELECT seq, team FROM checkpoint WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([at.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(seq, team)| Ok((Seq(seq), json("checkpoint", seq, &team)?))).transpose()
}

/// What decisions stand on, by its hash.
pub fn basis(conn: &Connection, hash: i64) -> StoreResult<Option<String>> {
    let mut found = conn.prepare_cached("SELECT doc FROM basis WHERE hash = ?1")?;
    Ok(found.query_row([hash], |row| row.get(0)).optional()?)
}
