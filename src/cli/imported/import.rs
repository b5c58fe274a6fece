//! `handoff leads import`: a CSV file of leads of the time before.
//!
//! Guarantees: the file is read twice, first to find what is wrong with it, so that a file with
//! mistakes changes nothing; what was brought before an interruption stays and the next run brings
//! the rest. Speaks to the daemon if one answers, else to the store under its lock.
//! Does not know: what a column means.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    columns::Said,
    sheet::{self, Reading},
};
use crate::{
    app::parts,
    cli::{
        exit::{Exit, Outcome, Stop},
        keeper::Keeper,
        offline::{self, Config},
        screen::Tone,
        session::Session,
        sheet::Wrong,
    },
    model::imported::Imported,
    rulebook::{Rulebook, Setup},
    store::{ImportDone, ImportOrder},
};

/// Leads of one request.
const BATCH: usize = 500;
/// Progress is told after so many lines.
const TOLD_EVERY: u64 = 50_000;
/// Lines of one file.
const LINES_MAX: u64 = 2_000_000;

/// Bring leads of the time before from a CSV file, for back-tests
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff leads import leads.csv --source website --dry-run
  handoff leads import leads.csv --source website --zone Europe/Berlin
  handoff leads import leads.csv --column \"Lead Email=email\" --ignore \"Record ID\"
  handoff rulebook backtest drafts/ --imported     what a draft would have done with them

Columns: at (needed; when it arrived), email or phone (one is needed), owner (a rep's id, name or
address, or an owner id of the CRM), answered_at, source, and every field that rules can ask for:
company, country, employees, custom ones … Nobody is told of these leads, and no figure counts
them.")]
pub struct Import {
    /// The file, in UTF-8, its first line the heading
    file: PathBuf,
    /// Where leads came from that do not say it in a column of their own: the name of a source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The zone of times without one, as in Europe/Berlin
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<TimeZone>,
    /// What a column is, as in "Lead Email=email"; may be there several times
    #[arg(long, value_name = "HEADING=NAME", value_parser = meant)]
    column: Vec<(String, String)>,
    /// A column to pass over; may be there several times
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// Only say what is wrong with the file
    #[arg(long)]
    dry_run: bool,
    /// Leave out wrong lines instead of refusing the file
    #[arg(long)]
    skip_wrong: bool,
    /// The rulebook whose fields it has: its folder or its main file; else that of the settings
    #[arg(long, value_name = "PATH")]
    rulebook: Option<PathBuf>,
    #[command(flatten)]
    config: Config,
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "no such zone; write it as in Europe/Berlin".to_owned())
}

fn meant(text: &str) -> Result<(String, String), String> {
    let (heading, name) =
        text.rsplit_once('=').ok_or("write HEADING=NAME, as in \"Mail=email\"")?;
    Ok((heading.trim().to_owned(), name.trim().to_owned()))
}

/// What a look at the whole file found.
#[derive(Default)]
struct Looked {
    good: u64,
    owned: u64,
    answered: u64,
    wrong: Wrong,
    /// Sources that the settings do not have.
    strange: Vec<String>,
}

