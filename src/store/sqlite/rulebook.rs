//! Rulebook versions.
//!
//! Guarantees: numbered from one without a gap, never changed; publishing the current text again
//! makes no version; what a publication is based on is compared in its own transaction.
//! Does not know: whether the text is a rulebook.

use rusqlite::{Connection, OptionalExtension, params};

use super::paper;
use crate::{
    model::time::Time,
    store::{NewRulebook, Published, RulebookRow, StoreResult, Terms, read::PAGE_MAX},
};

/// Makes the next version, or answers the current one if its text is the same.
pub fn publish(tx: &Connection, rulebook: &NewRulebook, terms: &Terms) -> StoreResult<Published> {
    let current: Option<(u32, bool)> = tx
        .prepare_cached(
            "SELECT version, document = ?1 FROM rulebook ORDER BY version DESC LIMIT 1",
        )?
        .query_row([&rulebook.document], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (newest, is_same) = current.unwrap_or((0, false));
    if !is_same && terms.based_on.is_some_and(|base| base != newest) {
        return Ok(Published::NotLatest(newest));
    }
    if let Some(name) = &terms.ends
        && !paper::end(tx, name)?
    {
        return Ok(Published::Ended);
    }
    if is_same {
        return Ok(Published::As(newest));
    }
    let version = newest + 1;
    tx.prepare_cached(
        "INSERT INTO rulebook (version, author, message, at, document)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        version,
        rulebook.author,
        rulebook.message,
        rulebook.at.0,
        rulebook.document
    ])?;
    Ok(Published::As(version))
}

/// All versions without their texts, newest first, or one with its text.
pub fn rulebooks(conn: &Connection, version: Option<u32>) -> StoreResult<Vec<RulebookRow>> {
    let mut found = conn.prepare_cached(
        "SELECT version, author, message, at, CASE WHEN ?1 IS NULL THEN NULL ELSE document END
         FROM rulebook WHERE ?1 IS NULL OR version = ?1 ORDER BY version DESC LIMIT ?2",
    )?;
    let rows = found.query_map(params![version, PAGE_MAX as i64], |row| {
        Ok(RulebookRow {
            version: row.get(0)?,
            author: row.get(1)?,
            message: row.get(2)?,
            at: Time(row.get(3)?),
            document: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
