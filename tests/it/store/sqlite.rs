//! What only the store on SQLite promises: one process, one sync for many, copies under load.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use handoff::{
    model::{
        job::JobKind,
        plan::Decide,
        team::{TeamChange, Turn},
    },
    store::{
        Batch, Claim, Store, StoreError, StoreResult,
        sqlite::{Pace, SqliteStore},
    },
};
use rusqlite::Connection;

use super::fixture::*;

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/handoff.db");
    (folder, path)
}

async fn deciding(store: &SqliteStore, decide: Arc<Decide>) -> StoreResult<usize> {
    let steps = store.undecided(5_000).await.unwrap().iter().map(step).collect();
    let done = store.decide(Batch { now: T0, steps, reviews_max: 10, decide }).await?;
    assert_eq!(done.failed, Vec::new());
    Ok(done.decided.len())
}

fn turning() -> Arc<Decide> {
    Arc::new(|snapshot, step, now| {
        let mut plan = opened(step, now);
        let turns = snapshot.team.rotations.get("emea").and_then(|pool| pool.turns.get("ada"));
        let received = turns.map_or(1, |turn| turn.received + 1);
        let turn = Turn { received, ..Turn::default() };
        plan.team = vec![TeamChange::Turn { pool: "emea".into(), rep: "ada".into(), turn }];
        plan
    })
}

