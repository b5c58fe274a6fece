//! `handoff serve`: the daemon.
//!
//! Guarantees: settings with a mistake start nothing. Does not know: how parts are made and
//! joined; `app` does.

use clap::Args;

use super::{
    check,
    exit::{Exit, Outcome},
    offline::Config,
};

/// Run the daemon.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff serve
  handoff serve --config /etc/handoff/handoff.toml

Every setting of its own sections can be set by the environment too: HANDOFF_LISTEN,
HANDOFF_LOG_LEVEL. It ends in order on SIGTERM and SIGINT; nothing is lost by ending it otherwise.")]
pub struct Serve {
    #[command(flatten)]
    config: Config,
}

impl Serve {
    /// Runs it.
    ///
    /// # Errors
    /// The settings, the rulebook or the store.
    pub fn run(self) -> Outcome {
        let settings = self.config.load()?;
        // The daemon goes on with the version in its store, if there is one; its log says only
        // that the file was refused.
        if let Some(report) = check::mistakes(&settings)? {
            eprintln!("{report}\n");
        }
        crate::app::serve(settings)?;
        Ok(Exit::Ok)
    }
}
