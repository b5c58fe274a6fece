//! What is kept beside the records of decisions: people from time to time, and what decisions
//! stand on.
//!
//! Guarantees: the first decision with a record after one without has people kept before it, so
//! whatever is recorded can be followed from somewhere; a checkpoint of people costs less than
//! [`BYTES_EACH`] for each decision since the last one. A basis is kept in the transaction of the
//! first decision that stands on it.
//! Does not know: rows; each database loads and writes them in a file of this name.

use std::{collections::HashSet, sync::Arc};

use crate::model::{
    record::{Basis, Record},
    team::Team,
};

/// Bytes of checkpoints for each decision, at most.
const BYTES_EACH: usize = 100;
/// Decisions from one checkpoint to the next, at least.
const EVERY_MIN: usize = 1_000;

/// The memory of it.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// The number of the decision after which people were last kept, and how many decisions may
    /// follow it; none when what was moved since is not known.
    last: Option<(i64, usize)>,
    /// What is known to be kept, by hash.
    kept: HashSet<i64>,
    /// To be written: people as they were after these decisions …
    pub checkpoints: Vec<(i64, String)>,
    /// … and what decisions stand on.
    pub bases: Vec<Arc<Basis>>,
}

impl Keeping {
    /// As the rows say: the last checkpoint and its length, unless a decision since then has no
    /// record.
    pub fn load(last: Option<(i64, i64)>) -> Self {
        let last = last.map(|(seq, bytes)| (seq, every(usize::try_from(bytes).unwrap_or(0))));
        Self { last, ..Self::default() }
    }

    /// A decision comes after the one of this number; people are as they were before it.
    pub fn record(&mut self, record: Option<&Record>, team: &Team, last_seq: i64) {
        let Some(record) = record else {
            self.last = None;
            return;
        };
        if self.kept.insert(record.basis.hash) {
            self.bases.push(Arc::clone(&record.basis));
        }
        let is_due = |(seq, every): (i64, usize)| last_seq - seq >= every as i64;
        if self.last.is_none_or(is_due)
            // It is made of maps with names as keys, which JSON can always say.
            && let Ok(text) = serde_json::to_string(team)
        {
            self.last = Some((last_seq, every(text.len())));
            self.checkpoints.push((last_seq, text));
        }
    }

    /// What is to be written, which counts as written from now on.
    pub fn take(&mut self) -> Unkept {
        Unkept {
            checkpoints: std::mem::take(&mut self.checkpoints),
            bases: std::mem::take(&mut self.bases),
        }
    }
}

/// What is to be written.
#[derive(Debug, Default)]
pub struct Unkept {
    /// People after the decision of this number, as JSON.
    pub checkpoints: Vec<(i64, String)>,
    /// What decisions stand on.
    pub bases: Vec<Arc<Basis>>,
}

fn every(bytes: usize) -> usize {
    (bytes / BYTES_EACH).max(EVERY_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record { saw: "{}".into(), moved: None, basis: Arc::new(Basis::of("b".into())) }
    }

    #[test]
    fn people_are_kept_before_the_first_record_and_again_after_a_gap_or_many_decisions() {
        let (mut keeping, team, record) = (Keeping::default(), Team::default(), record());
        let mut seen = Vec::new();
        for seq in 0..2_500 {
            let is_recorded = !(5..8).contains(&seq);
            keeping.record(is_recorded.then_some(&record), &team, seq);
            seen.extend(keeping.take().checkpoints.iter().map(|(seq, _)| *seq));
        }
        assert_eq!(seen, [0, 8, 1_008, 2_008]);
        let mut again = Keeping::load(Some((2_008, 400_000)));
        for seq in 2_500..6_100 {
            again.record(Some(&record), &team, seq);
        }
        let Unkept { checkpoints, bases } = again.take();
        assert_eq!(checkpoints.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [6_008]);
        assert_eq!(bases.len(), 1, "once for a process: the rows know whether it is there");
    }
}
