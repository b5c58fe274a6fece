//! `handoff rulebook lint` and `coverage`: what analysis says of a rulebook on this machine.
//!
//! Guarantees: changes nothing and needs no daemon; one that answers is asked for the leads of the
//! last months, of which only a summary is kept.
//! Does not know: how anything is found.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::super::{
    check,
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    remote::Remote,
    screen::{Screen, Tone},
    session::Session,
};
use crate::{
    app::parts,
    model::{
        finding::{Finding, Severity, render},
        imported::Imported,
        lead::Lead,
        time::{Span, Time},
    },
    rulebook::{Coverage, FactSource, Files, Rulebook, Stretch, Table, lint::Seen},
    settings::Settings,
};

/// Pages of leads that are read at most: a hundred thousand leads.
const PAGES_MAX: usize = 200;
const PAGE: usize = 500;
/// Days of leads that are summed up.
const DAYS: u32 = 90;
/// Stretches of a table that a terminal is shown.
const SHOWN: usize = 20;

/// What both commands look at.
#[derive(Debug, Args)]
pub struct Which {
    /// Its folder or its main file, or a draft on the server; the one that the settings name, if it
    /// is left out
    path: Option<PathBuf>,
    /// Do not ask the daemon which leads came of late
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    config: Config,
}

/// Only this table.
#[derive(Debug, Args)]
pub struct Covering {
    #[command(flatten)]
    which: Which,
    /// Only this table
    #[arg(long, value_name = "ID")]
    table: Option<String>,
}

/// A rulebook that compiled, and what came of late.
struct Subject {
    files: Files,
    book: Rulebook,
    seen: Seen,
    /// Whether the daemon said which leads came.
    is_asked: bool,
}

impl Which {
    fn files(&self, session: &Session) -> Result<(Settings, Files), Stop> {
        let settings = self.config.load_without_secrets()?;
        let files = match &self.path {
            Some(path) => super::named(session, path)?,
            None => offline::files(&settings.rulebook)?,
        };
        Ok((settings, files))
    }

    fn subject(&self, session: &Session, files: Files, book: Rulebook) -> Result<Subject, Stop> {
        let seen = if self.offline { None } else { seen(session, &book)? };
        let is_asked = seen.is_some();
        Ok(Subject { files, book, seen: seen.unwrap_or_default(), is_asked })
    }

    /// Lints: exits 1 when something should be looked at.
    ///
    /// # Errors
    /// The settings, or a file that cannot be read.
    pub fn lint(&self, session: &mut Session) -> Outcome {
        let (settings, files) = self.files(session)?;
        let compiled = Rulebook::compile(&files, &parts::setup(&settings), 0);
        let (files, findings, is_asked) = match compiled {
            Err(findings) => (files, findings, false),
            Ok(book) => {
                let subject = self.subject(session, files, book)?;
                let findings = subject.book.lint(&subject.files, &subject.seen, session.now);
                (subject.files, findings, subject.is_asked)
            }
        };
        let is_good = findings.iter().all(|found| found.severity == Severity::Note);
        let answer = json!({ "ok": is_good, "seen": is_asked, "findings": findings });
        if !session.printed_json(&answer) {
            say(&mut session.screen, &files, &findings, is_good);
            if !is_asked {
                let line = "Nothing is said about leads that came of late: no daemon was asked.";
                session.screen.toned(Tone::Dim, line);
            }
        }
        Ok(if is_good { Exit::Ok } else { Exit::No })
    }
}

fn say(screen: &mut Screen, files: &Files, findings: &[Finding], is_good: bool) {
    if !findings.is_empty() {
        screen.block(&render(findings, |name| check::text(files, name)));
    }
    if is_good {
        screen.toned(Tone::Good, "Nothing has to be done.");
    }
}

/// What is known of the leads of the last months; nothing when no daemon answers, or not to us.
fn seen(session: &Session, book: &Rulebook) -> Result<Option<Seen>, Stop> {
    let remote = session.remote()?;
    let since = session.now.minus(Span::days(i64::from(DAYS)));
    let mut seen = Seen::of_days(DAYS);
    let mut before: Option<i64> = None;
    for _ in 0..PAGES_MAX {
        let mut query = vec![("max", PAGE.to_string())];
        query.extend(before.map(|before| ("before", before.to_string())));
        let answer = match remote.get(&["leads"], &query) {
            Ok(answer) => answer,
            Err(Stop { exit: Exit::Unreachable | Exit::Refused, .. }) => return Ok(None),
            Err(stop) => return Err(stop),
        };
        let leads = answer.get("leads").and_then(Value::as_array);
        let leads: Vec<Lead> = leads
            .into_iter()
            .flatten()
            .filter_map(|lead| serde_json::from_value(lead.clone()).ok())
            .collect();
        add(&mut seen, book, &leads, since);
        before = answer.get("next").and_then(Value::as_i64);
        let is_over = leads.last().is_some_and(|lead| lead.opened_at < since);
        if is_over || before.is_none() {
            break;
        }
    }
    add_imported(&mut seen, &remote, book, since)?;
    Ok(Some(seen))
}

