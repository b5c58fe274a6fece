//! What a process used: processor time and memory, as Linux counts them.
//!
//! Guarantees: reads only; nothing where there is no `/proc`. Does not know: whose work it was,
//! except that a thread may be left out by its name.

use std::{fs, path::Path, time::Duration};

/// Ticks a second of `/proc`: 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// What this process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since its start.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Open files, connections among them.
    pub files: usize,
}

impl Usage {
    /// Now.
    #[must_use]
    pub fn now() -> Option<Self> {
        let cpu = cpu_in(Path::new("/proc/self/stat"))?;
        let (memory, _) = memory_in(Path::new("/proc/self/status"))?;
        // The look itself opens one.
        let files = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        Some(Self { cpu, memory, files })
    }
}

/// Processor time of this process without the threads of this name.
#[must_use]
pub fn cpu_without(name: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        // A thread may end between the two looks.
        let is_left_out =
            fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name);
        if !is_left_out {
            sum += cpu_in(&task.path().join("stat")).unwrap_or_default();
        }
    }
    Some(sum)
}

/// Processor time of another process.
#[must_use]
pub fn cpu_of(pid: u32) -> Option<Duration> {
    cpu_in(Path::new(&format!("/proc/{pid}/stat")))
}

fn cpu_in(stat: &Path) -> Option<Duration> {
    let stat = fs::read_to_string(stat).ok()?;
    // The name in parentheses may hold anything: count from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

/// Resident memory now and at its highest, in bytes.
#[must_use]
pub fn memory_of(pid: u32) -> Option<(u64, u64)> {
    memory_in(Path::new(&format!("/proc/{pid}/status")))
}

fn memory_in(status: &Path) -> Option<(u64, u64)> {
    let status = fs::read_to_string(status).ok()?;
    let named = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some((named("VmRSS:")?, named("VmHWM:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let pid = std::process::id();
        let (now, highest) = memory_of(pid).expect("Linux");
        assert!(highest >= now && now > 1 << 20);
        let own = Usage::now().expect("Linux");
        assert!(own.memory > 1 << 20 && own.files > 2, "{own:?}");
        assert!(cpu_of(pid).expect("Linux") >= cpu_without("nobody").expect("Linux") / 2);
    }
}
