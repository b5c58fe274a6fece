//! What a batch says of leads that were answered: after how long, and whether in time.
//!
//! Guarantees: noted where the plan is made, for nobody else sees the lead as the answer met it;
//! counted when the batch is on disk, so a batch that failed counts nothing.
//! Does not know: what an answer is. Of a step that the store refuses one may be counted too many.

use std::sync::{Mutex, PoisonError};

use crate::model::{
    plan::{Plan, What},
    time::Span,
};

/// Answers of one batch.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Vec<(Span, bool)>>);

impl Answers {
    /// Notes a plan that is an answer. In time is what came before the first owner's deadline;
    /// where no clock ran yet, nobody was late.
    pub(super) fn note(&self, plan: &Plan) {
        let is_answer = plan.decision.as_ref().is_some_and(|one| one.what == What::Answered);
        let Some(lead) = plan.lead.as_ref().filter(|_| is_answer) else { return };
        let Some(at) = lead.answered_at else { return };
        let is_in_time = lead.ladder.as_ref().is_none_or(|ladder| at <= ladder.first_deadline);
        let after = Span(at.since(lead.open_since()).0.max(0));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((after, is_in_time));
    }

    /// Those that were noted: the span from the lead's opening to its answer, and whether it was
    /// in time.
    pub(super) fn take(&self) -> Vec<(Span, bool)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
