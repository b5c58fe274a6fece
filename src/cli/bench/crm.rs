//! `handoff bench crm`: a stand-in CRM by itself, for load from anywhere.
//!
//! Guarantees: on loopback only; it goes on until the process is ended, and keeps nothing.
//! Does not know: who calls it.

use std::thread;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    cli::{
        exit::{Exit, Outcome},
        session::Session,
    },
    demo::crm::{Kind, StandIn, TOKEN},
    model::time::Span,
};

/// Run a stand-in CRM until it is ended.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff bench crm                            on a free port, which is printed
  handoff bench crm --port 8300 --delay 20ms   each answer takes 20 ms
  curl -d '{\"down\": true}' http://127.0.0.1:8300/_control
  curl -d '{\"script\": [{\"status\": 500}, {\"retry_after\": [429, 3]}, \"reset_after\"]}' \\
       http://127.0.0.1:8300/_control
  curl http://127.0.0.1:8300/_stats

Settings for it: base_url and token as printed, allow_private = true.")]
pub struct StandInCrm {
    /// The port; any free one unless said otherwise
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long each answer takes
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = Span::parse)]
    delay: Span,
    /// Which CRM to stand in for
    #[arg(long, value_enum, default_value_t = Which::Hubspot)]
    kind: Which,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Hubspot,
    Salesforce,
}

impl StandInCrm {
    /// Runs it.
    ///
    /// # Errors
    /// The port cannot be had.
    pub fn run(self, session: &mut Session) -> Outcome {
        let kind = match self.kind {
            Which::Hubspot => Kind::Hubspot,
            Which::Salesforce => Kind::Salesforce,
        };
        let crm = StandIn::start_on(kind, self.port).with_context(|| {
            format!("port {} cannot be had; choose another or leave --port out", self.port)
        })?;
        crm.set_lean(true);
        crm.set_delay(u64::try_from(self.delay.0).unwrap_or(0));
        let owners = ["ada", "bob"].map(|name| (name, crm.owner(name)));
        if session.screen.is_json() {
            let owners: serde_json::Map<_, _> =
                owners.into_iter().map(|(name, id)| (name.to_owned(), json!(id))).collect();
            session.screen.json(&json!({ "url": crm.url, "token": TOKEN, "owners": owners }));
        } else {
            session.screen.line(&format!("base_url = \"{}\"", crm.url));
            session.screen.line(&format!("token      {TOKEN}"));
            for (name, id) in owners {
                session.screen.line(&format!("owner      {id} is {name}"));
            }
        }
        session.screen.flush();
        loop {
            // Ctrl-C and SIGTERM end the process, and there is nothing to tidy up.
            thread::park();
            if crm.url.is_empty() {
                return Ok(Exit::Ok);
            }
        }
    }
}
