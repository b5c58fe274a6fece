//! What the daemon itself says of its stages, read from its `/metrics`.
//!
//! Guarantees: only what happened between two readings counts; a quantile is the upper end of its
//! bucket, so never too good. Does not know: how the daemon measures.

use std::collections::BTreeMap;

use serde::Serialize;

/// The series that is read.
const SERIES: &str = "handoff_since_arrival_seconds_bucket{";

/// One stage between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Leads that came so far.
    pub count: u64,
    /// Half of them came so far within this.
    pub p50_ms: f64,
    /// Ninety-nine of a hundred.
    pub p99_ms: f64,
}

/// Cumulative counts by stage and upper end in microseconds.
pub type Reading = BTreeMap<String, BTreeMap<u64, u64>>;

/// Reads the page.
#[must_use]
pub fn read(page: &str) -> Reading {
    let mut reading = Reading::new();
    for line in page.lines() {
        let Some((labels, count)) =
            line.strip_prefix(SERIES).and_then(|rest| rest.rsplit_once("} "))
        else {
            continue;
        };
        let label = |name: &str| {
            let start = labels.find(&format!("{name}=\""))? + name.len() + 2;
            labels.get(start..)?.split('"').next()
        };
        let end = match label("le").map(str::parse::<f64>) {
            Some(Ok(end)) if end.is_finite() => (end * 1e6) as u64,
            _ => u64::MAX,
        };
        // An exemplar may follow the count.
        let count = count.split(' ').next().and_then(|count| count.parse().ok());
        if let (Some(stage), Some(count)) = (label("stage"), count) {
            reading.entry(stage.to_owned()).or_default().insert(end, count);
        }
    }
    reading
}

/// What came between two readings.
#[must_use]
pub fn between(before: &Reading, after: &Reading) -> BTreeMap<String, Stage> {
    let nothing = BTreeMap::new();
    let stage = |(name, ends): (&String, &BTreeMap<u64, u64>)| {
        let before = before.get(name).unwrap_or(&nothing);
        let new: Vec<(u64, u64)> = ends
            .iter()
            .map(|(end, count)| (*end, count - before.get(end).copied().unwrap_or(0).min(*count)))
            .collect();
        let count = new.last().map_or(0, |(_, count)| *count);
        let quantile = |part: f64| {
            let wanted = (count as f64 * part).ceil() as u64;
            let end = new.iter().find(|(_, count)| *count >= wanted).map_or(0, |(end, _)| *end);
            end as f64 / 1000.0
        };
        let stage = Stage { count, p50_ms: quantile(0.5), p99_ms: quantile(0.99) };
        (count > 0).then(|| (name.clone(), stage))
    };
    after.iter().filter_map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_what_came_between_two_readings() {
        let page = |counts: [u32; 3]| {
            let [first, second, all] = counts;
            format!(
                "# EOF later\n\
                 handoff_since_arrival_seconds_bucket{{le=\"0.001\",stage=\"stored\"}} {first}\n\
                 handoff_since_arrival_seconds_bucket{{stage=\"stored\",le=\"0.25\"}} {second}\n\
                 handoff_since_arrival_seconds_bucket{{le=\"+Inf\",stage=\"stored\"}} {all}\n\
                 handoff_other{{le=\"1\"}} 7\n"
            )
        };
        let (before, after) = (read(&page([10, 10, 10])), read(&page([70, 109, 110])));
        let stages = between(&before, &after);
        assert_eq!(stages["stored"], Stage { count: 100, p50_ms: 1.0, p99_ms: 250.0 });
        assert!(between(&after, &after).is_empty());
        assert_eq!(between(&Reading::new(), &after)["stored"].count, 110);
    }
}
