//! Figures: rounds of work, and what the machine spent on them.
//!
//! Guarantees: alternatives that are compared take turns, round by round, so that a busy machine
//! slows all of them alike. Does not know: what the work is.

use std::time::{Duration, Instant};

/// Where the time is read.
#[expect(clippy::disallowed_methods, reason = "a measurement of real time is its purpose")]
pub fn start() -> Instant {
    Instant::now()
}

/// Rounds of one piece of work, each in nanoseconds an item.
#[derive(Clone, Debug)]
pub struct Figure {
    rounds: Vec<f64>,
}

impl Figure {
    /// The fastest round: what the work costs when nothing else runs.
    pub fn best(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The round in the middle: what it cost on this machine as it was.
    pub fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

/// One alternative: answers how many items it did.
pub type Work<'a> = Box<dyn FnMut() -> usize + 'a>;

/// Runs each alternative in turn, so many rounds, after one that does not count.
pub fn rounds(count: usize, mut works: Vec<Work<'_>>) -> Vec<Figure> {
    let mut figures = vec![Figure { rounds: Vec::new() }; works.len()];
    for round in 0..=count {
        for (work, figure) in works.iter_mut().zip(&mut figures) {
            let began = start();
            let items = work();
            let spent = began.elapsed().as_nanos() as f64 / items.max(1) as f64;
            if round > 0 {
                figure.rounds.push(spent);
            }
        }
    }
    figures
}

/// Nanoseconds as microseconds.
pub fn us(nanoseconds: f64) -> String {
    let us = nanoseconds / 1_000.0;
    if us < 10.0 { format!("{us:.2} µs") } else { format!("{us:.1} µs") }
}

/// What one work costs in terms of another.
pub fn times(one: f64, other: f64) -> String {
    format!("{:.1}×", one / other)
}

/// What the threads of this process have spent on the processor, those with this name or all.
pub fn spent(named: Option<&str>) -> Duration {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let of = |task: std::fs::DirEntry| {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).ok();
        if named.is_some_and(|named| read("comm").is_none_or(|name| name.trim() != named)) {
            return None;
        }
        read("schedstat")?.split_whitespace().next()?.parse().ok()
    };
    tasks.flatten().filter_map(of).map(Duration::from_nanos).sum()
}

/// Memory of this process in MiB, as far as it is resident now.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0) / 1_024
}
