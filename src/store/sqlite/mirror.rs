//! The mirror of accounts.
//!
//! Guarantees: an order is done whole or not at all, and raises the version when it changed
//! something; accounts come in the order of origin and id, by bytes.
//! Does not know: what an account means.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::open;
use crate::store::{
    StoreResult,
    mirror::{ACCOUNTS_MAX, MirrorDone, MirrorOrder, MirrorRow, account, documents},
};

/// Carries out an order.
pub fn order(tx: &Connection, order: &MirrorOrder) -> StoreResult<MirrorDone> {
    let done = match order {
        MirrorOrder::Put { origin, stamp, accounts } => {
            let stamp = stamp.map(|stamp| stamp.0);
            let mut done = MirrorDone::default();
            for (id, document) in documents(accounts)? {
                done = done.and(put(tx, (origin, id), stamp, &document)?);
            }
            done
        }
        MirrorOrder::Retire { origin, stamp } => {
            let removed = tx
                .prepare_cached(
                    "DELETE FROM account WHERE origin = ?1 AND id IN (
                        SELECT id FROM account WHERE origin = ?1 AND stamp <> ?2 LIMIT ?3)",
                )?
                .execute(params![origin, stamp.0, ACCOUNTS_MAX as i64])?;
            MirrorDone { removed: removed as u64, ..MirrorDone::default() }
        }
    };
    if done.is_change() {
        tx.prepare_cached(
            "INSERT INTO mirror (name, version) VALUES ('account', 1)
             ON CONFLICT (name) DO UPDATE SET version = version + 1",
        )?
        .execute([])?;
    }
    Ok(done)
}

fn put(
    tx: &Connection,
    (origin, id): (&str, &str),
    stamp: Option<i64>,
    document: &str,
) -> StoreResult<MirrorDone> {
    let known: Option<bool> = tx
        .prepare_cached("SELECT doc = ?3 FROM account WHERE origin = ?1 AND id = ?2")?
        .query_row(params![origin, id, document], |row| row.get(0))
        .optional()?;
    if known != Some(true) || stamp.is_some() {
        tx.prepare_cached(
            "INSERT INTO account (origin, id, stamp, doc) VALUES (?1, ?2, coalesce(?3, 0), ?4)
             ON CONFLICT (origin, id) DO UPDATE SET stamp = coalesce(?3, stamp), doc = ?4",
        )?
        .execute(params![origin, id, stamp, document])?;
    }
    let (added, changed) = (known.is_none(), known == Some(false));
    Ok(MirrorDone {
        added: added.into(),
        changed: changed.into(),
        same: (known == Some(true)).into(),
        removed: 0,
    })
}

/// Accounts behind this one.
pub fn accounts(
    conn: &Connection,
    after: Option<&(String, String)>,
    max: usize,
) -> StoreResult<Vec<MirrorRow>> {
    let (origin, id) = after.map_or(("", ""), |(origin, id)| (origin.as_str(), id.as_str()));
    let mut found = conn.prepare_cached(
        "SELECT origin, doc FROM account WHERE (origin, id) > (?1, ?2)
         ORDER BY origin, id LIMIT ?3",
    )?;
    let mut rows = found.query(params![origin, id, max.min(ACCOUNTS_MAX) as i64])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(account(row.get(0)?, row.get_ref(1)?.as_str().unwrap_or_default())?);
    }
    Ok(accounts)
}

/// Every account of the database at this path, in their order, and the version of the mirror:
/// beside the process that has the database, without its lock, and without changing anything.
///
/// # Errors
/// There is no such database, or it cannot be read.
pub fn read_beside(path: &Path, mut each: impl FnMut(&MirrorRow)) -> StoreResult<u64> {
    let conn = open::reader(path)?;
    // One snapshot, however long it takes.
    let snapshot = conn.unchecked_transaction()?;
    let version = version(&snapshot)?;
    let mut after = None;
    loop {
        let rows = accounts(&snapshot, after.as_ref(), ACCOUNTS_MAX)?;
        rows.iter().for_each(&mut each);
        let Some(last) = rows.into_iter().next_back() else { return Ok(version) };
        after = Some((last.origin, last.account.id));
    }
}

/// The version of the mirror.
pub fn version(conn: &Connection) -> StoreResult<u64> {
    let version: Option<i64> = conn
        .prepare_cached("SELECT version FROM mirror WHERE name = 'account'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(version.unwrap_or(0) as u64)
}
