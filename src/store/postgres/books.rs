//! What the decider keeps in memory beside the database, from its rows and back.
//!
//! Guarantees: people's state and the counters of empty fields are as the rows say for as long as
//! no other replica wrote a batch. The counts are what is to be added to the rows: others add too.
//! Does not know: why something changed.

use super::{error::together, record, tally, team, tx::Tx, unfilled};
use crate::store::{
    StoreResult,
    books::{Books, Counts},
    keeping::Unkept,
};

/// As the rows say.
pub async fn load(tx: &Tx) -> StoreResult<Books> {
    let (team, unfilled, keeping) =
        tokio::try_join!(team::load(tx), unfilled::load(tx), record::load(tx))?;
    Ok(Books { team, unfilled, keeping, ..Books::default() })
}

/// What is to be written of a memory, which counts as written from now on.
pub fn take(books: &mut Books) -> Unwritten {
    Unwritten {
        counts: std::mem::take(&mut books.counts),
        moved: std::mem::take(&mut books.moved),
        unfilled: books.unfilled.take_moved(),
        unkept: books.keeping.take(),
    }
}

/// What changed in the memory since it was written.
pub struct Unwritten {
    counts: Counts,
    moved: crate::store::books::Moved,
    unfilled: Vec<(String, String, i64)>,
    unkept: Unkept,
}

/// Writes what changed.
pub async fn write(tx: &Tx, books: &Books, unwritten: &Unwritten) -> StoreResult<()> {
    let (team, counts, unfilled, kept) = tokio::join!(
        biased;
        team::write(tx, &books.team, &unwritten.moved),
        tally::add_decided(tx, &unwritten.counts),
        unfilled::write(tx, &unwritten.unfilled),
        record::write(tx, &unwritten.unkept),
    );
    together([team, counts, unfilled, kept])
}
