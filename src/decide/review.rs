//! A review: the lead is looked at as it is, and the newest due step of its ladder fires.
//!
//! Guarantees: a review carries no order; each firing happens once; after an outage only the
//! newest due step (and the newest due page) fires and the older ones are recorded as skipped. Before a lead is taken away
//! or somebody is paged the CRMs are asked, and the review decides with what came. A lead is
//! taken away only for somebody who is free, and never beyond the ladder's limit.
//! Does not know: who delivers messages and pages.

use super::{
    Desk, ask, assign,
    look::Look,
    note,
    rotate::{self, Candidate, Taken},
    route,
    routed::Place,
    sla::{self, Firing},
};
use crate::{
    model::{
        job::Why,
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
        State::Answered | State::SetAside | State::Observed => {
            Plan { review: Review::None, ..Plan::nothing() }
        }
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

/// A lead that has become late is marked as such, whatever else the look finds. That others are
/// decided by it makes it a decision of its own, when nothing else is due.
fn assigned(desk: Desk<'_>, lead: &Lead) -> Plan {
    let is_news = lead.ladder.as_ref().is_some_and(|one| !one.is_late && desk.now >= one.deadline);
    if !is_news {
        return on_ladder(desk, lead);
    }
    let mut lead = lead.clone();
    if let Some(ladder) = &mut lead.ladder {
        ladder.is_late = true;
    }
    let plan = on_ladder(desk, &lead);
    let review = match plan.review {
        Review::Keep => assign::next_review(desk, &lead),
        review => review,
    };
    let decision = plan.decision.or_else(|| {
        let mut decision = note::decision(desk, What::Noted);
        note::put(&mut decision, "late", &lead.owner);
        Some(decision)
    });
    Plan { review, decision, lead: plan.lead.or(Some(lead)), ..plan }
}

fn on_ladder(desk: Desk<'_>, lead: &Lead) -> Plan {
    let Some(ladder) = &lead.ladder else {
        return Plan { review: Review::None, ..Plan::nothing() };
    };
    if ladder.on_it_until.is_some_and(|until| desk.now < until) {
        return Plan { review: assign::next_review(desk, lead), ..Plan::nothing() };
    }
    let Some(escalation) = escalation_of(desk, &ladder.sla) else {
        return Plan { review: Review::None, ..Plan::nothing() };
    };
    let open = sla::firings(desk, lead);
    let due: Vec<Firing> = open.into_iter().take_while(|firing| firing.at <= desk.now).collect();
    if due.is_empty() {
        return seek(desk, lead, escalation);
    }
    let newest = newest_of_each(&due, escalation);
    let is_grave = newest.iter().any(|(_, step)| step.reassign || step.page.is_some());
    if is_grave && desk.reach.time_is_unsure {
        // It stays due where it was: the clock that jumped may be put right again.
        let due_at = due.last().map_or(desk.now, |firing| firing.at);
        return Plan { review: Review::At(due_at), ..Plan::nothing() };
    }
    let first = if is_grave { asked(desk, lead) } else { None };
    first.unwrap_or_else(|| fire(desk, lead, escalation, &newest, &due))
}

/// What has to be waited for before a lead is taken away or somebody is paged.
fn asked(desk: Desk<'_>, lead: &Lead) -> Option<Plan> {
    if desk.reach.asks.is_empty() {
        return None;
    }
    match lead.ladder.as_ref()?.asking_until {
        None => Some(ask_first(desk, lead)),
        // An answer of long ago is none.
        Some(until) if desk.now > until.plus(ASK_KEEPS) => Some(ask_first(desk, lead)),
        Some(until) if desk.now < until && !lead.awaited.is_empty() => {
            Some(Plan { review: Review::At(until), ..Plan::nothing() })
        }
        Some(_) => None,
    }
}

/// The lead was to be taken away and nobody was free: perhaps somebody is now.
fn seek(desk: Desk<'_>, lead: &Lead, escalation: &Escalation) -> Plan {
    let is_sought = lead.ladder.as_ref().is_some_and(|ladder| ladder.seeks_since.is_some());
    let found = if is_sought && !desk.reach.time_is_unsure {
        successor(desk, lead, escalation).ok()
    } else {
        None
    };
    let Some((taken, looked)) = found else {
        let mut lead = lead.clone();
        let ladder = lead.ladder.as_mut();
        let was_asking = ladder.and_then(|ladder| ladder.asking_until.take()).is_some();
        let review = assign::next_review(desk, &lead);
        if !was_asking {
            return Plan { review, ..Plan::nothing() };
        }
        // Whoever was free when the CRM was asked is not any more.
        let mut decision = note::decision(desk, What::Noted);
        note::put(&mut decision, "kept", Kept::NobodyFree.why());
        return Plan { review, decision: Some(decision), lead: Some(lead), ..Plan::nothing() };
    };
    if let Some(first) = asked(desk, lead) {
        return first;
    }
    let mut decision = note::decision(desk, What::Reassigned);
    note::put(&mut decision, "from", &lead.owner);
    note::put(&mut decision, "pools", looked);
    let mut lead = lead.clone();
    lead.awaited.clear();
    assign::hand_over(desk, lead, taken, decision)
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
            jobs.push(assign::page(desk, &mut lead, pager));
            note::put(&mut decision, "paged", pager);
        }
    }
    if newest.iter().any(|(_, step)| step.reassign) {
        match successor(desk, &lead, escalation) {
            Ok((taken, looked)) => {
                decision.what = What::Reassigned;
                note::put(&mut decision, "from", &lead.owner);
                note::put(&mut decision, "pools", looked);
                let mut plan = assign::hand_over(desk, lead, taken, decision);
                assign::add_missing(&mut plan.jobs, jobs);
                return plan;
            }
            Err(kept) => {
                note::put(&mut decision, "kept", kept.why());
                if let (Kept::NobodyFree, Some(ladder)) = (kept, &mut lead.ladder) {
                    ladder.seeks_since.get_or_insert(desk.now);
                }
            }
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

/// Who takes over, with the turn, and everybody looked at.
pub type Successor = (Taken, Vec<(String, Vec<Candidate>)>);

/// Why a lead stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its ladder allows no further hand-over.
    OftenEnough,
    /// Nobody else is there, or everybody has enough to do.
    NobodyFree,
}

impl Kept {
    /// In words.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::OftenEnough => "it was handed on as often as the ladder allows",
            Self::NobodyFree => "nobody else is free",
        }
    }
}

