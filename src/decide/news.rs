//! News: what acting learnt and what people said.
//!
//! Guarantees: a response ends the ladder and closes its pages; a human's choice of owner in the
//! CRM is kept and recorded; "on it" buys a bounded time; facts that come late never re-route in
//! silence.
//! Does not know: who brought the news.

use super::{
    Desk, absent, acted, answer, assign, available, look::Look, note, reroute, review,
    rotate::Taken, route,
};
use crate::{
    model::{
        event::Fate,
        lead::{Lead, State, Waiting},
        news::{Known, KnownRecord, News},
        plan::{Plan, StepEvent, What},
        team::Away,
        time::Time,
    },
    rulebook::{Rep, condition::Value},
};

/// Decides one piece of news.
#[must_use]
pub fn decide(desk: Desk<'_>, lead: Option<&Lead>, event: Option<&StepEvent>, news: &News) -> Plan {
    let mut plan = match (news, lead) {
        (News::Away { rep, absence, from, until }, _) => {
            let away =
                Away { absence: *absence, from: *from, until: *until, is_from_calendar: false };
            absent::begins(desk, rep, away)
        }
        (News::Calendar { rep, away }, _) => absent::by_calendar(desk, rep, away),
        (News::Back { rep }, _) => absent::ends(desk, rep),
        (News::OwnerInvalid { destination, rep, .. }, lead) => {
            owner_invalid(desk, lead, destination, rep)
        }
        // Of a lead that is only watched, `observe` has heard it.
        (News::Observed { .. }, _) | (_, None) => Plan::nothing(),
        (News::Facts { destination, known, .. }, Some(lead)) => {
            facts(desk, lead, destination, known)
        }
        // Evidence from before it was (re-)opened is no answer to it.
        (News::Responded { response, .. }, Some(lead)) if response.at < lead.open_since() => {
            answer::noted(desk, lead.clone())
        }
        (News::Responded { response, .. }, Some(lead)) => {
            answer::decide(desk, lead.clone(), Some(response), None)
        }
        (News::OwnerMet { destination, owner, is_move, .. }, Some(lead)) => {
            owner_met(desk, lead, destination, owner, *is_move)
        }
        (News::Acted { rep, act, .. }, Some(lead)) => acted::decide(desk, lead, rep, act),
        (News::Reassign { to, why, .. }, Some(lead)) => by_hand(desk, lead, to, why.as_deref()),
        (News::Reroute(order), Some(lead)) => reroute::decide(desk, lead, order),
        (News::Fetched { fields, .. }, Some(lead)) => {
            let mut lead = lead.clone();
            lead.fields.fill_gaps(fields);
            match lead.state {
                State::Waiting => route::place(desk, None, lead, What::Routed),
                _ => answer::noted(desk, lead),
            }
        }
    };
    plan.fate = Some(Fate::Noted);
    if let (Some(decision), Some(actor)) =
        (&mut plan.decision, event.and_then(|event| event.actor.as_ref()))
    {
        note::put(decision, "by", actor);
    }
    plan
}

/// A CRM answered: the lead is placed or its review goes on, once nobody else is awaited.
fn facts(desk: Desk<'_>, lead: &Lead, destination: &str, known: &Known) -> Plan {
    let mut lead = lead.clone();
    let was_awaited = lead.awaited.iter().any(|one| one == destination);
    lead.awaited.retain(|one| one != destination);
    if let Some(response) = &known.response
        && lead.state == State::Assigned
        && lead.assigned_at.is_some_and(|at| response.at >= at)
    {
        return answer::decide(desk, lead, Some(response), None);
    }
    let seen = Known { response: None, ..known.clone() };
    if let Some(owner) = moved_meanwhile(&lead, destination, &seen) {
        return owner_met(desk, &lead, destination, &owner, true);
    }
    let before = lead.clone();
    let is_same = lead.known.get(destination) == Some(&seen);
    lead.known.insert(destination.to_owned(), seen);
    let nobody_awaited = lead.awaited.is_empty();
    match (lead.state, &lead.waiting) {
        (State::Waiting, Some(Waiting::Facts { .. })) if !nobody_awaited => {
            answer::noted(desk, lead)
        }
        (State::Waiting, _) => route::place(desk, Some(&before), lead, What::Routed),
        (State::Assigned, _) if was_awaited && nobody_awaited && is_asking(&lead) => {
            review::decide(desk, &lead)
        }
        _ if is_same && !was_awaited => Plan::nothing(),
        _ => answer::noted(desk, lead),
    }
}

/// While a lead is about to be taken away, the CRM may show that a human has moved it already.
fn moved_meanwhile(lead: &Lead, destination: &str, seen: &Known) -> Option<String> {
    let shown = |known: &Known| known.person.as_ref().and_then(|person| person.owner.clone());
    let before = lead.known.get(destination).and_then(&shown)?;
    let now = shown(seen)?;
    (lead.state == State::Assigned && is_asking(lead) && now != before).then_some(now)
}

fn is_asking(lead: &Lead) -> bool {
    lead.ladder.as_ref().is_some_and(|ladder| ladder.asking_until.is_some())
}

