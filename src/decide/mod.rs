//! The decision: `(snapshot, step, now) -> plan`, pure.
//!
//! Guarantees: the same snapshot, step, rulebook and instant give the same plan, byte for byte,
//! for the same [`ENGINE`](crate::model::plan::ENGINE). Nothing here reads a clock, rolls dice,
//! logs or fails: a lead that cannot be routed waits with a bound and an alarm.
//! Does not know: the store, destinations beyond their names, or how anything is shown.
//!
//! Reading order: `prepare` (bytes become a draft), `matching` (whose account it is), `fill` (a form fill), `route` (which rule), `routed` (where that led),
//! `pool` (what a pool does with it), `look` and `rotate` (which rep), `turns` (what that changes), `assign` (the lead gets an owner and a clock), `review` (the ladder),
//! `news` (what acting and people brought), `explain` (why, said back); apart from leads: `watch`
//! (what the daemon finds out about itself becomes alerts), `statement` (what a rep got), and `shadow` (a draft that
//! decides beside); `placed` and `diff` say how two decisions about the same leads differ; and `observe` (another router is watched).

mod absent;
mod account_why;
mod acted;
mod answer;
pub mod ask;
pub mod assign;
pub mod available;
pub mod diff;
pub mod explain;
pub mod fill;
mod look;
mod losers;
pub mod matching;
pub mod news;
mod note;
pub mod observe;
pub mod placed;
mod pool;
pub mod prepare;
pub mod replay;
pub mod reroute;
pub mod review;
pub mod rotate;
pub mod route;
pub mod routed;
pub mod shadow;
pub mod sla;
pub mod statement;
mod turns;
pub mod watch;

use std::{borrow::Cow, sync::Arc};

use crate::{
    model::{
        event::Fate,
        lead::Lead,
        moved::Moved,
        observe::Observing,
        plan::{Filled, Input, Plan, Snapshot, Step, StepEvent, Unread, What},
        record::Record,
        saw::Saw,
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// What is connected, by name: the part of the settings that deciding may know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// CRM connections that are written to.
    pub crms: Vec<String>,
    /// CRM connections that are asked before deciding.
    pub asks: Vec<String>,
    /// The wall clock has just jumped: re-assignments and pages wait until the time is sure.
    pub time_is_unsure: bool,
    /// Nothing is written and nobody is told: what another router does is looked at.
    pub observe: Option<Observing>,
}

/// Everything a decision stands on, beside the lead.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The rulebook.
    pub book: &'a Rulebook,
    /// What is connected.
    pub reach: &'a Reach,
    /// People.
    pub team: &'a Team,
    /// The instant.
    pub now: Time,
}

/// Decides one step.
#[must_use]
pub fn decide(
    book: &Rulebook,
    reach: &Reach,
    snapshot: &Snapshot<'_>,
    step: &Step,
    now: Time,
) -> Plan {
    let desk = Desk { book, reach, team: snapshot.team, now };
    let mut plan = match (&step.input, &step.event) {
        (Input::Fill(draft), Some(event)) => {
            fill::decide(desk, (snapshot.lead, snapshot.company), event, draft)
        }
        (Input::Unreadable(unread), Some(event)) => unreadable(desk, &event.source, unread),
        (Input::News(_) | Input::Review, event) => {
            let alone = observe::left_alone(desk, snapshot.lead, &step.input);
            alone.unwrap_or_else(|| later(desk, snapshot.lead, event.as_ref(), &step.input))
        }
        (Input::Fill(_) | Input::Unreadable(_), None) => Plan::nothing(),
    };
    observe::quieten(desk, snapshot.lead, step, &mut plan);
    // What changes a lead or people has its place among the decisions: else nothing that came
    // after it could be decided again.
    if plan.decision.is_none() && (plan.lead.is_some() || !plan.team.is_empty()) {
        plan.decision = Some(note::decision(desk, What::Noted));
    }
    plan
}

/// News, and looks at leads that are there.
fn later(desk: Desk<'_>, lead: Option<&Lead>, event: Option<&StepEvent>, input: &Input) -> Plan {
    match (input, lead) {
        (Input::News(news), lead) => news::decide(desk, lead, event, news),
        (Input::Review, Some(lead)) => review::decide(desk, lead),
        _ => Plan::nothing(),
    }
}

/// Decides one step, with the record of all that it saw and moved, if it gets a number.
#[must_use]
pub fn recorded(
    book: &Rulebook,
    reach: &Reach,
    snapshot: &Snapshot<'_>,
    step: &Step,
    now: Time,
) -> Plan {
    let mut plan = decide(book, reach, snapshot, step, now);
    if plan.decision.is_some() {
        plan.record = record(book, reach, snapshot, step, &plan);
    }
    plan
}

/// What cannot be JSON (it always can) has no record rather than failing a lead.
fn record(
    book: &Rulebook,
    reach: &Reach,
    snapshot: &Snapshot<'_>,
    step: &Step,
    plan: &Plan,
) -> Option<Record> {
    let mut saw = Saw::of(book.basis.hash, snapshot, step);
    saw.time_is_unsure = reach.time_is_unsure;
    saw.observe = reach.observe.as_ref().map(Cow::Borrowed);
    let (crms, asks) = &book.connected;
    if (crms, asks) != (&reach.crms, &reach.asks) {
        saw.reach = Some((reach.crms.as_slice().into(), reach.asks.as_slice().into()));
    }
    if let Some(decision) = &plan.decision {
        saw.leave_out(&decision.why);
    }
    let before = snapshot.lead.filter(|_| plan.fate != Some(Fate::Opened));
    let moved = Moved::by(&plan.team, (before, plan.lead.as_ref()), snapshot.team);
    let moved = if moved.is_nothing() { None } else { Some(serde_json::to_string(&moved).ok()?) };
    let saw = serde_json::to_string(&saw).ok()?;
    Some(Record { saw, moved, basis: Arc::clone(&book.basis) })
}

/// A fill that cannot be read is kept with its reason, to be redone after the mapping is mended.
fn unreadable(desk: Desk<'_>, source: &str, unread: &Unread) -> Plan {
    let mut decision = note::decision(desk, What::Rejected);
    note::put(&mut decision, "source", source);
    note::put(&mut decision, "reason", &unread.reason);
    let filled = Filled {
        source: source.to_owned(),
        filled: unread.filled.clone(),
        unfilled: unread.unfilled.clone(),
    };
    Plan {
        fate: Some(Fate::Rejected),
        reason: Some(unread.reason.clone()),
        filled: Some(filled),
        decision: Some(decision),
        ..Plan::nothing()
    }
}

#[cfg(test)]
mod anyway_tests;
#[cfg(test)]
mod caps_tests;
#[cfg(test)]
mod corner_tests;
#[cfg(test)]
mod fair_tests;
#[cfg(test)]
mod hours_tests;
#[cfg(test)]
mod peers_tests;
#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod road_tests;
#[cfg(test)]
mod rotate_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod share_tests;
