//! `handoff demo`: the whole job with stand-ins.
//!
//! Guarantees: needs no settings and leaves nothing behind. Does not know: what is played.

use clap::Args;

use super::exit::{Exit, Outcome, Stop};
use crate::demo;

/// Play the whole job with stand-ins for the CRM, the chat and the mail server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff demo                     in the terminal and in a browser, until you end it
  handoff demo --leads 200         ends by itself; exits 0 only if the books balance
  handoff demo --leads 200 --no-board --speed 600")]
pub struct Demo {
    /// End after so many leads, with a summary
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    leads: Option<u32>,
    /// How many times as fast as life the time runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// The port of the board; any free one unless said otherwise
    #[arg(long)]
    port: Option<u16>,
    /// Print the summary only
    #[arg(long)]
    no_board: bool,
}

impl Demo {
    /// Runs it.
    ///
    /// # Errors
    /// It could not be played.
    pub fn run(self) -> Outcome {
        let Self { leads, speed, port, no_board: quiet } = self;
        match demo::run(demo::Options { leads, port, speed, quiet }) {
            Ok(true) => Ok(Exit::Ok),
            Ok(false) => Ok(Exit::No),
            Err(error) => Err(Stop::from(error)),
        }
    }
}
