//! Observe mode: every fill is decided as ever, nothing of it is written or told, and the owner
//! that the CRM shows later is held against the decision.
//!
//! Guarantees: a lead that came in observe mode is watched for good: no write, no message, no
//! ladder, whatever the mode is later, unless an operator takes it over by hand. A lead from before
//! is not touched: its writes stay wanted, nobody hears of it, its ladder stands still.
//! Does not know: how two owners are held against each other (`compare` does), nor who looks.

pub mod compare;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{Desk, ask, assign, explain::standing, note, rotate::Candidate};
use crate::model::{
    event::Fate,
    job::JobKind,
    lead::{Lead, State, Waiting},
    news::News,
    observe::{Observing, Seen, Watched},
    plan::{Decision, Input, Plan, Review, Step, What},
    time::{Span, Time},
};

/// So often is looked whether a ladder that stands still may go on.
const STANDS_STILL: Span = Span::hours(1);

/// What is decided of news and reviews that observe mode keeps from leads; none if they are decided
/// as ever.
#[must_use]
pub fn left_alone(desk: Desk<'_>, lead: Option<&Lead>, input: &Input) -> Option<Plan> {
    let lead = lead?;
    let is_on = desk.reach.observe.is_some();
    if lead.observed.is_none() {
        let still = Plan { review: Review::At(desk.now.plus(STANDS_STILL)), ..Plan::nothing() };
        return (is_on && *input == Input::Review).then_some(still);
    }
    let noted = Plan { fate: Some(Fate::Noted), ..Plan::nothing() };
    let Input::News(news) = input else {
        let goes_on = is_on && lead.state == State::Waiting;
        return (!goes_on).then_some(Plan { review: Review::None, ..Plan::nothing() });
    };
    let is_awaited = is_on && lead.state == State::Waiting;
    match news.as_ref() {
        News::Observed { destination, owner, .. } => {
            Some(seen(desk, lead, destination, owner.as_deref()))
        }
        News::OwnerMet { destination, owner, .. } => {
            Some(seen(desk, lead, destination, Some(owner)))
        }
        News::Facts { .. } | News::Fetched { .. } if is_awaited => None,
        News::Reassign { .. } if !is_on => None,
        News::Reroute(_) | News::OwnerInvalid { .. } => None,
        _ => Some(noted),
    }
}

/// Takes out of a plan what would be written or told, and has the CRM looked at later.
pub fn quieten(desk: Desk<'_>, before: Option<&Lead>, step: &Step, plan: &mut Plan) {
    let observing = desk.reach.observe.as_ref();
    let is_opened = plan.fate == Some(Fate::Opened);
    let lead = plan.lead.as_ref().or(before);
    let is_watched = if is_opened {
        observing.is_some()
    } else {
        lead.is_some_and(|lead| lead.observed.is_some())
    };
    if plan.fate == Some(Fate::Rejected) && observing.is_some() {
        if let Some(decision) = &mut plan.decision {
            note::put(decision, "observed", Seen::Rejected);
        }
        return;
    }
    if !is_watched {
        if observing.is_some() {
            plan.jobs.retain(|job| job.kind != JobKind::Tell);
        }
        return;
    }
    plan.jobs.retain(|job| matches!(job.kind, JobKind::Ask | JobKind::Observe));
    let passed_over = passed_over(plan);
    if let Some(decision) = &mut plan.decision {
        // Nobody is paged, and no clock runs.
        for word in ["paged", "sla", "deadline"] {
            decision.why.remove(word);
        }
    }
    let is_begun =
        is_opened || plan.decision.as_ref().is_some_and(|decision| decision.what == What::Reopened);
    let Some(lead) = &mut plan.lead else { return };
    lead.ladder = None;
    lead.paged.clear();
    if lead.state != State::Waiting {
        plan.review = Review::None;
    }
    let watched = lead.observed.get_or_insert_default();
    if !passed_over.is_empty() {
        watched.passed_over = passed_over;
    }
    if let (true, Some(observing)) = (is_begun, observing) {
        let came = step.event.as_ref().filter(|_| is_opened).map(|event| event.received_at);
        let first = begin(watched, observing, came, desk.now);
        plan.jobs.push(assign::job(JobKind::Observe, observing.crm.clone(), first, 0, None));
        if let Some(decision) = &mut plan.decision {
            note::put(decision, "watched", true);
        }
    }
}

/// What another router was seen to have done, if this decision is about that.
#[must_use]
pub fn result_of(decision: &Decision) -> Option<Seen> {
    decision.why.get("observed").and_then(|word| word.as_str()).and_then(Seen::of_word)
}

/// The CRM is waited for; answers when it is to be looked at first.
fn begin(watched: &mut Watched, by: &Observing, came: Option<Time>, now: Time) -> Time {
    // What is decided days later is waited for from then on.
    let since = came.filter(|came| now < came.plus(by.until)).unwrap_or(now);
    (watched.since, watched.until, watched.result) = (since, since.plus(by.until), None);
    since.plus(by.after).max(now)
}

/// Whom this decision passed over and why, without those who were free.
fn passed_over(plan: &Plan) -> BTreeMap<String, String> {
    let pools = plan.decision.as_ref().and_then(|decision| decision.why.get("pools"));
    let pools = pools.cloned().unwrap_or_default();
    let pools: Vec<(String, Vec<Candidate>)> = serde_json::from_value(pools).unwrap_or_default();
    let all = pools.into_iter().flat_map(|(_, candidates)| candidates);
    all.filter(|one| !one.standing.is_free())
        .map(|one| (one.rep, standing(&one.standing)))
        .collect()
}

/// What the CRM shows is held against what was decided; the first answer stands.
fn seen(desk: Desk<'_>, lead: &Lead, crm: &str, owner: Option<&str>) -> Plan {
    let noted = Plan { fate: Some(Fate::Noted), ..Plan::nothing() };
    let Some(watched) = lead.observed.as_ref().filter(|watched| watched.result.is_none()) else {
        return noted;
    };
    let found = compare::compare(desk, lead, &watched.passed_over, crm, owner);
    let mut decision = note::decision(desk, What::Observed);
    note::put(&mut decision, "observed", found.seen);
    note::put(&mut decision, "says", &found.says);
    note::put(&mut decision, "uuid", lead.uuid);
    note::put(&mut decision, "crm", crm);
    if let Some(owner) = owner {
        note::put(&mut decision, "crm_owner", owner);
    }
    for (key, value) in [
        ("shown", &found.shown),
        ("given_to", &lead.owner),
        ("rule", &lead.rule),
        ("pool", &lead.pool),
    ] {
        if let Some(value) = value {
            note::put(&mut decision, key, value);
        }
    }
    let mut lead = lead.clone();
    let watched = Watched {
        passed_over: BTreeMap::new(),
        result: Some(found.seen),
        ..watched.as_ref().clone()
    };
    lead.observed = Some(Box::new(watched));
    if matches!(lead.state, State::Waiting | State::Assigned) {
        lead.state = State::Observed;
    }
    let offers = matches!(lead.waiting, Some(Waiting::Claim { .. }));
    if offers {
        lead.offers.clear();
    }
    lead.waiting = None;
    lead.awaited.clear();
    Plan {
        dropped: ask::over(desk),
        review: Review::None,
        decision: Some(decision),
        lead: Some(lead),
        ..noted
    }
}
