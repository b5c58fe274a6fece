//! A review: the lead is looked at as it is, and the newest due step of its ladder fires.
//!
//! Guarantees: a review carries no order; each firing happens once; after an outage only the
//! newest due step (and the newest due page) fires and the older ones are recorded as skipped. Before a lead is taken away
//! or somebody is paged the CRMs are asked, and the review decides with what came. A lead is
//! taken away only for somebody who is free, and never beyond the ladder's limit.
//! Does not know: who delivers messages and pages.

use super::{
    Desk, ask, assign, note, rotate,
    route::{self, Place},
    sla::{self, Firing},
};
use crate::{
    model::{
        job::{JobKind, Why},
        lead::{Lead, State, Waiting},
        plan::{Plan, Review, What},
        time::Span,
    },
    rulebook::{Escalation, LadderStep, StepAt},
};

/// How long the CRMs have to answer before a step that takes away or pages.
const ASK_WITHIN: Span = Span::seconds(5);
/// How long what the CRMs said then may be acted upon.
const ASK_KEEPS: Span = Span::minutes(1);

/// Looks at a lead whose review is due.
#[must_use]
pub fn decide(desk: Desk<'_>, lead: &Lead) -> Plan {
    match lead.state {
        State::Waiting => waiting(desk, lead),
        State::Assigned => assigned(desk, lead),
        State::Answered | State::SetAside => Plan { review: Review::None, ..Plan::nothing() },
    }
}

fn waiting(desk: Desk<'_>, lead: &Lead) -> Plan {
    let bound_is_over = match &lead.waiting {
        Some(Waiting::Somebody { until, .. }) => desk.now >= *until,
        _ => false,
    };
    let mut plan = route::place(desk, Some(lead), lead.clone(), What::Routed);
    if bound_is_over {
        // It waited as long as it may: it is given to somebody, and people hear that it was so.
        assign::add_missing(&mut plan.jobs, assign::alarm(desk, lead));
    }
    plan
}

fn assigned(desk: Desk<'_>, lead: &Lead) -> Plan {
    let Some(ladder) = &lead.ladder else {
        return Plan { review: Review::None, ..Plan::nothing() };
    };
    if let Some(until) = ladder.on_it_until
        && desk.now < until
    {
        return Plan { review: Review::At(until), ..Plan::nothing() };
    }
    let open = sla::firings(desk, lead);
    let due: Vec<Firing> = open.into_iter().take_while(|firing| firing.at <= desk.now).collect();
    if due.is_empty() {
        return Plan { review: assign::next_review(desk, lead), ..Plan::nothing() };
    }
    let Some(escalation) = escalation_of(desk, &ladder.sla) else {
        return Plan { review: Review::None, ..Plan::nothing() };
    };
    let newest = newest_of_each(&due, escalation);
    let is_grave = newest.iter().any(|(_, step)| step.reassign || step.page.is_some());
    if is_grave && desk.reach.time_is_unsure {
        // It stays due where it was: the clock that jumped may be put right again.
        let due_at = due.last().map_or(desk.now, |firing| firing.at);
        return Plan { review: Review::At(due_at), ..Plan::nothing() };
    }
    if is_grave && !desk.reach.asks.is_empty() {
        match ladder.asking_until {
            None => return ask_first(desk, lead),
            // An answer of long ago is none.
            Some(until) if desk.now > until.plus(ASK_KEEPS) => return ask_first(desk, lead),
            Some(until) if desk.now < until && !lead.awaited.is_empty() => {
                return Plan { review: Review::At(until), ..Plan::nothing() };
            }
            Some(_) => {}
        }
    }
    fire(desk, lead, escalation, &newest, &due)
}

fn escalation_of<'a>(desk: Desk<'a>, sla: &str) -> Option<&'a Escalation> {
    let sla = desk.book.slas.get(sla).or_else(|| desk.book.slas.get(&desk.book.default_sla))?;
    desk.book.escalations.get(&sla.escalation)
}

/// The newest due step of the owner's ladder and the newest due page: a page, which keeps the
/// first deadline, must not swallow a step of the owner's own clock, nor the other way round.
fn newest_of_each<'a>(due: &[Firing], escalation: &'a Escalation) -> Vec<(Firing, &'a LadderStep)> {
    [false, true]
        .into_iter()
        .filter_map(|is_page| due.iter().rev().find(|firing| firing.is_page == is_page))
        .filter_map(|firing| Some((*firing, escalation.steps.get(firing.step)?)))
        .collect()
}

/// Perhaps somebody has answered and we have not heard: ask before acting.
fn ask_first(desk: Desk<'_>, lead: &Lead) -> Plan {
    let mut lead = lead.clone();
    let until = desk.now.plus(ASK_WITHIN);
    lead.awaited.clone_from(&desk.reach.asks);
    if let Some(ladder) = &mut lead.ladder {
        ladder.asking_until = Some(until);
    }
    let mut decision = note::decision(desk, What::Asked);
    note::put(&mut decision, "until", until);
    Plan {
        jobs: ask::asks(desk, assign::rank(desk, &lead)),
        review: Review::At(until),
        decision: Some(decision),
        lead: Some(lead),
        ..Plan::nothing()
    }
}

