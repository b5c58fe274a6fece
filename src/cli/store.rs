//! `handoff store copy`: moving house, from one database into another.
//!
//! Guarantees: both stores are held from beginning to end; the new one has everything or nothing,
//! and is verified before it is kept. No address with a password is printed.
//! Does not know: how rows are moved.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    exit::{Exit, Outcome, Stop},
    session::Session,
};
use crate::store::{
    Store, StoreError,
    copy::{Copied, Progress, Side, copy},
    postgres::{Options, PostgresSide, PostgresStore},
    sqlite::{SqliteSide, SqliteStore},
};

/// Move everything from one database into another.
#[derive(Debug, Args)]
pub struct Stores {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Copy(CopyTo),
}

/// Copy a whole store into an empty one, and verify it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff store copy --from sqlite:handoff.db --to postgres://handoff@db.acme.example/handoff
  handoff store copy --from env:OLD_STORE --to sqlite:handoff.db

A store is sqlite:PATH, postgres://…, or env:NAME or file:PATH where one of those is written. A
password that is not in the address is taken from PGPASSWORD. Stop every daemon first: a store that
is in use is refused. The old store stays as it is; leases do not come along. When the copy is done,
write the new store into handoff.toml and start.")]
struct CopyTo {
    /// The store to read
    #[arg(long, value_name = "STORE")]
    from: String,
    /// The new store: a database without tables or rows, or a file that does not exist
    #[arg(long, value_name = "STORE")]
    to: String,
    /// PEM certificates of authorities to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<std::path::PathBuf>,
}

impl Stores {
    /// Runs it.
    ///
    /// # Errors
    /// A store is in use, the new one is not empty, or what was read back differs.
    pub fn run(self, session: &mut Session) -> Outcome {
        let Command::Copy(asked) = self.command;
        asked.run(session)
    }
}

impl CopyTo {
    fn run(self, session: &mut Session) -> Outcome {
        let (from, to) = (resolved(&self.from)?, resolved(&self.to)?);
        let mut from = self.side(&from, false)?;
        let mut to = self.side(&to, true)?;
        let is_json = session.screen.is_json();
        let mut tell = |progress: Progress| {
            if let (false, Some(line)) = (is_json, line(progress)) {
                session.screen.line(&line);
                session.screen.flush();
            }
        };
        let now = session.now;
        let copied = copy(from.as_mut(), to.as_mut(), now, &mut tell).map_err(|e| stop(&e))?;
        let rows: u64 = copied.iter().map(|table| table.rows).sum();
        let answer = json!({ "from": from.place(), "to": to.place(), "tables": copied });
        if !session.printed_json(&answer) {
            session.screen.table(&["table", "rows", "sum"], &lines(&copied), "nothing");
            session.screen.line(&format!(
                "{rows} rows were copied from {} to {} and read back: the same on both sides. The \
                 books balance.",
                from.place(),
                to.place()
            ));
        }
        Ok(Exit::Ok)
    }

    fn side(&self, store: &str, is_new: bool) -> Result<Box<dyn Side>, Stop> {
        if let Some(path) = store.strip_prefix("sqlite:") {
            let side = SqliteSide::open(Path::new(path), is_new);
            return Ok(Box::new(side.map_err(|error| stop(&error))?));
        }
        if !store.starts_with("postgres://") && !store.starts_with("postgresql://") {
            let why = "this kind of store is not known; write sqlite:PATH or postgres://…";
            return Err(Stop::new(Exit::Failed, why));
        }
        let ca = match &self.ca_file {
            None => None,
            Some(file) => Some(std::fs::read(file).map_err(|error| {
                Stop::new(Exit::Failed, format!("{} cannot be read: {error}", file.display()))
            })?),
        };
        let password = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty());
        let options = Options { password, ca, ..Options::new(store) };
        Ok(Box::new(PostgresSide::open(&options).map_err(|error| stop(&error))?))
    }
}

/// A store by its address, under its lock if it is a file.
///
/// # Errors
/// It is not there, in use, or of a kind that is not known.
pub fn opened(store: &str) -> Result<Box<dyn Store>, Stop> {
    let store = resolved(store)?;
    if let Some(path) = store.strip_prefix("sqlite:") {
        let opened = SqliteStore::open_offline(Path::new(path));
        return Ok(Box::new(opened.map_err(|error| stop(&error))?));
    }
    if !store.starts_with("postgres://") && !store.starts_with("postgresql://") {
        let why = "this kind of store is not known; write sqlite:PATH or postgres://…";
        return Err(Stop::new(Exit::Failed, why));
    }
    let password = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty());
    let options = Options { password, is_deaf: true, ..Options::new(&store) };
    Ok(Box::new(PostgresStore::open(&options).map_err(|error| stop(&error))?))
}

/// Follows a reference.
fn resolved(store: &str) -> Result<String, Stop> {
    let found = if let Some(name) = store.strip_prefix("env:") {
        std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
    } else if let Some(path) = store.strip_prefix("file:") {
        let text = std::fs::read_to_string(path);
        text.map_err(|error| format!("the file {path} cannot be read: {}", error.kind()))
    } else {
        Ok(store.to_owned())
    };
    found.map(|found| found.trim().to_owned()).map_err(|why| Stop::new(Exit::Failed, why))
}

/// What is said on the way: now and then, and when a table is there and was read back.
fn line(progress: Progress) -> Option<String> {
    match progress {
        Progress::Moved(table, rows) if rows % 100_000 == 0 => {
            Some(format!("{table}: {rows} rows copied"))
        }
        Progress::Moved(..) | Progress::Verified(_, 0) => None,
        Progress::Verified(table, rows) => {
            Some(format!("{table}: {rows} rows read back, the same"))
        }
    }
}

fn lines(copied: &[Copied]) -> Vec<Vec<String>> {
    let short = |sum: &str| sum.get(..16).unwrap_or(sum).to_owned();
    let there = copied.iter().filter(|table| table.rows > 0);
    there
        .map(|table| vec![table.table.to_owned(), table.rows.to_string(), short(&table.sum)])
        .collect()
}

fn stop(error: &StoreError) -> Stop {
    Stop::new(Exit::Failed, error)
}
