//! Settle: attempts end, with what they left behind and the news they brought.
//!
//! A batch is a few statements, whatever its size. Jobs whose rows a deciding transaction holds are
//! settled afterwards, one by one: who holds nothing while waiting is never part of a deadlock.
//!
//! Guarantees: fenced by the attempt's number and its lease, so that a lost lease changes nothing;
//! a job is finished only for the revision that is still wanted; effect, verdict and news of a job
//! are one transaction.
//! Does not know: what the attempt did.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    accept,
    job::{BURIED, DROPPED},
    pools::Pools,
    rows,
    tx::{Tx, get, get_text},
    value::{Text, maybe, text},
};
use crate::{
    model::{
        event::NewEvent,
        job::{Effect, Link, Settled, Settlement, Verdict, lane},
    },
    store::StoreResult,
};

/// The job as it is when its attempt ends.
struct Attempted {
    lead: i64,
    destination: String,
    wanted: i64,
    is_dead: bool,
}

/// What a part of the batch came to, by place in it; a place that is missing was held by somebody.
type Ended = HashMap<usize, Settled>;

/// Whether to wait for rows that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// They are left out.
    PassOver,
    /// They are waited for; one row at a time.
    Wait,
}

/// Ends attempts.
pub async fn settle(pools: &Pools, settlements: &[Settlement]) -> StoreResult<Vec<Settled>> {
    let all: Vec<usize> = (0..settlements.len()).collect();
    let tx = pools.write().await?;
    let ended = part(&tx, settlements, &all, Held::PassOver).await;
    let mut ended = tx.end(ended).await?;
    for place in all.into_iter().filter(|place| !ended.contains_key(place)).collect::<Vec<_>>() {
        let tx = pools.write().await?;
        let one = part(&tx, settlements, &[place], Held::Wait).await;
        ended.extend(tx.end(one).await?);
    }
    let place = |place| ended.get(&place).copied().unwrap_or(Settled::LeaseLost);
    Ok((0..settlements.len()).map(place).collect())
}

/// Ends these attempts, by their places in the batch.
async fn part(
    tx: &Tx,
    settlements: &[Settlement],
    places: &[usize],
    held: Held,
) -> StoreResult<Ended> {
    let (mut ended, mut first, mut jobs) = (Ended::new(), Vec::new(), HashSet::new());
    for place in places {
        let Some(settlement) = settlements.get(*place) else { continue };
        // An attempt ends once, also within one call.
        if jobs.insert(settlement.job.0) {
            first.push((*place, settlement));
        } else {
            ended.insert(*place, Settled::LeaseLost);
        }
    }
    let (attempted, is_held) = attempted(tx, &first, held).await?;
    let mut kept = Vec::new();
    for (place, settlement) in first {
        if let Some(job) = attempted.get(&settlement.job.0) {
            ended.insert(place, Settled::Kept);
            kept.push((settlement, job));
        } else if !is_held.contains(&settlement.job.0) {
            ended.insert(place, Settled::LeaseLost);
        }
    }
    write_links(tx, &kept).await?;
    write_notices(tx, &kept).await?;
    finish(tx, &kept).await?;
    let news: Vec<NewEvent> =
        kept.iter().flat_map(|(settlement, _)| settlement.news.iter().cloned()).collect();
    if !news.is_empty() {
        accept::accept(tx, &news).await?;
    }
    Ok(ended)
}

type Kept<'a> = (&'a Settlement, &'a Attempted);

/// The jobs that their attempts still hold, locked; and those that somebody else has locked.
async fn attempted(
    tx: &Tx,
    settlements: &[(usize, &Settlement)],
    held: Held,
) -> StoreResult<(HashMap<i64, Attempted>, HashSet<i64>)> {
    const STANDING: &str = "SELECT job.id, lead, destination, wanted, is_dead
         FROM unnest($1, $2) AS ended (id, attempt)
         JOIN job ON job.id = ended.id AND job.attempts = ended.attempt AND job.lease_until <> 0";
    let jobs: Vec<i64> = settlements.iter().map(|(_, one)| one.job.0).collect();
    let attempts: Vec<i64> = settlements.iter().map(|(_, one)| i64::from(one.attempt)).collect();
    let mut is_held = HashSet::new();
    let lock = match held {
        Held::PassOver => "FOR UPDATE OF job SKIP LOCKED",
        Held::Wait => "FOR UPDATE OF job",
    };
    let rows = tx.query(&format!("{STANDING} {lock}"), &[&jobs, &attempts]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let job = Attempted {
            lead: get(row, 1)?,
            destination: get_text(row, 2)?,
            wanted: get(row, 3)?,
            is_dead: get(row, 4)?,
        };
        found.insert(get(row, 0)?, job);
    }
    if held == Held::PassOver && found.len() < jobs.len() {
        // Those that are there and were not given are somebody's at this moment.
        for row in &tx.query(STANDING, &[&jobs, &attempts]).await? {
            let id = get(row, 0)?;
            if !found.contains_key(&id) {
                is_held.insert(id);
            }
        }
    }
    Ok((found, is_held))
}