impl Import {
    /// Runs it.
    ///
    /// # Errors
    /// A file with mistakes, or those of the settings, the daemon or the store.
    pub fn run(self, session: &mut Session) -> Outcome {
        let settings = self.config.load_without_secrets()?;
        let setup = parts::setup(&settings);
        let path = self.rulebook.as_ref().unwrap_or(&settings.rulebook);
        let book = Rulebook::compile(&offline::files(path)?, &setup, 0).map_err(|_| {
            let place = path.display();
            Stop::no(format!("{place} has mistakes, and says which fields there are; mend it first: `handoff check` shows each place"))
        })?;
        let reading = Reading {
            said: Said { meant: self.column.clone(), ignored: self.ignore.clone() },
            source: self.source.clone(),
            zone: self.zone.clone(),
            now: session.now,
            book: &book,
        };
        let looked = self.look(session, &reading, &setup)?;
        if !session.screen.is_json() {
            self.say(session, &looked, &setup);
        }
        let is_refused = looked.wrong.count > 0 && !self.skip_wrong;
        if self.dry_run || is_refused {
            let mut answer = done(ImportDone::default(), looked.wrong.count, true);
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("good".to_owned(), looked.good.into());
                answer.insert("wrong_lines".to_owned(), json!(looked.wrong.lines));
            }
            if !session.printed_json(&answer) {
                let Looked { good, owned, answered, .. } = looked;
                session.screen.line(&format!(
                    "{good} leads can be imported, {owned} with an owner, {answered} with the time \
                     of an answer; nothing was."
                ));
            }
            return Ok(if is_refused { Exit::No } else { Exit::Ok });
        }
        let keeper = Keeper::find(session, &self.config, "imported", true)?;
        let total = self.bring(session, &reading, &keeper)?;
        if !session.printed_json(&done(total, looked.wrong.count, false)) {
            session.screen.line(&format!(
                "{} leads imported, {} changed, {} as they were.",
                total.added, total.changed, total.same
            ));
        }
        Ok(Exit::Ok)
    }

    /// Reads the whole file and keeps nothing of it but what is wrong.
    fn look(
        &self,
        session: &mut Session,
        reading: &Reading<'_>,
        setup: &Setup,
    ) -> Result<Looked, Stop> {
        let mut looked = Looked::default();
        for (count, line) in (1..).zip(sheet::open(&self.file, reading)?) {
            if count > LINES_MAX {
                let place = self.file.display();
                return Err(Stop::no(format!("{place} has more than {LINES_MAX} lines; cut it")));
            }
            match line.row {
                Ok(lead) => {
                    looked.good += 1;
                    looked.owned += u64::from(lead.owner.is_some());
                    looked.answered += u64::from(lead.answered_at.is_some());
                    let is_strange = !setup.sources.contains_key(&lead.source);
                    if is_strange
                        && looked.strange.len() < 5
                        && !looked.strange.contains(&lead.source)
                    {
                        looked.strange.push(lead.source);
                    }
                    tell(session, looked.good, "read");
                }
                Err(why) => looked.wrong.note(&self.file, line.number, &why),
            }
        }
        Ok(looked)
    }

    fn say(&self, session: &mut Session, looked: &Looked, setup: &Setup) {
        looked.wrong.say(session, self.skip_wrong);
        if !looked.strange.is_empty() {
            let known: Vec<&str> = setup.sources.keys().map(String::as_str).collect();
            session.screen.toned(
                Tone::Bad,
                &format!(
                    "The settings have no source {}: rules and forms of a source will not hold for \
                     these leads. There are: {}.",
                    looked.strange.join(", "),
                    known.join(", ")
                ),
            );
        }
    }

    /// Reads the file again and brings it, batch by batch.
    fn bring(
        &self,
        session: &mut Session,
        reading: &Reading<'_>,
        keeper: &Keeper,
    ) -> Result<ImportDone, Stop> {
        let (mut total, mut batch, mut count) = (ImportDone::default(), Vec::new(), 0);
        for line in sheet::open(&self.file, reading)? {
            let Ok(lead) = line.row else { continue };
            batch.push(lead);
            count += 1;
            if batch.len() == BATCH {
                total = total.and(put(keeper, std::mem::take(&mut batch))?);
                tell(session, count, "imported");
            }
        }
        if !batch.is_empty() {
            total = total.and(put(keeper, batch)?);
        }
        Ok(total)
    }
}

fn put(keeper: &Keeper, leads: Vec<Imported>) -> Result<ImportDone, Stop> {
    match keeper {
        Keeper::Daemon(remote) => {
            let answer = remote.post(&["imported"], &json!({ "leads": leads }))?;
            Ok(serde_json::from_value(answer).map_err(anyhow::Error::from)?)
        }
        Keeper::Store(store) => offline::wait(store.import(ImportOrder::Put(leads))),
    }
}

/// What the import did, for programs.
fn done(done: ImportDone, wrong: usize, is_dry: bool) -> Value {
    json!({
        "added": done.added, "changed": done.changed, "same": done.same, "wrong": wrong,
        "dry_run": is_dry,
    })
}

fn tell(session: &mut Session, count: u64, what: &str) {
    if count.is_multiple_of(TOLD_EVERY) && !session.screen.is_json() {
        session.screen.toned(Tone::Dim, &format!("{count} leads {what}"));
        session.screen.flush();
    }
}
