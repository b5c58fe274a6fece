//! What only the store on PostgreSQL promises: replicas beside each other, poolers, crashes, bloat.

mod bloat;
mod killed;
mod opening;
mod pooled;
mod scale;
mod values;

use std::{sync::Arc, time::Duration};

use handoff::{
    model::{job::JobKind, job::Verdict, plan::Decide},
    store::{Batch, Claim, Store, StoreError, StoreResult, postgres::PostgresStore},
};

use super::fixture::*;

const WRITE: &[(JobKind, &str)] = &[(JobKind::Write, "hubspot")];

/// Whether servers can be started here; says so when not.
macro_rules! needs_postgres {
    ($test:literal) => {
        if !crate::harness::postgres::is_there($test) {
            return;
        }
    };
}
use needs_postgres;

/// Decides what is under way, by one replica or another.
async fn decide_with(store: &PostgresStore, decide: Arc<Decide>) -> usize {
    let mut decided = 0;
    loop {
        let steps: Vec<_> = store.undecided(500).await.unwrap().iter().map(step).collect();
        if steps.is_empty() {
            return decided;
        }
        let batch = Batch { now: T0, steps, reviews_max: 0, decide: Arc::clone(&decide) };
        let done = store.decide(batch).await.unwrap();
        assert_eq!(done.failed, Vec::new());
        decided += done.decided.len();
        if done.decided.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await; // another one has the turn
        }
    }
}

fn write_claim(max: usize) -> Claim {
    Claim { kind: JobKind::Write, lane: "hubspot".into(), now: T0, max, lease: LEASE }
}

/// Claims writes and settles them until there are none; answers how many.
async fn work(store: &PostgresStore, max: usize) -> usize {
    let mut done = 0;
    loop {
        let jobs = store.claim(write_claim(max)).await.unwrap().jobs;
        if jobs.is_empty() {
            return done;
        }
        done += jobs.len();
        let ends = jobs.iter().map(|job| settlement(job, Verdict::Done)).collect();
        let settled = store.settle(ends, T0).await.unwrap();
        assert!(settled.iter().all(|end| *end == handoff::model::job::Settled::Kept));
    }
}

fn refusal<T>(outcome: StoreResult<T>) -> String {
    match outcome {
        Err(StoreError::Refused(why)) => why,
        Err(error) => panic!("refused: {error:?}"),
        Ok(_) => panic!("refused"),
    }
}

/// The time under which so many of a hundred stayed.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
