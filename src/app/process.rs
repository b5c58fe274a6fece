//! What the process may do: rights of its files, no core dumps, enough open files.
//!
//! Guarantees: files that the daemon makes are its user's alone; a crash writes no memory, which
//! holds leads and secrets, to disk; as many files may be open as the system allows at all.
//! Does not know: the container or the unit around it, which should forbid the same.

use std::path::Path;

use anyhow::Context as _;
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, geteuid, getrlimit, setrlimit, umask},
};

use crate::model::replica::Replica;

/// Files that are open beside connections: the store, its readers, calls to destinations.
const OTHER_FILES: usize = 64;

/// Settles it for the life of the process, and warns of what should be otherwise.
pub(super) fn harden(connections: usize) {
    umask(Mode::RWXG | Mode::RWXO);
    if setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).is_err() {
        tracing::warn!("core dumps cannot be switched off; they would hold leads and secrets");
    }
    let files = getrlimit(Resource::Nofile);
    // The lower of the two is meant for old programs that cannot count so far.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let wanted = u64::try_from(connections.saturating_add(OTHER_FILES)).unwrap_or(u64::MAX);
    if files < wanted {
        tracing::warn!(files, connections, "fewer files may be open than limits.connections needs");
    }
    if geteuid().is_root() {
        tracing::warn!("handoff runs as root, which it needs for nothing: give it its own user");
    }
}

/// A quarter of the memory that this process may use: of its group's limit, or else of the
/// machine's. As much as there is address space where neither can be read.
pub(super) fn quarter_of_memory() -> usize {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    memory(&read("/proc/self/cgroup"), &read, &read("/proc/meminfo")) / 4
}

/// The memory there is, in bytes, by what Linux says: `group` of the process, the files of its
/// groups, and the machine's `meminfo`.
fn memory(group: &str, read: &dyn Fn(&str) -> String, meminfo: &str) -> usize {
    let group = group.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    // The limit of any group above holds too; in a container its own is the root.
    let mut limits = Vec::new();
    let mut next = Some(Path::new(group));
    while let Some(group) = next {
        let file = Path::new("/sys/fs/cgroup").join(group).join("memory.max");
        limits.extend(read(&file.to_string_lossy()).trim().parse::<usize>());
        next = group.parent();
    }
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|text| text.split_whitespace().next()?.parse::<usize>().ok());
    limits.extend(kibibytes.map(|kibibytes| kibibytes.saturating_mul(1_024)));
    limits.into_iter().min().unwrap_or(usize::MAX)
}

/// Who this process is among those on one store: its machine and port, and this run of it.
///
/// # Errors
/// When the machine gives no randomness.
pub(super) fn replica(port: u16) -> anyhow::Result<Replica> {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = match machine.trim() {
        "" => "handoff",
        name => name,
    };
    let mut run = [0_u8; 8];
    getrandom::fill(&mut run).context("the machine gives no randomness")?;
    Ok(Replica {
        name: format!("{machine}:{port}"),
        incarnation: hex::encode(run),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_the_narrowest_group_or_the_machine_has() {
        const MIB: usize = 1 << 20;
        let meminfo = "MemFree: 1 kB\nMemTotal:        2097152 kB\n";
        let files = |path: &str| {
            let text = match path {
                "/sys/fs/cgroup/system.slice/memory.max" => "536870912\n",
                "/sys/fs/cgroup/system.slice/handoff.service/memory.max" => "max\n",
                _ => "",
            };
            text.to_owned()
        };
        for (group, meminfo, expected) in [
            ("0::/system.slice/handoff.service\n", meminfo, 512 * MIB),
            ("1:name=systemd:/x\n0::/user.slice\n", meminfo, 2_048 * MIB),
            ("0::/\n", meminfo, 2_048 * MIB),
            ("", "", usize::MAX),
        ] {
            assert_eq!(memory(group, &files, meminfo), expected, "{group:?}");
        }
        assert!(quarter_of_memory() > MIB);
    }
}
