//! What the decider keeps in memory beside the database, from its rows and back.
//!
//! Guarantees: people's state and the counters of empty fields are as the rows say for as long as
//! no other replica wrote a batch. The counts are what is to be added to the rows: others add too.
//! Does not know: why something changed.

use super::{error::together, tally, team, tx::Tx, unfilled};
use crate::store::{
    StoreResult,
    books::{Books, Counts},
};

/// As the rows say.
pub async fn load(tx: &Tx) -> StoreResult<Books> {
    let (team, unfilled) = tokio::try_join!(team::load(tx), unfilled::load(tx))?;
    Ok(Books { team, unfilled, ..Books::default() })
}

/// What is to be written of a memory, which counts as written from now on.
pub fn take(books: &mut Books) -> Unwritten {
    Unwritten {
        counts: std::mem::take(&mut books.counts),
        moved: std::mem::take(&mut books.moved),
        unfilled: books.unfilled.take_moved(),
    }
}

/// What changed in the memory since it was written.
pub struct Unwritten {
    counts: Counts,
    moved: crate::store::books::Moved,
    unfilled: Vec<(String, String, i64)>,
}

/// Writes what changed.
pub async fn write(tx: &Tx, books: &Books, unwritten: &Unwritten) -> StoreResult<()> {
    let (team, counts, unfilled) = tokio::join!(
        biased;
        team::write(tx, &books.team, &unwritten.moved),
        tally::add_decided(tx, &unwritten.counts),
        unfilled::write(tx, &unwritten.unfilled),
    );
    together([team, counts, unfilled])
}
