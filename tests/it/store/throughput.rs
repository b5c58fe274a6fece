//! How fast the store is: run by hand, in release, alone on the machine.
//!
//! `cargo test --release --test it throughput -- --ignored --nocapture`

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Instant,
};

use handoff::{
    model::{
        job::{Effect, JobKind, Link, Verdict, Why},
        plan::{Decide, Review},
        team::{TeamChange, Turn},
        time::Span,
    },
    store::{Batch, Claim, Store, sqlite::SqliteStore},
};

use super::fixture::*;

#[expect(clippy::disallowed_methods, reason = "a measurement of real time is its purpose")]
fn start() -> Instant {
    Instant::now()
}

fn body(n: i64) -> handoff::model::event::NewEvent {
    let mut fill = fill(n);
    fill.body = vec![b'x'; 1_200];
    fill
}

/// A lead is written to a CRM, its owner is told, and it is reviewed later.
fn real() -> Arc<Decide> {
    road(|plan, step, now| {
        plan.jobs = vec![job(JobKind::Write, "hubspot", now), job(JobKind::Tell, "email:ada", now)];
        plan.review = Review::At(now.plus(Span::minutes(5)));
        let rep = format!("rep-{}", step.event.as_ref().map_or(0, |event| event.id.0 % 20));
        plan.team = vec![TeamChange::Turn { pool: "emea".into(), rep, turn: Turn::default() }];
        if let Some(decision) = &mut plan.decision {
            let why = serde_json::json!("x".repeat(400));
            decision.why.insert("facts".into(), why);
        }
    })
}

async fn act(store: &SqliteStore, kind: JobKind, lane: &str) -> usize {
    let claim = Claim { kind, lane: lane.into(), now: t(1_000_000_000), max: 64, lease: LEASE };
    let jobs = store.claim(claim).await.unwrap().jobs;
    let settlements: Vec<_> = jobs
        .iter()
        .map(|job| {
            let mut end = settlement(job, Verdict::Done);
            end.effect = Some(match kind {
                JobKind::Write => Effect::Written(Link {
                    tried: None,
                    record: job.id.0.to_string(),
                    owner: None,
                    written_at: T0,
                }),
                _ => Effect::Told { why: Why::Assigned, at: T0 },
            });
            end
        })
        .collect();
    store.settle(settlements, T0).await.unwrap().len()
}

/// Accepts from 256 callers at once.
async fn flood(store: &Arc<SqliteStore>, from: i64, count: i64) {
    let next = Arc::new(AtomicI64::new(from));
    let callers: Vec<_> = (0..256)
        .map(|_| {
            let (store, next) = (Arc::clone(store), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= from + count {
                        return;
                    }
                    store.accept(vec![body(n)]).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

async fn drain(store: &SqliteStore) -> usize {
    let events = store.undecided(512).await.unwrap();
    if events.is_empty() {
        return 0;
    }
    let steps = events.iter().map(step).collect();
    let batch = Batch { now: T0, steps, reviews_max: 0, decide: real() };
    store.decide(batch).await.unwrap().decided.len()
}

fn print(what: &str, count: usize, since: Instant, commits: u64) {
    let seconds = since.elapsed().as_secs_f64();
    println!(
        "{what}: {:.0}/s ({count} in {seconds:.2} s, {commits} commits)",
        count as f64 / seconds
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a check"]
async fn throughput_of_the_road() {
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or(".".into())).unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("handoff.db")).unwrap());
    let count: i64 = std::env::var("BENCH_LEADS").map_or(50_000, |n| n.parse().unwrap());

    let (began, commits) = (start(), store.commits());
    flood(&store, 0, count).await;
    print("accept, 256 callers", count as usize, began, store.commits() - commits);

    let (began, commits) = (start(), store.commits());
    let mut decided = 0;
    loop {
        let now = drain(&store).await;
        if now == 0 {
            break;
        }
        decided += now;
    }
    print("decide", decided, began, store.commits() - commits);

    let (began, commits) = (start(), store.commits());
    let mut settled = 0;
    loop {
        let (written, told) = tokio::join!(
            act(&store, JobKind::Write, "hubspot"),
            act(&store, JobKind::Tell, "email")
        );
        if written + told == 0 {
            break;
        }
        settled += written + told;
    }
    print("claim and settle, one worker a lane", settled, began, store.commits() - commits);

    let (began, commits) = (start(), store.commits());
    let is_over = Arc::new(AtomicBool::new(false));
    let worker = |work: fn(Arc<SqliteStore>, Arc<AtomicBool>) -> _| {
        tokio::spawn(work(Arc::clone(&store), Arc::clone(&is_over)))
    };
    let deciding = worker(|store, is_over| {
        Box::pin(async move {
            while drain(&store).await > 0 || !is_over.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
        }) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>
    });
    let acting = worker(|store, is_over| {
        Box::pin(async move {
            loop {
                let (written, told) = tokio::join!(
                    act(&store, JobKind::Write, "hubspot"),
                    act(&store, JobKind::Tell, "email")
                );
                if written + told == 0 && is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        })
    });
    flood(&store, count, count).await;
    print("the whole road: accepted", count as usize, began, store.commits() - commits);
    is_over.store(true, Ordering::Relaxed);
    deciding.await.unwrap();
    acting.await.unwrap();
    print("the whole road: told", count as usize, began, store.commits() - commits);
    let tally = store.tally(T0).await.unwrap();
    assert!(tally.balances());
    let wal = std::fs::metadata(folder.path().join("handoff.db-wal")).unwrap().len();
    println!("log: {} MB", wal / 1_000_000);
}