/// The CRM shows another owner than we wrote. A human's move is kept. An owner from before us is
/// kept too, unless that person cannot take it: then ours is written after all. News comes late and
/// out of order, so every change is followed by a write, which sees what the record shows now.
fn owner_met(desk: Desk<'_>, lead: &Lead, destination: &str, owner: &str, is_move: bool) -> Plan {
    let mut lead = lead.clone();
    let known = lead.known.entry(destination.to_owned()).or_default();
    known.person.get_or_insert_with(KnownRecord::default).owner.replace(owner.to_owned());
    let rep =
        desk.book.reps.values().find(|rep| rep.crm.get(destination).is_some_and(|id| id == owner));
    let mut decision = note::decision(desk, What::OwnerKept);
    note::put(&mut decision, "crm", destination);
    note::put(&mut decision, "crm_owner", owner);
    match rep {
        Some(rep) if lead.owner.as_ref() == Some(&rep.id) && lead.outside_owner.is_none() => {
            Plan::nothing()
        }
        Some(rep) if lead.owner.as_ref() == Some(&rep.id) => {
            lead.outside_owner = None;
            let jobs = assign::writes(desk, &lead);
            Plan { jobs, decision: Some(decision), lead: Some(lead), ..Plan::nothing() }
        }
        Some(rep) if cannot_take(desk, rep, is_move) => {
            note::put(&mut decision, "kept", "that person cannot take it now");
            decision.what = What::Noted;
            // Whoever had it there before has it no more: ours is written after all.
            lead.outside_owner = None;
            let is_owned = lead.owner.is_some();
            let jobs = if is_owned { assign::writes(desk, &lead) } else { Vec::new() };
            Plan { jobs, decision: Some(decision), lead: Some(lead), ..Plan::nothing() }
        }
        Some(rep) if matches!(lead.state, State::Answered | State::SetAside) => {
            lead.owner = Some(rep.id.clone());
            lead.outside_owner = None;
            // The turn was that of whoever answered: this one has none to give back.
            lead.pool = None;
            lead.through.clear();
            let jobs = assign::writes(desk, &lead);
            Plan { jobs, decision: Some(decision), lead: Some(lead), ..Plan::nothing() }
        }
        Some(rep) => assign::hand_over(desk, lead, Taken::by_name(&rep.id, true), decision),
        None if lead.outside_owner.as_deref() == Some(owner) => Plan::nothing(),
        None => {
            // Nobody whom we could remind: our owner keeps the clock, and people hear of it.
            lead.outside_owner = Some(owner.to_owned());
            // The write leaves the owner alone and sees whether the record still shows it.
            let mut jobs = assign::writes(desk, &lead);
            jobs.extend(assign::alarm(desk, &lead));
            Plan { jobs, decision: Some(decision), lead: Some(lead), ..Plan::nothing() }
        }
    }
}

/// Whoever has left never gets a lead; whoever is away gets none that only was theirs before.
fn cannot_take(desk: Desk<'_>, rep: &Rep, is_move: bool) -> bool {
    let standing = available::of_named(desk, rep);
    standing.is_gone() || (!is_move && !standing.is_free())
}

/// The CRM refuses the owner: that person gets no lead any more, somebody else gets this one, and
/// people hear of it.
fn owner_invalid(desk: Desk<'_>, lead: Option<&Lead>, destination: &str, rep: &str) -> Plan {
    let mut gone = absent::deactivated(desk, rep, destination);
    let is_theirs =
        |lead: &&Lead| lead.state == State::Assigned && lead.owner.as_deref() == Some(rep);
    let Some(lead) = lead.filter(is_theirs) else { return gone };
    let had: Vec<String> = lead.had.iter().cloned().chain([rep.to_owned()]).collect();
    let mut decision = note::decision(desk, What::Reassigned);
    note::put(&mut decision, "from", rep);
    note::put(&mut decision, "refused_by", destination);
    let mut plan = if let Some((taken, looked)) = review::free_for(desk, lead, Look::free(&had)) {
        note::put(&mut decision, "pools", looked);
        assign::hand_over(desk, lead.clone(), taken, decision)
    } else {
        decision.what = What::Held;
        Plan { decision: Some(decision), lead: Some(lead.clone()), ..Plan::nothing() }
    };
    plan.team.append(&mut gone.team);
    assign::add_missing(&mut plan.jobs, assign::alarm(desk, lead));
    plan
}

/// An operator hands the lead to somebody by name.
fn by_hand(desk: Desk<'_>, lead: &Lead, to: &str, why: Option<&str>) -> Plan {
    let can = desk.book.reps.get(to).is_some_and(|rep| !available::of_named(desk, rep).is_gone());
    if !can || lead.owner.as_deref() == Some(to) && lead.state == State::Assigned {
        return Plan::nothing();
    }
    let mut lead = lead.clone();
    if lead.observed.take().is_some() {
        // It was only watched: whom it would have gone to has never heard of it.
        (lead.owner, lead.pool, lead.state) = (None, None, State::Observed);
        lead.through.clear();
    }
    if lead.state != State::Assigned {
        // It begins anew: a clock of days ago would page at once.
        lead.ladder = None;
        lead.had.clear();
        lead.reopened_at = Some(desk.now);
    }
    lead.answered_at = None;
    lead.outcome = None;
    lead.set_aside = None;
    let mut decision = note::decision(desk, What::Reassigned);
    note::put(&mut decision, "from", &lead.owner);
    note::put(&mut decision, "why", why);
    assign::hand_over(desk, lead, Taken::by_name(to, true), decision)
}

/// For sentences: what a text fact says.
#[must_use]
pub fn text_of(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The instant an absence "today" ends for this rep, for the API and the command line.
#[must_use]
pub fn out_until(desk: Desk<'_>, rep: &str) -> Option<Time> {
    desk.book.reps.get(rep).map(|rep| available::day_end(desk, rep))
}
