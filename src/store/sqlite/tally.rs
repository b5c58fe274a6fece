//! The books: read as they are kept, and counted anew from the rows.
//!
//! Guarantees: both come from one snapshot of the database, so they can be held against each
//! other while everything goes on.
//! Does not know: whether they agree; the caller compares.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    job::{self, BURIED},
    rows, unfilled,
};
use crate::{
    model::{
        event::{EventKind, Fate},
        job::JobKind,
        lead::State,
        time::{Span, Time},
    },
    store::{
        Audit, StoreResult, Tally,
        books::Counts,
        read::{JobTally, PAGE_MAX},
    },
};

/// The books as they are kept.
pub fn tally(conn: &Connection, now: Time) -> StoreResult<Tally> {
    with_jobs(conn, load(conn)?, now)
}

/// The books as they are kept, and counted anew from the rows, of the connection's snapshot.
pub fn audit(conn: &Connection, now: Time) -> StoreResult<Audit> {
    Ok(Audit { books: tally(conn, now)?, recounted: recount(conn, now)? })
}

/// The books counted anew from the rows.
pub fn recount(conn: &Connection, now: Time) -> StoreResult<Tally> {
    let mut counts = Counts::zero();
    let fill = rows::event_kind_number(EventKind::Fill);
    // One walk that sorts nothing. A fate that is none of ours is accepted and in no other sum.
    let mut found = conn.prepare_cached(
        "SELECT count(*), sum(fate = 0), sum(fate = 1), sum(fate = 2), sum(fate = 3),
            sum(fate = 4), sum(fate = 5) FROM event WHERE kind = ?1",
    )?;
    found.query_row([fill], |row| {
        counts.accepted = row.get(0)?;
        for (place, (_, word, _)) in (1..).zip(Fate::ALL) {
            let n = row.get::<_, Option<i64>>(place)?.unwrap_or(0);
            if n != 0 || counts.fates.contains_key(word) {
                counts.fates.insert(word, n);
            }
        }
        Ok(())
    })?;
    let mut found = conn.prepare_cached("SELECT state, count(*) FROM lead GROUP BY state")?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        counts.states.insert(rows::state(row.get(0)?)?.word(), row.get(1)?);
    }
    let mut found =
        conn.prepare_cached("SELECT count(*) FROM job WHERE is_dead = 0 AND kind = 0")?;
    counts.reviews = found.query_row([], |row| row.get(0))?;
    with_jobs(conn, counts, now)
}

fn with_jobs(conn: &Connection, counts: Counts, now: Time) -> StoreResult<Tally> {
    let mut jobs = jobs(conn, now)?;
    if counts.reviews != 0 {
        let due = job::next_review(conn)?.map_or(0, |due| now.since(due).0.max(0));
        let reviews = JobTally { open: counts.reviews, dead: 0, late_ms: due };
        jobs.insert(JobKind::Review.word().to_owned(), reviews);
    }
    Ok(Tally {
        accepted: counts.accepted,
        fates: counts.fates,
        states: counts.states,
        jobs,
        last_seq: last_seq(conn)?,
        unfilled: unfilled::read(conn)?,
        given_up: given_up(conn)?,
        oldest_underway: oldest_underway(conn)?,
        died: died(conn, now)?,
    })
}

/// Dead jobs that no operator has buried.
fn given_up(conn: &Connection) -> StoreResult<BTreeMap<String, i64>> {
    let mut found = conn.prepare_cached(
        "SELECT kind, lane, count(*) FROM job
         WHERE is_dead = 1 AND coalesce(reason, '') NOT LIKE ?1 || '%' GROUP BY kind, lane",
    )?;
    let mut found = found.query([BURIED])?;
    let mut all = BTreeMap::new();
    while let Some(row) = found.next()? {
        let (kind, lane): (JobKind, String) = (rows::job_kind(row.get(0)?)?, row.get(1)?);
        all.insert(format!("{}:{lane}", kind.word()), row.get(2)?);
    }
    Ok(all)
}

fn oldest_underway(conn: &Connection) -> StoreResult<Option<Time>> {
    let mut found =
        conn.prepare_cached("SELECT received_at FROM event WHERE fate = 0 ORDER BY id LIMIT 1")?;
    Ok(found.query_row([], |row| row.get(0)).optional()?.map(Time))
}

/// The newest dead events are looked at, so that many old ones cost nothing.
fn died(conn: &Connection, now: Time) -> StoreResult<i64> {
    let mut found = conn.prepare_cached(
        "SELECT count(*) FROM (SELECT received_at FROM event WHERE fate = 4
            ORDER BY id DESC LIMIT ?2) WHERE received_at > ?1",
    )?;
    let since = now.minus(Span::days(1));
    Ok(found.query_row(params![since.0, PAGE_MAX as i64], |row| row.get(0))?)
}

/// Jobs by `kind:lane`, but for reviews: every open lead has one, too many to be counted each time.
fn jobs(conn: &Connection, now: Time) -> StoreResult<BTreeMap<String, JobTally>> {
    let mut all: BTreeMap<String, JobTally> = BTreeMap::new();
    for is_dead in [false, true] {
        let mut found = conn.prepare_cached(if is_dead {
            "SELECT kind, lane, count(*), 0 FROM job WHERE is_dead = 1 AND kind > 0
             GROUP BY kind, lane"
        } else {
            "SELECT kind, lane, count(*), min(due_at) FROM job WHERE is_dead = 0 AND kind > 0
             GROUP BY kind, lane"
        })?;
        let mut found = found.query([])?;
        while let Some(row) = found.next()? {
            let (kind, lane): (JobKind, String) = (rows::job_kind(row.get(0)?)?, row.get(1)?);
            let tally = all.entry(format!("{}:{lane}", kind.word())).or_default();
            if is_dead {
                tally.dead = row.get(2)?;
            } else {
                tally.open = row.get(2)?;
                tally.late_ms = now.since(Time(row.get(3)?)).0.max(0);
            }
        }
    }
    Ok(all)
}

/// The last decision's number; zero before the first.
pub fn last_seq(conn: &Connection) -> StoreResult<i64> {
    let mut found = conn.prepare_cached("SELECT coalesce(max(seq), 0) FROM decision")?;
    Ok(found.query_row([], |row| row.get(0))?)
}

/// The counts as they are kept.
pub fn load(conn: &Connection) -> StoreResult<Counts> {
    let mut counts = Counts::zero();
    let mut found = conn.prepare_cached("SELECT n FROM tally WHERE name = ?1")?;
    let mut read = |name: &str| -> StoreResult<i64> {
        let mut rows = found.query([name])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or(0))
    };
    counts.accepted = read("accepted")?;
    counts.reviews = read("reviews")?;
    for (word, n) in &mut counts.fates {
        *n = read(&format!("fate:{word}"))?;
    }
    for (word, n) in &mut counts.states {
        *n = read(&format!("state:{word}"))?;
    }
    Ok(counts)
}

/// Writes the counts.
pub fn write(tx: &Connection, counts: &Counts) -> StoreResult<()> {
    let mut put = tx.prepare_cached("INSERT OR REPLACE INTO tally (name, n) VALUES (?1, ?2)")?;
    put.execute(params!["accepted", counts.accepted])?;
    put.execute(params!["reviews", counts.reviews])?;
    for (_, word, _) in Fate::ALL {
        if let Some(n) = counts.fates.get(word) {
            put.execute(params![format!("fate:{word}"), n])?;
        }
    }
    for (_, word, _) in State::ALL {
        if let Some(n) = counts.states.get(word) {
            put.execute(params![format!("state:{word}"), n])?;
        }
    }
    Ok(())
}