fn refusal<T>(outcome: StoreResult<T>) -> String {
    match outcome {
        Err(StoreError::Refused(why)) => why,
        Err(error) => panic!("refused: {error:?}"),
        Ok(_) => panic!("refused"),
    }
}

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_has_gone() {
    let (_folder, path) = folder();
    let first = SqliteStore::open(&path).unwrap();
    first.accept(vec![fill(1)]).await.unwrap();
    for outcome in [SqliteStore::open(&path), SqliteStore::open_offline(&path)] {
        let why = refusal(outcome);
        assert!(why.contains("in use by another handoff"), "{why}");
        assert!(why.contains(&std::process::id().to_string()), "{why}");
    }
    first.accept(vec![fill(2)]).await.unwrap();
    drop(first);
    let second = SqliteStore::open_offline(&path).unwrap();
    assert_eq!(second.undecided(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept(vec![fill(1)]).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for name in ["handoff.db", "handoff.db-wal", "handoff.db.lock"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
}

#[test]
fn an_offline_command_makes_no_database() {
    let (_folder, path) = folder();
    let why = refusal(SqliteStore::open_offline(&path));
    assert!(why.contains("no database"), "{why}");
    assert!(!path.parent().unwrap().exists());
}

#[tokio::test]
async fn opening_frees_every_lease_and_calls_the_attempts_uncertain() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept(vec![fill(1)]).await.unwrap();
    deciding(&store, wanting(&[(JobKind::Write, "hubspot")])).await.unwrap();
    let claim =
        Claim { kind: JobKind::Write, lane: "hubspot".into(), now: T0, max: 1, lease: LEASE };
    assert_eq!(store.claim(claim.clone()).await.unwrap().jobs[0].attempt, 1);
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let job = store.claim(claim).await.unwrap().jobs.remove(0);
    assert_eq!((job.attempt, job.is_uncertain), (2, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_events_that_wait_share_one_sync() {
    let (_folder, path) = folder();
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap(); // until all of them wait
    let before = store.commits();
    let waiting: Vec<_> = (0..300).map(|n| store.accept(vec![fill(n)])).collect();
    holder.execute_batch("COMMIT").unwrap();
    for answer in waiting {
        assert!(!answer.await.unwrap()[0].is_duplicate);
    }
    let turns = store.commits() - before;
    assert!((1..=2).contains(&turns), "300 events in {turns} turns");
    assert_eq!(store.tally(T0).await.unwrap().accepted, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_line_a_request_is_busy_at_once_and_the_others_are_served() {
    let (_folder, path) = folder();
    let pace = Pace { line_max: 10, rows_a_turn: 10, ..Pace::default() };
    let store = SqliteStore::open_with(&path, true, pace).unwrap();
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..50).map(|n| store.accept(vec![fill(n)])).collect();
    holder.execute_batch("COMMIT").unwrap();
    let (mut kept, mut busy) = (0, 0);
    for answer in waiting {
        match answer.await {
            Ok(_) => kept += 1,
            Err(StoreError::Busy(why)) => {
                assert!(why.contains("full"), "{why}");
                busy += 1;
            }
            Err(error) => panic!("busy: {error:?}"),
        }
    }
    // The line, and what the writer may have taken out of it before it met the lock.
    assert!((10..=21).contains(&kept), "{kept} kept, {busy} busy");
    assert_eq!(store.tally(T0).await.unwrap().accepted, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_does_not_wait_for_a_large_batch() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept((0..2_000).map(fill).collect()).await.unwrap();
    let steps = store.undecided(2_000).await.unwrap().iter().map(step).collect();
    let decided = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&decided);
    let decide = road(move |_, _, _| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    let batch = store.decide(Batch { now: T0, steps, reviews_max: 0, decide });
    store.accept(vec![fill(5_000)]).await.unwrap();
    let so_far = decided.load(Ordering::Relaxed);
    assert!(so_far < 2_000, "{so_far} were decided first");
    assert_eq!(batch.await.unwrap().decided.len(), 2_000);
}

#[tokio::test]
async fn after_a_rollback_the_memory_is_what_the_rows_say() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept(vec![fill(1), fill(2)]).await.unwrap();
    deciding(&store, turning()).await.unwrap();
    let before = (store.team().await.unwrap(), store.tally(T0).await.unwrap());

    // The books cannot be written: the whole turn is undone.
    let beside = Connection::open(&path).unwrap();
    beside
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON tally BEGIN SELECT RAISE(ABORT, 'broken'); END",
        )
        .unwrap();
    let lost = store.accept(vec![fill(3)]).await;
    assert!(matches!(lost, Err(StoreError::Corrupt(_))), "{lost:?}");
    beside.execute_batch("DROP TRIGGER broken").unwrap();
    assert_eq!((store.team().await.unwrap(), store.tally(T0).await.unwrap()), before);

    // Deciding sees two turns taken, and goes on from there without a gap.
    store.accept(vec![fill(3)]).await.unwrap();
    beside
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON turn BEGIN SELECT RAISE(ABORT, 'broken'); END",
        )
        .unwrap();
    let lost = deciding(&store, turning()).await;
    assert!(matches!(lost, Err(StoreError::Corrupt(_))), "{lost:?}");
    beside.execute_batch("DROP TRIGGER broken").unwrap();
    assert_eq!(deciding(&store, turning()).await, Ok(1));
    assert_eq!(store.team().await.unwrap().rotations["emea"].turns["ada"].received, 3);
    let tally = store.tally(T0).await.unwrap();
    assert_eq!((tally.last_seq, tally.fates["opened"]), (3, 3));
    assert_eq!(tally, store.recount(T0).await.unwrap());
}

#[tokio::test]
async fn a_row_that_does_not_fit_costs_its_step_a_try_and_nobody_else_anything() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept((1..=3).map(fill).collect()).await.unwrap();
    let beside = Connection::open(&path).unwrap();
    beside
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON identity WHEN NEW.value LIKE '%delivery-2@%'
             BEGIN SELECT RAISE(ABORT, 'broken'); END",
        )
        .unwrap();
    let steps = store.undecided(10).await.unwrap().iter().map(step).collect();
    let batch = Batch { now: T0, steps, reviews_max: 0, decide: turning() };
    let done = store.decide(batch).await.unwrap();
    assert_eq!((done.decided.len(), done.failed.len()), (2, 1));
    assert_eq!(store.team().await.unwrap().rotations["emea"].turns["ada"].received, 2);
    assert_eq!(store.tally(T0).await.unwrap(), store.recount(T0).await.unwrap());
}

#[tokio::test]
async fn a_damaged_lead_harms_no_other_job() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.accept(vec![fill(1), fill(2)]).await.unwrap();
    deciding(&store, wanting(&[(JobKind::Write, "hubspot")])).await.unwrap();
    let beside = Connection::open(&path).unwrap();
    beside.execute("UPDATE lead SET doc = '{}' WHERE id = 1", []).unwrap();
    let claim =
        Claim { kind: JobKind::Write, lane: "hubspot".into(), now: T0, max: 10, lease: LEASE };
    let jobs = store.claim(claim).await.unwrap().jobs;
    assert_eq!(jobs.iter().map(|job| job.lead.id.0).collect::<Vec<_>>(), [2]);
    assert_eq!(store.tally(T0).await.unwrap().jobs["write:hubspot"].dead, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_opens_and_balances() {
    let (_folder, path) = folder();
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    store.accept((0..2_000).map(fill).collect()).await.unwrap();
    deciding(&store, turning()).await.unwrap();
    let copy = path.with_file_name("copy.db");
    let load = tokio::spawn({
        let (store, copy) = (Arc::clone(&store), copy.clone());
        async move {
            let mut n = 10_000;
            while !copy.exists() || n < 10_400 {
                store.accept((n..n + 20).map(fill).collect()).await.unwrap();
                deciding(&store, turning()).await.unwrap();
                n += 20;
            }
        }
    });
    store.backup(&copy).await.unwrap();
    load.await.unwrap();
    assert!(refusal(store.backup(&copy).await).contains("copy.db"), "it is there");

    let mode = std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let restored = SqliteStore::open_offline(&copy).unwrap();
    let tally = restored.tally(T0).await.unwrap();
    assert!(tally.balances() && tally.accepted >= 2_000);
    assert_eq!(tally, restored.recount(T0).await.unwrap());
    let live = store.tally(T0).await.unwrap();
    assert!(live.accepted >= tally.accepted && live.balances());
}

#[test]
fn a_file_that_is_no_database_is_refused_with_advice() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    std::fs::write(&path, vec![b'?'; 8192]).unwrap();
    let Err(StoreError::Fatal(why)) = SqliteStore::open(&path) else { panic!("fatal") };
    assert!(why.contains("restore a backup"), "{why}");
}

#[test]
fn the_database_of_another_program_is_refused_untouched() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    let other = path.with_file_name("songs.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE song (title TEXT)").unwrap();
    let before = std::fs::read(&other).unwrap();
    let why = refusal(SqliteStore::open(&other));
    assert!(why.contains("another program"), "{why}");
    assert_eq!(std::fs::read(&other).unwrap(), before);
}
