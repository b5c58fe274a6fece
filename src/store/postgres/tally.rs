//! The books: read as they are kept, and counted anew from the rows.
//!
//! Guarantees: both come from one snapshot of the database, so they can be held against each
//! other while everything goes on. Who counts adds to lines of its own, so that replicas do not
//! wait for each other; a line is the sum of its slots.
//! Does not know: whether they agree; the caller compares.

use std::collections::BTreeMap;

use super::{
    job::{self, BURIED},
    rows,
    tx::{Tx, get, get_text},
    unfilled,
    value::{Text, text},
};
use crate::{
    model::{
        event::EventKind,
        job::JobKind,
        time::{Span, Time},
    },
    store::{
        Audit, StoreResult, Tally,
        books::Counts,
        read::{JobTally, PAGE_MAX},
    },
};

/// The books as they are kept.
pub async fn tally(tx: &Tx, now: Time) -> StoreResult<Tally> {
    let counts = load(tx).await?;
    with_jobs(tx, counts, now).await
}

/// The books as they are kept, and counted anew from the rows, of the transaction's snapshot.
pub async fn audit(tx: &Tx, now: Time) -> StoreResult<Audit> {
    Ok(Audit { books: tally(tx, now).await?, recounted: recount(tx, now).await? })
}

/// The books counted anew from the rows.
async fn recount(tx: &Tx, now: Time) -> StoreResult<Tally> {
    let mut counts = Counts::zero();
    let fill = rows::event_kind_number(EventKind::Fill);
    // A fate that is none of ours is accepted and in no other sum.
    let fates = "SELECT fate, count(*) FROM event WHERE kind = $1 GROUP BY fate";
    for row in tx.query(fates, &[&fill]).await? {
        let n: i64 = get(&row, 1)?;
        counts.accepted += n;
        if let Ok(fate) = rows::fate(get(&row, 0)?) {
            counts.fates.insert(fate.word(), n);
        }
    }
    for row in tx.query("SELECT state, count(*) FROM lead GROUP BY state", &[]).await? {
        counts.states.insert(rows::state(get(&row, 0)?)?.word(), get(&row, 1)?);
    }
    let reviews = "SELECT count(*) FROM job WHERE NOT is_dead AND kind = 0";
    counts.reviews = tx.first(reviews, &[]).await?.map_or(Ok(0), |row| get(&row, 0))?;
    with_jobs(tx, counts, now).await
}

async fn with_jobs(tx: &Tx, counts: Counts, now: Time) -> StoreResult<Tally> {
    let (mut jobs, last_seq, unfilled, given_up, oldest_underway, died, next_review) = tokio::try_join!(
        jobs(tx, now),
        last_seq(tx),
        unfilled::read(tx),
        given_up(tx),
        oldest_underway(tx),
        died(tx, now),
        job::next_review(tx),
    )?;
    if counts.reviews != 0 {
        let due = next_review.map_or(0, |due| now.since(due).0.max(0));
        let reviews = JobTally { open: counts.reviews, dead: 0, late_ms: due };
        jobs.insert(JobKind::Review.word().to_owned(), reviews);
    }
    Ok(Tally {
        accepted: counts.accepted,
        fates: counts.fates,
        states: counts.states,
        jobs,
        last_seq,
        unfilled,
        given_up,
        oldest_underway,
        died,
    })
}

/// Dead jobs that no operator has buried.
async fn given_up(tx: &Tx) -> StoreResult<BTreeMap<String, i64>> {
    let found = tx
        .query(
            "SELECT kind, lane, count(*) FROM job
             WHERE is_dead AND NOT starts_with(coalesce(reason, ''), $1) GROUP BY kind, lane",
            &[&text(BURIED)],
        )
        .await?;
    let mut all = BTreeMap::new();
    for row in &found {
        let kind = rows::job_kind(get(row, 0)?)?;
        all.insert(format!("{}:{}", kind.word(), get_text(row, 1)?), get(row, 2)?);
    }
    Ok(all)
}

async fn oldest_underway(tx: &Tx) -> StoreResult<Option<Time>> {
    let sql = "SELECT received_at FROM event WHERE fate = 0 ORDER BY id LIMIT 1";
    tx.first(sql, &[]).await?.map(|row| Ok(Time(get(&row, 0)?))).transpose()
}

