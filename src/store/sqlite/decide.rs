//! Decide: load a snapshot, call the pure function, commit its plan, one step after the other.
//!
//! Guarantees: decisions are numbered without a gap in the order in which they were made; a step
//! that panics, or whose plan is impossible, costs its event a try and leaves no other trace; an
//! event that is no longer under way is passed over.
//! Does not know: how to decide, and how many steps a turn has room for.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    books::Books,
    commit::{Committed, commit},
    job::{self, DueReview},
    rows,
};
use crate::{
    model::{
        event::{EventKind, Fate},
        id::{EventId, Seq},
        lead::{Identity, Lead},
        plan::{Input, Snapshot, Step, Wanted},
        time::Time,
    },
    store::{
        Batch, BatchDone, StoreError, StoreResult,
        plan::{About, REVIEW_PAUSE, TRIES_MAX, call, woken},
    },
};

/// A batch, and how its plans are written.
#[derive(Clone, Copy)]
pub struct Way<'b> {
    /// The batch.
    pub batch: &'b Batch,
    /// Each plan can be undone by itself. That copies every page that it touches, so it is done
    /// only after a plan failed in the middle.
    pub is_careful: bool,
}

/// Decides these steps of a batch.
pub fn steps(
    tx: &Connection,
    books: &mut Books,
    way: Way<'_>,
    steps: &[Step],
    done: &mut BatchDone,
) -> StoreResult<()> {
    for step in steps {
        let Some(event) = &step.event else {
            continue; // reviews come from the job table, never from a caller
        };
        let Some(kind) = underway(tx, event.id)? else { continue };
        let before = find(tx, &step.wanted());
        let end = one(tx, books, way, step, Some(kind), before)?;
        if let Err(why) = end.map(|committed| keep(done, committed, way.batch.now)) {
            event_failed(tx, books, event.id, kind, &why)?;
            done.failed.push((event.id, why));
        }
    }
    Ok(())
}

/// Decides at most `max` due reviews; answers how many there were.
pub fn reviews(
    tx: &Connection,
    books: &mut Books,
    way: Way<'_>,
    max: usize,
    done: &mut BatchDone,
) -> StoreResult<usize> {
    let step = Step { event: None, input: Input::Review };
    let due = job::due_reviews(tx, way.batch.now, max)?;
    for review in &due {
        let before = rows::load_lead(tx, review.lead);
        let before = before.and_then(|lead| lead.map(Some).ok_or_else(missing));
        let end = one(tx, books, way, &step, None, before)?;
        if let Err(why) = end.map(|committed| keep(done, committed, way.batch.now)) {
            failed_review(tx, *review, way.batch.now, why, done)?;
        }
    }
    done.reviews += due.len();
    done.late.extend(due.iter().map(|review| way.batch.now.since(review.due_at)));
    Ok(due.len())
}

fn missing() -> StoreError {
    StoreError::Corrupt("the review's lead is missing".to_owned())
}

fn failed_review(
    tx: &Connection,
    review: DueReview,
    now: Time,
    why: String,
    done: &mut BatchDone,
) -> StoreResult<()> {
    job::review_failed(tx, review, &why, now, REVIEW_PAUSE)?;
    done.failed.push((EventId(review.lead), why)); // a lead's row is that of its opening event
    Ok(())
}

