//! What the writer keeps in memory beside the database, from its rows and back.
//!
//! Guarantees: equal to the rows after every commit; loaded anew after every rollback. Only what
//! changed is written, once per turn.
//! Does not know: why something changed.

use rusqlite::Connection;

use super::{record, tally, team, unfilled};
use crate::store::StoreResult;

pub use crate::store::books::Books;

/// As the rows say.
pub fn load(conn: &Connection) -> StoreResult<Books> {
    Ok(Books {
        team: team::load(conn)?,
        counts: tally::load(conn)?,
        is_counted: true,
        last_seq: tally::last_seq(conn)?,
        unfilled: unfilled::load(conn)?,
        keeping: record::load(conn)?,
        ..Books::default()
    })
}

/// Writes what changed since the last time. An error means the whole turn is rolled back.
pub fn write(books: &mut Books, tx: &Connection) -> StoreResult<()> {
    team::write(tx, &books.team, &mut books.moved)?;
    if !books.is_counted {
        tally::write(tx, &books.counts)?;
        books.is_counted = true;
    }
    record::write(tx, &books.keeping.take())?;
    unfilled::write(tx, &mut books.unfilled)
}
