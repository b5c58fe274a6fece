//! Questions to the CRMs: who has this person, and has anybody worked on it?
//!
//! Guarantees: every connection that is asked is asked, at once. Asked before a lead is routed,
//! and again before it is taken from somebody, which cannot be undone in silence.
//! Does not know: what is asked, or how answers come back; `news` takes them.

use super::Desk;
use crate::model::job::{JobKind, JobWanted};

/// One `ask` for every connection that is asked.
#[must_use]
pub fn everyone(desk: Desk<'_>, rank: i64) -> Vec<JobWanted> {
    let ask = |crm: &String| JobWanted {
        kind: JobKind::Ask,
        destination: crm.clone(),
        due_at: desk.now,
        rank,
        why: None,
    };
    desk.reach.asks.iter().map(ask).collect()
}
