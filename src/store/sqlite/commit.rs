//! A plan becomes rows.
//!
//! Guarantees: a plan is found good as a whole before anything of it is written; one that would
//! unbalance the books, or that names what is not there, is refused with a sentence. Touches no cache: it answers what to put into it.
//! Does not know: why the plan is as it is.

use rusqlite::{Connection, params};

use super::{job, rows};
use crate::{
    model::{
        event::{EventKind, Fate},
        field::Field,
        id::{LeadId, Seq},
        job::JobKind,
        lead::{Lead, State},
        plan::{Decided, Plan, StepEvent},
        team::TeamChange,
    },
    store::{StoreError, StoreResult},
};

/// What a plan is about.
pub struct About<'a> {
    /// The event, unless it is a review.
    pub event: Option<(&'a StepEvent, EventKind)>,
    /// The lead as it was.
    pub before: Option<&'a Lead>,
    /// The number of the next decision.
    pub next: Seq,
}

/// What was written, for the caches.
pub struct Committed {
    /// The decision, if it got a number.
    pub decided: Option<Decided>,
    /// The event's fate.
    pub fate: Option<Fate>,
    /// The lead before, unless this one is new.
    pub is_new: bool,
    /// So many more reviews are open, or fewer.
    pub reviews: i64,
    /// The plan, with the lead as it was written.
    pub plan: Plan,
}

/// A plan that was found good, with its documents: what is left can only fail if the database
/// does.
struct Ready {
    fate: Option<Fate>,
    is_new: bool,
    /// The lead that it is about.
    about_lead: Option<LeadId>,
    wanted: Seq,
    lead_doc: Option<String>,
    decided: Option<(Decided, String)>,
    plan: Plan,
}

/// Writes a plan. The inner error is the plan's own, and nothing is written then; the outer one
/// is the database's.
pub fn commit(
    tx: &Connection,
    about: &About<'_>,
    plan: Plan,
) -> StoreResult<Result<Committed, String>> {
    let first = check(about, plan).and_then(|ready| {
        // What contradicts the rows does so here, before anything else is written.
        if let (Some(lead), Some(doc)) = (&ready.plan.lead, &ready.lead_doc) {
            write_lead(tx, lead, doc, ready.is_new)?;
        }
        Ok(ready)
    });
    let ready = match first {
        Ok(ready) => ready,
        Err(StoreError::Corrupt(why) | StoreError::Refused(why)) => return Ok(Err(why)),
        Err(error) => return Err(error),
    };
    let Ready { fate, is_new, about_lead, wanted, decided, plan, .. } = ready;
    write_event(tx, about, &plan, fate, about_lead)?;
    let reviews = match about_lead {
        Some(lead) => write_about_lead(tx, about, &plan, (lead, is_new), wanted)?,
        None => 0,
    };
    if let Some((decided, doc)) = &decided {
        write_decision(tx, decided, doc)?;
    }
    let decided = decided.map(|(decided, _)| decided);
    Ok(Ok(Committed { decided, fate, is_new, reviews, plan }))
}

/// Whether the plan fits what it is about.
fn check(about: &About<'_>, mut plan: Plan) -> StoreResult<Ready> {
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
        lead_doc = Some(rows::doc(lead)?);
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
            let doc = rows::doc(&decision)?;
            Some((Decided { seq, lead, event, decision }, doc))
        }
        _ => None,
    };
    Ok(Ready { fate, is_new, about_lead, wanted, lead_doc, decided, plan })
}

fn refuse(why: &str) -> StoreError {
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
        TeamChange::Turn { turn, .. } => !turn.credit.is_finite() || !turn.owed.is_finite(),
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
fn belongs(about: &About<'_>, fate: Option<Fate>) -> bool {
    match about.event {
        Some((_, EventKind::Fill)) => matches!(fate, Some(Fate::Opened | Fate::Joined)),
        Some((_, EventKind::News)) | None => true,
    }
}

fn write_lead(tx: &Connection, lead: &Lead, doc: &str, is_new: bool) -> StoreResult<()> {
    let due_at = lead.ladder.as_ref().filter(|_| lead.state == State::Assigned);
    let values = params![
        lead.id.0,
        lead.uuid.as_bytes(),
        lead.revision.0,
        rows::state_number(lead.state),
        lead.owner,
        due_at.map(|ladder| ladder.deadline.0),
        doc
    ];
    let written = tx
        .prepare_cached(if is_new {
            "INSERT INTO lead (id, uuid, revision, state, owner, due_at, doc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        } else {
            "UPDATE lead SET revision = ?3, state = ?4, owner = ?5, due_at = ?6, doc = ?7
             WHERE id = ?1 AND uuid = ?2"
        })?
        .execute(values)?;
    if written == 1 { Ok(()) } else { Err(refuse("changes a lead that is not there")) }
}

fn write_event(
    tx: &Connection,
    about: &About<'_>,
    plan: &Plan,
    fate: Option<Fate>,
    lead: Option<LeadId>,
) -> StoreResult<()> {
    let (Some((event, _)), Some(fate)) = (about.event, fate) else { return Ok(()) };
    let lead = lead.filter(|_| belongs(about, Some(fate)));
    tx.prepare_cached("UPDATE event SET fate = ?2, reason = ?3, lead = ?4 WHERE id = ?1")?
        .execute(params![
            event.id.0,
            rows::fate_number(fate),
            plan.reason,
            lead.map(|lead| lead.0)
        ])?;
    Ok(())
}

fn write_about_lead(
    tx: &Connection,
    about: &About<'_>,
    plan: &Plan,
    (lead, is_new): (LeadId, bool),
    wanted: Seq,
) -> StoreResult<i64> {
    for identity in &plan.identities {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO identity (hash, value, lead) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![identity.hash(), identity.full(), lead.0])?;
    }
    for (kind, destination) in &plan.dropped {
        job::drop(tx, lead, *kind, destination)?;
    }
    for wanted_job in &plan.jobs {
        job::want(tx, lead, wanted, wanted_job)?;
    }
    job::review(tx, lead, wanted, plan.review, (is_new, about.event.is_none()))
}

fn write_decision(tx: &Connection, decided: &Decided, doc: &str) -> StoreResult<()> {
    tx.prepare_cached(
        "INSERT INTO decision (seq, lead, event, at, what, rulebook, doc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        decided.seq.0,
        decided.lead.map(|lead| lead.0),
        decided.event.map(|event| event.0),
        decided.decision.at.0,
        rows::word(&decided.decision.what)?,
        decided.decision.rulebook,
        doc
    ])?;
    Ok(())
}
