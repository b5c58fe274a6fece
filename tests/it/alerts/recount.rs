//! Recounting the books of a store with many rows: how long it takes, and that nobody waits for it.
//!
//! Guarantees: tally and rows are of one snapshot however much comes in meanwhile; one fill too
//! many or too few is found. With `HANDOFF_TEST_LONG` the store has a million fills.
//! Does not know: other machines' disks; the figures are printed.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use handoff::{
    clock::{Clock as _, SystemClock},
    model::{
        event::{EventKind, NewEvent},
        time::Time,
    },
    store::{Store, StoreError, sqlite::SqliteStore},
};
use rusqlite::{Connection, params};

fn fills() -> i64 {
    if std::env::var_os("HANDOFF_TEST_LONG").is_some() { 1_000_000 } else { 20_000 }
}

/// A store with so many fills: of ten, six opened a lead, three joined one, one was rejected.
fn fill_up(path: &Path, fills: i64) {
    drop(SqliteStore::open(path).expect("it opens"));
    let conn = Connection::open(path).expect("it opens");
    conn.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    let run = |sql: &str| conn.execute(sql, params![fills]).unwrap();
    run(&format!(
        "INSERT INTO event (id, hash, uuid, kind, fate, tries, lead, received_at, source, delivery,
            content_type)
         {numbers} SELECT i, i * 2654435761, randomblob(16), 0,
            CASE WHEN i % 10 < 6 THEN 1 WHEN i % 10 < 9 THEN 2 ELSE 3 END, 0,
            CASE WHEN i % 10 < 9 THEN i - i % 10 + min(i % 10, 5) END, 1767268800000 + i, 'website',
            'msg_' || i, 'application/json' FROM n"
    ));
    run(&format!(
        "INSERT INTO lead (id, uuid, revision, state, owner, due_at, doc)
         {numbers} SELECT i, randomblob(16), i, i % 4, 'rep-' || (i % 50), NULL,
            '{{\"synthetic\":\"' || hex(randomblob(200)) || '\"}}' FROM n WHERE i % 10 < 6"
    ));
    run(&format!(
        "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank)
         {numbers} SELECT i, 0, '', '', i, 4102444800000, 0 FROM n WHERE i % 10 < 6 AND i % 4 = 1"
    ));
    conn.execute_batch(
        "INSERT OR REPLACE INTO tally (name, n) SELECT 'accepted', count(*) FROM event;
         INSERT OR REPLACE INTO tally (name, n) SELECT 'reviews', count(*) FROM job;
         INSERT OR REPLACE INTO tally (name, n) SELECT 'fate:opened', sum(fate = 1) FROM event;
         INSERT OR REPLACE INTO tally (name, n) SELECT 'fate:joined', sum(fate = 2) FROM event;
         INSERT OR REPLACE INTO tally (name, n) SELECT 'fate:rejected', sum(fate = 3) FROM event;
         INSERT OR REPLACE INTO tally (name, n)
            SELECT 'state:waiting', count(*) FROM lead WHERE state = 0;
         INSERT OR REPLACE INTO tally (name, n)
            SELECT 'state:assigned', count(*) FROM lead WHERE state = 1;
         INSERT OR REPLACE INTO tally (name, n)
            SELECT 'state:answered', count(*) FROM lead WHERE state = 2;
         INSERT OR REPLACE INTO tally (name, n)
            SELECT 'state:set_aside', count(*) FROM lead WHERE state = 3;
         COMMIT",
    )
    .unwrap();
}

fn event(number: u64) -> NewEvent {
    NewEvent {
        kind: EventKind::Fill,
        source: "website".into(),
        delivery: format!("new_{number}"),
        received_at: Time(1_767_268_900_000),
        content_type: None,
        actor: None,
        body: b"{}".to_vec(),
    }
}

/// Takes fills one by one until it is stopped; the slowest in milliseconds, and how many.
async fn accept(store: Arc<SqliteStore>, stop: Arc<AtomicBool>) -> (i64, u64) {
    let (clock, mut worst, mut number) = (SystemClock::new(), 0, 0);
    while !stop.load(Ordering::Relaxed) {
        let began = clock.monotonic();
        store.accept(vec![event(number)]).await.expect("it is taken");
        worst = worst.max(clock.monotonic().0 - began.0);
        number += 1;
    }
    (worst, number)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_recounted_beside_the_writer_and_one_fill_too_few_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handoff.db");
    let fills = fills();
    fill_up(&path, fills);
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let accepting = tokio::spawn(accept(Arc::clone(&store), Arc::clone(&stop)));
    let clock = SystemClock::new();
    let (mut worst, mut counted) = (0, 0);
    for _ in 0..3 {
        let began = clock.monotonic();
        let audit = store.audit(Time(0)).await.unwrap();
        worst = worst.max(clock.monotonic().0 - began.0);
        assert_eq!(audit.differences(), [""; 0], "while more comes in");
        assert!(audit.recounted.accepted > counted.max(fills - 1), "each is of its own moment");
        counted = audit.recounted.accepted;
    }
    stop.store(true, Ordering::Relaxed);
    let (slowest, taken) = accepting.await.unwrap();
    println!(
        "recount of {fills} fills: {worst} ms at worst; meanwhile {taken} were taken, the slowest \
         in {slowest} ms"
    );
    assert!(taken > 0);

    let two = [store.audit(Time(0)), store.audit(Time(0))];
    let two = futures_util::future::join_all(two).await;
    let busy = two.iter().filter(|one| matches!(one, Err(StoreError::Busy(_)))).count();
    assert_eq!(busy, 1, "one at a time");

    let conn = Connection::open(&path).unwrap();
    conn.execute("DELETE FROM event WHERE id = 7", []).unwrap();
    let differences = store.audit(Time(0)).await.unwrap().differences();
    let total = fills + i64::try_from(taken).unwrap();
    let first = format!("accepted: {total} in the books, {} there", total - 1);
    assert_eq!(differences[0], first, "{differences:?}");
    assert_eq!(differences.len(), 2, "its fate too: {differences:?}");
}
