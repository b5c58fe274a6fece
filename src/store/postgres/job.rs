//! The job rows that plans make, replace and drop.
//!
//! Guarantees: one row per (kind, lead, destination). Replacing a leased one keeps its lease, so
//! that what the attempt leaves behind is still recorded; a dropped one that is leased is only
//! marked, and goes when its attempt settles or its lease has lapsed.
//! Does not know: who does the work.

use std::collections::BTreeMap;

use super::{
    error::together,
    rows,
    tx::{Tx, get},
    value::{Text, text},
};
use crate::{
    model::{
        id::Seq,
        job::{JobKind, JobWanted},
        time::{Span, Time},
    },
    store::StoreResult,
};

/// The revision wanted of a job that was dropped while it was leased.
pub const DROPPED: i64 = -1;

/// How the reason of a job begins that an operator gave up; what was wrong with it follows.
pub const BURIED: &str = "buried by an operator";

/// Which job: of this lead, of this kind (by its number), to this destination.
pub type Key = (i64, i64, String);

/// What the plans of a batch want of one job, together: it is dropped first, then wanted. That is
/// what they say one after the other, whatever was there before.
#[derive(Debug, Default)]
pub struct Wish {
    /// It was dropped.
    pub is_dropped: bool,
    /// It was wanted, since then.
    pub wanted: Option<(Seq, JobWanted)>,
}

/// All that the plans of a batch want of jobs.
#[derive(Debug, Default)]
pub struct Wishes {
    jobs: BTreeMap<Key, Wish>,
    /// By lead: when its review is due, for which revision; none when there is to be none.
    pub reviews: BTreeMap<i64, Option<(Time, Seq)>>,
    /// Reviews whose decision failed, with the reason.
    pub failed: Vec<(i64, String)>,
}

impl Wishes {
    /// A job is wanted at a revision.
    pub fn want(&mut self, lead: i64, at: Seq, job: JobWanted) {
        let key = (lead, rows::job_kind_number(job.kind), job.destination.clone());
        self.jobs.entry(key).or_default().wanted = Some((at, job));
    }

    /// A job is pointless now.
    pub fn drop(&mut self, lead: i64, kind: JobKind, destination: String) {
        let key = (lead, rows::job_kind_number(kind), destination);
        self.jobs.insert(key, Wish { is_dropped: true, wanted: None });
    }
}

/// Writes them all.
pub async fn write(tx: &Tx, wishes: &Wishes, now: Time, pauses: (Span, Span)) -> StoreResult<()> {
    // Sent in this order, all at once.
    let (dropped, marked, wanted, removed, moved, failed) = tokio::join!(
        biased;
        drop_jobs(tx, wishes, REMOVE),
        drop_jobs(tx, wishes, MARK),
        want(tx, wishes),
        remove_reviews(tx, wishes),
        move_reviews(tx, wishes),
        fail_reviews(tx, wishes, now, pauses),
    );
    together([dropped, marked, wanted, removed, moved, failed])
}

/// What nobody holds goes …
const REMOVE: &str = "DELETE FROM job j
     USING unnest($1::bigint[], $2::bigint[], $3::text[]) d (lead, kind, destination)
     WHERE j.lead = d.lead AND j.kind = d.kind AND j.destination = d.destination
        AND j.lease_until = 0 AND $4 = -1";
/// … and what is left is marked. It is no more dead, were it buried: whoever finds its lease lapsed
/// removes it, and nobody looks for what is dead.
const MARK: &str = "UPDATE job j SET wanted = $4, is_dead = false, reason = NULL
     FROM unnest($1::bigint[], $2::bigint[], $3::text[]) d (lead, kind, destination)
     WHERE j.lead = d.lead AND j.kind = d.kind AND j.destination = d.destination";

async fn drop_jobs(tx: &Tx, wishes: &Wishes, sql: &str) -> StoreResult<()> {
    let dropped: Vec<&Key> =
        wishes.jobs.iter().filter(|(_, wish)| wish.is_dropped).map(|(key, _)| key).collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let leads: Vec<i64> = dropped.iter().map(|key| key.0).collect();
    let kinds: Vec<i64> = dropped.iter().map(|key| key.1).collect();
    let to: Vec<Text<'_>> = dropped.iter().map(|key| text(&key.2)).collect();
    tx.execute(sql, &[&leads, &kinds, &to, &DROPPED]).await?;
    Ok(())
}

