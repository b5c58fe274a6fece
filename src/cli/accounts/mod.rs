//! `handoff accounts`: the mirror of accounts that leads are matched against.
//!
//! Guarantees: an import changes nothing unless the whole file can be read, or `--skip-wrong` says
//! otherwise; the same file twice changes nothing; accounts of other origins stay as they are.
//! Where no daemon answers, counting and matching look into the store and change nothing.
//! Does not know: how a lead is matched.

mod import;
mod sheet;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::import::Import;
use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    row::Row,
    screen::Tone,
    session::Session,
};
use crate::{
    decide::matching::{Company, Mirror},
    model::normalize::is_free_mail,
    settings::Settings,
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
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How many accounts there are (this is also what no word does)
    Status,
    Import(Box<Import>),
    /// Which account a company would be matched to, and who comes close
    Match(Asked),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Asked {
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
            None | Some(What::Status) => status(session, &self.config),
            Some(What::Import(import)) => import.run(session),
            Some(What::Match(company)) => company.run(session, &self.config),
        }
    }
}

/// What the daemon answers; `None` if there is none, and the store is to be looked into.
fn daemon(
    session: &Session,
    path: &[&str],
    query: &[(&str, String)],
) -> Result<Option<Value>, Stop> {
    match session.remote()?.get(path, query) {
        Ok(answer) => Ok(Some(answer)),
        Err(Stop { exit: Exit::Unreachable, .. }) => Ok(None),
        Err(stop) => Err(stop),
    }
}

fn status(session: &mut Session, config: &Config) -> Outcome {
    let answer = match daemon(session, &["accounts"], &[])? {
        Some(answer) => answer,
        None => standing(&seen(&config.load_without_secrets()?)?),
    };
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
    let left_out = row.value("left_out").and_then(Value::as_u64).unwrap_or(0);
    if left_out > 0 {
        let text = "more do not fit into limits.accounts and are matched to nothing.";
        session.screen.toned(Tone::Bad, &format!("{left_out} {text}"));
    }
    if row.text("newest") != version {
        session.screen.line("A newer version is there and is taken over when it comes to rest.");
    }
    Ok(Exit::Ok)
}

/// The mirror as the store has it.
fn seen(settings: &Settings) -> Result<Mirror, Stop> {
    offline::mirror(settings).map_err(|error| offline::failed(&error))
}

/// As the daemon would say it, of what it would load.
fn standing(mirror: &Mirror) -> Value {
    json!({
        "accounts": mirror.len(), "version": mirror.version(), "newest": mirror.version(),
        "bytes": mirror.bytes(), "left_out": mirror.left_out(),
    })
}

impl Asked {
    fn run(self, session: &mut Session, config: &Config) -> Outcome {
        if self.domain.is_none() && self.name.is_none() && self.email.is_none() {
            return Err(Stop::usage("give a --domain, a --name or an --email"));
        }
        let given = [
            ("domain", self.domain.clone()),
            ("name", self.name.clone()),
            ("email", self.email.clone()),
            ("country", self.country.clone()),
            ("max", Some(self.max.to_string())),
        ];
        let query: Vec<(&str, String)> =
            given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let answer = match daemon(session, &["accounts", "match"], &query)? {
            Some(answer) => answer,
            None => self.look(config)?,
        };
        if !session.printed_json(&answer) {
            print(session, &answer);
            let is_there = Row(&answer).value("matched").is_some_and(Value::is_object);
            if is_there && Row(&answer).value("matched.account").is_none_or(Value::is_null) {
                session.screen.toned(Tone::Dim, &self.why_none());
            }
        }
        Ok(Exit::Ok)
    }

    /// Why nothing fits, as far as what was asked for says it.
    fn why_none(&self) -> String {
        let of_mail = self.email.as_deref().and_then(|email| email.rsplit_once('@'));
        let domain = self.domain.as_deref().or(of_mail.map(|(_, domain)| domain));
        let by_domain = match domain.map(str::to_lowercase) {
            Some(domain) if is_free_mail(&domain) => format!(
                "{domain} gives an address to everybody, so it says nothing about a company. "
            ),
            Some(domain) => format!("No account has the domain {domain}. "),
            None => String::new(),
        };
        let by_name = if self.name.is_some() {
            "No name reaches min_score of [matching] in the rulebook (0.85 unless it is set)."
        } else {
            "No name was asked for: add --name."
        };
        format!("{by_domain}{by_name}")
    }

    /// The same without a daemon: the accounts of the store, by the rulebook's file.
    fn look(&self, config: &Config) -> Result<Value, Stop> {
        let settings = config.load_without_secrets()?;
        let book = offline::compiled(&offline::files(&settings.rulebook)?, &settings)?;
        let company = Company {
            domain: self.domain.as_deref(),
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            country: self.country.as_deref(),
        };
        let mirror = seen(&settings)?;
        let found =
            company.find(&mirror, &book.matching, self.max as usize).map_err(Stop::usage)?;
        Ok(serde_json::to_value(found).map_err(anyhow::Error::from)?)
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
