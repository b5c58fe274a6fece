//! Records of decisions, and what is kept beside them.
//!
//! Guarantees: documents come back byte for byte.
//! Does not know: what is in them.

use super::{
    rows,
    tx::{Tx, get, get_maybe, get_text},
    value::{Text, text},
};
use crate::{
    model::{
        id::{EventId, LeadId, Seq},
        record::RecordRow,
        team::Team,
    },
    store::{
        Page, RecordFilter, StoreResult,
        keeping::{Keeping, Unkept},
        read::PAGE_MAX,
    },
};

/// What is kept already.
pub async fn load(tx: &Tx) -> StoreResult<Keeping> {
    let last = tx
        .first(
            "SELECT seq, length(team)::bigint FROM checkpoint
             WHERE (SELECT saw IS NOT NULL FROM decision ORDER BY seq DESC LIMIT 1)
             ORDER BY seq DESC LIMIT 1",
            &[],
        )
        .await?;
    let Some(row) = last else { return Ok(Keeping::load(None)) };
    Ok(Keeping::load(Some((get(&row, 0)?, get(&row, 1)?))))
}

/// Writes what is to be kept.
pub async fn write(tx: &Tx, unkept: &Unkept) -> StoreResult<()> {
    if !unkept.bases.is_empty() {
        let hashes: Vec<i64> = unkept.bases.iter().map(|basis| basis.hash).collect();
        let docs: Vec<Text<'_>> = unkept.bases.iter().map(|basis| text(&basis.doc)).collect();
        tx.execute(
            "INSERT INTO basis (hash, doc) SELECT * FROM unnest($1::bigint[], $2::text[])
             ON CONFLICT DO NOTHING",
            &[&hashes, &docs],
        )
        .await?;
    }
    if !unkept.checkpoints.is_empty() {
        let seqs: Vec<i64> = unkept.checkpoints.iter().map(|(seq, _)| *seq).collect();
        let teams: Vec<Text<'_>> = unkept.checkpoints.iter().map(|(_, team)| text(team)).collect();
        tx.execute(
            "INSERT INTO checkpoint (seq, team) SELECT * FROM unnest($1::bigint[], $2::text[])
             ON CONFLICT (seq) DO UPDATE SET team = excluded.team",
            &[&seqs, &teams],
        )
        .await?;
    }
    Ok(())
}

/// Decisions with their records, in order.
pub async fn records(tx: &Tx, filter: &RecordFilter) -> StoreResult<Page<RecordRow>> {
    let max = filter.max.clamp(1, PAGE_MAX);
    let after = filter.after.map_or(0, |after| after.0);
    let found = match filter.lead {
        None => {
            let sql = "SELECT seq, lead, event, doc, saw, moved FROM decision
                 WHERE seq > $1 ORDER BY seq LIMIT $2";
            tx.query(sql, &[&after, &(max as i64)]).await?
        }
        Some(lead) => {
            let sql = "SELECT seq, lead, event, doc, saw, moved FROM decision
                 WHERE seq > $1 AND lead = (SELECT id FROM lead WHERE uuid = $3)
                 ORDER BY seq LIMIT $2";
            tx.query(sql, &[&after, &(max as i64), &lead]).await?
        }
    };
    let mut all = Vec::with_capacity(found.len());
    for row in &found {
        all.push(RecordRow {
            seq: Seq(get(row, 0)?),
            lead: get::<Option<i64>>(row, 1)?.map(LeadId),
            event: get::<Option<i64>>(row, 2)?.map(EventId),
            doc: get_text(row, 3)?,
            saw: get_maybe(row, 4)?,
            moved: get_maybe(row, 5)?,
        });
    }
    let next = all.last().filter(|_| all.len() >= max).map(|last: &RecordRow| last.seq.0);
    Ok(Page { rows: all, next })
}

/// People as they were after the last decision at or before this one after which they were kept.
pub async fn checkpoint(tx: &Tx, at: Seq) -> StoreResult<Option<(Seq, Team)>> {
    let sql = "SELECT seq, team FROM checkpoint WHERE seq <= $1 ORDER BY seq DESC LIMIT 1";
    let Some(row) = tx.first(sql, &[&at.0]).await? else { return Ok(None) };
    let seq: i64 = get(&row, 0)?;
    Ok(Some((Seq(seq), rows::json("checkpoint", seq, get(&row, 1)?)?)))
}

/// What decisions stand on, by its hash.
pub async fn basis(tx: &Tx, hash: i64) -> StoreResult<Option<String>> {
    let found = tx.first("SELECT doc FROM basis WHERE hash = $1", &[&hash]).await?;
    found.as_ref().map(|row| get_text(row, 0)).transpose()
}
