//! Alerts that stand: kept so that a restart neither repeats nor forgets a word.
//!
//! Guarantees: replaced as a whole, so that what is kept is one state of one ledger.
//! Does not know: what an alert means.

use super::{
    rows,
    tx::{Tx, get_text},
    value::{Text, text},
};
use crate::{model::alert::RaisedAlert, store::StoreResult};

/// Those that are kept. One that this version cannot read is left out: it would be raised anew.
pub async fn list(tx: &Tx) -> StoreResult<Vec<RaisedAlert>> {
    let mut all = Vec::new();
    for row in &tx.query("SELECT doc FROM alert ORDER BY id", &[]).await? {
        all.extend(serde_json::from_str(&get_text(row, 0)?).ok());
    }
    Ok(all)
}

/// Keeps these instead.
pub async fn replace(tx: &Tx, standing: &[RaisedAlert]) -> StoreResult<Vec<RaisedAlert>> {
    // Two replicas that replace at once do so one after the other.
    tx.batch("LOCK TABLE alert IN SHARE ROW EXCLUSIVE MODE; DELETE FROM alert").await?;
    let mut docs: Vec<Text<'_>> = Vec::with_capacity(standing.len());
    for one in standing {
        docs.push(text(rows::doc(one)?));
    }
    if !docs.is_empty() {
        tx.execute(
            "INSERT INTO alert (doc) SELECT doc FROM unnest($1) WITH ORDINALITY AS new (doc, place)
             ORDER BY place",
            &[&docs],
        )
        .await?;
    }
    Ok(standing.to_vec())
}
