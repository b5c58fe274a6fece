//! `handoff backup FILE`: a consistent copy of the store.
//!
//! Guarantees: through the daemon while it runs, under the store's lock when it does not; never
//! over a file that is there. Does not know: how to restore; the copy is a store.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    session::Session,
};

/// Copy the store while everything goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff backup /var/backups/handoff-monday.db

The daemon makes the copy, on its own machine, while it runs; without a daemon the store is opened
here. To go back, stop the daemon and put the copy where `store` in handoff.toml points to.")]
pub struct Backup {
    /// A file that does not exist yet
    file: PathBuf,
    #[command(flatten)]
    config: Config,
}

impl Backup {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon or the store.
    pub fn run(self, session: &mut Session) -> Outcome {
        let file = std::path::absolute(&self.file).context("the file's name")?;
        let remote = session.remote()?;
        let answer = match remote.post(&["backup"], &json!({ "file": file })) {
            Err(Stop { exit: Exit::Unreachable, .. }) => {
                let store = offline::store(&self.config, false)?;
                offline::wait(store.backup(&file))?;
                json!({ "file": file })
            }
            // Without a token there may be no daemon's answer to wait for, but one is running.
            answer => answer?,
        };
        session.done(&answer, &format!("The store was copied to {}.", file.display()));
        Ok(Exit::Ok)
    }
}