/// Somebody who is free and has not had it, or why the lead stays.
///
/// # Errors
/// Why it stays.
pub fn successor(desk: Desk<'_>, lead: &Lead, escalation: &Escalation) -> Result<Successor, Kept> {
    if lead.had.len() >= escalation.reassign_max as usize {
        return Err(Kept::OftenEnough);
    }
    let mut had = lead.had.clone();
    had.extend(lead.owner.clone());
    let open = lead.owner.as_deref().map_or(i64::MAX, |owner| desk.team.open_of(owner));
    free_for(desk, lead, Look::take_over(&had, open)).ok_or(Kept::NobodyFree)
}

/// Looks for somebody free: in the lead's pool, then in those around it, or by its rule. Nobody
/// loses a lead to one who is away: what a pool gives anyway is for new leads.
#[must_use]
pub fn free_for(desk: Desk<'_>, lead: &Lead, look: Look<'_>) -> Option<Successor> {
    let pools = lead.pool.iter().chain(lead.through.iter().rev());
    // The outermost last; its turn is the whole way in, so that it goes back as a whole.
    for pool in pools.filter_map(|pool| desk.book.pools.get(pool)) {
        let pick = rotate::pick(desk, pool, look);
        if let Some(taken) = pick.taken {
            return Some((around(lead, &pool.id, taken), pick.looked));
        }
    }
    let routed = route::route(desk, lead, look);
    match routed.place {
        Place::Rep(taken) if taken.is_free && !look.had.contains(&taken.rep) => {
            Some((taken, routed.pools))
        }
        _ => None,
    }
}

/// The lead stays within the pools around the one that gave it: their turn is the same one.
fn around(lead: &Lead, pool: &str, mut taken: Taken) -> Taken {
    let outer: Vec<String> =
        lead.through.iter().take_while(|outer| *outer != pool).cloned().collect();
    taken.kept = outer.len();
    taken.through.splice(0..0, outer);
    taken
}
