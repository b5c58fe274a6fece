//! API tokens by name.
//!
//! Guarantees: a name is used once, so that a log line with it means one token; a revocation
//! keeps its first time. Only hashes are here.
//! Does not know: what a token may do.

use super::{
    tx::{Tx, get, get_text},
    value::{maybe, text},
};
use crate::{
    model::time::Time,
    store::{StoreError, StoreResult, TokenOrder, TokenRow},
};

/// Carries out an order. Answers the tokens it is about; all of them for [`TokenOrder::List`].
pub async fn tokens(tx: &Tx, order: &TokenOrder) -> StoreResult<Vec<TokenRow>> {
    match order {
        TokenOrder::List => list(tx, None).await,
        TokenOrder::Create(token) => create(tx, token).await,
        TokenOrder::Revoke { name, at } => {
            let revoked = tx
                .execute(
                    "UPDATE token SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL",
                    &[&text(name), &at.0],
                )
                .await?;
            if revoked == 0 { Ok(Vec::new()) } else { list(tx, Some(name)).await }
        }
    }
}

async fn create(tx: &Tx, token: &TokenRow) -> StoreResult<Vec<TokenRow>> {
    let created = tx
        .execute(
            "INSERT INTO token (name, hash, created_at, expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING",
            &[
                &text(&token.name),
                &token.hash.as_slice(),
                &token.created_at.0,
                &token.expires_at.0,
                &token.revoked_at.map(|at| at.0),
            ],
        )
        .await?;
    if created == 0 {
        return Err(StoreError::Refused(format!(
            "there is, or was, a token named {:?}: choose another name",
            token.name
        )));
    }
    list(tx, Some(&token.name)).await
}

/// Tokens by name, or all.
pub async fn list(tx: &Tx, name: Option<&String>) -> StoreResult<Vec<TokenRow>> {
    let found = tx
        .query(
            "SELECT name, hash, created_at, expires_at, revoked_at FROM token
             WHERE $1 IS NULL OR name = $1 ORDER BY name COLLATE \"C\"",
            &[&maybe(name)],
        )
        .await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        let hash: &[u8] = get(row, 1)?;
        let hash = hash
            .try_into()
            .map_err(|_| StoreError::Corrupt("the hash of a token has not 32 bytes".to_owned()))?;
        rows.push(TokenRow {
            name: get_text(row, 0)?,
            hash,
            created_at: Time(get(row, 2)?),
            expires_at: Time(get(row, 3)?),
            revoked_at: get::<Option<i64>>(row, 4)?.map(Time),
        });
    }
    Ok(rows)
}