/// The newest dead events are looked at, so that many old ones cost nothing.
async fn died(tx: &Tx, now: Time) -> StoreResult<i64> {
    let since = now.minus(Span::days(1)).0;
    let sql = "SELECT count(*) FROM (SELECT received_at FROM event WHERE fate = 4
            ORDER BY id DESC LIMIT $2) newest WHERE received_at > $1";
    tx.first(sql, &[&since, &(PAGE_MAX as i64)]).await?.map_or(Ok(0), |row| get(&row, 0))
}

/// Jobs by `kind:lane`, but for reviews: every open lead has one, too many to be counted each time.
async fn jobs(tx: &Tx, now: Time) -> StoreResult<BTreeMap<String, JobTally>> {
    let found = tx
        .query(
            "SELECT kind, lane, count(*), min(due_at), false FROM job
             WHERE NOT is_dead AND kind > 0 GROUP BY kind, lane
             UNION ALL
             SELECT kind, lane, count(*), 0, true FROM job
             WHERE is_dead AND kind > 0 GROUP BY kind, lane",
            &[],
        )
        .await?;
    let mut all: BTreeMap<String, JobTally> = BTreeMap::new();
    for row in &found {
        let kind = rows::job_kind(get(row, 0)?)?;
        let tally = all.entry(format!("{}:{}", kind.word(), get_text(row, 1)?)).or_default();
        if get(row, 4)? {
            tally.dead = get(row, 2)?;
        } else {
            tally.open = get(row, 2)?;
            tally.late_ms = now.since(Time(get(row, 3)?)).0.max(0);
        }
    }
    Ok(all)
}

/// The last decision's number; zero before the first.
async fn last_seq(tx: &Tx) -> StoreResult<i64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM decision";
    tx.first(sql, &[]).await?.map_or(Ok(0), |row| get(&row, 0))
}

/// The counts as they are kept.
async fn load(tx: &Tx) -> StoreResult<Counts> {
    let sums = "SELECT name, sum(n)::bigint FROM tally GROUP BY name";
    let mut kept = BTreeMap::new();
    for row in tx.query(sums, &[]).await? {
        kept.insert(get_text(&row, 0)?, get(&row, 1)?);
    }
    let mut counts = Counts::zero();
    let read = |name: String| kept.get(&name).copied().unwrap_or(0);
    counts.accepted = read("accepted".to_owned());
    counts.reviews = read("reviews".to_owned());
    for (word, n) in &mut counts.fates {
        *n = read(format!("fate:{word}"));
    }
    for (word, n) in &mut counts.states {
        *n = read(format!("state:{word}"));
    }
    Ok(counts)
}

/// Adds to the books, in the slot of this connection.
pub async fn add(tx: &Tx, more: &Counts) -> StoreResult<()> {
    add_to(tx, more, None).await
}

/// Adds to the books what the decider did, of whom there is one at a time.
pub async fn add_decided(tx: &Tx, more: &Counts) -> StoreResult<()> {
    add_to(tx, more, Some(0)).await
}

async fn add_to(tx: &Tx, more: &Counts, slot: Option<i64>) -> StoreResult<()> {
    let mut lines: Vec<(String, i64)> =
        vec![("accepted".to_owned(), more.accepted), ("reviews".to_owned(), more.reviews)];
    lines.extend(more.fates.iter().map(|(word, n)| (format!("fate:{word}"), *n)));
    lines.extend(more.states.iter().map(|(word, n)| (format!("state:{word}"), *n)));
    lines.retain(|(_, n)| *n != 0);
    if lines.is_empty() {
        return Ok(());
    }
    // In one order always, so that two that share a slot wait and never in a circle.
    lines.sort();
    let names: Vec<Text<'_>> = lines.iter().map(|(name, _)| text(name)).collect();
    let counts: Vec<i64> = lines.iter().map(|(_, n)| *n).collect();
    tx.execute(
        "INSERT INTO tally (name, slot, n)
         SELECT l.name, coalesce($3, 1 + pg_backend_pid() % 16), l.n
         FROM unnest($1::text[], $2::bigint[]) l (name, n)
         ON CONFLICT (name, slot) DO UPDATE SET n = tally.n + excluded.n",
        &[&names, &counts, &slot],
    )
    .await?;
    Ok(())
}
