//! Claim: due jobs of one lane are leased to whoever will do them.
//!
//! One statement chooses and leases, rank by rank and the longest due first, and passes over what
//! another replica is taking at this moment. A second one brings the leads and what is on record,
//! under the locks of the first: a plan that changes a lead waits until the claim is over, so that
//! no job is given with a newer revision than its lead. A third one looks ahead.
//!
//! Guarantees: those of the contract; leases are judged by the database's clock. No statement here
//! reads a table as a whole, and none waits for a lock.
//! Does not know: how a job is done. Ranks are expected to be few (one look-up each).

use std::collections::HashMap;

use super::{
    Leases,
    front::{self, Front, Known},
    job::DROPPED,
    pools::Pools,
    rows,
    tx::{Tx, get, get_maybe, get_text},
    value::{Text, text},
};
use crate::{
    model::{
        id::{JobId, Seq},
        job::{Claimed, JobKind, Link, lane},
        time::Time,
    },
    store::{Claim, ClaimDone, StoreError, StoreResult},
};

/// What is due in a lane at a rank; locked, without what others have locked.
macro_rules! due {
    ($columns:literal, $lane:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM job WHERE NOT is_dead AND ",
            $lane,
            " AND rank = known.rank AND due_at BETWEEN known.since AND $5
             AND lease_until <= (SELECT t FROM clock)
             ORDER BY due_at LIMIT $7 FOR UPDATE SKIP LOCKED"
        )
    };
}

/// Leases the rows of `chosen`. There is a row without a job when nothing is due.
macro_rules! lease {
    ($known:expr, $chosen:expr) => {
        concat!(
            "WITH RECURSIVE clock AS MATERIALIZED (SELECT ",
            front::clock!(),
            " AS t), ",
            $known,
            ", ",
            $chosen,
            "UPDATE job SET
                lapsed = CASE WHEN lease_until <> 0 THEN attempts ELSE lapsed END,
                is_uncertain = is_uncertain OR lease_until <> 0,
                attempts = attempts + 1,
                lease_until = greatest((SELECT t FROM clock) + $8, 1)
             FROM chosen WHERE job.id = chosen.id
             RETURNING job.id, lead, destination, wanted, attempts, is_uncertain, why, due_at,
                chosen.place"
        )
    };
}

