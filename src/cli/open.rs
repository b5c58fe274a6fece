//! `handoff open`: a one-time link to the board.
//!
//! Guarantees: the link works once; making a new one ends the one before.
//! Does not know: sessions.

use clap::Args;
use serde_json::json;

use super::{
    exit::{Exit, Outcome},
    row::Row,
    session::Session,
};

/// Print a one-time link to the board.
#[derive(Debug, Args)]
#[command(
    after_help = "The link signs one browser in. Making another ends the one before, used or not."
)]
pub struct Open {}

impl Open {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        let answer = session.remote()?.post(&["open"], &json!({}))?;
        if !session.printed_json(&answer) {
            session.screen.line(&Row(&answer).text("url"));
        }
        Ok(Exit::Ok)
    }
}
