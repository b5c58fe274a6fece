//! The counters of fields that stay empty, as rows.
//!
//! Guarantees: only what has moved far enough is written.
//! Does not know: what counts; [`Unfilled`] does.

use std::collections::BTreeMap;

use super::{
    tx::{Tx, get, get_text},
    value::text,
};
use crate::store::{StoreResult, unfilled::Unfilled};

/// The counters as they are on disk.
pub async fn load(tx: &Tx) -> StoreResult<Unfilled> {
    let mut all = Unfilled::default();
    for row in tx.query("SELECT source, field, n FROM unfilled", &[]).await? {
        all.load(get_text(&row, 0)?, get_text(&row, 1)?, get(&row, 2)?);
    }
    Ok(all)
}

/// Writes what has moved far enough.
pub async fn write(tx: &Tx, moved: &[(String, String, i64)]) -> StoreResult<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let sources: Vec<_> = moved.iter().map(|(source, ..)| text(source)).collect();
    let fields: Vec<_> = moved.iter().map(|(_, field, _)| text(field)).collect();
    let counts: Vec<i64> = moved.iter().map(|(.., n)| *n).collect();
    tx.execute(
        "INSERT INTO unfilled (source, field, n)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
         ON CONFLICT (source, field) DO UPDATE SET n = excluded.n",
        &[&sources, &fields, &counts],
    )
    .await?;
    Ok(())
}

/// The counters on disk, as `source/field`.
pub async fn read(tx: &Tx) -> StoreResult<BTreeMap<String, i64>> {
    let found = tx.query("SELECT source, field, n FROM unfilled WHERE n > 0", &[]).await?;
    found
        .iter()
        .map(|row| Ok((format!("{}/{}", get_text(row, 0)?, get_text(row, 1)?), get(row, 2)?)))
        .collect()
}
