//! `handoff accounts`: the mirror of accounts that leads are matched against.
//!
//! Guarantees: an import changes nothing unless the whole file can be read, or `--skip-wrong` says
//! otherwise; the same file twice changes nothing; accounts of other origins stay as they are.
//! Does not know: how a lead is matched.

mod import;
mod sheet;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::import::Import;
use super::{
    exit::{Exit, Outcome, Stop},
    row::Row,
    screen::Tone,
    session::Session,
};

/// The accounts that leads are matched to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff accounts                                 how many there are
  handoff accounts import accounts.csv --dry-run   what an import would do
  handoff accounts import accounts.csv             add and change
  handoff accounts import accounts.csv --replace   and remove what the file has not
  handoff accounts match --domain linden.example
  handoff accounts match --name \"Linden Works\" --country DE
  handoff accounts match --email eva@linden.example

Columns: id (needed), name, domains, country, owner (a rep's id or address, or an owner id of the
CRM), parent, opportunity (yes or no), opportunity_stage, opportunity_owner, opportunity_amount,
tier, last_activity, created. Several domains stand in one cell with blanks or semicolons between.")]
pub struct Accounts {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How many accounts there are (this is also what no word does)
    Status,
    Import(Box<Import>),
    /// Which account a company would be matched to, and who comes close
    Match(Company),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Company {
    /// A domain
    #[arg(long)]
    domain: Option<String>,
    /// A company's name
    #[arg(long)]
    name: Option<String>,
    /// A person's address
    #[arg(long, conflicts_with = "domain")]
    email: Option<String>,
    /// The company's country, for tie-breakers
    #[arg(long)]
    country: Option<String>,
    /// How many others that came close
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=50))]
    max: u32,
}

impl Accounts {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon, the store or the file.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None | Some(What::Status) => status(session),
            Some(What::Import(import)) => import.run(session),
            Some(What::Match(company)) => company.run(session),
        }
    }
}

fn status(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["accounts"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let row = Row(&answer);
    let mebibytes = row.value("bytes").and_then(Value::as_u64).unwrap_or(0) / (1 << 20);
    let version = row.text("version");
    session.screen.line(&format!(
        "{} accounts, version {version} of the mirror, {mebibytes} MiB in memory.",
        row.text("accounts")
    ));
    if row.text("newest") != version {
        session.screen.line("A newer version is there and is taken over when it comes to rest.");
    }
    Ok(Exit::Ok)
}

impl Company {
    fn run(self, session: &mut Session) -> Outcome {
        if self.domain.is_none() && self.name.is_none() && self.email.is_none() {
            return Err(Stop::usage("give a --domain, a --name or an --email"));
        }
        let given = [
            ("domain", self.domain),
            ("name", self.name),
            ("email", self.email),
            ("country", self.country),
            ("max", Some(self.max.to_string())),
        ];
        let query: Vec<(&str, String)> =
            given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let answer = session.remote()?.get(&["accounts", "match"], &query)?;
        if !session.printed_json(&answer) {
            print(session, &answer);
        }
        Ok(Exit::Ok)
    }
}

fn print(session: &mut Session, answer: &Value) {
    let found = Row(answer);
    if found.value("matched").is_none_or(Value::is_null) {
        session.screen.line("The mirror is empty: `handoff accounts import` fills it.");
        return;
    }
    let mut rows = Vec::new();
    if found.value("matched.account").is_some_and(Value::is_object) {
        let words: Vec<String> = found
            .rows("matched.parts")
            .map(|part| format!("{} {}", part.text("word"), part.text("alike")))
            .collect();
        let why = match found.text("matched.domain") {
            domain if domain.is_empty() => words.join(", "),
            domain => domain,
        };
        let tie = found.text("matched.tie");
        let tie = if tie.is_empty() { tie } else { format!("; of several by {tie}") };
        rows.push(vec![
            "→".to_owned(),
            found.text("matched.account.id"),
            found.text("matched.account.name"),
            found.text("matched.score"),
            format!("{}: {why}{tie}", found.text("matched.by")),
        ]);
    } else {
        session.screen.toned(Tone::Bad, "No account fits.");
    }
    for other in found.rows("matched.others") {
        let lost = format!("lost by {}", other.text("lost_by"));
        rows.push(vec![
            String::new(),
            other.text("id"),
            other.text("name"),
            other.text("score"),
            lost,
        ]);
    }
    if !rows.is_empty() {
        session.screen.table(&["", "account", "name", "score", "why"], &rows, "");
    }
}

/// What the file's import did, for programs.
fn done(done: crate::store::MirrorDone, wrong: usize, is_dry: bool) -> Value {
    json!({
        "added": done.added, "changed": done.changed, "same": done.same, "removed": done.removed,
        "wrong": wrong, "dry_run": is_dry,
    })
}
