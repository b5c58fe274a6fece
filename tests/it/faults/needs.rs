//! What a fault test needs beside Rust, and the loud word when it is not there.
//!
//! Guarantees: a test that did not run says `SKIPPED` and why; a tool that is missing is a failure
//! where everything is asked for (`HANDOFF_TEST_REQUIRE`). Does not know: what is tested.

use std::process::{Command, Stdio};

/// Whether the long versions are asked for.
pub fn is_long() -> bool {
    std::env::var_os("HANDOFF_TEST_LONG").is_some()
}

/// Whether disks can be mounted here.
pub fn mounting(test: &str) -> bool {
    if !tools(test, &[("mount", "mount"), ("umount", "mount"), ("mkfs.ext4", "e2fsprogs")]) {
        return false;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    is_root || skipped(test, "only root can mount a disk")
}

/// Whether system calls can be traced and changed here.
pub fn tracing(test: &str) -> bool {
    tools(test, &[("strace", "strace")])
        && (runs(Command::new("strace").args(["-o", "/dev/null", "true"]))
            || skipped(test, "this system does not let processes be traced"))
}

/// Whether syncs can be left out.
pub fn eatmydata(test: &str) -> bool {
    let preloaded = Command::new("true").env("LD_PRELOAD", "libeatmydata.so").output();
    // The loader goes on without a library that is not there, and says so.
    let is_there = preloaded.is_ok_and(|output| output.stderr.is_empty());
    is_there || missing(test, "libeatmydata", "eatmydata")
}

/// Whether alert rules can be checked here.
pub fn promtool(test: &str) -> bool {
    runs(Command::new("promtool").arg("--version")) || missing(test, "promtool", "prometheus")
}

/// Whether YAML can be read here.
pub fn yaml(test: &str) -> bool {
    runs(Command::new("python3").args(["-c", "import yaml"]))
        || missing(test, "python3 with yaml", "python3-yaml")
}

/// Whether certificates can be made here.
pub fn openssl(test: &str) -> bool {
    runs(Command::new("openssl").arg("version")) || missing(test, "openssl", "openssl")
}

/// Says that a test does not run.
pub fn skipped(test: &str, why: &str) -> bool {
    eprintln!("SKIPPED: {test}: {why}");
    false
}

fn tools(test: &str, all: &[(&str, &str)]) -> bool {
    let is_there = |tool: &str| runs(Command::new(tool).arg("-V").stdin(Stdio::null()));
    all.iter().all(|(tool, package)| is_there(tool) || missing(test, tool, package))
}

/// Says that a tool is missing: a failure where everything is asked for.
pub fn missing(test: &str, tool: &str, package: &str) -> bool {
    assert!(
        std::env::var_os("HANDOFF_TEST_REQUIRE").is_none(),
        "{test} needs {tool}: install the package {package}"
    );
    skipped(test, &format!("{tool} is missing; install the package {package}"))
}

fn runs(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
