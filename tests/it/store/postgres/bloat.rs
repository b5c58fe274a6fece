//! A transaction that somebody holds open: nothing that is finished can be cleared away. Claims stay
//! quick, and the alert says what is wrong.

use std::time::Instant;

use handoff::{
    decide::watch::{Vitals, judge},
    model::{
        alert::{Alert, Limits},
        time::Span,
    },
    store::StoreResult,
};

use super::*;
use crate::faults::needs;

/// Leads a second.
const RATE: u32 = 200;
/// … in so many rounds.
const ROUNDS: u32 = 20;

/// One round of the road; answers how long its claim took.
async fn round(store: &PostgresStore, n: i64) -> StoreResult<Duration> {
    let many = i64::from(RATE / ROUNDS);
    store.accept((n * many..(n + 1) * many).map(fill).collect()).await?;
    decide_with(store, wanting(WRITE)).await;
    let asked = Instant::now();
    let jobs = store.claim(write_claim(many as usize)).await?.jobs;
    let took = asked.elapsed();
    assert_eq!(jobs.len() as i64, many);
    store.settle(jobs.iter().map(|job| settlement(job, Verdict::Done)).collect(), T0).await?;
    Ok(took)
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_stay_quick_under_a_transaction_that_is_held_open_and_the_alert_fires() {
    needs_postgres!("claims_stay_quick_under_a_transaction_that_is_held_open");
    let seconds = if needs::is_long() { 600 } else { 30 };
    let database = Database::new();
    let store = PostgresStore::open(&database.options()).unwrap();
    let before = store.bloat().await.unwrap().expect("it can be read");
    let url = database.server.url(&database.name);
    let (holder, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE pulse").await.unwrap();

    let (begun, mut times) = (Instant::now(), Vec::new());
    let mut pace = tokio::time::interval(Duration::from_secs(1) / ROUNDS);
    for n in 0..i64::from(seconds * ROUNDS) {
        pace.tick().await;
        times.push(round(&store, n).await.unwrap());
    }
    let took = begun.elapsed();
    let bloat = store.bloat().await.unwrap().expect("it can be read");
    let quarter = times.len() / 4;
    let early = percentile(&mut times.clone()[..quarter], 50);
    let late = percentile(&mut times.clone()[3 * quarter..], 50);
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!(
        "a transaction held open for {took:?} at {} leads a second: claim p50 {p50:?}, p99 {p99:?}, \
         {early:?} at first, {late:?} at last, {} dead rows, oldest transaction {}",
        u64::from(seconds * RATE) / took.as_secs().max(1),
        bloat.dead_rows,
        bloat.oldest,
    );
    // The first tick of the pace comes at once.
    assert!(bloat.oldest.0 >= i64::from(seconds - 1) * 1000, "{bloat:?}");
    assert!(bloat.dead_rows > before.dead_rows + i64::from(seconds * RATE), "{bloat:?}");
    if needs::is_long() {
        assert!(p99 < Duration::from_millis(50), "{p99:?}");
    }
    // Beside other tests a time says more about those; but it must not grow with what is dead.
    assert!(late < early * 3 + Duration::from_millis(5), "{early:?} at first, {late:?} at last");

    let limits = Limits { transaction: Span::seconds(20), ..Limits::default() };
    let vitals = Vitals { bloat: Some(bloat), ..Vitals::default() };
    let judged = judge(&vitals, &limits, T0);
    let raised: Vec<_> = judged.holds.keys().map(|key| key.alert).collect();
    assert_eq!(raised, [Alert::StoreBloated]);
    holder.batch_execute("COMMIT").await.unwrap();
    assert!(store.bloat().await.unwrap().expect("it can be read").oldest < Span::seconds(20));
}