/// What becomes of a row.
enum End<'a> {
    /// Nothing is left to do.
    Delete,
    /// Wanted again by a newer plan: due as that plan said, counted anew.
    Anew { is_done: bool },
    /// The same work again.
    Again { at: i64, is_free: bool, why: &'a str },
    /// For a person to look at.
    Dead { why: &'a str },
}

/// Which end the verdict is for the row as it is now: a plan may have raised the revision wanted
/// or dropped the job, and an operator may have buried it, while the attempt was under way.
fn end<'a>(settlement: &'a Settlement, job: &Attempted) -> End<'a> {
    let is_stale = job.wanted > settlement.revision.0;
    match &settlement.verdict {
        _ if job.wanted == DROPPED => End::Delete,
        Verdict::Done if is_stale => End::Anew { is_done: true },
        Verdict::Done => End::Delete,
        Verdict::Retry { why, .. } | Verdict::Snooze { why, .. } if job.is_dead => {
            End::Dead { why }
        }
        Verdict::Dead { .. } if is_stale && !job.is_dead => End::Anew { is_done: false },
        Verdict::Dead { why } => End::Dead { why },
        Verdict::Retry { at, why } => End::Again { at: at.0, is_free: false, why },
        Verdict::Snooze { at, why } => End::Again { at: at.0, is_free: true, why },
    }
}

/// Rows that go on, as columns to bind.
#[derive(Default)]
struct GoOn<'a> {
    ids: Vec<i64>,
    ends: Vec<i64>,
    flags: Vec<bool>,
    ats: Vec<i64>,
    whys: Vec<Option<Text<'a>>>,
    revisions: Vec<i64>,
}

async fn finish(tx: &Tx, kept: &[Kept<'_>]) -> StoreResult<()> {
    let (mut deleted, mut on) = (Vec::new(), GoOn::default());
    for (settlement, job) in kept {
        let (end, flag, at, why) = match end(settlement, job) {
            End::Delete => {
                deleted.push(settlement.job.0);
                continue;
            }
            End::Anew { is_done } => (0, is_done, 0, None),
            End::Again { at, is_free, why } => (1, is_free, at, Some(text(why))),
            End::Dead { why } => (2, false, 0, Some(text(why))),
        };
        on.ids.push(settlement.job.0);
        on.ends.push(end);
        on.flags.push(flag);
        on.ats.push(at);
        on.whys.push(why);
        on.revisions.push(settlement.revision.0);
    }
    if !deleted.is_empty() {
        tx.execute("DELETE FROM job WHERE id = ANY ($1)", &[&deleted]).await?;
    }
    if !on.ids.is_empty() {
        tx.execute(
            "UPDATE job SET lease_until = 0,
                attempts = CASE ended.how WHEN 0 THEN lapsed
                    WHEN 1 THEN attempts - ended.flag::int ELSE attempts END,
                is_uncertain = CASE WHEN ended.how <> 0 THEN is_uncertain
                    ELSE NOT ended.flag AND (is_uncertain OR attempts > lapsed + 1) END,
                is_dead = CASE ended.how WHEN 0 THEN false WHEN 2 THEN true ELSE is_dead END,
                due_at = CASE WHEN ended.how <> 1 THEN due_at
                    WHEN wanted > ended.revision THEN greatest(due_at, ended.at) ELSE ended.at END,
                reason = CASE WHEN ended.how = 2 AND starts_with(reason, $7) THEN reason
                    ELSE ended.why END
             FROM unnest($1, $2, $3, $4, $5, $6) AS ended (id, how, flag, at, why, revision)
             WHERE job.id = ended.id",
            &[&on.ids, &on.ends, &on.flags, &on.ats, &on.whys, &on.revisions, &text(BURIED)],
        )
        .await?;
    }
    Ok(())
}

/// The last one stands where two attempts of a batch wrote the same.
async fn write_links(tx: &Tx, kept: &[Kept<'_>]) -> StoreResult<()> {
    let mut links: BTreeMap<(i64, &str), &Link> = BTreeMap::new();
    for (settlement, job) in kept {
        if let Some(Effect::Written(link)) = &settlement.effect {
            links.insert((job.lead, lane(&job.destination)), link);
        }
    }
    if links.is_empty() {
        return Ok(());
    }
    let leads: Vec<i64> = links.keys().map(|(lead, _)| *lead).collect();
    let lanes: Vec<Text<'_>> = links.keys().map(|(_, lane)| text(*lane)).collect();
    let records: Vec<Text<'_>> = links.values().map(|link| text(&link.record)).collect();
    let owners: Vec<_> = links.values().map(|link| maybe(link.owner.as_ref())).collect();
    let tried: Vec<_> = links.values().map(|link| maybe(link.tried.as_ref())).collect();
    let written: Vec<i64> = links.values().map(|link| link.written_at.0).collect();
    tx.execute(
        "INSERT INTO link (lead, destination, record, owner, tried, written_at)
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
         ON CONFLICT (lead, destination) DO UPDATE SET record = excluded.record,
            owner = excluded.owner, tried = excluded.tried, written_at = excluded.written_at",
        &[&leads, &lanes, &records, &owners, &tried, &written],
    )
    .await?;
    Ok(())
}

async fn write_notices(tx: &Tx, kept: &[Kept<'_>]) -> StoreResult<()> {
    let (mut leads, mut destinations, mut whys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut revisions, mut ats) = (Vec::new(), Vec::new());
    for (settlement, job) in kept {
        if let Some(Effect::Told { why, at }) = &settlement.effect {
            leads.push(job.lead);
            destinations.push(text(&job.destination));
            whys.push(text(rows::word(why)?));
            revisions.push(settlement.revision.0);
            ats.push(at.0);
        }
    }
    if !leads.is_empty() {
        tx.execute(
            "INSERT INTO notice (lead, destination, why, revision, at)
             SELECT * FROM unnest($1, $2, $3, $4, $5)",
            &[&leads, &destinations, &whys, &revisions, &ats],
        )
        .await?;
    }
    Ok(())
}
