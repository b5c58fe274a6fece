//! Group `store`: the road through the store on disk, without HTTP and without a CRM: accept from
//! 256 callers, decide with the real rules, claim and settle with one worker a lane; then all of
//! it at once. Guarantees: the books balance at the end. Does not know: what a figure should be.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use handoff::{
    model::job::JobKind,
    rulebook::Rulebook,
    store::{Store, sqlite::SqliteStore},
};

use super::{book, figure, filler, table::Table};

/// Leads of each measurement.
const LEADS: usize = 30_000;
/// How many jobs a worker claims at once.
const CLAIM: usize = 64;

/// Where stores are made: a disk, not a file system in memory. `BENCH_DIR` names another place.
pub fn place() -> PathBuf {
    std::env::var_os("BENCH_DIR").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

struct Measured {
    began: Instant,
    commits: u64,
    writer: std::time::Duration,
    all: std::time::Duration,
}

fn begin(store: &SqliteStore) -> Measured {
    Measured {
        began: figure::start(),
        commits: store.commits(),
        writer: figure::spent(Some("store-writer")),
        all: figure::spent(None),
    }
}

impl Measured {
    fn end(self, table: &mut Table, what: &str, store: &SqliteStore, count: usize) {
        let seconds = self.began.elapsed().as_secs_f64();
        let commits = store.commits() - self.commits;
        let each = |spent: std::time::Duration| figure::us(spent.as_nanos() as f64 / count as f64);
        table.row([
            what.to_owned(),
            format!("{:.0}", count as f64 / seconds),
            each(figure::spent(Some("store-writer")).saturating_sub(self.writer)),
            each(figure::spent(None).saturating_sub(self.all)),
            format!("{:.0}", count as f64 / commits.max(1) as f64),
        ]);
    }
}

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "store: the road on disk, without HTTP and CRM",
        &["step", "a second", "CPU of the writer", "CPU of all", "a commit"],
    );
    let runtime = filler::runtime();
    let folder = tempfile::tempdir_in(place()).expect("a folder");
    let store = Arc::new(SqliteStore::open(&folder.path().join("handoff.db")).expect("a store"));
    let book = Arc::new(book::compiled(("one", |_| String::new()), 1));
    runtime.block_on(road(table, &store, &book, 0, "young"));
    let before: usize =
        std::env::var("BENCH_LEADS").map_or(100_000, |leads| leads.parse().expect("a number"));
    runtime.block_on(filler::open(&store, &book, (LEADS, before), |_| book::NOON));
    runtime.block_on(road(table, &store, &book, before, &format!("at {before} leads")));
    let tally = runtime.block_on(store.tally(book::NOON)).expect("the books");
    assert!(tally.balances(), "{tally:?}");
    table.note(format!(
        "{LEADS} leads in each step, decided by a rulebook of one rule; each is written to one CRM \
         and told to one person. CPU is a lead's. `BENCH_LEADS` says how many leads the older store \
         has. It has {} bytes a lead.",
        filler::size(folder.path()) / tally.accepted.max(1) as u64
    ));
}

async fn road(
    table: &mut Table,
    store: &Arc<SqliteStore>,
    book: &Arc<Rulebook>,
    from: usize,
    age: &str,
) {
    let all = begin(store);
    let measured = begin(store);
    flood(store, from, LEADS).await;
    measured.end(table, &format!("accept, 256 callers, {age}"), store, LEADS);

    let measured = begin(store);
    while filler::decide(store, book, book::NOON, 512).await > 0 {}
    measured.end(table, &format!("decide, {age}"), store, LEADS);

    let measured = begin(store);
    let mut settled = 1;
    while settled > 0 {
        settled = both(store).await;
    }
    measured.end(table, &format!("claim and settle two jobs, {age}"), store, LEADS);
    all.end(table, &format!("one after the other, {age}"), store, LEADS);
}

/// One claim and settle of each lane.
async fn both(store: &Arc<SqliteStore>) -> usize {
    let (written, told) = tokio::join!(
        filler::act(store, JobKind::Write, "hubspot", book::NOON, CLAIM),
        filler::act(store, JobKind::Tell, "email", book::NOON, CLAIM)
    );
    written + told
}

/// Accepts from 256 callers at once.
async fn flood(store: &Arc<SqliteStore>, from: usize, count: usize) {
    let next = Arc::new(AtomicUsize::new(from));
    let callers: Vec<_> = (0..256)
        .map(|_| {
            let (store, next) = (Arc::clone(store), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= from + count {
                        return;
                    }
                    store.accept(vec![filler::fill(n, book::NOON)]).await.expect("accepted");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("the caller ends");
    }
}
