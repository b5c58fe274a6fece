//! How many fills in a row came without a mapped field that used to come: the sign that a form
//! was renamed.
//!
//! Guarantees: counts are exact in memory; on disk they are right about zero and at most
//! [`STRIDE`] behind otherwise, so that a busy form does not cost a write per fill.
//! Does not know: which fields a mapping has; a field counts from the first fill that had it, so
//! one that never comes is no alarm.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};

use crate::{model::plan::Filled, store::StoreResult};

/// By how much the count on disk may be behind.
const STRIDE: i64 = 4;
/// The field is not on disk yet.
const NEVER_KEPT: i64 = -1;

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    n: i64,
    kept: i64,
}

/// The counters, by source and field.
#[derive(Debug, Default)]
pub struct Unfilled {
    runs: HashMap<String, HashMap<String, Run>>,
    changed: HashSet<String>,
}

impl Unfilled {
    /// As they are on disk.
    pub fn load(conn: &Connection) -> StoreResult<Self> {
        let mut all = Self::default();
        let mut found = conn.prepare("SELECT source, field, n FROM unfilled")?;
        let mut found = found.query([])?;
        while let Some(row) = found.next()? {
            let n = row.get(2)?;
            all.runs.entry(row.get(0)?).or_default().insert(row.get(1)?, Run { n, kept: n });
        }
        Ok(all)
    }

    /// Counts one fill.
    pub fn note(&mut self, filled: &Filled) {
        let runs = self.runs.entry(filled.source.clone()).or_default();
        for field in &filled.filled {
            match runs.get_mut(field) {
                Some(run) => run.n = 0,
                None => {
                    runs.insert(field.clone(), Run { n: 0, kept: NEVER_KEPT });
                }
            }
        }
        for field in &filled.unfilled {
            if let Some(run) = runs.get_mut(field) {
                run.n += 1;
            }
        }
        self.changed.insert(filled.source.clone());
    }

    /// Writes what has moved far enough.
    pub fn write(&mut self, tx: &Connection) -> StoreResult<()> {
        for source in self.changed.drain() {
            let Some(runs) = self.runs.get_mut(&source) else { continue };
            for (field, run) in runs.iter_mut() {
                let has_moved = run.kept == NEVER_KEPT
                    || (run.n == 0) != (run.kept == 0)
                    || run.n < run.kept
                    || run.n >= run.kept + STRIDE;
                if !has_moved {
                    continue;
                }
                run.kept = run.n;
                tx.prepare_cached(
                    "INSERT INTO unfilled (source, field, n) VALUES (?1, ?2, ?3)
                     ON CONFLICT (source, field) DO UPDATE SET n = excluded.n",
                )?
                .execute(params![source, field, run.n])?;
            }
        }
        Ok(())
    }
}

/// The counters on disk, as `source/field`.
pub fn read(conn: &Connection) -> StoreResult<BTreeMap<String, i64>> {
    let mut found =
        conn.prepare_cached("SELECT source || '/' || field, n FROM unfilled WHERE n > 0")?;
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