/// The rows to lease, in order.
macro_rules! chosen {
    () => {
        concat!(
            "chosen AS MATERIALIZED (
                SELECT id, row_number() OVER () AS place FROM (
                    SELECT j.id FROM known CROSS JOIN LATERAL (",
            due!("id", "kind = $1 AND lane = $2"),
            ") AS j LIMIT $7) AS found) "
        )
    };
}

/// The same for tells: those that come next say which destinations, and with each come the others
/// that are due there, so that one message can speak of all.
macro_rules! chosen_tells {
    () => {
        concat!(
            "firsts AS MATERIALIZED (
                SELECT destination, row_number() OVER () AS place FROM (
                    SELECT j.destination FROM known CROSS JOIN LATERAL (",
            due!("destination", "kind = $1 AND lane = $2"),
            ") AS j LIMIT $7) AS found),
             chosen AS MATERIALIZED (
                SELECT id, row_number() OVER () AS place FROM (
                    SELECT together.id FROM (SELECT destination FROM firsts
                        GROUP BY destination ORDER BY min(place)) AS one
                    CROSS JOIN LATERAL (SELECT j.id FROM known CROSS JOIN LATERAL (",
            due!("id", "kind = 2 AND destination = one.destination"),
            ") AS j LIMIT $7) AS together LIMIT $7) AS found) "
        )
    };
}

/// The statement that leases.
#[must_use]
pub fn statement(kind: JobKind, is_known: bool) -> &'static str {
    match (kind, is_known) {
        (JobKind::Tell, true) => lease!(front::known!(), chosen_tells!()),
        (JobKind::Tell, false) => lease!(front::found!(), chosen_tells!()),
        (_, true) => lease!(front::known!(), chosen!()),
        (_, false) => lease!(front::found!(), chosen!()),
    }
}

/// A row that was leased, before anybody looked at its lead.
struct Leased {
    id: i64,
    lead: i64,
    destination: String,
    wanted: i64,
    attempt: u32,
    is_uncertain: bool,
    why: Option<String>,
    due_at: Time,
    place: i64,
}

/// Leases due jobs.
pub async fn claim(
    pools: &Pools,
    leases: Leases,
    front: &Front,
    claim: &Claim,
) -> StoreResult<ClaimDone> {
    let clock = leases.clock(claim.now);
    let known = front.known(claim.kind, &claim.lane);
    // Statements that need no answer before the next are sent at once; what fails on the way takes
    // the connection with it, and the server undoes it.
    let tx = Tx::unbegun(pools.work()).await?;
    let (begun, by_index, leased) = tokio::join!(
        biased;
        tx.batch(pools.begin()), tx.batch(front::BY_INDEX), lease(&tx, claim, clock, known.as_ref())
    );
    let jobs = with_leads(&tx, claim.kind, begun.and(by_index).and(leased)?).await?;
    let (ahead, committed) =
        tokio::join!(biased; front::look(&tx, claim, clock, known.as_ref()), tx.batch("COMMIT"));
    let ahead = committed.and(ahead)?;
    tx.ended();
    let next_due = ahead.next_due();
    front.keep(pools, claim, clock, known, ahead);
    Ok(ClaimDone { jobs, next_due })
}

/// Chooses and leases.
async fn lease(
    tx: &Tx,
    claim: &Claim,
    clock: Option<i64>,
    known: Option<&Known>,
) -> StoreResult<Vec<Leased>> {
    let (ranks, since) = known.map(Known::bounds).unwrap_or_default();
    let sql = statement(claim.kind, known.is_some());
    let rows = tx
        .query(
            sql,
            &[
                &rows::job_kind_number(claim.kind),
                &text(&claim.lane),
                &ranks,
                &since,
                &claim.now.0,
                &clock,
                &(claim.max as i64),
                &claim.lease.0,
            ],
        )
        .await?;
    let mut leased = Vec::with_capacity(rows.len());
    for row in &rows {
        leased.push(Leased {
            id: get(row, 0)?,
            lead: get(row, 1)?,
            destination: get_text(row, 2)?,
            wanted: get(row, 3)?,
            attempt: rows::number(get(row, 4)?),
            is_uncertain: get(row, 5)?,
            why: get_maybe(row, 6)?,
            due_at: Time(get(row, 7)?),
            place: get(row, 8)?,
        });
    }
    leased.sort_by_key(|job| job.place);
    Ok(leased)
}

/// What is leased with its leads and links. A job that was dropped is gone; one that cannot even be
/// read harms no other.
async fn with_leads(tx: &Tx, kind: JobKind, leased: Vec<Leased>) -> StoreResult<Vec<Claimed>> {
    let (gone, leased): (Vec<_>, Vec<_>) =
        leased.into_iter().partition(|job| job.wanted == DROPPED);
    if !gone.is_empty() {
        let gone: Vec<i64> = gone.iter().map(|job| job.id).collect();
        tx.execute("DELETE FROM job WHERE id = ANY ($1)", &[&gone]).await?;
    }
    if leased.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = on_record(tx, &leased).await?;
    let mut jobs = Vec::with_capacity(leased.len());
    for (place, job) in (1..).zip(leased) {
        let (doc, link) = found.remove(&place).unwrap_or_default();
        let lead = match doc.map(|doc| rows::lead(job.lead, &doc)) {
            Some(Ok(lead)) => lead,
            Some(Err(StoreError::Corrupt(why))) => {
                bury(tx, job.id, &why).await?;
                continue;
            }
            Some(Err(error)) => return Err(error),
            None => {
                bury(tx, job.id, "its lead is missing").await?;
                continue;
            }
        };
        jobs.push(Claimed {
            id: JobId(job.id),
            kind,
            lead,
            destination: job.destination,
            wanted: Seq(job.wanted),
            attempt: job.attempt,
            is_uncertain: job.is_uncertain,
            why: job.why.as_deref().map(rows::of_word).transpose()?,
            link,
            due_at: job.due_at,
        });
    }
    Ok(jobs)
}

/// A lead's document and what is on record about it at a CRM.
type Record = (Option<String>, Option<Link>);

/// The leads' documents and the links, by place from one.
async fn on_record(tx: &Tx, leased: &[Leased]) -> StoreResult<HashMap<i64, Record>> {
    let leads: Vec<i64> = leased.iter().map(|job| job.lead).collect();
    let lanes: Vec<Text<'_>> = leased.iter().map(|job| text(lane(&job.destination))).collect();
    let rows = tx
        .query(
            "SELECT j.place, lead.doc, link.record, link.owner, link.tried, link.written_at
             FROM unnest($1, $2) WITH ORDINALITY AS j (lead, lane, place)
             LEFT JOIN lead ON lead.id = j.lead
             LEFT JOIN link ON link.lead = j.lead AND link.destination = j.lane",
            &[&leads, &lanes],
        )
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let link = match get_maybe(row, 2)? {
            Some(record) => Some(Link {
                record,
                owner: get_maybe(row, 3)?,
                tried: get_maybe(row, 4)?,
                written_at: Time(get(row, 5)?),
            }),
            None => None,
        };
        found.insert(get(row, 0)?, (get_maybe(row, 1)?, link));
    }
    Ok(found)
}

async fn bury(tx: &Tx, id: i64, why: &str) -> StoreResult<()> {
    tx.execute(
        "UPDATE job SET is_dead = true, lease_until = 0, reason = $2 WHERE id = $1",
        &[&id, &text(why)],
    )
    .await?;
    Ok(())
}
