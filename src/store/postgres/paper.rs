//! Papers by name.
//!
//! Guarantees: nobody changes one between the look and the change, whichever replica asks.
//! Does not know: what any of them means.

use super::{
    tx::{Tx, get_maybe, get_text},
    value::text,
};
use crate::store::{
    StoreResult,
    paper::{Amend, Amended, Paper, Papers},
};

/// One with its body, or several without.
pub async fn papers(tx: &Tx, which: &Papers) -> StoreResult<Vec<Paper>> {
    let found = match which {
        Papers::Named(name) => {
            let name = text(name);
            tx.query("SELECT name, head, body FROM paper WHERE name = $1", &[&name]).await?
        }
        Papers::Under(name) => {
            let name = text(name);
            tx.query(
                "SELECT name, head, NULL::text FROM paper WHERE left(name, length($1)) = $1
                 ORDER BY name COLLATE \"C\"",
                &[&name],
            )
            .await?
        }
    };
    let mut papers = Vec::with_capacity(found.len());
    for row in &found {
        papers.push(Paper {
            name: get_text(row, 0)?,
            head: get_text(row, 1)?,
            body: get_maybe(row, 2)?,
        });
    }
    Ok(papers)
}

/// Changes one. They are few and change seldom: the table is locked for writers, so that one that
/// is not there yet cannot be made twice.
pub async fn amend(tx: &Tx, name: &str, change: &Amend) -> StoreResult<()> {
    tx.batch("LOCK TABLE paper IN SHARE ROW EXCLUSIVE MODE").await?;
    let key = text(name);
    let found = tx.first("SELECT head FROM paper WHERE name = $1", &[&key]).await?;
    let head = found.map(|row| get_text(&row, 0)).transpose()?;
    match change(head.as_deref()) {
        Amended::Kept => {}
        Amended::Head(head) => {
            tx.execute("UPDATE paper SET head = $2 WHERE name = $1", &[&key, &text(&head)]).await?;
        }
        Amended::Whole { head, body } => {
            tx.execute(
                "INSERT INTO paper (name, head, body) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET head = excluded.head, body = excluded.body",
                &[&key, &text(&head), &text(&body)],
            )
            .await?;
        }
        Amended::Gone => {
            end(tx, name).await?;
        }
    }
    Ok(())
}

/// Removes one; whether it was there.
pub async fn end(tx: &Tx, name: &str) -> StoreResult<bool> {
    Ok(tx.execute("DELETE FROM paper WHERE name = $1", &[&text(name)]).await? > 0)
}
