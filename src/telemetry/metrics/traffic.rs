//! What became of a source's deliveries, read back from the counters.
//!
//! Guarantees: totals that only grow while the process runs, so that a watcher compares two looks
//! and the request path does nothing for it. Does not know: when anything happened.

use super::{Answered, Metrics, OfSource};

/// The reasons of answers with 5xx: we could not take the delivery.
const FAILED: [&str; 1] = ["store"];
/// The reasons of deliveries that did not prove who sent them.
const UNVERIFIED: [&str; 8] = [
    "missing-signature",
    "missing-timestamp",
    "missing-id",
    "malformed",
    "repeated-header",
    "bad-signature",
    "stale",
    "future",
];

/// What became of a source's deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Events stored, or recognised as repeats.
    pub verified: u64,
    /// Deliveries that did not prove who sent them.
    pub refused: u64,
    /// Deliveries answered 5xx.
    pub failed: u64,
    /// Deliveries that verified by a secret which is not the first.
    pub old_secret: u64,
}

impl Metrics {
    /// What became of a source's deliveries since the start.
    #[must_use]
    pub fn traffic(&self, source: &str) -> Traffic {
        let count = |answer, reason| {
            let labels = Answered { source: source.to_owned(), answer, reason };
            self.events.get(&labels).map_or(0, |counter| counter.get())
        };
        let of = |reasons: &[&'static str]| {
            reasons.iter().map(|reason| count("refused", *reason)).sum::<u64>()
        };
        let old = self.old_secrets.get_or_create(&OfSource { source: source.to_owned() });
        Traffic {
            verified: count("stored", "") + count("duplicate", ""),
            refused: of(&UNVERIFIED),
            failed: of(&FAILED),
            old_secret: old.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_counts_as_what_it_means_to_the_sender() {
        let metrics = Metrics::new("sqlite");
        assert_eq!(metrics.traffic("website"), Traffic::default());
        metrics.accepted("website", 2, 1, 600);
        metrics.accepted("other", 9, 0, 600);
        metrics.old_secret("website");
        for reason in ["bad-signature", "stale", "store", "too-large"] {
            metrics.refused("website", reason);
        }
        let want = Traffic { verified: 3, refused: 2, failed: 1, old_secret: 1 };
        assert_eq!(metrics.traffic("website"), want);
    }
}