/// New rows, or those that are there with their attempts counted anew. (Numbers of attempts that
/// never settled are not given out again: they fence.) One that was tried and not done is uncertain
/// from here on: counted anew, the next attempt would look like the first.
async fn want(tx: &Tx, wishes: &Wishes) -> StoreResult<()> {
    let wanted: Vec<(&Key, Seq, &JobWanted)> = wishes
        .jobs
        .iter()
        .filter_map(|(key, wish)| wish.wanted.as_ref().map(|(at, job)| (key, *at, job)))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let leads: Vec<i64> = wanted.iter().map(|(key, ..)| key.0).collect();
    let kinds: Vec<i64> = wanted.iter().map(|(key, ..)| key.1).collect();
    let to: Vec<Text<'_>> = wanted.iter().map(|(key, ..)| text(&key.2)).collect();
    let lanes: Vec<Text<'_>> = wanted.iter().map(|(.., job)| text(job.lane())).collect();
    let revisions: Vec<i64> = wanted.iter().map(|(_, at, _)| at.0).collect();
    let due: Vec<i64> = wanted.iter().map(|(.., job)| job.due_at.0).collect();
    let ranks: Vec<i64> = wanted.iter().map(|(.., job)| job.rank).collect();
    let mut whys: Vec<Option<Text<'_>>> = Vec::with_capacity(wanted.len());
    for (.., job) in &wanted {
        whys.push(job.why.as_ref().map(rows::word).transpose()?.map(text));
    }
    tx.execute(
        "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank, why)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::bigint[], $7::bigint[], $8::text[])
         ON CONFLICT (lead, kind, destination) DO UPDATE SET
            wanted = excluded.wanted, due_at = excluded.due_at, rank = excluded.rank,
            why = excluded.why, is_dead = false, reason = NULL,
            is_uncertain = job.is_uncertain OR (job.lease_until = 0 AND job.attempts > job.lapsed),
            attempts = CASE WHEN job.lease_until = 0 THEN job.lapsed ELSE job.attempts END",
        &[&leads, &kinds, &to, &lanes, &revisions, &due, &ranks, &whys],
    )
    .await?;
    Ok(())
}

async fn remove_reviews(tx: &Tx, wishes: &Wishes) -> StoreResult<()> {
    let gone: Vec<i64> =
        wishes.reviews.iter().filter(|(_, due)| due.is_none()).map(|(lead, _)| *lead).collect();
    if gone.is_empty() {
        return Ok(());
    }
    tx.execute("DELETE FROM job WHERE lead = ANY($1) AND kind = 0 AND destination = ''", &[&gone])
        .await?;
    Ok(())
}

async fn move_reviews(tx: &Tx, wishes: &Wishes) -> StoreResult<()> {
    let moved: Vec<(i64, i64, i64)> = wishes
        .reviews
        .iter()
        .filter_map(|(lead, due)| due.map(|(due_at, wanted)| (*lead, due_at.0, wanted.0)))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let leads: Vec<i64> = moved.iter().map(|(lead, ..)| *lead).collect();
    let due: Vec<i64> = moved.iter().map(|(_, due_at, _)| *due_at).collect();
    let wanted: Vec<i64> = moved.iter().map(|(.., wanted)| *wanted).collect();
    tx.execute(
        "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank)
         SELECT lead, 0, '', '', wanted, due_at, 0
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) r (lead, due_at, wanted)
         ON CONFLICT (lead, kind, destination) DO UPDATE SET
            wanted = excluded.wanted, due_at = excluded.due_at, attempts = 0, reason = NULL",
        &[&leads, &due, &wanted],
    )
    .await?;
    Ok(())
}

/// Reviews whose decision failed: again after a pause, doubled each time up to the longest. Never
/// dead: a lead is not let go because our code has a mistake.
async fn fail_reviews(
    tx: &Tx,
    wishes: &Wishes,
    now: Time,
    (pause, pause_max): (Span, Span),
) -> StoreResult<()> {
    if wishes.failed.is_empty() {
        return Ok(());
    }
    let leads: Vec<i64> = wishes.failed.iter().map(|(lead, _)| *lead).collect();
    let whys: Vec<Text<'_>> = wishes.failed.iter().map(|(_, why)| text(why)).collect();
    tx.execute(
        "UPDATE job j SET attempts = j.attempts + 1, reason = f.why,
            due_at = $3 + least($4 << least(j.attempts, 10)::int, $5)
         FROM unnest($1::bigint[], $2::text[]) f (lead, why)
         WHERE j.lead = f.lead AND j.kind = 0 AND j.destination = ''",
        &[&leads, &whys, &now.0, &pause.0, &pause_max.0],
    )
    .await?;
    Ok(())
}

/// When the next review is due.
pub async fn next_review(tx: &Tx) -> StoreResult<Option<Time>> {
    let sql = "SELECT due_at FROM job WHERE NOT is_dead AND kind = 0 ORDER BY due_at LIMIT 1";
    tx.first(sql, &[]).await?.map(|row| Ok(Time(get(&row, 0)?))).transpose()
}
