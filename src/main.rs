//! The `handoff` program: reads its arguments, runs one command, and ends with its code.
//!
//! Guarantees: nothing of its own; everything is in the library, where tests reach it.
//! Does not know: any command.

use std::process::ExitCode;

use clap::Parser as _;
use handoff::cli::{self, Arguments};

fn main() -> ExitCode {
    cli::run(Arguments::parse()).into()
}
