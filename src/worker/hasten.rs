//! What waits for another try without need: it is made due.
//!
//! A job that failed waits longer after each try, and the most urgent ones, tried first, wait the
//! longest. When a destination answers again, or when a clock that was set back has moved every
//! wait into the future, none of them has a reason to wait any more; the gate keeps the pace.
//!
//! Guarantees: attempts stay as they are, so that a job which fails every time still ends.
//! Does not know: why a job failed.

use super::Worker;
use crate::{
    model::job::{JobKind, lane},
    store::{JobFilter, JobOrder, StoreResult, read::PAGE_MAX},
};

/// Which jobs are hastened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which<'a> {
    /// Those of one destination that were tried before.
    Tried(&'a str),
    /// All that wait.
    All,
}

impl Worker {
    /// After a report: what waited for a destination that is back is due.
    pub(super) async fn if_back(&self, is_back: bool, name: &str) -> StoreResult<()> {
        if is_back { self.hasten(Which::Tried(name)).await } else { Ok(()) }
    }

    /// Makes them due now.
    pub(super) async fn hasten(&self, which: Which<'_>) -> StoreResult<()> {
        let now = self.clock.now();
        let mut hastened = 0;
        for kind in [JobKind::Write, JobKind::Tell, JobKind::Ask] {
            let mut before = None;
            loop {
                let filter =
                    JobFilter { kind: Some(kind), is_dead: Some(false), before, max: PAGE_MAX };
                let page = self.store.jobs(filter).await?;
                let waits = page.rows.iter().filter(|job| {
                    let is_meant = match which {
                        Which::Tried(name) => job.attempts > 0 && lane(&job.destination) == name,
                        Which::All => true,
                    };
                    is_meant && job.due_at > now && !job.is_leased
                });
                let jobs: Vec<i64> = waits.map(|job| job.id.0).collect();
                if !jobs.is_empty() {
                    hastened += self.store.order(jobs, JobOrder::Hasten, now).await?;
                }
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
        }
        if hastened > 0 {
            tracing::info!(hastened, ?which, "what waited for another try is due now");
            self.wakes.all_jobs();
        }
        Ok(())
    }
}
