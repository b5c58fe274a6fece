//! Long readers against the write-ahead log: it stays bounded and is cut back when they end.

use std::{path::Path, time::Duration};

use handoff::{
    model::time::Time,
    store::{Store as _, sqlite::SqliteStore},
};

use crate::{
    harness::{NOON, desk},
    road::many::either,
};

fn mib(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len()) >> 20
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stays_lets_the_log_grow_for_as_long_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handoff.db");
    let log = folder.path().join("handoff.db-wal");
    let store = SqliteStore::open(&file).unwrap();
    let mut number = 0;
    let mut write = async |store: &SqliteStore, span: Duration| {
        let end = tokio::time::Instant::now() + span;
        let mut largest = 0;
        while tokio::time::Instant::now() < end {
            let events = (0..64)
                .map(|_| {
                    number += 1;
                    let body = format!(r#"{{"data":{{"text":"{}"}}}}"#, "x".repeat(4_000));
                    desk::fill(number, NOON, body)
                })
                .collect();
            store.accept(events).await.unwrap();
            largest = largest.max(mib(&log));
        }
        largest
    };
    let span = Duration::from_millis(either(4_000, 60_000) as u64);
    let alone = write(&store, span / 4).await;
    // Somebody beside us holds a snapshot.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = rusqlite::Connection::open_with_flags(&file, flags).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let seen = |reader: &rusqlite::Connection| -> i64 {
        reader.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
    };
    let before = seen(&reader);
    let held = write(&store, span).await;
    assert_eq!(seen(&reader), before, "it sees its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    let after = write(&store, span / 4).await;
    let last = mib(&log);
    let accepted = store.tally(Time(0)).await.unwrap().accepted;
    println!(
        "long reader: {accepted} events; the log {alone} MiB at most without it, {held} MiB while \
         it stayed {:.0} s, {last} MiB at the end",
        span.as_secs_f64()
    );
    assert!(alone <= 256, "{alone} MiB without a reader");
    assert!(held > alone, "the reader held it up: {held} MiB");
    assert!(after <= held.max(256) + 64, "it grows no more: {after} MiB");
    assert!(last <= 128 + 8, "it is cut back: {last} MiB");
}
