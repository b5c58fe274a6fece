//! What the server takes at most: connections, and what each source may send.
//!
//! Guarantees: a source with a pace never gets more than `per_second × t + burst` deliveries taken
//! in any span `t`; the others are unbounded here and end at the store's waiting line.
//! Does not know: who sends; only what was verified is counted, so no stranger can use up what
//! belongs to a source.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    model::time::Time,
    store::{StoreError, StoreResult},
};

/// Connections open at once, unless the settings say otherwise.
pub const CONNECTIONS: usize = 4_096;
/// One delivery, in thousandths.
const DELIVERY: i64 = 1_000;

/// Bounds of one server.
#[derive(Debug)]
pub struct Bounds {
    /// Connections open at once; further ones wait in the system's queue until one ends.
    pub connections: usize,
    /// What single sources may send, by name.
    pub sources: BTreeMap<String, SourceBounds>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: CONNECTIONS, sources: BTreeMap::new() }
    }
}

/// What one source may send, where it differs from what holds for all.
#[derive(Debug, Default)]
pub struct SourceBounds {
    /// The most bytes of a delivery.
    pub body_max: Option<usize>,
    /// How many deliveries.
    pub pace: Option<Bucket>,
}

impl Bounds {
    /// The most bytes of a delivery of this source, if it has a bound of its own.
    #[must_use]
    pub fn body_max(&self, source: &str) -> Option<usize> {
        self.sources.get(source)?.body_max
    }

    /// Takes one delivery of this source, if its pace allows it now.
    #[must_use]
    pub fn admits(&self, source: &str, now: Time) -> bool {
        let pace = self.sources.get(source).and_then(|bounds| bounds.pace.as_ref());
        pace.is_none_or(|bucket| bucket.take(now))
    }
}

/// What a store's work gives, or busy when it takes longer than this.
///
/// # Errors
/// Those of the work.
pub async fn within<T>(
    limit: Duration,
    work: impl Future<Output = StoreResult<T>>,
) -> StoreResult<T> {
    let late = || StoreError::Busy("the disk takes too long".to_owned());
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}

/// Deliveries that may still be taken.
#[derive(Debug)]
pub struct Bucket {
    per_second: i64,
    burst: i64,
    /// Deliveries in hand, in thousandths, and when they were counted.
    state: Mutex<(i64, Option<Time>)>,
}

impl Bucket {
    /// A full one; both are at least one.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let burst = i64::from(burst.max(1)) * DELIVERY;
        Self { per_second: i64::from(per_second.max(1)), burst, state: Mutex::new((burst, None)) }
    }

    /// Takes one, if there is one.
    #[must_use]
    pub fn take(&self, now: Time) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, counted_at) = *state;
        // A clock that was set back gives nothing and takes nothing.
        let passed = counted_at.map_or(0, |at| now.since(at).0.max(0));
        let tokens = tokens.saturating_add(passed.saturating_mul(self.per_second)).min(self.burst);
        let is_there = tokens >= DELIVERY;
        *state = (if is_there { tokens - DELIVERY } else { tokens }, Some(now));
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_passes_then_the_pace() {
        let bucket = Bucket::new(2, 3);
        let taken = |ms, tries| (0..tries).filter(|_| bucket.take(Time(ms))).count();
        assert_eq!(taken(0, 10), 3);
        assert_eq!(taken(499, 10), 0);
        assert_eq!(taken(500, 10), 1);
        assert_eq!(taken(1_500, 10), 2);
        assert_eq!(taken(1_000_000, 10), 3, "never more than the burst");
        assert_eq!(taken(0, 10), 0, "a clock set back gives nothing");
        assert_eq!(taken(500, 10), 1, "and it goes on from there");
    }

    #[tokio::test]
    async fn s9_work_that_does_not_end_is_busy() {
        let limit = Duration::from_millis(20);
        let never = within(limit, std::future::pending::<StoreResult<()>>()).await;
        assert!(matches!(never, Err(StoreError::Busy(_))), "{never:?}");
        assert!(within(limit, async { Ok(7) }).await.is_ok_and(|seven| seven == 7));
    }

    #[test]
    fn a_source_without_a_pace_is_not_held_up() {
        let bounds = Bounds::default();
        assert!((0..10_000).all(|_| bounds.admits("website", Time(0))));
    }

    proptest! {
        #[test]
        fn no_span_holds_more_than_its_share(
            per_second in 1_u32..20, burst in 1_u32..20, steps in prop::collection::vec(0_i64..400, 1..200),
        ) {
            let bucket = Bucket::new(per_second, burst);
            let (mut now, mut taken) = (0, 0_i64);
            for step in steps {
                now += step;
                taken += i64::from(bucket.take(Time(now)));
                prop_assert!(taken * 1_000 <= now * i64::from(per_second) + i64::from(burst) * 1_000);
            }
        }
    }
}