/// Decides one step. The inner error is the step's own and costs it a try; the
/// outer one is the database's and ends the turn.
fn one(
    tx: &Connection,
    books: &mut Books,
    way: Way<'_>,
    step: &Step,
    kind: Option<EventKind>,
    before: StoreResult<Option<Lead>>,
) -> StoreResult<Result<Committed, String>> {
    let before = match before {
        Ok(before) => before,
        Err(StoreError::Corrupt(why)) => return Ok(Err(why)),
        Err(error) => return Err(error),
    };
    let company = match step.company().map(|company| newest(tx, company)).transpose()?.flatten() {
        Some(row) => match rows::load_lead(tx, row) {
            Ok(lead) => lead,
            // It decides nothing that could not be decided without it.
            Err(StoreError::Corrupt(_)) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let snapshot = Snapshot { lead: before.as_ref(), company: company.as_ref(), team: &books.team };
    let plan = match call(way.batch, &snapshot, step) {
        Ok(plan) => plan,
        Err(why) => return Ok(Err(why)),
    };
    let about = About {
        event: step.event.as_ref().zip(kind),
        before: before.as_ref(),
        next: Seq(books.last_seq + 1),
    };
    let write = || commit(tx, &about, plan);
    let committed = match if way.is_careful { undone(tx, write)? } else { in_part(write())? } {
        Ok(committed) => committed,
        Err(why) => return Ok(Err(why)),
    };
    record(books, before.as_ref(), kind, &committed);
    Ok(Ok(committed))
}

/// What fails in the middle ends the turn, which is made again with care.
fn in_part<T>(written: StoreResult<T>) -> StoreResult<T> {
    written.map_err(|error| match error {
        StoreError::Refused(why) => StoreError::Corrupt(why),
        error => error,
    })
}

/// Runs work that is undone when it fails for a reason of its own.
fn undone<T>(
    tx: &Connection,
    work: impl FnOnce() -> StoreResult<Result<T, String>>,
) -> StoreResult<Result<T, String>> {
    let run = |sql: &str| tx.prepare_cached(sql)?.execute([]);
    run("SAVEPOINT step")?;
    let done = match work() {
        Err(StoreError::Corrupt(why) | StoreError::Refused(why)) => Err(why),
        other => other?,
    };
    if done.is_err() {
        run("ROLLBACK TO step")?;
    }
    run("RELEASE step")?;
    Ok(done)
}

/// Brings the writer's memory to what was written.
fn record(
    books: &mut Books,
    before: Option<&Lead>,
    kind: Option<EventKind>,
    committed: &Committed,
) {
    if committed.decided.is_some() {
        books.numbered(committed.plan.record.as_ref());
    }
    if let (Some(EventKind::Fill), Some(fate)) = (kind, committed.fate) {
        books.fate(Some(Fate::Underway), fate);
    }
    if let Some(lead) = &committed.plan.lead {
        books.lead(before.filter(|_| !committed.is_new), lead);
    }
    books.reviews(committed.reviews);
    books.people(&committed.plan.team);
    if let Some(filled) = &committed.plan.filled {
        books.filled(filled);
    }
}

/// Takes what a step did into the batch's answer.
fn keep(done: &mut BatchDone, committed: Committed, now: Time) {
    done.decided.extend(committed.decided);
    woken(done, &committed.plan, now);
}

/// The event's kind, if it is under way.
fn underway(tx: &Connection, event: EventId) -> StoreResult<Option<EventKind>> {
    let kind = tx
        .prepare_cached("SELECT kind FROM event WHERE id = ?1 AND fate = 0")?
        .query_row([event.0], |row| row.get(0))
        .optional()?;
    kind.map(rows::event_kind).transpose()
}

/// Loads the lead that a step is about: of a person, the newest.
fn find(tx: &Connection, wanted: &Wanted<'_>) -> StoreResult<Option<Lead>> {
    match wanted {
        Wanted::Nothing => Ok(None),
        Wanted::Lead(uuid) => match rows::lead_row(tx, *uuid)? {
            Some(row) => rows::load_lead(tx, row),
            None => Ok(None),
        },
        Wanted::Person(identities) => {
            // The first that is known decides: an address comes before a telephone, which
            // people share.
            for identity in identities.iter().filter(|one| one.is_person()) {
                if let Some(row) = newest(tx, identity)? {
                    return rows::load_lead(tx, row);
                }
            }
            Ok(None)
        }
    }
}

/// The newest lead with this identity. The hash finds it, the value says that it is the one.
fn newest(tx: &Connection, identity: &Identity) -> StoreResult<Option<i64>> {
    let row = tx
        .prepare_cached("SELECT max(lead) FROM identity WHERE hash = ?1 AND value = ?2")?
        .query_row(params![identity.hash(), identity.full()], |row| row.get(0))?;
    Ok(row)
}

/// Costs the event a try; the last one is its death.
fn event_failed(
    tx: &Connection,
    books: &mut Books,
    event: EventId,
    kind: EventKind,
    why: &str,
) -> StoreResult<()> {
    let tries: u32 = tx
        .prepare_cached(
            "UPDATE event SET tries = tries + 1, reason = ?2 WHERE id = ?1 RETURNING tries",
        )?
        .query_row(params![event.0, why], |row| row.get(0))?;
    if tries >= TRIES_MAX {
        tx.prepare_cached("UPDATE event SET fate = ?2 WHERE id = ?1")?
            .execute(params![event.0, rows::fate_number(Fate::Dead)])?;
        if kind == EventKind::Fill {
            books.fate(Some(Fate::Underway), Fate::Dead);
        }
    }
    Ok(())
}
