//! An SLA's clock: when a lead is due, and when each step of its ladder is.
//!
//! Guarantees: spans run on the SLA's own clock (every minute, the owner's working time, or named
//! hours), correct across DST by the calendar. Where hours never open again, wall time counts.
//! Does not know: what a step does.

use super::Desk;
use crate::{
    model::{
        lead::{Ladder, Lead},
        time::{Span, Time},
    },
    rulebook::{Clock, Sla, StepAt, calendar::Hours},
};

/// The instant `span` of the SLA's time after `from`, for this owner.
#[must_use]
pub fn after(desk: Desk<'_>, sla: &Sla, owner: &str, from: Time, span: Span) -> Time {
    hours(desk, sla, owner)
        .and_then(|hours| hours.add(from, span))
        .unwrap_or_else(|| from.plus(span))
}

fn hours<'a>(desk: Desk<'a>, sla: &Sla, owner: &str) -> Option<&'a Hours> {
    let id = match &sla.clock {
        Clock::Always => return None,
        Clock::Owner => desk.book.reps.get(owner)?.hours.as_ref()?,
        Clock::Hours(id) => id,
    };
    desk.book.hours.get(id)
}

/// One firing of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// When.
    pub at: Time,
    /// The step's place in the ladder.
    pub step: usize,
    /// Whether it pages, so that it keeps the first deadline.
    pub is_page: bool,
}

/// The firings of a lead's ladder that are not over, soonest first.
#[must_use]
pub fn firings(desk: Desk<'_>, lead: &Lead) -> Vec<Firing> {
    let (Some(ladder), Some(owner)) = (&lead.ladder, &lead.owner) else { return Vec::new() };
    let Some(sla) = desk.book.slas.get(&ladder.sla).or_else(|| {
        // The SLA of an older rulebook is gone: the default's ladder goes on.
        desk.book.slas.get(&desk.book.default_sla)
    }) else {
        return Vec::new();
    };
    let Some(escalation) = desk.book.escalations.get(&sla.escalation) else { return Vec::new() };
    let (mut plain, mut pages) = (Vec::new(), Vec::new());
    for (step, rung) in escalation.steps.iter().enumerate() {
        let is_page = rung.page.is_some();
        let first = first_at(desk, sla, ladder, owner, rung.at, is_page);
        let (every, times) =
            rung.repeat.map_or((Span::ZERO, 1), |repeat| (repeat.every, repeat.times.max(1)));
        let list = if is_page { &mut pages } else { &mut plain };
        let mut at = first;
        for time in 0..times {
            if time > 0 {
                at = after(desk, sla, owner, at, every);
            }
            list.push(Firing { at, step, is_page });
        }
    }
    plain.sort_by_key(|firing| (firing.at, firing.step));
    pages.sort_by_key(|firing| (firing.at, firing.step));
    let mut open: Vec<Firing> = plain
        .into_iter()
        .skip(ladder.steps_done as usize)
        .chain(pages.into_iter().skip(ladder.pages_done as usize))
        .collect();
    open.sort_by_key(|firing| (firing.at, firing.step));
    open
}

fn first_at(
    desk: Desk<'_>,
    sla: &Sla,
    ladder: &Ladder,
    owner: &str,
    at: StepAt,
    is_page: bool,
) -> Time {
    let deadline = if is_page { ladder.first_deadline } else { ladder.deadline };
    match at {
        StepAt::Percent(100) => deadline,
        StepAt::Percent(percent) => {
            let share = sla.respond_within.0.saturating_mul(i64::from(percent)) / 100;
            after(desk, sla, owner, ladder.started_at, Span(share))
        }
        StepAt::LateBy(span) => after(desk, sla, owner, deadline, span),
    }
}
