//! The `handoff` program: reads its arguments, runs one command, and ends with its code.
//!
//! Guarantees: memory comes from an allocator that gives it back under a load that comes and
//! goes. Does not know: any command.

use std::process::ExitCode;

use clap::Parser as _;
use handoff::cli::{self, Arguments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(Arguments::parse()).into()
}
