//! A lead gets an owner: the clock starts, the CRM and the owner are to hear of it.
//!
//! Guarantees: the deadline runs from the assignment even if telling fails later; every change of
//! owner remembers who had it and gives the old owner's turn back.
//! Does not know: which rule or rotation chose the owner.

use super::{Desk, ask, note, rotate::Taken, sla, turns};
use crate::{
    model::{
        job::{JobKind, JobWanted, Why},
        lead::{Ladder, Lead, State, Waiting},
        plan::{Decision, Plan, Review, What},
        team::TeamChange,
        time::{Span, Time},
    },
    rulebook::{Sla, Tell},
};

/// How long messages about leads that waited for somebody are gathered.
const GATHER: Span = Span::seconds(5);
/// How soon somebody is looked for again who could take a lead over, at first and at last.
const SEEK_AGAIN: (Span, Span) = (Span::minutes(1), Span::hours(1));
/// Alarms come before everything else that waits for a channel.
const ALARM_RANK: i64 = -1;

/// The first assignment of a lead (or of one that had lost its owner).
#[must_use]
pub fn first(
    desk: Desk<'_>,
    mut lead: Lead,
    taken: Taken,
    sla_id: &str,
    decision: Decision,
) -> Plan {
    lead.ladder = None;
    take(desk, lead, taken, Some(sla_id), decision)
}

/// Somebody took a lead that was offered: it is theirs, and they are on it.
#[must_use]
pub fn claimed(desk: Desk<'_>, mut lead: Lead, taken: Taken, decision: Decision) -> Plan {
    let over = offers_over(desk, &lead, &taken.rep);
    lead.ladder = None;
    let mut plan = take(desk, lead, taken, None, decision);
    plan.dropped.extend(over);
    let Some(lead) = &mut plan.lead else { return plan };
    if let Some(ladder) = &mut lead.ladder {
        let on_it = desk.book.slas.get(&ladder.sla).map(|sla| sla.on_it);
        ladder.on_it_until = on_it.map(|on_it| desk.now.plus(on_it));
        ladder.on_its = 1;
    }
    plan.review = next_review(desk, lead);
    plan
}

fn take(
    desk: Desk<'_>,
    mut lead: Lead,
    taken: Taken,
    sla_id: Option<&str>,
    decision: Decision,
) -> Plan {
    lead.pool = taken.pool;
    lead.through = taken.through;
    own(desk, lead, &taken.rep, sla_id, taken.changes, decision)
}

/// The same owner again, with a new clock.
#[must_use]
pub fn again(desk: Desk<'_>, mut lead: Lead, rep: &str, sla_id: &str, what: What) -> Plan {
    let decision = note::decision(desk, what);
    lead.ladder = None;
    own(desk, lead, rep, Some(sla_id), Vec::new(), decision)
}

/// Another owner: the old one's turn goes back, and the ladder starts anew for the new one.
#[must_use]
pub fn hand_over(desk: Desk<'_>, mut lead: Lead, mut taken: Taken, decision: Decision) -> Plan {
    let old = lead.owner.take().filter(|old| *old != taken.rep);
    if let Some(old) = &old {
        turns::give_back(desk, &lead, old, taken.kept, &mut taken.changes);
        if !lead.had.contains(old) {
            lead.had.push(old.clone());
        }
    }
    let mut plan = take(desk, lead, taken, None, decision);
    if let (Some(old), Some(lead)) = (&old, &plan.lead) {
        let told = tell_rep(desk, lead, old, Why::Reassigned);
        plan.jobs.extend(told);
    }
    plan
}

fn own(
    desk: Desk<'_>,
    mut lead: Lead,
    rep: &str,
    sla_id: Option<&str>,
    changes: Vec<TeamChange>,
    mut decision: Decision,
) -> Plan {
    let sla = sla_of(desk, &lead, sla_id);
    // Those who waited for somebody are many at once, in the first minute of the day: they are
    // gathered, so that a pile is one message.
    let gather = match lead.waiting {
        Some(Waiting::Somebody { .. }) => GATHER,
        _ => Span::ZERO,
    };
    lead.outside_owner = None;
    lead.offers.clear();
    lead.state = State::Assigned;
    lead.waiting = None;
    lead.awaited.clear();
    lead.owner = Some(rep.to_owned());
    lead.assigned_at = Some(desk.now);
    if let Some(sla) = sla {
        let deadline = sla::after(desk, sla, rep, desk.now, sla.respond_within);
        let before = lead.ladder.take();
        lead.ladder = Some(Ladder {
            sla: sla.id.clone(),
            started_at: desk.now,
            deadline,
            first_deadline: before.as_ref().map_or(deadline, |ladder| ladder.first_deadline),
            steps_done: 0,
            pages_done: before.as_ref().map_or(0, |ladder| ladder.pages_done),
            on_it_until: None,
            on_its: 0,
            asking_until: None,
            is_late: false,
            seeks_since: None,
        });
        note::put(&mut decision, "sla", &sla.id);
        note::put(&mut decision, "deadline", deadline);
    }
    note::put(&mut decision, "owner", rep);
    note::put(&mut decision, "pool", &lead.pool);
    if !lead.through.is_empty() {
        note::put(&mut decision, "through", &lead.through);
    }
    let mut jobs = writes(desk, &lead);
    let told = tell_rep(desk, &lead, rep, Why::Assigned).into_iter();
    jobs.extend(told.map(|job| JobWanted { due_at: job.due_at.plus(gather), ..job }));
    Plan {
        team: changes,
        jobs,
        dropped: ask::over(desk),
        review: next_review(desk, &lead),
        decision: Some(decision),
        lead: Some(lead),
        ..Plan::nothing()
    }
}

