//! The command line as people use it: the built binary, its output and its exit codes.

mod accounts;
mod bench;
mod imported;
mod lint;
mod offline;
mod remote;

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Runs a command with this on its standard input; answers code, standard output and error.
fn run(mut command: Command, input: &str) -> (i32, String, String) {
    let mut child = command
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A command that fails early reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("a code"), text(stdout), text(stderr))
}
