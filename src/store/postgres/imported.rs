//! Imported leads.
//!
//! Guarantees: an order is done whole or not at all; leads come in the order of their keys, texts
//! by bytes. Does not know: what an imported lead means.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::{
    tx::{Tx, get, get_maybe, get_text},
    value::{Text, maybe, text},
};
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
pub async fn order(tx: &Tx, order: &ImportOrder) -> StoreResult<ImportDone> {
    match order {
        ImportOrder::Put(leads) => put(tx, leads).await,
        ImportOrder::Remove { source, person } => {
            let removed = tx
                .execute(
                    "DELETE FROM imported WHERE (at, source, person) IN (
                        SELECT at, source, person FROM imported
                        WHERE ($1 IS NULL OR source = $1) AND ($2 IS NULL OR person = $2)
                        ORDER BY at, source, person LIMIT $3)",
                    &[&maybe(source.as_ref()), &maybe(person.as_ref()), &(IMPORTED_MAX as i64)],
                )
                .await?;
            Ok(ImportDone { removed, ..ImportDone::default() })
        }
    }
}

/// The columns of the leads that are put.
#[derive(Default)]
struct Columns<'a> {
    at: Vec<i64>,
    source: Vec<Text<'a>>,
    person: Vec<Text<'a>>,
    owner: Vec<Option<Text<'a>>>,
    answered_at: Vec<Option<i64>>,
    fields: Vec<Text<'a>>,
}

async fn put(tx: &Tx, leads: &[Imported]) -> StoreResult<ImportDone> {
    let mut new = Columns::default();
    // Sorted: two replicas that bring the same leads wait for each other in one order.
    for ((at, source, person), (lead, fields)) in rows(leads)? {
        new.at.push(at.0);
        new.source.push(text(source));
        new.person.push(text(person));
        new.owner.push(maybe(lead.owner.as_ref()));
        new.answered_at.push(lead.answered_at.map(|at| at.0));
        new.fields.push(text(fields));
    }
    let counted = tx
        .first(
            "WITH new AS (SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                    AS new (at, source, person, owner, answered_at, fields)),
                known AS (SELECT count(*) AS n, count(*) FILTER (
                        WHERE (old.owner, old.answered_at, old.fields)
                            IS NOT DISTINCT FROM (new.owner, new.answered_at, new.fields)) AS same
                    FROM new JOIN imported AS old ON old.at = new.at
                        AND old.source = new.source AND old.person = new.person),
                put AS (INSERT INTO imported AS old (at, source, person, owner, answered_at, fields)
                    SELECT at, source, person, owner, answered_at, fields FROM new
                    ORDER BY at, source, person
                    ON CONFLICT (at, source, person) DO UPDATE
                        SET owner = excluded.owner, answered_at = excluded.answered_at,
                            fields = excluded.fields
                        WHERE (old.owner, old.answered_at, old.fields) IS DISTINCT FROM
                            (excluded.owner, excluded.answered_at, excluded.fields))
             SELECT n, same FROM known",
            &[&new.at, &new.source, &new.person, &new.owner, &new.answered_at, &new.fields],
        )
        .await?;
    let (known, same) = match &counted {
        Some(row) => (get::<i64>(row, 0)?, get::<i64>(row, 1)?),
        None => (0, 0),
    };
    Ok(ImportDone {
        added: (new.at.len() as u64).saturating_sub(known as u64),
        changed: (known - same) as u64,
        same: same as u64,
        removed: 0,
    })
}

/// Leads behind this one.
pub async fn after(
    tx: &Tx,
    (at, source, person): &ImportKey,
    max: usize,
) -> StoreResult<Vec<Imported>> {
    let found = tx
        .query(
            "SELECT at, source, owner, answered_at, fields FROM imported
             WHERE (at, source, person) > ($1, $2, $3) ORDER BY at, source, person LIMIT $4",
            &[&at.0, &text(source), &text(person), &(max.min(IMPORTED_MAX) as i64)],
        )
        .await?;
    let each = found.iter().map(|row| {
        Ok(Imported {
            at: Time(get(row, 0)?),
            source: get_text(row, 1)?,
            owner: get_maybe(row, 2)?,
            answered_at: get::<Option<i64>>(row, 3)?.map(Time),
            fields: fields(&get_text(row, 4)?)?,
        })
    });
    each.collect()
}

/// What is there.
pub async fn standing(tx: &Tx) -> StoreResult<ImportStanding> {
    let counted = tx
        .first(
            "SELECT count(*), min(at), max(at), count(answered_at), count(*) - count(owner)
             FROM imported",
            &[],
        )
        .await?;
    let Some(row) = counted else { return Ok(ImportStanding::default()) };
    let max = NAMES_MAX as i64;
    let sources = tx
        .query(
            "SELECT source, count(*) AS n FROM imported
             GROUP BY source ORDER BY n DESC, source LIMIT $1",
            &[&max],
        )
        .await?;
    let owners = tx
        .query(
            "SELECT owner, count(*) AS n FROM imported WHERE owner IS NOT NULL
             GROUP BY owner ORDER BY n DESC, owner COLLATE \"C\" LIMIT $1",
            &[&max],
        )
        .await?;
    Ok(ImportStanding {
        leads: get::<i64>(&row, 0)? as u64,
        from: get::<Option<i64>>(&row, 1)?.map(Time),
        to: get::<Option<i64>>(&row, 2)?.map(Time),
        answered: get::<i64>(&row, 3)? as u64,
        unowned: get::<i64>(&row, 4)? as u64,
        sources: counts(&sources)?,
        owners: counts(&owners)?,
    })
}

/// Names with their counts.
fn counts(rows: &[Row]) -> StoreResult<BTreeMap<String, u64>> {
    rows.iter().map(|row| Ok((get_text(row, 0)?, get::<i64>(row, 1)? as u64))).collect()
}