/// The SLA that holds: the rule's, else the one the lead has, else the default.
fn sla_of<'a>(desk: Desk<'a>, lead: &Lead, sla_id: Option<&str>) -> Option<&'a Sla> {
    let book = desk.book;
    sla_id
        .and_then(|id| book.slas.get(id))
        .or_else(|| lead.ladder.as_ref().and_then(|ladder| book.slas.get(&ladder.sla)))
        .or_else(|| {
            let rule = lead.rule.as_ref()?;
            let rule = book.rules.iter().find(|known| known.id == *rule)?;
            book.slas.get(&rule.sla)
        })
        .or_else(|| book.slas.get(&book.default_sla))
}

/// When the lead is to be looked at next: at a step of its ladder, when it becomes late, and while
/// somebody is looked for who could take it over.
#[must_use]
pub fn next_review(desk: Desk<'_>, lead: &Lead) -> Review {
    let Some(ladder) = &lead.ladder else { return Review::None };
    let step = sla::firings(desk, lead).first().map(|firing| firing.at);
    let seeks = ladder.seeks_since.map(|since| {
        let waited = Span(desk.now.since(since).0 / 4);
        desk.now.plus(waited.clamp(SEEK_AGAIN.0, SEEK_AGAIN.1))
    });
    let held = ladder.on_it_until.unwrap_or(Time(i64::MIN));
    let step = [step, seeks].into_iter().flatten().min().map(|at| at.max(held));
    let late = (!ladder.is_late).then(|| ladder.deadline.max(held));
    [step, late].into_iter().flatten().min().map_or(Review::None, Review::At)
}

/// The rank of a lead's jobs: hot SLAs first, then the earlier deadline.
#[must_use]
pub fn rank(desk: Desk<'_>, lead: &Lead) -> i64 {
    lead.ladder
        .as_ref()
        .and_then(|ladder| desk.book.slas.get(&ladder.sla))
        .map_or(i64::from(u16::MAX), |sla| sla.rank)
}

/// One `write` for every CRM.
#[must_use]
pub fn writes(desk: Desk<'_>, lead: &Lead) -> Vec<JobWanted> {
    let rank = rank(desk, lead);
    desk.reach
        .crms
        .iter()
        .map(|crm| job(JobKind::Write, crm.clone(), desk.now, rank, None))
        .collect()
}

/// One `tell` for every way in which this rep hears.
#[must_use]
pub fn tell_rep(desk: Desk<'_>, lead: &Lead, rep: &str, why: Why) -> Vec<JobWanted> {
    let Some(rep) = desk.book.reps.get(rep) else { return Vec::new() };
    let rank = rank(desk, lead);
    rep.tell_by
        .iter()
        .map(|channel| {
            job(JobKind::Tell, format!("{channel}:{}", rep.id), desk.now, rank, Some(why))
        })
        .collect()
}

/// The jobs that tell these people and channels about this lead.
#[must_use]
pub fn tell(desk: Desk<'_>, lead: &Lead, whom: &[Tell], why: Why) -> Vec<JobWanted> {
    let rank = rank(desk, lead);
    let manager = || {
        let owner = lead.owner.as_ref().and_then(|owner| desk.book.reps.get(owner))?;
        owner.manager.as_deref()
    };
    let mut jobs: Vec<JobWanted> = Vec::new();
    for one in whom {
        let more = match one {
            Tell::Owner => lead.owner.as_deref().map(|rep| tell_rep(desk, lead, rep, why)),
            Tell::Manager => manager().map(|rep| tell_rep(desk, lead, rep, why)),
            Tell::Rep(rep) => Some(tell_rep(desk, lead, rep, why)),
            Tell::Channel(channel) => {
                Some(vec![job(JobKind::Tell, channel.clone(), desk.now, rank, Some(why))])
            }
        };
        jobs.extend(more.into_iter().flatten());
    }
    jobs.sort_by(|a, b| a.destination.cmp(&b.destination));
    jobs.dedup_by(|a, b| a.destination == b.destination);
    jobs
}

/// Opens a page, or keeps it open, and remembers to close it.
pub fn page(desk: Desk<'_>, lead: &mut Lead, pager: &str) -> JobWanted {
    if !lead.paged.iter().any(|paged| paged == pager) {
        lead.paged.push(pager.to_owned());
    }
    job(JobKind::Tell, pager.to_owned(), desk.now, rank(desk, lead), Some(Why::Page))
}

/// Those whom the rulebook wants told when a lead is stuck.
#[must_use]
pub fn alarm(desk: Desk<'_>, lead: &Lead) -> Vec<JobWanted> {
    let told = tell(desk, lead, &desk.book.alarm, Why::Stuck).into_iter();
    told.map(|job| JobWanted { rank: ALARM_RANK, ..job }).collect()
}

/// Adds jobs, but not over one that is there: a later word to the same destination does not
/// replace an earlier and weightier one.
pub fn add_missing(jobs: &mut Vec<JobWanted>, more: Vec<JobWanted>) {
    for job in more {
        if !jobs.iter().any(|have| have.kind == job.kind && have.destination == job.destination) {
            jobs.push(job);
        }
    }
}

/// One job.
#[must_use]
pub fn job(
    kind: JobKind,
    destination: String,
    due_at: Time,
    rank: i64,
    why: Option<Why>,
) -> JobWanted {
    JobWanted { kind, destination, due_at, rank, why }
}

/// What others were about to be told of an offer that is over.
fn offers_over(desk: Desk<'_>, lead: &Lead, but: &str) -> Vec<(JobKind, String)> {
    let reps = lead.offers.iter().flat_map(|offer| &offer.to).filter(|rep| *rep != but);
    let jobs = reps.flat_map(|rep| tell_rep(desk, lead, rep, Why::Offered));
    jobs.map(|job| (JobKind::Tell, job.destination)).collect()
}
