//! Asking the CRMs: the jobs that ask, and the end of their use.
//!
//! Guarantees: one `ask` per lead and connection; what is decided needs no answer any more, so
//! stale questions do not pile up behind a CRM that is away.
//! Does not know: who asks.

use super::Desk;
use crate::model::job::{JobKind, JobWanted};

/// One `ask` for every connection that is asked.
#[must_use]
pub fn asks(desk: Desk<'_>, rank: i64) -> Vec<JobWanted> {
    let ask = |crm: &String| JobWanted {
        kind: JobKind::Ask,
        destination: crm.clone(),
        due_at: desk.now,
        rank,
        why: None,
    };
    desk.reach.asks.iter().map(ask).collect()
}

/// The questions that nobody waits for any more.
#[must_use]
pub fn over(desk: Desk<'_>) -> Vec<(JobKind, String)> {
    desk.reach.asks.iter().map(|crm| (JobKind::Ask, crm.clone())).collect()
}
