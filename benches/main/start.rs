//! Group `start`: opening a store that holds many leads with open reviews.
//!
//! Guarantees: the store is closed in between. Does not know: the daemon around it.

use std::sync::Arc;

use handoff::store::{Store, sqlite::SqliteStore};

use super::{book, figure, filler, store::place, table::Table};

const ROUNDS: usize = 5;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "start: opening a store until it can decide",
        &["leads with open reviews", "opened", "median", "the books", "MB"],
    );
    let runtime = filler::runtime();
    let folder = tempfile::tempdir_in(place()).expect("a folder");
    let path = folder.path().join("handoff.db");
    let book = Arc::new(book::compiled(("one", |_| String::new()), 1));
    let mut from = 0;
    for to in [1_000, 20_000, 100_000] {
        let store = SqliteStore::open(&path).expect("a store");
        runtime.block_on(filler::open(&store, &book, (from, to), |_| book::NOON));
        drop(store);
        from = to;
        let opened = figure::rounds(
            ROUNDS,
            vec![Box::new(|| {
                drop(SqliteStore::open(&path).expect("it opens"));
                1
            })],
        );
        let store = SqliteStore::open(&path).expect("a store");
        let books = figure::rounds(
            ROUNDS,
            vec![Box::new(|| {
                runtime.block_on(store.tally(book::NOON)).expect("the books");
                1
            })],
        );
        let ms = |nanoseconds: f64| format!("{:.1} ms", nanoseconds / 1e6);
        table.row([
            to.to_string(),
            ms(opened[0].best()),
            ms(opened[0].median()),
            ms(books[0].best()),
            (filler::size(folder.path()) / 1_000_000).to_string(),
        ]);
    }
}
