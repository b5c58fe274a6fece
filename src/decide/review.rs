//! A review: the lead is looked at as it is, and the newest due step of its ladder fires.
//!
//! Guarantees: a review carries no order; each firing happens once; after an outage only the
//! newest due step fires and the older ones are recorded as skipped. Before a lead is taken away
//! or somebody is paged the CRMs are asked, and the review decides with what came. A lead is
//! taken away only for somebody who is free, and never beyond the ladder's limit.
//! Does not know: who delivers messages and pages.

use super::{
    Desk, assign, note,
    route::{self, Place},
    rotate,
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
/// How long re-assignments and pages wait after a jump of the wall clock.
const UNSURE_FOR: Span = Span::minutes(1);

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
    let mut plan = route::place(desk, lead.clone(), What::Routed);
    if bound_is_over {
        // It waited as long as it may: it is given to somebody, and people hear that it was so.
        plan.jobs.extend(assign::alarm(desk, lead));
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
    let Some(newest) = due.last().copied() else {
        return Plan { review: assign::next_review(desk, lead), ..Plan::nothing() };
    };
    let Some((escalation, step)) = step_of(desk, ladder.sla.as_str(), newest.step) else {
        return Plan { review: Review::None, ..Plan::nothing() };
    };
    let is_grave = step.reassign || step.page.is_some();
    if is_grave && desk.reach.time_is_unsure {
        return Plan { review: Review::At(desk.now.plus(UNSURE_FOR)), ..Plan::nothing() };
    }
    if is_grave && !desk.reach.asks.is_empty() {
        match ladder.asking_until {
            None => return ask_first(desk, lead),
            Some(until) if desk.now < until && !lead.awaited.is_empty() => {
                return Plan { review: Review::At(until), ..Plan::nothing() };
            }
            Some(_) => {}
        }
    }
    fire(desk, lead, escalation, step, newest, &due)
}

fn step_of<'a>(
    desk: Desk<'a>,
    sla: &str,
    step: usize,
) -> Option<(&'a Escalation, &'a LadderStep)> {
    let sla = desk.book.slas.get(sla).or_else(|| desk.book.slas.get(&desk.book.default_sla))?;
    let escalation = desk.book.escalations.get(&sla.escalation)?;
    escalation.steps.get(step).map(|step| (escalation, step))
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
        jobs: route::ask_again(desk, assign::rank(desk, &lead)),
        review: Review::At(until),
        decision: Some(decision),
        lead: Some(lead),
        ..Plan::nothing()
    }
}

/// Fires the newest due step; the older ones are over too.
fn fire(
    desk: Desk<'_>,
    lead: &Lead,
    escalation: &Escalation,
    step: &LadderStep,
    newest: Firing,
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
    let is_early = matches!(step.at, StepAt::Percent(percent) if percent < 100);
    let mut decision =
        note::decision(desk, if is_early { What::Reminded } else { What::Escalated });
    note::put(&mut decision, "step", newest.step);
    note::put(&mut decision, "step_at", newest.at);
    let skipped: Vec<usize> =
        due.iter().map(|firing| firing.step).take(due.len().saturating_sub(1)).collect();
    if !skipped.is_empty() {
        note::put(&mut decision, "skipped_as_late", skipped);
    }
    let mut jobs =
        assign::tell(desk, &lead, &step.tell, if is_early { Why::Reminder } else { Why::Late });
    if let Some(pager) = &step.page {
        let rank = assign::rank(desk, &lead);
        jobs.push(assign::job(JobKind::Tell, pager.clone(), desk.now, rank, Some(Why::Page)));
        if !lead.paged.contains(pager) {
            lead.paged.push(pager.clone());
        }
        note::put(&mut decision, "paged", pager);
    }
    if step.reassign {
        match successor(desk, &lead, escalation) {
            Ok((rep, pool, changes, candidates)) => {
                decision.what = What::Reassigned;
                note::put(&mut decision, "from", &lead.owner);
                note::put(&mut decision, "pools", candidates);
                let mut plan = assign::hand_over(desk, lead, &rep, pool, changes, decision);
                add_missing(&mut plan.jobs, jobs);
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

/// A later word to the same destination does not replace the hand-over's own.
fn add_missing(
    jobs: &mut Vec<crate::model::job::JobWanted>,
    more: Vec<crate::model::job::JobWanted>,
) {
    for job in more {
        if !jobs.iter().any(|have| have.kind == job.kind && have.destination == job.destination) {
            jobs.push(job);
        }
    }
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
