//! Alerts that stand: kept so that a restart neither repeats nor forgets a word.
//!
//! Guarantees: replaced as a whole, so that what is kept is one state of the ledger.
//! Does not know: what an alert means.

use rusqlite::Connection;

use super::rows;
use crate::{
    model::alert::RaisedAlert,
    store::{StoreError, StoreResult},
};

/// Those that are kept. One that this version cannot read is left out: it would be raised anew.
pub fn list(conn: &Connection) -> StoreResult<Vec<RaisedAlert>> {
    let mut found = conn.prepare_cached("SELECT doc FROM alert ORDER BY id")?;
    let docs = found.query_map([], |row| row.get::<_, String>(0))?;
    let docs: Vec<String> = docs.collect::<Result<_, _>>().map_err(StoreError::from)?;
    Ok(docs.iter().filter_map(|doc| serde_json::from_str(doc).ok()).collect())
}

/// Keeps these instead.
pub fn replace(tx: &Connection, standing: &[RaisedAlert]) -> StoreResult<Vec<RaisedAlert>> {
    tx.prepare_cached("DELETE FROM alert")?.execute([])?;
    let mut put = tx.prepare_cached("INSERT INTO alert (doc) VALUES (?1)")?;
    for one in standing {
        put.execute([rows::doc(one)?])?;
    }
    Ok(standing.to_vec())
}
