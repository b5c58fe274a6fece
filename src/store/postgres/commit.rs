//! The plans of a batch become rows, and what they need is read from rows.
//!
//! Guarantees: a handful of statements, however many plans there are, sent at once. What
//! contradicts the rows fails the whole batch, which is then decided in smaller parts.
//! Does not know: why the plans are as they are.

use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    books::{self, Unwritten},
    error::together,
    job,
    overlay::{Changes, Due, Known, LeadEnd, Loaded},
    rows,
    tx::{Tx, get, get_text},
    value::{Text, maybe, text},
};
use crate::{
    model::{
        lead::Identity,
        plan::{Step, Wanted},
        time::Time,
    },
    store::{
        StoreError, StoreResult,
        books::Books,
        plan::{REVIEW_PAUSE, due_at, refuse},
    },
};

/// Reads all that these steps and the due reviews may look at, but for people.
pub async fn load(tx: &Tx, steps: &[Step], now: Time, reviews: usize) -> StoreResult<Loaded> {
    let events: Vec<i64> =
        steps.iter().filter_map(|step| step.event.as_ref()).map(|event| event.id.0).collect();
    let (mut hashes, mut uuids) = (Vec::new(), Vec::new());
    for step in steps {
        match step.wanted() {
            Wanted::Person(identities) => hashes.extend(identities.iter().map(Identity::hash)),
            Wanted::Lead(uuid) => uuids.push(uuid),
            Wanted::Nothing => {}
        }
    }
    let (events, people, leads, due) = tokio::try_join!(
        find(tx, "SELECT id, kind, tries FROM event WHERE id = ANY($1) AND fate = 0", events),
        find(
            tx,
            "SELECT l.id, l.uuid, l.doc, EXISTS (SELECT FROM job j WHERE j.lead = l.id
                AND j.kind = 0 AND j.destination = ''), n.value
             FROM (SELECT value, max(lead) AS lead FROM identity WHERE hash = ANY($1)
                GROUP BY hash, value) n JOIN lead l ON l.id = n.lead",
            hashes
        ),
        find(
            tx,
            "SELECT l.id, l.uuid, l.doc, EXISTS (SELECT FROM job j WHERE j.lead = l.id
                AND j.kind = 0 AND j.destination = '')
             FROM lead l WHERE l.uuid = ANY($1)",
            uuids
        ),
        find_due(tx, now, reviews),
    )?;
    let mut loaded = Loaded::default();
    for row in &events {
        let kind = rows::event_kind(get(row, 1)?)?;
        loaded.events.insert(get(row, 0)?, (kind, rows::number(get(row, 2)?)));
    }
    for row in &people {
        let lead = keep_lead(&mut loaded, row)?;
        loaded.people.insert(get_text(row, 4)?, lead);
    }
    for row in &leads {
        keep_lead(&mut loaded, row)?;
    }
    for row in &due {
        let (lead, due_at) = (get(row, 4)?, Time(get(row, 5)?));
        loaded.due.push(Due { lead, due_at });
        if get::<Option<i64>>(row, 0)?.is_some() {
            keep_lead(&mut loaded, row)?;
        }
    }
    Ok(loaded)
}

async fn find<T>(tx: &Tx, sql: &str, of: Vec<T>) -> StoreResult<Vec<Row>>
where
    Vec<T>: super::value::Value,
{
    if of.is_empty() { Ok(Vec::new()) } else { tx.query(sql, &[&of]).await }
}

async fn find_due(tx: &Tx, now: Time, max: usize) -> StoreResult<Vec<Row>> {
    if max == 0 {
        return Ok(Vec::new());
    }
    tx.query(
        "SELECT l.id, l.uuid, l.doc, true, j.lead, j.due_at
         FROM (SELECT lead, due_at FROM job WHERE NOT is_dead AND kind = 0 AND due_at <= $1
            ORDER BY due_at LIMIT $2) j LEFT JOIN lead l ON l.id = j.lead
         ORDER BY j.due_at",
        &[&now.0, &(max as i64)],
    )
    .await
}

/// A lead from the columns `id, uuid, doc, has_review`.
fn keep_lead(loaded: &mut Loaded, row: &Row) -> StoreResult<i64> {
    let (id, uuid): (i64, Uuid) = (get(row, 0)?, get(row, 1)?);
    loaded.uuids.insert(uuid, id);
    if let std::collections::hash_map::Entry::Vacant(place) = loaded.leads.entry(id) {
        let lead = match rows::lead(id, get(row, 2)?) {
            Ok(lead) => Ok(Arc::new(lead)),
            Err(StoreError::Corrupt(why)) => Err(why),
            Err(error) => return Err(error),
        };
        place.insert(Known { lead, has_review: get(row, 3)? });
    }
    Ok(id)
}

/// Writes all that a batch changed.
pub async fn write(
    tx: &Tx,
    changes: &Changes,
    (books, unwritten): (&Books, &Unwritten),
    now: Time,
) -> StoreResult<()> {
    let is_new = |end: &&LeadEnd| end.is_new;
    let new: Vec<&LeadEnd> = changes.leads.values().filter(is_new).collect();
    let known: Vec<&LeadEnd> = changes.leads.values().filter(|end| !end.is_new).collect();
    // Sent in this order, all at once.
    let (inserted, updated, events, identities, decisions, jobs, books, decider) = tokio::join!(
        biased;
        write_leads(tx, &new, NEW_LEADS),
        write_leads(tx, &known, KNOWN_LEADS),
        write_events(tx, changes),
        write_identities(tx, changes),
        write_decisions(tx, changes),
        job::write(tx, &changes.jobs, now, REVIEW_PAUSE),
        books::write(tx, books, unwritten),
        write_decider(tx, books),
    );
    together([inserted, updated, events, identities, decisions, jobs, books, decider])
}

