//! Who waited how long, by the clock of the stand-in.
//!
//! Guarantees: a wait counts from the instant a delivery was meant to be sent; only acknowledged
//! deliveries count. Does not know: why it took so long.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{demo::crm::StandIn, load::fire::latencies};

/// Parts of a distribution, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
    /// All.
    pub max: f64,
}

impl Quantiles {
    /// Of microseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |percent| histogram.value_at_percentile(percent) as f64 / 1000.0;
        Self { p50: at(50.0), p90: at(90.0), p99: at(99.0), max: at(100.0) }
    }

    /// Of waits in microseconds; none of none.
    #[must_use]
    pub fn of_all(waits: &[u64]) -> Option<Self> {
        let mut histogram = latencies();
        for wait in waits {
            histogram.record(*wait).ok()?;
        }
        (!waits.is_empty()).then(|| Self::of(&histogram))
    }
}

/// A lead in the CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub number: u64,
    /// When its record was made.
    pub recorded: u64,
    /// When it was given to somebody.
    pub owned: Option<u64>,
}

/// The number of a person of this run.
#[must_use]
pub fn number(run: &str, email: &str) -> Option<u64> {
    let (name, domain) = email.strip_prefix('p')?.split_once('@')?;
    let is_ours = domain.strip_suffix(".example")?.strip_suffix(run)?.ends_with('-');
    is_ours.then(|| name.parse().ok())?
}

/// The leads of this run that are in the CRM, from this number on.
#[must_use]
pub fn written(crm: &StandIn, run: &str, first: u64) -> Vec<Written> {
    let mut written = Vec::new();
    crm.people(|person| {
        if let Some(number) = number(run, person.email).filter(|number| *number >= first) {
            let (recorded, owned) = (person.appeared_us, person.owned_us);
            written.push(Written { number, recorded, owned });
        }
    });
    written
}

/// The median in seconds; none of none.
#[must_use]
pub fn median_s(waits: &mut [u64]) -> Option<f64> {
    waits.sort_unstable();
    waits.get(waits.len() / 2).map(|wait| *wait as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_of_this_run_has_a_number_and_nobody_else() {
        for (email, wanted) in [
            ("p17@c17-ab12.example", Some(17)),
            ("p5000@c0-ab12.example", Some(5000)),
            ("p17@c17-ab13.example", None),
            ("p17@ab12.example", None),
            ("px@c17-ab12.example", None),
            ("", None),
        ] {
            assert_eq!(number("ab12", email), wanted, "{email}");
        }
        let body: serde_json::Value =
            serde_json::from_slice(&crate::load::body("ab12", 5_017, 300)).unwrap();
        assert_eq!(number("ab12", body["email"].as_str().unwrap()), Some(5_017));
    }

    #[test]
    fn quantiles_and_medians_are_of_what_there_is() {
        let waits: Vec<u64> = (1..=100).map(|ms| ms * 1000).collect();
        let found = Quantiles::of_all(&waits).unwrap();
        for (found, wanted) in [(found.p50, 50.0), (found.p90, 90.0), (found.max, 100.0)] {
            assert!((found - wanted).abs() < 0.1, "{found} {wanted}");
        }
        assert_eq!(Quantiles::of_all(&[]), None);
        assert_eq!(median_s(&mut [3_000_000, 1_000_000, 2_000_000]), Some(2.0));
        assert_eq!(median_s(&mut []), None);
    }
}
