//! `handoff accounts import`: a CSV file into the mirror of accounts.
//!
//! Guarantees: the file is read twice, first to find what is wrong with it, so that a file with
//! mistakes changes nothing; what was brought before an interruption stays and the next run brings
//! the rest. Speaks to the daemon if one answers, else to the store under its lock.
//! Does not know: what a column means.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use super::{done, sheet};
use crate::{
    cli::{
        exit::{Exit, Outcome, Stop},
        keeper::Keeper,
        offline::{self, Config},
        remote::Remote,
        session::Session,
        sheet::Wrong,
    },
    clock::{Clock as _, SystemClock},
    model::{account::Account, time::Time},
    store::{MirrorDone, MirrorOrder},
};

/// Accounts of one request.
const BATCH: usize = 1_000;
/// Progress is told after so many lines.
const TOLD_EVERY: u64 = 100_000;
/// How often, and how many times, it is looked whether the daemon has taken over what was brought.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOKS_MAX: usize = 240;

/// Bring accounts from a CSV file
#[derive(Debug, Args)]
pub struct Import {
    /// The file, in UTF-8, its first line the heading
    file: PathBuf,
    /// Where the accounts come from, in one word: those of other origins stay as they are
    #[arg(long, value_name = "NAME", default_value = "csv")]
    origin: String,
    /// Remove accounts of this origin that the file has not
    #[arg(long)]
    replace: bool,
    /// Only say what is wrong with the file
    #[arg(long)]
    dry_run: bool,
    /// Leave out wrong lines instead of refusing the file
    #[arg(long)]
    skip_wrong: bool,
    /// A column to pass over; may be there several times
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    #[command(flatten)]
    config: Config,
}

/// What a look at the whole file found.
#[derive(Default)]
struct Looked {
    good: u64,
    wrong: Wrong,
    left_out: u64,
}

impl Import {
    /// Runs it.
    ///
    /// # Errors
    /// A file with mistakes, or those of the daemon or the store.
    pub fn run(self, session: &mut Session) -> Outcome {
        let clock = SystemClock::new();
        let began = clock.monotonic();
        let looked = self.look(session)?;
        let is_json = session.screen.is_json();
        if !is_json {
            self.say_wrong(session, &looked);
        }
        let is_refused = looked.wrong.count > 0 && !self.skip_wrong;
        if self.dry_run || is_refused {
            let mut answer = done(MirrorDone::default(), looked.wrong.count, true);
            if let Some(fields) = answer.as_object_mut() {
                fields.insert("good".to_owned(), looked.good.into());
                fields.insert("wrong_lines".to_owned(), json!(looked.wrong.lines));
            }
            if !session.printed_json(&answer) {
                let good = looked.good;
                session.screen.line(&format!("{good} accounts can be imported; nothing was."));
            }
            return Ok(if is_refused { Exit::No } else { Exit::Ok });
        }
        let keeper = Keeper::find(session, &self.config, "accounts", true)?;
        let total = self.bring(session, &keeper)?;
        if let Keeper::Daemon(remote) = &keeper {
            taken_over(remote)?;
        }
        let answer = done(total, looked.wrong.count, false);
        if !session.printed_json(&answer) {
            session.screen.line(&format!(
                "{} accounts added, {} changed, {} as they were, {} removed, in {:.0} s.",
                total.added,
                total.changed,
                total.same,
                total.removed,
                (clock.monotonic().0 - began.0) as f64 / 1_000.0
            ));
        }
        Ok(Exit::Ok)
    }

    /// Reads the whole file and keeps nothing of it but what is wrong.
    fn look(&self, session: &mut Session) -> Result<Looked, Stop> {
        let mut looked = Looked::default();
        for line in sheet::open(&self.file, &self.ignore)? {
            match line.row {
                Ok((_, left_out)) => {
                    looked.good += 1;
                    looked.left_out += left_out.len() as u64;
                    tell(session, looked.good, "read");
                }
                Err(why) => looked.wrong.note(&self.file, line.number, &why),
            }
        }
        Ok(looked)
    }

    fn say_wrong(&self, session: &mut Session, looked: &Looked) {
        looked.wrong.say(session, self.skip_wrong);
        if looked.left_out > 0 {
            session.screen.line(&format!(
                "{} domains are left out: anybody can have an address there.",
                looked.left_out
            ));
        }
    }

    /// Reads the file again and brings it, batch by batch.
    fn bring(&self, session: &mut Session, keeper: &Keeper) -> Result<MirrorDone, Stop> {
        let stamp = self.replace.then_some(session.now);
        let (mut total, mut batch, mut count) = (MirrorDone::default(), Vec::new(), 0);
        for line in sheet::open(&self.file, &self.ignore)? {
            let Ok((account, _)) = line.row else { continue };
            batch.push(account);
            count += 1;
            if batch.len() == BATCH {
                total = total.and(self.put(keeper, stamp, std::mem::take(&mut batch))?);
                tell(session, count, "imported");
            }
        }
        if !batch.is_empty() {
            total = total.and(self.put(keeper, stamp, batch)?);
        }
        let Some(stamp) = stamp else { return Ok(total) };
        loop {
            let retired = self.retire(keeper, stamp)?;
            total = total.and(retired);
            if retired.removed == 0 {
                return Ok(total);
            }
        }
    }

    fn put(
        &self,
        keeper: &Keeper,
        stamp: Option<Time>,
        accounts: Vec<Account>,
    ) -> Result<MirrorDone, Stop> {
        let origin = self.origin.clone();
        match keeper {
            Keeper::Daemon(remote) => {
                let body = json!({ "origin": origin, "stamp": stamp, "accounts": accounts });
                read(remote.post(&["accounts"], &body)?)
            }
            Keeper::Store(store) => {
                offline::wait(store.mirror(MirrorOrder::Put { origin, stamp, accounts }))
            }
        }
    }

    fn retire(&self, keeper: &Keeper, stamp: Time) -> Result<MirrorDone, Stop> {
        let origin = self.origin.clone();
        match keeper {
            Keeper::Daemon(remote) => {
                let body = json!({ "origin": origin, "stamp": stamp });
                read(remote.post(&["accounts", "retire"], &body)?)
            }
            Keeper::Store(store) => {
                offline::wait(store.mirror(MirrorOrder::Retire { origin, stamp }))
            }
        }
    }
}

/// Waits until the daemon matches leads against what was brought: some seconds, and longer where
/// others bring accounts too.
fn taken_over(remote: &Remote) -> Result<(), Stop> {
    for _ in 0..LOOKS_MAX {
        let standing = remote.get(&["accounts"], &[])?;
        if standing.get("version") == standing.get("newest") {
            break;
        }
        offline::wait(async {
            tokio::time::sleep(LOOK_EVERY).await;
            Ok(())
        })?;
    }
    Ok(())
}

fn read(answer: Value) -> Result<MirrorDone, Stop> {
    Ok(serde_json::from_value(answer).map_err(anyhow::Error::from)?)
}

fn tell(session: &mut Session, count: u64, what: &str) {
    if count.is_multiple_of(TOLD_EVERY) && !session.screen.is_json() {
        session.screen.line(&format!("{count} accounts {what}"));
        session.screen.flush();
    }
}
