//! Imported leads.
//!
//! Guarantees: an order is done whole or not at all; leads come in the order of their keys, texts
//! by bytes. Does not know: what an imported lead means.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::{
    model::{imported::Imported, time::Time},
    store::{
        StoreResult,
        imported::{
            IMPORTED_MAX, ImportDone, ImportKey, ImportOrder, ImportStanding, NAMES_MAX, fields,
            rows,
        },
    },
};

/// Carries out an order.
pub fn order(tx: &Connection, order: &ImportOrder) -> StoreResult<ImportDone> {
    match order {
        ImportOrder::Put(leads) => {
            let mut done = ImportDone::default();
            for (key, (lead, fields)) in rows(leads)? {
                done = done.and(put(tx, &key, lead, &fields)?);
            }
            Ok(done)
        }
        ImportOrder::Remove { source, person } => {
            let removed = tx
                .prepare_cached(
                    "DELETE FROM imported WHERE (at, source, person) IN (
                        SELECT at, source, person FROM imported
                        WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR person = ?2) LIMIT ?3)",
                )?
                .execute(params![source, person, IMPORTED_MAX as i64])?;
            Ok(ImportDone { removed: removed as u64, ..ImportDone::default() })
        }
    }
}

fn put(
    tx: &Connection,
    (at, source, person): &ImportKey,
    lead: &Imported,
    fields: &str,
) -> StoreResult<ImportDone> {
    let answered_at = lead.answered_at.map(|at| at.0);
    let known: Option<bool> = tx
        .prepare_cached(
            "SELECT owner IS ?4 AND answered_at IS ?5 AND fields = ?6 FROM imported
             WHERE at = ?1 AND source = ?2 AND person = ?3",
        )?
        .query_row(params![at.0, source, person, lead.owner, answered_at, fields], |row| row.get(0))
        .optional()?;
    if known != Some(true) {
        tx.prepare_cached(
            "INSERT INTO imported (at, source, person, owner, answered_at, fields)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (at, source, person) DO UPDATE
                SET owner = ?4, answered_at = ?5, fields = ?6",
        )?
        .execute(params![at.0, source, person, lead.owner, answered_at, fields])?;
    }
    let (added, changed) = (known.is_none(), known == Some(false));
    Ok(ImportDone {
        added: added.into(),
        changed: changed.into(),
        same: (known == Some(true)).into(),
        removed: 0,
    })
}

/// Leads behind this one.
pub fn after(
    conn: &Connection,
    (at, source, person): &ImportKey,
    max: usize,
) -> StoreResult<Vec<Imported>> {
    let mut found = conn.prepare_cached(
        "SELECT at, source, owner, answered_at, fields FROM imported
         WHERE (at, source, person) > (?1, ?2, ?3) ORDER BY at, source, person LIMIT ?4",
    )?;
    let mut rows = found.query(params![at.0, source, person, max.min(IMPORTED_MAX) as i64])?;
    let mut leads = Vec::new();
    while let Some(row) = rows.next()? {
        leads.push(Imported {
            at: Time(row.get(0)?),
            source: row.get(1)?,
            owner: row.get(2)?,
            answered_at: row.get::<_, Option<i64>>(3)?.map(Time),
            fields: fields(row.get_ref(4)?.as_str().unwrap_or_default())?,
        });
    }
    Ok(leads)
}

/// What is there.
pub fn standing(conn: &Connection) -> StoreResult<ImportStanding> {
    let counted = conn
        .prepare_cached(
            "SELECT count(*), min(at), max(at), count(answered_at), count(*) - count(owner)
             FROM imported",
        )?
        .query_row([], |row| {
            Ok(ImportStanding {
                leads: row.get::<_, i64>(0)? as u64,
                from: row.get::<_, Option<i64>>(1)?.map(Time),
                to: row.get::<_, Option<i64>>(2)?.map(Time),
                answered: row.get::<_, i64>(3)? as u64,
                unowned: row.get::<_, i64>(4)? as u64,
                ..ImportStanding::default()
            })
        })?;
    let sources = conn.prepare_cached(
        "SELECT source, count(*) AS n FROM imported
         GROUP BY source ORDER BY n DESC, source LIMIT ?1",
    )?;
    let owners = conn.prepare_cached(
        "SELECT owner, count(*) AS n FROM imported WHERE owner IS NOT NULL
         GROUP BY owner ORDER BY n DESC, owner LIMIT ?1",
    )?;
    Ok(ImportStanding { sources: most(sources)?, owners: most(owners)?, ..counted })
}

/// Names with their counts.
fn most(mut found: CachedStatement<'_>) -> StoreResult<BTreeMap<String, u64>> {
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
    let rows = found.query_map([NAMES_MAX as i64], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
