//! API tokens by name.
//!
//! Guarantees: a name is used once, so that a log line with it means one token; a revocation
//! keeps its first time. Only hashes are here.
//! Does not know: what a token may do.

use rusqlite::{Connection, params};

use crate::{
    model::time::Time,
    store::{StoreError, StoreResult, TokenOrder, TokenRow},
};

/// Carries out an order. Answers the tokens it is about; all of them for [`TokenOrder::List`].
pub fn tokens(tx: &Connection, order: &TokenOrder) -> StoreResult<Vec<TokenRow>> {
    match order {
        TokenOrder::List => list(tx, None),
        TokenOrder::Create(token) => {
            if !list(tx, Some(&token.name))?.is_empty() {
                return Err(StoreError::Refused(format!(
                    "there is, or was, a token named {:?}: choose another name",
                    token.name
                )));
            }
            tx.prepare_cached(
                "INSERT INTO token (name, hash, created_at, expires_at, revoked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                token.name,
                token.hash,
                token.created_at.0,
                token.expires_at.0,
                token.revoked_at.map(|at| at.0)
            ])?;
            list(tx, Some(&token.name))
        }
        TokenOrder::Revoke { name, at } => {
            let revoked = tx
                .prepare_cached(
                    "UPDATE token SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL",
                )?
                .execute(params![name, at.0])?;
            if revoked == 0 { Ok(Vec::new()) } else { list(tx, Some(name)) }
        }
    }
}

/// Tokens by name, or all.
pub fn list(conn: &Connection, name: Option<&str>) -> StoreResult<Vec<TokenRow>> {
    let mut found = conn.prepare_cached(
        "SELECT name, hash, created_at, expires_at, revoked_at FROM token
         WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
    )?;
    let rows = found.query_map([name], |row| {
        Ok(TokenRow {
            name: row.get(0)?,
            hash: row.get(1)?,
            created_at: Time(row.get(2)?),
            expires_at: Time(row.get(3)?),
            revoked_at: row.get::<_, Option<i64>>(4)?.map(Time),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
