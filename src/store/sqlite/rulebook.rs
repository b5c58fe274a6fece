//! Rulebook versions.
//!
//! Guarantees: numbered from one without a gap, never changed; publishing the current text again
//! makes no version.
//! Does not know: whether the text is a rulebook.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    model::time::Time,
    store::{NewRulebook, RulebookRow, StoreResult, read::PAGE_MAX},
};

/// Makes the next version, or answers the current one if its text is the same.
pub fn publish(tx: &Connection, rulebook: &NewRulebook) -> StoreResult<u32> {
    let current: Option<(u32, bool)> = tx
        .prepare_cached(
            "SELECT version, document = ?1 FROM rulebook ORDER BY version DESC LIMIT 1",
        )?
        .query_row([&rulebook.document], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let version = match current {
        Some((version, true)) => return Ok(version),
        Some((version, false)) => version + 1,
        None => 1,
    };
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
    Ok(version)
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
