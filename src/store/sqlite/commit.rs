//! A plan becomes rows.
//!
//! Guarantees: a plan is found good as a whole before anything of it is written; one that would
//! unbalance the books, or that names what is not there, is refused with a sentence. Touches no cache: it answers what to put into it.
//! Does not know: why the plan is as it is.

use rusqlite::{Connection, params};

use super::{job, rows};
use crate::{
    model::{
        event::Fate,
        id::{LeadId, Seq},
        lead::Lead,
        plan::{Decided, Plan},
        record::Record,
    },
    store::{
        StoreError, StoreResult,
        plan::{About, Ready, belongs, check, due_at, refuse},
    },
};

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
        write_decision(tx, decided, doc, plan.record.as_ref())?;
    }
    let decided = decided.map(|(decided, _)| decided);
    Ok(Ok(Committed { decided, fate, is_new, reviews, plan }))
}

fn write_lead(tx: &Connection, lead: &Lead, doc: &str, is_new: bool) -> StoreResult<()> {
    let values = params![
        lead.id.0,
        lead.uuid.as_bytes(),
        lead.revision.0,
        rows::state_number(lead.state),
        lead.owner,
        due_at(lead).map(|due_at| due_at.0),
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

fn write_decision(
    tx: &Connection,
    decided: &Decided,
    doc: &str,
    record: Option<&Record>,
) -> StoreResult<()> {
    tx.prepare_cached(
        "INSERT INTO decision (seq, lead, event, at, what, rulebook, doc, saw, moved)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        decided.seq.0,
        decided.lead.map(|lead| lead.0),
        decided.event.map(|event| event.0),
        decided.decision.at.0,
        rows::word(&decided.decision.what)?,
        decided.decision.rulebook,
        doc,
        record.map(|record| &record.saw),
        record.and_then(|record| record.moved.as_ref())
    ])?;
    Ok(())
}
