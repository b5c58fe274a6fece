//! Whether a plan fits what it is about: the checks that every database shares.
//!
//! Guarantees: a plan is found good as a whole before anything of it is written; one that would
//! unbalance the books, or that names what is not there, is refused with a sentence.
//! Does not know: why the plan is as it is, and how it is written.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    model::{
        event::{EventKind, Fate},
        field::Field,
        id::{LeadId, Seq},
        job::JobKind,
        lead::{Lead, State},
        plan::{Decided, Plan, Snapshot, Step, StepEvent},
        team::TeamChange,
        time::{Span, Time},
    },
    store::{Batch, BatchDone, StoreError, StoreResult, columns},
};

/// How often deciding an event may fail before it is dead.
pub const TRIES_MAX: u32 = 5;
/// How long after a failed try a review is due again, at first and at last.
pub const REVIEW_PAUSE: (Span, Span) = (Span::seconds(30), Span::hours(1));

/// What a plan is about.
pub struct About<'a> {
    /// The event, unless it is a review.
    pub event: Option<(&'a StepEvent, EventKind)>,
    /// The lead as it was.
    pub before: Option<&'a Lead>,
    /// The number of the next decision.
    pub next: Seq,
}

/// A plan that was found good, with its documents: what is left can only fail if the database
/// does.
pub struct Ready {
    /// The event's fate.
    pub fate: Option<Fate>,
    /// Whether the plan's lead is new.
    pub is_new: bool,
    /// The lead that it is about.
    pub about_lead: Option<LeadId>,
    /// The revision that its jobs are wanted at.
    pub wanted: Seq,
    /// The plan's lead as a document.
    pub lead_doc: Option<String>,
    /// The decision, if it gets a number, and its document.
    pub decided: Option<(Decided, String)>,
    /// The plan, with the lead as it is to be written.
    pub plan: Plan,
}

/// Whether the plan fits what it is about.
pub fn check(about: &About<'_>, mut plan: Plan) -> StoreResult<Ready> {
    let fate = fate(about, &plan)?;
    let is_new = match &plan.lead {
        Some(lead) => is_new(about, lead, fate)?,
        None if fate == Some(Fate::Opened) => return Err(refuse("opens no lead")),
        None => false,
    };
    check_people(&plan)?;
    let seq = plan.decision.is_some().then_some(about.next);
    let mut lead_doc = None;
    if let Some(lead) = &mut plan.lead {
        lead.revision = seq.unwrap_or(lead.revision);
        if is_new && let Some((event, _)) = about.event {
            lead.id = LeadId(event.id.0);
        }
        lead_doc = Some(columns::doc(lead)?);
    }
    let now_there = plan.lead.as_ref().or(about.before);
    let about_lead = now_there.map(|lead| lead.id);
    if about_lead.is_none() && (!plan.jobs.is_empty() || !plan.identities.is_empty()) {
        return Err(refuse("wants work about no lead"));
    }
    let wanted = seq.or(now_there.map(|lead| lead.revision)).unwrap_or_default();
    let decided = match (seq, plan.decision.take()) {
        (Some(seq), Some(decision)) => {
            let lead = about_lead.filter(|_| plan.lead.is_some() || belongs(about, fate));
            let event = about.event.map(|(event, _)| event.id);
            let doc = columns::doc(&decision)?;
            Some((Decided { seq, lead, event, decision }, doc))
        }
        _ => None,
    };
    Ok(Ready { fate, is_new, about_lead, wanted, lead_doc, decided, plan })
}

/// A refusal of a plan.
pub fn refuse(why: &str) -> StoreError {
    StoreError::Refused(format!("the plan {why}"))
}