/// Leads of the time before count too: on the first day there are no others.
fn add_imported(
    seen: &mut Seen,
    remote: &Remote,
    book: &Rulebook,
    since: Time,
) -> Result<(), Stop> {
    let mut after = Value::Null;
    for _ in 0..PAGES_MAX {
        let body = json!({ "after": after, "since": since, "max": PAGE });
        let answer = remote.post(&["imported", "read"], &body)?;
        let leads = answer.get("leads").and_then(Value::as_array);
        for lead in leads.into_iter().flatten() {
            let Ok(lead) = serde_json::from_value::<Imported>(lead.clone()) else { continue };
            let facts = book.facts(&FactSource {
                fields: &lead.fields,
                source: &lead.source,
                intent: book.intent_of(&lead.source, lead.fields.text("form")),
                known: &BTreeMap::new(),
                account: None,
            });
            seen.add(book, &facts);
        }
        after = answer.get("next").cloned().unwrap_or_default();
        if after.is_null() {
            break;
        }
    }
    Ok(())
}

fn add(seen: &mut Seen, book: &Rulebook, leads: &[Lead], since: Time) {
    for lead in leads.iter().filter(|lead| lead.filled_at >= since) {
        let facts = book.facts(&FactSource {
            fields: &lead.fields,
            source: &lead.source,
            intent: lead.intent.as_deref(),
            known: &lead.known,
            account: lead.account.as_ref(),
        });
        seen.add(book, &facts);
    }
}

impl Covering {
    /// Says what the tables cover.
    ///
    /// # Errors
    /// The settings, a rulebook that does not compile, or no such table.
    pub fn run(&self, session: &mut Session) -> Outcome {
        let (settings, files) = self.which.files(session)?;
        let book = Rulebook::compile(&files, &parts::setup(&settings), 0).map_err(|findings| {
            let report = render(&findings, |name| check::text(&files, name));
            Stop::no(format!("{report}\nmend the rulebook first"))
        })?;
        let subject = self.which.subject(session, files, book)?;
        let is_asked = |table: &&Table| self.table.as_ref().is_none_or(|id| table.id == *id);
        let tables: Vec<&Table> = subject.book.tables.iter().filter(is_asked).collect();
        if let (Some(id), []) = (&self.table, tables.as_slice()) {
            let known: Vec<&str> =
                subject.book.tables.iter().map(|table| table.id.as_str()).collect();
            return Err(Stop::usage(format!("no table {id:?}; there are: {}", known.join(", "))));
        }
        let reports = tables.iter().map(|table| (table, table.coverage()));
        let reports: Vec<(&&Table, Coverage)> = reports.collect();
        let answer = reports.iter().map(|(table, coverage)| in_json(&subject, table, coverage));
        let answer = json!({ "seen": subject.is_asked, "tables": answer.collect::<Vec<_>>() });
        if !session.printed_json(&answer) {
            for (table, coverage) in &reports {
                say_table(&mut session.screen, &subject, table, coverage);
            }
        }
        Ok(Exit::Ok)
    }
}

/// The leads that found no row, most first, as texts.
fn without_row(subject: &Subject, table: &Table) -> Vec<(String, u64)> {
    let keys = subject.seen.without_row.get(&table.id).into_iter().flatten();
    let said = |key: &Vec<Option<String>>| {
        let cells = key.iter().map(|cell| cell.as_deref().unwrap_or("(unknown)"));
        cells.collect::<Vec<_>>().join(", ")
    };
    let mut keys: Vec<(String, u64)> = keys.map(|(key, count)| (said(key), *count)).collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    keys
}

fn in_json(subject: &Subject, table: &Table, coverage: &Coverage) -> Value {
    let key: Vec<&str> = table.key.iter().map(|slot| subject.book.schema.name(*slot)).collect();
    let without = without_row(subject, table);
    let without: Vec<Value> =
        without.iter().map(|(key, leads)| json!({ "key": key, "leads": leads })).collect();
    json!({ "table": table.id, "key": key, "coverage": coverage, "without_row": without })
}

fn say_table(screen: &mut Screen, subject: &Subject, table: &Table, coverage: &Coverage) {
    let key: Vec<&str> = table.key.iter().map(|slot| subject.book.schema.name(*slot)).collect();
    screen.line(&format!("{}: {} rows by {}", table.id, coverage.rows, key.join(", ")));
    stretches(screen, "no row for", &coverage.gaps);
    stretches(screen, "more than one row for", &coverage.overlaps);
    if !subject.is_asked {
        screen.toned(Tone::Dim, "  which leads came of late is not known: no daemon was asked");
        return;
    }
    let without = without_row(subject, table);
    let leads: u64 = without.iter().map(|(_, count)| count).sum();
    let days = subject.seen.days;
    if leads == 0 {
        let line = format!("  every lead of the last {days} days found a row");
        screen.toned(Tone::Good, &line);
        return;
    }
    screen.line(&format!("  {leads} leads of the last {days} days found no row:"));
    for (key, count) in without.iter().take(SHOWN) {
        screen.line(&format!("    {key}: {count}"));
    }
    more(screen, without.len());
}

fn stretches(screen: &mut Screen, what: &str, list: &[Stretch]) {
    for one in list.iter().take(SHOWN) {
        // Countries, as people write them.
        let parts = one.beside.split(", ").map(|part| match part.len() {
            2 => part.to_uppercase(),
            _ => part.to_owned(),
        });
        let with = parts.collect::<Vec<_>>().join(", ");
        let with = if with.is_empty() { with } else { format!(" with {with}") };
        screen.line(&format!("  {what} {}{with}", one.range));
    }
    more(screen, list.len());
}

fn more(screen: &mut Screen, count: usize) {
    if count > SHOWN {
        screen.toned(Tone::Dim, &format!("    and {} more: add --json", count - SHOWN));
    }
}
