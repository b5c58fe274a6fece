//! The auditing step: the books are held against the rows.
//!
//! Guarantees: after a start and every ten minutes; a difference is kept for the watch, which
//! raises the alert. Does not know: how rows are counted; the store does that beside its writer.

use super::{Worker, decide::Worked};
use crate::{
    model::time::{Span, Time},
    store::{StoreError, StoreResult},
};

/// How often everything is recounted.
const EVERY: Span = Span::minutes(10);

/// What the last recount found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When.
    pub at: Time,
    /// What does not agree, if anything.
    pub wrong: Option<String>,
}

impl Worker {
    /// Recounts the books if it is time to.
    pub async fn audit_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        if self.lookout.is_idle() {
            return Ok(Worked { next: Some(now.plus(Span::minutes(1))), ..Worked::default() });
        }
        if let Some(last) = self.lookout.audited() {
            // Set back, the clock shows a recount of the future.
            let next = last.at.min(now).plus(EVERY);
            if now < next {
                return Ok(Worked { next: Some(next), ..Worked::default() });
            }
        }
        let began = self.clock.monotonic();
        let audit = match self.store.audit(now).await {
            Ok(audit) => audit,
            // Somebody else is counting, or the store is busy: the next look is soon.
            Err(StoreError::Busy(_)) => return Ok(Worked::default()),
            Err(error) => return Err(error),
        };
        let took_ms = self.clock.monotonic().0.saturating_sub(began.0);
        let differences = audit.differences();
        tracing::debug!(took_ms, fills = audit.recounted.accepted, "the books were recounted");
        let wrong = (!differences.is_empty()).then(|| differences.join("; "));
        self.lookout.keep_audit(Audited { at: now, wrong });
        Ok(Worked { done: 1, is_more: false, next: Some(now.plus(EVERY)) })
    }
}