const NEW_LEADS: &str = "INSERT INTO lead (id, uuid, revision, state, owner, due_at, doc)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[],
        $6::bigint[], $7::text[])";
const KNOWN_LEADS: &str = "UPDATE lead l SET revision = c.revision, state = c.state,
        owner = c.owner, due_at = c.due_at, doc = c.doc
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
        $7::text[]) c (id, uuid, revision, state, owner, due_at, doc)
     WHERE l.id = c.id AND l.uuid = c.uuid";

async fn write_leads(tx: &Tx, ends: &[&LeadEnd], sql: &str) -> StoreResult<()> {
    if ends.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = ends.iter().map(|end| end.lead.id.0).collect();
    let uuids: Vec<Uuid> = ends.iter().map(|end| end.lead.uuid).collect();
    let revisions: Vec<i64> = ends.iter().map(|end| end.lead.revision.0).collect();
    let states: Vec<i64> = ends.iter().map(|end| rows::state_number(end.lead.state)).collect();
    let owners: Vec<Option<Text<'_>>> =
        ends.iter().map(|end| maybe(end.lead.owner.as_ref())).collect();
    let due: Vec<Option<i64>> =
        ends.iter().map(|end| due_at(&end.lead).map(|due_at| due_at.0)).collect();
    let docs: Vec<Text<'_>> = ends.iter().map(|end| text(&end.doc)).collect();
    let written =
        tx.execute(sql, &[&ids, &uuids, &revisions, &states, &owners, &due, &docs]).await?;
    if written == ends.len() as u64 {
        Ok(())
    } else {
        Err(refuse("changes a lead that is not there"))
    }
}

async fn write_events(tx: &Tx, changes: &Changes) -> StoreResult<()> {
    if changes.events.is_empty() {
        return Ok(());
    }
    let ends = || changes.events.values();
    let ids: Vec<i64> = changes.events.keys().copied().collect();
    let fates: Vec<i64> = ends().map(|end| rows::fate_number(end.fate)).collect();
    let reasons: Vec<Option<Text<'_>>> = ends().map(|end| maybe(end.reason.as_ref())).collect();
    let tries: Vec<i64> = ends().map(|end| i64::from(end.tries)).collect();
    let leads: Vec<Option<i64>> = ends().map(|end| end.lead.map(|lead| lead.0)).collect();
    let keeps: Vec<bool> = ends().map(|end| end.keeps_lead).collect();
    tx.execute(
        "UPDATE event e SET fate = c.fate, reason = c.reason, tries = c.tries,
            lead = CASE WHEN c.keeps THEN e.lead ELSE c.lead END
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
            $6::boolean[]) c (id, fate, reason, tries, lead, keeps)
         WHERE e.id = c.id",
        &[&ids, &fates, &reasons, &tries, &leads, &keeps],
    )
    .await?;
    Ok(())
}

async fn write_identities(tx: &Tx, changes: &Changes) -> StoreResult<()> {
    if changes.identities.is_empty() {
        return Ok(());
    }
    let hashes: Vec<i64> = changes.identities.iter().map(|(who, _)| who.hash()).collect();
    let leads: Vec<i64> = changes.identities.iter().map(|(_, lead)| *lead).collect();
    let values: Vec<Text<'_>> =
        changes.identities.iter().map(|(who, _)| text(who.full())).collect();
    tx.execute(
        "INSERT INTO identity (hash, lead, value)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) ON CONFLICT DO NOTHING",
        &[&hashes, &leads, &values],
    )
    .await?;
    Ok(())
}

async fn write_decisions(tx: &Tx, changes: &Changes) -> StoreResult<()> {
    if changes.decisions.is_empty() {
        return Ok(());
    }
    let all = || changes.decisions.iter().map(|(decided, ..)| decided);
    let seqs: Vec<i64> = all().map(|decided| decided.seq.0).collect();
    let leads: Vec<Option<i64>> = all().map(|decided| decided.lead.map(|lead| lead.0)).collect();
    let events: Vec<Option<i64>> =
        all().map(|decided| decided.event.map(|event| event.0)).collect();
    let ats: Vec<i64> = all().map(|decided| decided.decision.at.0).collect();
    let mut whats: Vec<Text<'_>> = Vec::with_capacity(seqs.len());
    for decided in all() {
        whats.push(text(rows::word(&decided.decision.what)?));
    }
    let books: Vec<i64> = all().map(|decided| i64::from(decided.decision.rulebook)).collect();
    let docs: Vec<Text<'_>> = changes.decisions.iter().map(|(_, doc, _)| text(doc)).collect();
    let records = || changes.decisions.iter().map(|(.., record)| record.as_ref());
    let saws: Vec<Option<Text<'_>>> =
        records().map(|record| maybe(record.map(|record| &record.saw))).collect();
    let moves: Vec<Option<Text<'_>>> =
        records().map(|record| maybe(record.and_then(|record| record.moved.as_ref()))).collect();
    tx.execute(
        "INSERT INTO decision (seq, lead, event, at, what, rulebook, doc, saw, moved)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
            $6::bigint[], $7::text[], $8::text[], $9::text[])",
        &[&seqs, &leads, &events, &ats, &whats, &books, &docs, &saws, &moves],
    )
    .await?;
    Ok(())
}

/// The next number, and that a batch was written.
async fn write_decider(tx: &Tx, books: &Books) -> StoreResult<()> {
    let sql = "UPDATE decider SET last_seq = $1, batch = batch + 1 WHERE id = 1";
    tx.execute(sql, &[&books.last_seq]).await?;
    Ok(())
}
