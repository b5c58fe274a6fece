//! What a stand-in counts while it serves.
//!
//! Guarantees: a request is counted when it arrives, whatever becomes of it; times are of a clock
//! that only grows and begins with the stand-in.
//! Does not know: what was asked.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::SystemClock;

/// The width of a bucket of [`Stats::arrivals`], in microseconds.
const BUCKET: u64 = 100_000;

/// What a stand-in has seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Milliseconds since it started.
    pub up_ms: u64,
    /// People on record.
    pub people: usize,
    /// Those of them who were given to somebody.
    pub owned: usize,
    /// Requests, ever.
    pub requests: u64,
    /// Those that were answered with a fault.
    pub faulted: u64,
    /// Requests by what they call: `read`, `upsert`, `update`, `search` …
    pub calls: BTreeMap<&'static str, u64>,
    /// Requests at one time, now and at most.
    pub in_flight: u32,
    /// The most there ever were.
    pub in_flight_max: u32,
    /// Requests in each tenth of a second since it started.
    pub arrivals: Vec<u32>,
}

impl Stats {
    /// The requests of each whole second from this instant on, in milliseconds since the start.
    #[must_use]
    pub fn per_second_from(&self, from_ms: u64) -> Vec<u32> {
        let skip = usize::try_from(from_ms / 100).unwrap_or(usize::MAX);
        let rest = self.arrivals.get(skip..).unwrap_or_default();
        rest.chunks(10).map(|second| second.iter().sum()).collect()
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Counts {
    clock: SystemClock,
    pub stats: Stats,
}

impl Counts {
    /// Microseconds since the start.
    pub fn now(&self) -> u64 {
        self.clock.micros()
    }

    /// A request came in.
    pub fn arrived(&mut self, path: &str) {
        let stats = &mut self.stats;
        stats.requests += 1;
        *stats.calls.entry(word(path)).or_default() += 1;
        stats.in_flight += 1;
        stats.in_flight_max = stats.in_flight_max.max(stats.in_flight);
        let bucket = usize::try_from(self.clock.micros() / BUCKET).unwrap_or(0);
        if stats.arrivals.len() <= bucket {
            stats.arrivals.resize(bucket + 1, 0);
        }
        if let Some(count) = stats.arrivals.get_mut(bucket) {
            *count += 1;
        }
    }

    /// It is over, answered or not.
    pub fn left(&mut self) {
        self.stats.in_flight = self.stats.in_flight.saturating_sub(1);
    }
}

/// What a path calls, in one word.
fn word(path: &str) -> &'static str {
    const WORDS: [(&str, &str); 9] = [
        ("/batch/read", "read"),
        ("/batch/upsert", "upsert"),
        ("/batch/update", "update"),
        ("/search", "search"),
        ("/token", "token"),
        ("/composite", "composite"),
        ("/query", "query"),
        ("/Handoff_Id__c", "upsert"),
        ("/owners/2026-09", "owners"),
    ];
    let known = WORDS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, word)| *word);
    known.unwrap_or(if path.contains("/sobjects/") { "update" } else { "other" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_counted_once_by_its_word_and_its_tenth() {
        let mut counts = Counts::default();
        for path in ["/crm/objects/2026-09/contacts/batch/read", "/x", "/a/contacts/batch/read"] {
            counts.arrived(path);
        }
        counts.left();
        let stats = counts.stats;
        assert_eq!(stats.calls, BTreeMap::from([("read", 2), ("other", 1)]));
        assert_eq!((stats.requests, stats.in_flight, stats.in_flight_max), (3, 2, 3));
        assert_eq!(stats.arrivals.iter().sum::<u32>(), 3);
    }

    #[test]
    fn whole_seconds_begin_where_they_are_asked_for() {
        let stats = Stats { arrivals: (0..25).collect(), ..Stats::default() };
        assert_eq!(stats.per_second_from(500), [(5..15).sum::<u32>(), (15..25).sum()]);
        assert_eq!(stats.per_second_from(9_000), Vec::<u32>::new());
    }
}
