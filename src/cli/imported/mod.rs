//! `handoff leads import` and `handoff leads imported`: leads of the time before, for back-tests.
//!
//! Guarantees: an import changes nothing unless the whole file can be read, or `--skip-wrong` says
//! otherwise; the same file twice changes nothing; what is removed is counted.
//! Does not know: how a back-test is made of them.

mod columns;
mod import;
mod sheet;

use clap::Args;
use serde_json::json;

pub use self::import::Import;
use super::{
    exit::{Exit, Outcome, Stop},
    keeper::Keeper,
    offline::{self, Config},
    session::Session,
};
use crate::store::{ImportDone, ImportOrder, ImportStanding};

/// Rows shown of each table.
const ROWS_MAX: usize = 40;

/// Say which leads of the time before are there, or remove them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff leads imported                                   how many, from when to when, whose
  handoff leads imported --remove                          all of them
  handoff leads imported --remove --source website
  handoff leads imported --remove --person eva@linden.example")]
pub struct There {
    /// Remove them
    #[arg(long)]
    remove: bool,
    /// Only those of this source
    #[arg(long, value_name = "NAME", requires = "remove")]
    source: Option<String>,
    /// Only those of this person: the address, or the telephone where there was no address
    #[arg(long, value_name = "ADDRESS", requires = "remove")]
    person: Option<String>,
    #[command(flatten)]
    config: Config,
}

impl There {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon or the store.
    pub fn run(self, session: &mut Session) -> Outcome {
        let keeper = Keeper::find(session, &self.config, "imported", false)?;
        if self.remove {
            return self.removed(session, &keeper);
        }
        let there = standing(&keeper)?;
        if session.printed_json(&json!({ "imported": there })) {
            return Ok(Exit::Ok);
        }
        let (Some(from), Some(to)) = (there.from, there.to) else {
            session.screen.line("No leads are imported; `handoff leads import` brings them.");
            return Ok(Exit::Ok);
        };
        let (from, to) = (session.screen.time(from), session.screen.time(to));
        session.screen.line(&format!(
            "{} leads from {from} to {to}: {} with the time of an answer, {} without an owner.",
            there.leads, there.answered, there.unowned
        ));
        for (what, counts) in [("source", &there.sources), ("owner", &there.owners)] {
            let mut rows: Vec<_> = counts.iter().collect();
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let rows = rows.iter().take(ROWS_MAX);
            let rows: Vec<Vec<String>> =
                rows.map(|(name, count)| vec![(*name).clone(), count.to_string()]).collect();
            session.screen.table(&[what, "leads"], &rows, "");
        }
        Ok(Exit::Ok)
    }

    fn removed(&self, session: &mut Session, keeper: &Keeper) -> Outcome {
        let mut removed = 0;
        loop {
            let (source, person) = (self.source.clone(), self.person.clone());
            let done: ImportDone = match keeper {
                Keeper::Daemon(remote) => {
                    let body = json!({ "source": source, "person": person });
                    let answer = remote.post(&["imported", "remove"], &body)?;
                    serde_json::from_value(answer).map_err(anyhow::Error::from)?
                }
                Keeper::Store(store) => {
                    offline::wait(store.import(ImportOrder::Remove { source, person }))?
                }
            };
            removed += done.removed;
            if done.removed == 0 {
                break;
            }
        }
        session.done(&json!({ "removed": removed }), &format!("{removed} leads are removed."));
        Ok(Exit::Ok)
    }
}

fn standing(keeper: &Keeper) -> Result<ImportStanding, Stop> {
    match keeper {
        Keeper::Daemon(remote) => {
            let answer = remote.get(&["imported"], &[])?;
            Ok(serde_json::from_value(answer).map_err(anyhow::Error::from)?)
        }
        Keeper::Store(store) => offline::wait(store.import_standing()),
    }
}
