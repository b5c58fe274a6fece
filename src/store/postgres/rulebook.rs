//! Rulebook versions.
//!
//! Guarantees: numbered from one without a gap, never changed; publishing the current text again
//! makes no version, also when two replicas publish at once; what a publication is based on is
//! compared in its own transaction.
//! Does not know: whether the text is a rulebook.

use super::{
    paper, rows,
    tx::{Tx, get, get_maybe, get_text},
    value::text,
};
use crate::{
    model::time::Time,
    store::{NewRulebook, Published, RulebookRow, StoreResult, Terms, read::PAGE_MAX},
};

/// Makes the next version, or answers the current one if its text is the same.
pub async fn publish(tx: &Tx, rulebook: &NewRulebook, terms: &Terms) -> StoreResult<Published> {
    tx.batch("LOCK TABLE rulebook IN SHARE ROW EXCLUSIVE MODE").await?;
    let document = text(&rulebook.document);
    let current = tx
        .first(
            "SELECT version, document = $1 FROM rulebook ORDER BY version DESC LIMIT 1",
            &[&document],
        )
        .await?;
    let (newest, is_same): (i64, bool) = match current {
        Some(row) => (get(&row, 0)?, get(&row, 1)?),
        None => (0, false),
    };
    if !is_same && terms.based_on.is_some_and(|base| i64::from(base) != newest) {
        return Ok(Published::NotLatest(rows::number(newest)));
    }
    if let Some(name) = &terms.ends
        && !paper::end(tx, name).await?
    {
        return Ok(Published::Ended);
    }
    if is_same {
        return Ok(Published::As(rows::number(newest)));
    }
    let version = newest + 1;
    tx.execute(
        "INSERT INTO rulebook (version, author, message, at, document)
         VALUES ($1, $2, $3, $4, $5)",
        &[&version, &text(&rulebook.author), &text(&rulebook.message), &rulebook.at.0, &document],
    )
    .await?;
    Ok(Published::As(rows::number(version)))
}

/// All versions without their texts, newest first, or one with its text.
pub async fn rulebooks(tx: &Tx, version: Option<u32>) -> StoreResult<Vec<RulebookRow>> {
    let found = tx
        .query(
            "SELECT version, author, message, at, CASE WHEN $1 IS NULL THEN NULL ELSE document END
             FROM rulebook WHERE $1 IS NULL OR version = $1 ORDER BY version DESC LIMIT $2",
            &[&version.map(i64::from), &(PAGE_MAX as i64)],
        )
        .await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        rows.push(RulebookRow {
            version: rows::number(get(row, 0)?),
            author: get_text(row, 1)?,
            message: get_text(row, 2)?,
            at: Time(get(row, 3)?),
            document: get_maybe(row, 4)?,
        });
    }
    Ok(rows)
}
