//! Somebody answered: the end of a lead's clock.
//!
//! Guarantees: the first answer stands, a later word may still say what became of the lead; pages
//! are closed and the CRM hears of it. Does not know: who brought the news of it.

use super::{Desk, ask, assign, note};
use crate::model::{
    job::{JobKind, Why},
    lead::{Lead, State},
    news::{Outcome, Response},
    plan::{Plan, Review, What},
};

/// Somebody answered: the ladder ends, pages close, the CRM hears of it.
#[must_use]
pub fn decide(
    desk: Desk<'_>,
    mut lead: Lead,
    response: Option<&Response>,
    outcome: Option<&Outcome>,
) -> Plan {
    if lead.state == State::Answered {
        // The first answer stands; a later word may still say what became of the lead.
        if outcome.is_none() || lead.outcome.as_ref() == outcome {
            return Plan::nothing();
        }
        lead.outcome = outcome.cloned();
        let mut plan = noted(desk, lead);
        if let Some(lead) = &plan.lead {
            plan.jobs = assign::writes(desk, lead);
        }
        return plan;
    }
    let mut decision = note::decision(desk, What::Answered);
    note::put(&mut decision, "response", response);
    note::put(&mut decision, "outcome", outcome);
    let at = response.map_or(desk.now, |response| response.at.min(desk.now));
    lead.state = State::Answered;
    lead.waiting = None;
    lead.awaited.clear();
    lead.answered_at = Some(at);
    lead.outcome = outcome.cloned();
    lead.awaited.clear();
    let mut jobs = assign::writes(desk, &lead);
    for pager in std::mem::take(&mut lead.paged) {
        let rank = assign::rank(desk, &lead);
        jobs.push(assign::job(JobKind::Tell, pager, desk.now, rank, Some(Why::PageOver)));
    }
    Plan {
        jobs,
        dropped: ask::over(desk),
        review: Review::None,
        decision: Some(decision),
        lead: Some(lead),
        ..Plan::nothing()
    }
}

/// Taken note of, nothing else.
#[must_use]
pub fn noted(desk: Desk<'_>, lead: Lead) -> Plan {
    Plan { decision: Some(note::decision(desk, What::Noted)), lead: Some(lead), ..Plan::nothing() }
}