/// The event's fate, if it is one that its kind can have.
fn fate(about: &About<'_>, plan: &Plan) -> StoreResult<Option<Fate>> {
    match (about.event.map(|(_, kind)| kind), plan.fate) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(refuse("gives a fate to no event")),
        (Some(EventKind::News), None) => Ok(Some(Fate::Noted)),
        (Some(EventKind::News), Some(fate @ (Fate::Noted | Fate::Rejected | Fate::Dead)))
        | (
            Some(EventKind::Fill),
            Some(fate @ (Fate::Opened | Fate::Joined | Fate::Rejected | Fate::Dead)),
        ) => Ok(Some(fate)),
        (Some(_), None) => Err(refuse("gives the fill no fate")),
        (Some(_), Some(fate)) => {
            Err(refuse(&format!("gives the event an odd fate: {}", fate.word())))
        }
    }
}

/// Whether the plan's lead is new: opened by this event, and by nothing else.
fn is_new(about: &About<'_>, lead: &Lead, fate: Option<Fate>) -> StoreResult<bool> {
    let mut numbers = lead.fields.0.values();
    if numbers.any(|field| matches!(field, Field::Number(number) if !number.is_finite())) {
        return Err(refuse("gives the lead a number that is none"));
    }
    let is_same = about.before.is_some_and(|before| {
        before.id == lead.id && before.uuid == lead.uuid && before.event == lead.event
    });
    if is_same {
        if fate == Some(Fate::Opened) {
            return Err(refuse("opens a lead that is there"));
        }
        return Ok(false);
    }
    let is_opened = about.event.is_some_and(|(event, _)| event.id == lead.event);
    match (is_opened, fate) {
        (true, Some(Fate::Opened)) => Ok(true),
        (true, _) => Err(refuse("makes a lead without opening it")),
        (false, _) => Err(refuse("changes a lead that it was not shown")),
    }
}

fn check_people(plan: &Plan) -> StoreResult<()> {
    let is_odd = |change: &TeamChange| match change {
        TeamChange::Turn { turn, .. } => {
            ![turn.credit, turn.weight, turn.owed, turn.entitled].iter().all(|one| one.is_finite())
        }
        TeamChange::Floor { floor, .. } => !floor.is_finite(),
        TeamChange::Away { .. } => false,
    };
    if plan.team.iter().any(is_odd) {
        return Err(refuse("gives a turn a number that is none"));
    }
    if plan.jobs.iter().any(|job| job.kind == JobKind::Review || job.destination.is_empty()) {
        return Err(refuse("wants a review, or a job without a destination, as work"));
    }
    Ok(())
}

/// Whether the event is about the lead that was shown for it.
pub fn belongs(about: &About<'_>, fate: Option<Fate>) -> bool {
    match about.event {
        Some((_, EventKind::Fill)) => matches!(fate, Some(Fate::Opened | Fate::Joined)),
        Some((_, EventKind::News)) | None => true,
    }
}

/// The deadline that stands in the lead's row: the ladder's, while it is assigned.
#[must_use]
pub fn due_at(lead: &Lead) -> Option<Time> {
    lead.ladder.as_ref().filter(|_| lead.state == State::Assigned).map(|ladder| ladder.deadline)
}

/// Calls the pure function; a panic becomes a sentence. Only a literal message is quoted: a
/// formatted one may hold what a stranger typed.
pub fn call(batch: &Batch, snapshot: &Snapshot<'_>, step: &Step) -> Result<Plan, String> {
    catch_unwind(AssertUnwindSafe(|| (batch.decide)(snapshot, step, batch.now))).map_err(
        |panic: Box<dyn Any + Send>| match panic.downcast_ref::<&'static str>() {
            Some(text) => format!("deciding panicked: {text}"),
            None => "deciding panicked".to_owned(),
        },
    )
}

/// Notes which lanes have work that is due now because of this plan.
pub fn woken(done: &mut BatchDone, plan: &Plan, now: Time) {
    for job in plan.jobs.iter().filter(|job| job.due_at <= now) {
        let is_known =
            done.woken.iter().any(|(kind, lane)| *kind == job.kind && lane == job.lane());
        if !is_known {
            done.woken.push((job.kind, job.lane().to_owned()));
        }
    }
}