/// Fires the newest due steps; the older ones are over too.
fn fire(
    desk: Desk<'_>,
    lead: &Lead,
    escalation: &Escalation,
    newest: &[(Firing, &LadderStep)],
    due: &[Firing],
) -> Plan {
    let mut lead = lead.clone();
    lead.awaited.clear();
    if let Some(ladder) = &mut lead.ladder {
        let pages = due.iter().filter(|firing| firing.is_page).count();
        ladder.steps_done += (due.len() - pages) as u32;
        ladder.pages_done += pages as u32;
        ladder.asking_until = None;
        ladder.on_it_until = None;
    }
    let is_early = |step: &LadderStep| matches!(step.at, StepAt::Percent(percent) if percent < 100);
    let what = if newest.iter().all(|(_, step)| is_early(step)) {
        What::Reminded
    } else {
        What::Escalated
    };
    let mut decision = note::decision(desk, what);
    let fired: Vec<usize> = newest.iter().map(|(firing, _)| firing.step).collect();
    note::put(&mut decision, "steps", &fired);
    let skipped: Vec<usize> = due
        .iter()
        .filter(|one| !newest.iter().any(|(firing, _)| firing == *one))
        .map(|firing| firing.step)
        .collect();
    if !skipped.is_empty() {
        note::put(&mut decision, "skipped_as_late", skipped);
    }
    let mut jobs = Vec::new();
    for (_, step) in newest {
        let why = if is_early(step) { Why::Reminder } else { Why::Late };
        assign::add_missing(&mut jobs, assign::tell(desk, &lead, &step.tell, why));
        if let Some(pager) = &step.page {
            jobs.push(page(desk, &mut lead, pager));
            note::put(&mut decision, "paged", pager);
        }
    }
    if newest.iter().any(|(_, step)| step.reassign) {
        match successor(desk, &lead, escalation) {
            Ok((rep, pool, changes, candidates)) => {
                decision.what = What::Reassigned;
                note::put(&mut decision, "from", &lead.owner);
                note::put(&mut decision, "pools", candidates);
                let mut plan = assign::hand_over(desk, lead, &rep, pool, changes, decision);
                assign::add_missing(&mut plan.jobs, jobs);
                return plan;
            }
            Err(why) => note::put(&mut decision, "kept", why),
        }
    }
    Plan {
        jobs,
        review: assign::next_review(desk, &lead),
        decision: Some(decision),
        lead: Some(lead),
        ..Plan::nothing()
    }
}

/// Opens a page, or keeps it open, and remembers to close it.
fn page(desk: Desk<'_>, lead: &mut Lead, pager: &str) -> crate::model::job::JobWanted {
    if !lead.paged.iter().any(|paged| paged == pager) {
        lead.paged.push(pager.to_owned());
    }
    let rank = assign::rank(desk, lead);
    assign::job(JobKind::Tell, pager.to_owned(), desk.now, rank, Some(Why::Page))
}

/// Who takes over, with the turn and everybody looked at.
type Successor = (
    String,
    Option<String>,
    Vec<crate::model::team::TeamChange>,
    Vec<(String, Vec<rotate::Candidate>)>,
);

/// Somebody who is free and has not had it, or why the lead stays.
pub fn successor(
    desk: Desk<'_>,
    lead: &Lead,
    escalation: &Escalation,
) -> Result<Successor, &'static str> {
    if lead.had.len() >= escalation.reassign_max as usize {
        return Err("it was handed on as often as the ladder allows");
    }
    let mut had = lead.had.clone();
    had.extend(lead.owner.clone());
    free_for(desk, lead, &had).ok_or("nobody else is free")
}

/// Looks for somebody free: in the lead's pool and its overflow, or by its rule.
pub fn free_for(desk: Desk<'_>, lead: &Lead, had: &[String]) -> Option<Successor> {
    if let Some(pool) = lead.pool.as_ref().and_then(|pool| desk.book.pools.get(pool)) {
        let pick = rotate::pick(desk, pool, had, false);
        let looked = vec![(pool.id.clone(), pick.candidates)];
        if let Some(rep) = pick.rep {
            return Some((rep, Some(pool.id.clone()), pick.changes, looked));
        }
    }
    let routed = route::route(desk, lead, had);
    match routed.place {
        Place::Rep { rep, pool, changes }
            if !had.contains(&rep) && is_free(desk, &rep, pool.as_deref()) =>
        {
            Some((rep, pool, changes, routed.pools))
        }
        _ => None,
    }
}

/// `assign anyway` is for new leads; nobody loses a lead to one who is away.
fn is_free(desk: Desk<'_>, rep: &str, pool: Option<&str>) -> bool {
    let member = pool
        .and_then(|pool| desk.book.pools.get(pool))
        .and_then(|pool| pool.members.iter().find(|member| member.rep == rep));
    match member {
        Some(member) => {
            let turn = pool
                .and_then(|pool| desk.team.rotations.get(pool))
                .and_then(|rotation| rotation.turns.get(rep));
            super::available::of_member(desk, member, turn).is_free()
        }
        None => desk
            .book
            .reps
            .get(rep)
            .is_some_and(|rep| super::available::of_named(desk, rep).is_free()),
    }
}
