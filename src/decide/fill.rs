//! A form fill: it opens a lead, or joins the one of the same person.
//!
//! Guarantees: a fill by the same person within the rulebook's window never makes a second lead
//! or a second owner; its owner hears of it. A fill of stronger intent re-opens an answered or
//! set-aside lead with a new clock.
//! Does not know: how the person is looked up; the snapshot has the newest lead of theirs.

use super::{Desk, assign, note, route};
use crate::model::{
    event::Fate,
    id::{LeadId, Seq, lead_uuid},
    job::{JobKind, JobWanted, Why},
    lead::{Lead, State, Waiting},
    plan::{Draft, Filled, Plan, Review, StepEvent, What},
};

/// Decides a fill.
pub fn decide(desk: Desk<'_>, lead: Option<&Lead>, event: &StepEvent, draft: &Draft) -> Plan {
    let same =
        lead.filter(|lead| event.received_at.since(lead.filled_at) <= desk.book.same_lead_within);
    let mut plan = match same {
        Some(lead) => join(desk, lead, event, draft),
        None => open(desk, event, draft),
    };
    plan.identities.clone_from(&draft.identities);
    plan.filled = Some(Filled {
        source: event.source.clone(),
        filled: draft.filled.clone(),
        unfilled: draft.unfilled.clone(),
    });
    plan
}

/// A new lead: first the CRMs are asked who has this person, then it is routed.
fn open(desk: Desk<'_>, event: &StepEvent, draft: &Draft) -> Plan {
    let mut lead = Lead {
        id: LeadId(event.id.0),
        uuid: lead_uuid(event.received_at, event.uuid),
        revision: Seq(0),
        event: event.id,
        state: State::Waiting,
        waiting: None,
        set_aside: None,
        source: event.source.clone(),
        intent: draft.intent.clone(),
        fields: draft.fields.clone(),
        known: std::collections::BTreeMap::new(),
        awaited: Vec::new(),
        rule: None,
        pool: None,
        owner: None,
        outside_owner: None,
        had: Vec::new(),
        ladder: None,
        opened_at: event.received_at,
        filled_at: event.received_at,
        assigned_at: None,
        answered_at: None,
        outcome: None,
        fills: 1,
        paged: Vec::new(),
    };
    let until = event.received_at.plus(desk.book.ask_within);
    let mut plan = if desk.reach.asks.is_empty() || until <= desk.now {
        route::place(desk, lead, What::Opened)
    } else {
        lead.awaited.clone_from(&desk.reach.asks);
        lead.waiting = Some(Waiting::Facts { until });
        let mut decision = note::decision(desk, What::Opened);
        note::put(&mut decision, "waiting", &lead.waiting);
        note::put(&mut decision, "fields", &lead.fields);
        Plan {
            jobs: asks(desk, 0),
            review: Review::At(until),
            decision: Some(decision),
            lead: Some(lead),
            ..Plan::nothing()
        }
    };
    plan.fate = Some(Fate::Opened);
    if let Some(decision) = &mut plan.decision {
        note::put(decision, "source", &event.source);
        note::put(decision, "intent", &draft.intent);
    }
    plan
}

/// The same person again.
fn join(desk: Desk<'_>, lead: &Lead, event: &StepEvent, draft: &Draft) -> Plan {
    let mut lead = lead.clone();
    let is_stronger = desk.book.stronger(draft.intent.as_deref(), lead.intent.as_deref());
    lead.fields.fill_gaps(&draft.fields);
    lead.fills = lead.fills.saturating_add(1);
    lead.filled_at = lead.filled_at.max(event.received_at);
    if is_stronger {
        lead.intent.clone_from(&draft.intent);
    }
    let mut plan = match lead.state {
        State::Answered | State::SetAside if is_stronger => reopen(desk, lead),
        // A fact that was missing may have come.
        State::Waiting if lead.awaited.is_empty() => route::place(desk, lead, What::Joined),
        State::Assigned | State::Answered => tell_owner(desk, lead),
        State::Waiting | State::SetAside => Plan {
            decision: Some(note::decision(desk, What::Joined)),
            lead: Some(lead),
            ..Plan::nothing()
        },
    };
    plan.fate = Some(Fate::Joined);
    if let Some(decision) = &mut plan.decision {
        note::put(decision, "source", &event.source);
        note::put(decision, "intent", &draft.intent);
        note::put(decision, "fill", &draft.fields);
    }
    plan
}

/// It asks for more than before: the owner gets it again with a new clock; without one it is
/// routed.
fn reopen(desk: Desk<'_>, mut lead: Lead) -> Plan {
    lead.answered_at = None;
    lead.outcome = None;
    lead.set_aside = None;
    lead.ladder = None;
    let owner = lead
        .owner
        .clone()
        .filter(|owner| desk.book.reps.get(owner).is_some_and(|rep| !rep.has_left));
    match owner {
        Some(owner) => assign::again(desk, lead, &owner, What::Reopened),
        None => route::place(desk, lead, What::Reopened),
    }
}

/// It joins the timeline, and the owner hears of it.
fn tell_owner(desk: Desk<'_>, lead: Lead) -> Plan {
    let mut plan = Plan::nothing();
    if let Some(owner) = &lead.owner {
        plan.jobs = assign::tell_rep(desk, &lead, owner, Why::FilledAgain);
    }
    plan.jobs.extend(assign::writes(desk, &lead));
    plan.decision = Some(note::decision(desk, What::Joined));
    plan.lead = Some(lead);
    plan
}

/// One `ask` for every connection that is asked.
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
