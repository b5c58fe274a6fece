//! The mirror of accounts.
//!
//! Guarantees: an order is done whole or not at all, and raises the version when it changed
//! something; accounts come in the order of origin and id, by bytes.
//! Does not know: what an account means.

use super::{
    tx::{Tx, get, get_text},
    value::{Text, text},
};
use crate::store::{
    StoreResult,
    mirror::{ACCOUNTS_MAX, MirrorDone, MirrorOrder, MirrorRow, account, documents},
};

/// Carries out an order.
pub async fn order(tx: &Tx, order: &MirrorOrder) -> StoreResult<MirrorDone> {
    let done = match order {
        MirrorOrder::Put { origin, stamp, accounts } => {
            // Sorted: two replicas that bring the same accounts wait for each other in one order.
            let (ids, documents): (Vec<Text<'_>>, Vec<Text<'_>>) = documents(accounts)?
                .into_iter()
                .map(|(id, document)| (text(id), Text::from(document)))
                .unzip();
            put(tx, origin, stamp.map(|stamp| stamp.0), (&ids, &documents)).await?
        }
        MirrorOrder::Retire { origin, stamp } => {
            let removed = tx
                .execute(
                    "DELETE FROM account WHERE origin = $1 AND id IN (
                        SELECT id FROM account WHERE origin = $1 AND stamp <> $2
                        ORDER BY id LIMIT $3)",
                    &[&text(origin), &stamp.0, &(ACCOUNTS_MAX as i64)],
                )
                .await?;
            MirrorDone { removed, ..MirrorDone::default() }
        }
    };
    if done.is_change() {
        tx.batch(
            "INSERT INTO mirror (name, version) VALUES ('account', 1)
             ON CONFLICT (name) DO UPDATE SET version = mirror.version + 1",
        )
        .await?;
    }
    Ok(done)
}

async fn put(
    tx: &Tx,
    origin: &str,
    stamp: Option<i64>,
    (ids, documents): (&Vec<Text<'_>>, &Vec<Text<'_>>),
) -> StoreResult<MirrorDone> {
    let counted = tx
        .first(
            "WITH new AS (SELECT * FROM unnest($2, $3) AS new (id, doc)),
                known AS (SELECT count(*) AS n, count(*) FILTER (WHERE account.doc = new.doc) AS same
                    FROM new JOIN account ON account.origin = $1 AND account.id = new.id),
                put AS (INSERT INTO account (origin, id, stamp, doc)
                    SELECT $1, id, coalesce($4, 0), doc FROM new ORDER BY id
                    ON CONFLICT (origin, id) DO UPDATE
                        SET doc = excluded.doc, stamp = coalesce($4, account.stamp)
                        WHERE account.doc <> excluded.doc OR account.stamp <> $4)
             SELECT n, same FROM known",
            &[&text(origin), ids, documents, &stamp],
        )
        .await?;
    let (known, same) = match &counted {
        Some(row) => (get::<i64>(row, 0)?, get::<i64>(row, 1)?),
        None => (0, 0),
    };
    Ok(MirrorDone {
        added: (ids.len() as u64).saturating_sub(known as u64),
        changed: (known - same) as u64,
        same: same as u64,
        removed: 0,
    })
}

/// Accounts behind this one.
pub async fn accounts(
    tx: &Tx,
    after: Option<&(String, String)>,
    max: usize,
) -> StoreResult<Vec<MirrorRow>> {
    let (origin, id) = after.map_or(("", ""), |(origin, id)| (origin.as_str(), id.as_str()));
    let found = tx
        .query(
            "SELECT origin, doc FROM account WHERE (origin, id) > ($1, $2)
             ORDER BY origin, id LIMIT $3",
            &[&text(origin), &text(id), &(max.min(ACCOUNTS_MAX) as i64)],
        )
        .await?;
    let each = found.iter().map(|row| account(get_text(row, 0)?, &get_text(row, 1)?));
    each.collect()
}

/// The version of the mirror.
pub async fn version(tx: &Tx) -> StoreResult<u64> {
    let found = tx.first("SELECT version FROM mirror WHERE name = 'account'", &[]).await?;
    found.map_or(Ok(0), |row| Ok(get::<i64>(&row, 0)? as u64))
}
