//! What the tests start beside themselves ends with them, however they end.
//!
//! A guard is a small shell in a process group of its own that waits for the end of its standard
//! input. The other end of that pipe is here: it closes when the guard is dropped, when the test
//! binary ends with its statics undropped, when a test panics, and when everything is killed.
//!
//! Guarantees: after the pipe closed, the ending command has run and the folder is gone.
//! Does not know: what it guards.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// A user without rights of its own; the database refuses to run as root.
#[derive(Clone, Debug)]
pub struct Unprivileged {
    ids: Option<(u32, u32)>,
}

impl Unprivileged {
    /// Whoever runs the tests, or `postgres`, or else `nobody` when that is root.
    pub fn find() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !status.lines().any(|line| line.starts_with("Uid:\t0\t")) {
            return Self { ids: None };
        }
        let users = std::fs::read_to_string("/etc/passwd").expect("the list of users");
        let ids = |name: &str| {
            users.lines().find_map(|line| {
                let mut parts = line.strip_prefix(name)?.strip_prefix(':')?.split(':').skip(1);
                Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
            })
        };
        let ids = ids("postgres").or_else(|| ids("nobody"));
        Self { ids: Some(ids.expect("a user without rights")) }
    }

    /// A command that runs as this user.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// A folder of this user's own. It belongs to whoever removes it.
    pub fn folder(&self) -> PathBuf {
        let folder = tempfile::Builder::new().prefix("handoff-test-").tempdir().expect("a folder");
        if let Some((user, group)) = self.ids {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).expect("its owner");
        }
        folder.keep()
    }
}

/// Ends something when it is dropped, or when this process is gone.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Runs `script` as this user: a shell that starts what it guards, if it is not there yet, then
    /// calls `wait_for_the_end`, then ends it. The folder, `$1` in the script, is removed after it.
    pub fn start(user: &Unprivileged, folder: &Path, script: &str) -> Self {
        let whole = format!(
            "trap '' HUP INT TERM\nwait_for_the_end() {{ while read -r _; do :; done; }}\n\
             {script}\ncase \"$1\" in */handoff-test-*) rm -rf -- \"$1\" ;; esac\n"
        );
        let mut shell = user
            .command(Path::new("/bin/sh"))
            .args(["-c", &whole, "guard"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a guard");
        let pipe = shell.stdin.take();
        Self { shell, pipe }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.shell.wait();
    }
}
