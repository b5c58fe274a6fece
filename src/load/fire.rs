//! Firing: many connections share one line of numbers.
//!
//! Guarantees: with a rate, number `n` is due at `n / rate` after the start and its latency counts
//! from then, however long a connection took to be free for it; nothing is sent twice; it ends by
//! itself. Does not know: what is sent, or why something was refused.

#![expect(
    clippy::disallowed_methods,
    reason = "latencies under load are of the real clock, to the microsecond"
)]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::{aim::Aim, connection::Connection};
use crate::clock::{Clock as _, SystemClock};

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many a second, whatever becomes of them.
    PerSecond(f64),
    /// Each connection sends as soon as it was answered.
    Free,
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// So many deliveries.
    Count(u64),
    /// For so long.
    Elapsed(Duration),
}

/// What became of the deliveries.
#[derive(Clone, Debug)]
pub struct Volley {
    /// The numbers that were answered 2xx, in order.
    pub acknowledged: Vec<u64>,
    /// The instant of each acknowledgement after the start, in the same order.
    pub acknowledged_at: Vec<Duration>,
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer: the connection broke, or nothing came for 30 s.
    pub broken: u64,
    /// From the instant that was meant to the answer, in microseconds; acknowledged ones alone.
    pub latency: Histogram<u64>,
    /// From the first to the last.
    pub took: Duration,
}

impl Volley {
    /// Acknowledged deliveries a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.acknowledged.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// A latency in milliseconds that this part of them (0 to 100) did not exceed.
    #[must_use]
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.latency.value_at_percentile(percent) as f64 / 1000.0
    }
}

/// Latencies from 1 µs to 10 minutes, to three digits. With bounds of its own: one that grows by
/// itself does not grow for `saturating_record`.
pub(super) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3)
        .unwrap_or_else(|_| unreachable!("3 digits between these bounds are allowed"))
}

/// The numbers that are still to be sent, and when.
struct Numbers {
    next: AtomicU64,
    first: u64,
    began: Instant,
    pace: Pace,
    until: Until,
}

impl Numbers {
    /// The next number and when it is meant to be sent, if there is one.
    fn take(&self) -> Option<(u64, Instant)> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let meant = match self.pace {
            Pace::PerSecond(rate) => self.began + Duration::from_secs_f64(place as f64 / rate),
            Pace::Free => Instant::now(),
        };
        let is_over = match self.until {
            Until::Count(count) => place >= count,
            Until::Elapsed(span) => meant.duration_since(self.began) >= span,
        };
        (!is_over).then_some((self.first + place, meant))
    }
}

/// Fires over so many connections; the deliveries are numbered from `first`. Call it on a runtime
/// of its own when the server is in the same process.
pub async fn fire(
    aim: Arc<Aim>,
    connections: usize,
    first: u64,
    pace: Pace,
    until: Until,
) -> Volley {
    let began = Instant::now();
    let numbers = Arc::new(Numbers { next: AtomicU64::new(0), first, began, pace, until });
    let guns: Vec<_> = (0..connections.max(1))
        .map(|place| {
            let address = aim.address(place);
            tokio::spawn(gun(Arc::clone(&aim), address, Arc::clone(&numbers)))
        })
        .collect();
    let mut whole = Seen { latency: latencies(), ..Seen::default() };
    for gun in guns {
        if let Ok(seen) = gun.await {
            whole.add(seen);
        }
    }
    whole.acknowledged.sort_unstable();
    let (acknowledged, acknowledged_at) = whole.acknowledged.into_iter().unzip();
    Volley {
        acknowledged,
        acknowledged_at,
        answers: whole.answers,
        broken: whole.broken,
        latency: whole.latency,
        took: began.elapsed(),
    }
}

/// What one connection saw.
struct Seen {
    acknowledged: Vec<(u64, Duration)>,
    answers: BTreeMap<u16, u64>,
    broken: u64,
    latency: Histogram<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { acknowledged: Vec::new(), answers: BTreeMap::new(), broken: 0, latency: latencies() }
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
        self.broken += other.broken;
        // Both resize by themselves.
        let _ = self.latency.add(&other.latency);
    }
}

async fn gun(aim: Arc<Aim>, address: SocketAddr, numbers: Arc<Numbers>) -> Seen {
    let clock = SystemClock::new();
    let mut seen = Seen::default();
    let mut connection = None;
    while let Some((number, meant)) = numbers.take() {
        if meant > Instant::now() {
            tokio::time::sleep_until(meant.into()).await;
        }
        let wire = aim.shot(number, clock.now());
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(address).await,
        };
        let Ok(mut open) = open else {
            seen.broken += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok((status, is_kept)) = open.ask(&wire).await else {
            seen.broken += 1;
            continue;
        };
        *seen.answers.entry(status).or_default() += 1;
        if (200..300).contains(&status) {
            let took = meant.elapsed();
            // It resizes by itself, so every value fits.
            let _ = seen.latency.record(took.as_micros() as u64);
            seen.acknowledged.push((number, numbers.began.elapsed()));
        }
        if is_kept {
            connection = Some(open);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_what_they_were_from_a_microsecond_to_minutes() {
        for wanted in [1, 900, 20_000, 3_000_000, 500_000_000] {
            let mut latency = latencies();
            latency.saturating_record(wanted);
            let found = latency.value_at_percentile(100.0);
            assert!(found.abs_diff(wanted) <= wanted / 500, "{found} for {wanted}");
        }
    }
}
