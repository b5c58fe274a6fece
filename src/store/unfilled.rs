//! How many fills in a row came without a mapped field that used to come: the sign that a form
//! was renamed.
//!
//! Guarantees: counts are exact in memory; on disk they are right about zero and at most
//! [`STRIDE`] behind otherwise, so that a busy form does not cost a write per fill.
//! Does not know: which fields a mapping has; a field counts from the first fill that had it, so
//! one that never comes is no alarm.

use std::collections::{HashMap, HashSet};

use crate::model::plan::Filled;

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
#[derive(Clone, Debug, Default)]
pub struct Unfilled {
    runs: HashMap<String, HashMap<String, Run>>,
    changed: HashSet<String>,
}

impl Unfilled {
    /// One counter as it is on disk.
    pub fn load(&mut self, source: String, field: String, n: i64) {
        self.runs.entry(source).or_default().insert(field, Run { n, kept: n });
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

    /// What has moved far enough to be written: source, field and count. They count as written.
    pub fn take_moved(&mut self) -> Vec<(String, String, i64)> {
        let mut moved = Vec::new();
        for source in self.changed.drain() {
            let Some(runs) = self.runs.get_mut(&source) else { continue };
            for (field, run) in runs.iter_mut() {
                let has_moved = run.kept == NEVER_KEPT
                    || (run.n == 0) != (run.kept == 0)
                    || run.n < run.kept
                    || run.n >= run.kept + STRIDE;
                if has_moved {
                    run.kept = run.n;
                    moved.push((source.clone(), field.clone(), run.n));
                }
            }
        }
        moved
    }
}
