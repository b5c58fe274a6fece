//! What the process may do: rights of its files, no core dumps, enough open files.
//!
//! Guarantees: files that the daemon makes are its user's alone; a crash writes no memory, which
//! holds leads and secrets, to disk; as many files may be open as the system allows at all.
//! Does not know: the container or the unit around it, which should forbid the same.

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
