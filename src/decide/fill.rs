//! A form fill: it opens a lead, or joins the one of the same person.
//!
//! Guarantees: a fill by the same person within the rulebook's window never makes a second lead
//! or a second owner; its owner hears of it. A fill of stronger intent re-opens an answered or
//! set-aside lead with a new clock.
//! Does not know: how the person is looked up; the snapshot has the newest lead of theirs.

use super::{Desk, ask, assign, available, look::Look, note, route, sla};
use crate::model::{
    account::Matched,
    event::Fate,
    id::lead_uuid,
    job::Why,
    lead::{Earlier, Lead, State, Waiting},
    plan::{Draft, Filled, Plan, Review, StepEvent, What},
};

/// Decides a fill.
pub fn decide(
    desk: Desk<'_>,
    (lead, company): (Option<&Lead>, Option<&Lead>),
    event: &StepEvent,
    draft: &Draft,
) -> Plan {
    let is_recent =
        |lead: &&Lead| event.received_at.since(lead.filled_at) <= desk.book.same_lead_within;
    // A lead that is only watched and one that is ours are never one: neither is touched by the
    // other's mode.
    let is_of_mode = |lead: &&Lead| lead.observed.is_some() == desk.reach.observe.is_some();
    let same = lead.filter(is_recent).filter(is_of_mode).filter(|lead| is_one_person(lead, draft));
    let mut plan = if let Some(lead) = same {
        join(desk, lead, event, draft)
    } else {
        let person = lead.filter(|lead| is_one_person(lead, draft));
        open(desk, event, draft, earlier(desk, person, company))
    };
    plan.identities.clone_from(&draft.identities);
    plan.filled = Some(Filled {
        source: event.source.clone(),
        filled: draft.filled.clone(),
        unfilled: draft.unfilled.clone(),
    });
    plan
}

/// Two addresses are two people, though they share a telephone.
fn is_one_person(lead: &Lead, draft: &Draft) -> bool {
    match (lead.fields.text("email"), draft.fields.text("email")) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Who had an earlier lead of this person, and who one of the company, where a pool asks for it.
fn earlier(desk: Desk<'_>, person: Option<&Lead>, company: Option<&Lead>) -> Vec<Earlier> {
    if !desk.book.is_sticky() {
        return Vec::new();
    }
    let mut all: Vec<Earlier> = Vec::new();
    for (lead, is_company) in [(person, false), (company, true)] {
        let Some(lead) = lead else { continue };
        // Whom we would have given it to has not had it.
        if lead.observed.is_some() && desk.reach.observe.is_none() {
            continue;
        }
        let Some(rep) = &lead.owner else { continue };
        if all.iter().any(|known| known.rep == *rep) {
            continue;
        }
        let at = [lead.assigned_at, lead.answered_at].into_iter().flatten().max();
        let at = at.unwrap_or(lead.filled_at).max(lead.filled_at);
        all.push(Earlier { rep: rep.clone(), at, is_company });
    }
    all
}

/// A new lead: first the CRMs are asked who has this person, then it is routed.
fn open(desk: Desk<'_>, event: &StepEvent, draft: &Draft, earlier: Vec<Earlier>) -> Plan {
    let uuid = lead_uuid(event.received_at, event.uuid);
    let mut lead = Lead::opened(event.id, uuid, event.source.clone(), event.received_at);
    lead.intent.clone_from(&draft.intent);
    lead.fields.clone_from(&draft.fields);
    lead.account.clone_from(&draft.account);
    lead.earlier = earlier;
    let within = desk.book.ask_within;
    let mut until = event.received_at.plus(within);
    if until <= desk.now {
        // It was decided late (redone, or behind a backlog): the question is still worth asking.
        until = desk.now.plus(within);
    }
    let mut plan = if desk.reach.asks.is_empty() {
        route::place(desk, None, lead, What::Opened)
    } else {
        lead.awaited.clone_from(&desk.reach.asks);
        lead.waiting = Some(Waiting::Facts { until });
        let mut decision = note::decision(desk, What::Opened);
        note::put(&mut decision, "waiting", &lead.waiting);
        note::put(&mut decision, "fields", &lead.fields);
        note::account(&mut decision, &lead);
        Plan {
            jobs: ask::asks(desk, 0),
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
    match_again(&mut lead, draft);
    lead.fills = lead.fills.saturating_add(1);
    lead.filled_at = lead.filled_at.max(event.received_at);
    if is_stronger {
        lead.intent.clone_from(&draft.intent);
    }
    let mut plan = match lead.state {
        State::Answered | State::SetAside | State::Observed if is_stronger => reopen(desk, lead),
        // A fact that was missing may have come.
        State::Waiting if lead.awaited.is_empty() => route::place(desk, None, lead, What::Joined),
        State::Assigned if is_stronger => hasten(desk, lead),
        State::Assigned | State::Answered => tell_owner(desk, lead),
        State::Waiting | State::SetAside | State::Observed => Plan {
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

/// A later fill may say more of the company than those before: what fits at least as well is taken.
fn match_again(lead: &mut Lead, draft: &Draft) {
    let score = |account: Option<&Matched>| account.map(|account| account.score);
    if draft.account.is_some() && score(draft.account.as_ref()) >= score(lead.account.as_ref()) {
        lead.account.clone_from(&draft.account);
    }
}

/// It asks for more than before: the owner gets it again with a new clock; without one it is
/// routed.
fn reopen(desk: Desk<'_>, mut lead: Lead) -> Plan {
    lead.answered_at = None;
    lead.outcome = None;
    lead.set_aside = None;
    lead.ladder = None;
    lead.outside_owner = None;
    lead.had.clear();
    lead.offers.clear();
    lead.reopened_at = Some(desk.now);
    let owner = lead.owner.clone().filter(|owner| {
        let rep = desk.book.reps.get(owner);
        rep.is_some_and(|rep| !available::of_named(desk, rep).is_gone())
    });
    match owner {
        Some(owner) => {
            let sla = route::route(desk, &lead, Look::free(&[])).sla;
            assign::again(desk, lead, &owner, &sla, What::Reopened)
        }
        None => route::place(desk, None, lead, What::Reopened),
    }
}

/// A stronger fill while the owner has it: the clock of what is asked for now, if it is sooner
/// than the one that runs (or none runs any more).
fn hasten(desk: Desk<'_>, lead: Lead) -> Plan {
    let Some(owner) = lead.owner.clone() else { return tell_owner(desk, lead) };
    let routed = route::route(desk, &lead, Look::free(&[]));
    let sooner = desk.book.slas.get(&routed.sla).is_some_and(|sla| {
        let deadline = sla::after(desk, sla, &owner, desk.now, sla.respond_within);
        lead.ladder.as_ref().is_none_or(|ladder| deadline < ladder.deadline)
    });
    if sooner || sla::firings(desk, &lead).is_empty() {
        assign::again(desk, lead, &owner, &routed.sla, What::Joined)
    } else {
        tell_owner(desk, lead)
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
