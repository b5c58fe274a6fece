//! The sweeping step: what is past its keep goes, and the books are read for the metrics.
//!
//! Guarantees: bounded work per step; an imbalance of the books or a field that stopped being
//! filled is logged as an alarm and shown in the metrics. Does not know: SQL.

use std::{collections::BTreeSet, sync::PoisonError};

use super::{Worker, decide::Worked};
use crate::{
    model::time::Span,
    store::{Keep, StoreResult},
};

/// How often the books are read.
const EVERY: Span = Span::seconds(5);
/// A mapped field that so many fills in a row left empty, after having been filled, is an alarm.
/// What is on disk may be a few behind, so that the alarm comes within twenty.
pub const UNFILLED_ALARM: i64 = 16;

impl Worker {
    /// Sweeps once and reads the books.
    pub async fn sweep_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        let keep = Keep { bodies: self.keep, rows_max: 500 };
        let swept = self.store.sweep(keep, now).await?;
        let tally = self.store.tally(now).await?;
        self.metrics.tally(&tally);
        self.metrics.rulebook(self.book.load().version);
        if !tally.balances() {
            tracing::error!(accepted = tally.accepted, "the books do not balance");
        }
        let gone: BTreeSet<String> = tally
            .unfilled
            .iter()
            .filter(|(_, fills)| **fills >= UNFILLED_ALARM)
            .map(|(field, _)| field.clone())
            .collect();
        let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
        for field in gone.difference(&alarmed) {
            tracing::error!(field, "a mapped field stopped being filled: was a form renamed?");
        }
        *alarmed = gone;
        drop(alarmed);
        Ok(Worked { done: swept.bodies, is_more: false, next: Some(now.plus(EVERY)) })
    }
}
