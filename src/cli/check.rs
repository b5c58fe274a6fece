//! `handoff check`: settings, rulebook and books, every finding at once.
//!
//! Guarantees: changes nothing; a rulebook is compiled as the daemon does it; findings never show
//! a secret. Does not know: what is running, unless it is asked for the books.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    screen::{Screen, Tone, visible},
    session::Session,
};
use crate::{
    app::parts,
    model::{
        finding::{Finding, render},
        observe::Observing,
        time::Time,
    },
    rulebook::{Files, MAIN, Rulebook},
    settings::Settings,
    store::{Store, sqlite::SqliteStore},
};

/// Check settings and rulebook, and recount the books.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff check                                   handoff.toml and the rulebook that it names
  handoff check --rulebook drafts/ --sentences    another one, with every rule said back
  handoff check --store                           the books too, recounted from the rows

Exits 1 if anything is an error; warnings alone exit 0.")]
pub struct Check {
    #[command(flatten)]
    config: Config,
    /// Another rulebook: its folder or its main file; secrets that are not on this machine are no
    /// mistake then
    #[arg(long, value_name = "PATH")]
    rulebook: Option<PathBuf>,
    /// Say every rule back as a sentence
    #[arg(long)]
    sentences: bool,
    /// Recount the books: here, with every page of the file, if no daemon runs, else as the daemon
    /// counts them
    #[arg(long)]
    store: bool,
}

impl Check {
    /// Runs it.
    ///
    /// # Errors
    /// A file that cannot be read, or a store that fails.
    pub fn run(self, session: &mut Session) -> Outcome {
        let mut report = Map::new();
        let mut is_good = true;
        // What only shows when the parts are made is a mistake as any other.
        let loaded = Settings::load(&self.config.config)
            .and_then(|settings| parts::connected(&settings).map(|_| settings));
        let only_rules = self.rulebook.is_some()
            && Settings::load(&self.config.config).is_err()
            && self.config.load_without_secrets().is_ok();
        let findings = match &loaded {
            Ok(settings) => &settings.warnings,
            Err(broken) => &broken.findings,
        };
        is_good &= loaded.is_ok() || only_rules;
        let observe = loaded.as_ref().ok().and_then(|settings| settings.observe.as_ref());
        report.insert(
            "settings".to_owned(),
            json!({ "findings": findings, "observes": observe.map(|observe| &observe.crm) }),
        );
        if only_rules {
            let name = self.config.config.display();
            let line = format!("{name}: its secrets are not on this machine; rules need none");
            say(session, Tone::Dim, &line);
        } else if !session.screen.is_json() {
            say_settings(&mut session.screen, &self.config, &loaded);
        }
        // What is wrong with secrets does not keep the rules from being read.
        let settings = loaded.ok().map_or_else(|| self.config.load_without_secrets(), Ok);
        if let Ok(settings) = settings {
            let path = self.rulebook.as_deref().unwrap_or(&settings.rulebook);
            let files = offline::files(path)?;
            let compiled = Rulebook::compile(&files, &parts::setup(&settings), 0);
            is_good &= compiled.is_ok();
            report.insert("rulebook".to_owned(), in_json(&compiled));
            if !session.screen.is_json() {
                say_rulebook(&mut session.screen, &files, &compiled, self.sentences);
            }
        } else {
            let line = "The rulebook was not checked: it needs the names in the settings.";
            say(session, Tone::Bad, line);
        }
        if self.store {
            let books = books(session, &self.config, &mut report)?;
            is_good &= books.balances && !report.contains_key("damage");
            report.insert("books".to_owned(), books.json);
            say(session, if books.balances { Tone::Good } else { Tone::Bad }, &books.sentence);
        }
        report.insert("ok".to_owned(), is_good.into());
        session.printed_json(&Value::Object(report));
        Ok(if is_good { Exit::Ok } else { Exit::No })
    }
}

fn say(session: &mut Session, tone: Tone, line: &str) {
    if !session.screen.is_json() {
        session.screen.toned(tone, line);
    }
}

fn say_settings(
    screen: &mut Screen,
    config: &Config,
    loaded: &Result<Settings, crate::settings::Broken>,
) {
    match loaded {
        Ok(settings) => {
            for warning in &settings.warnings {
                screen.toned(Tone::Bad, &warning.to_string());
            }
            let (sources, crms) = (settings.sources.len(), settings.crms.len());
            let channels = settings.channels.len();
            if let Some(observing) = &settings.observe {
                screen.toned(Tone::Bad, &says_observing(observing));
            }
            screen.toned(
                Tone::Good,
                &format!(
                    "{}: good; sources: {sources}, CRM connections: {crms}, channels: {channels}",
                    config.config.display()
                ),
            );
        }
        Err(broken) => screen.block(&broken.to_string()),
    }
}

/// That nothing will be written or told.
fn says_observing(observing: &Observing) -> String {
    let Observing { crm, after, until } = observing;
    format!(
        "Observe mode: leads are decided, and nothing is written to any CRM or told to anybody \
         (but alerts about handoff itself). {crm} is looked at {after} after a lead came, and up \
         to {until}."
    )
}

/// The report of a rulebook, or what is in it.
pub fn say_rulebook(
    screen: &mut Screen,
    files: &Files,
    compiled: &Result<Rulebook, Vec<Finding>>,
    with_sentences: bool,
) {
    let findings = match compiled {
        Ok(book) => &book.warnings,
        Err(findings) => findings,
    };
    if !findings.is_empty() {
        screen.block(&render(findings, |name| text(files, name)));
    }
    let Ok(book) = compiled else { return };
    screen.toned(
        Tone::Good,
        &format!(
            "{MAIN}: good; rules: {}, reps: {}, pools: {}, SLAs: {}",
            book.rules.len(),
            book.reps.len(),
            book.pools.len(),
            book.slas.len()
        ),
    );
    if with_sentences {
        screen.line("");
        for (number, rule) in book.rules.iter().enumerate() {
            screen.line(&format!("{}. {}: {}", number + 1, rule.id, rule.sentence(book)));
        }
    }
}

/// The report of the rulebook that settings name, if it has mistakes.
///
/// # Errors
/// A file of it cannot be read.
pub fn mistakes(settings: &Settings) -> Result<Option<String>, Stop> {
    let files = offline::files(&settings.rulebook)?;
    let compiled = Rulebook::compile(&files, &parts::setup(settings), 0);
    Ok(compiled.err().map(|findings| visible(&render(&findings, |name| text(&files, name)))))
}

/// A file's text as its findings count it.
pub fn text<'f>(files: &'f Files, name: &str) -> Option<&'f str> {
    let bytes = if name == MAIN { Some(&files.main) } else { files.others.get(name) };
    let text = std::str::from_utf8(bytes?).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn in_json(compiled: &Result<Rulebook, Vec<Finding>>) -> Value {
    match compiled {
        Ok(book) => {
            let rules: Vec<Value> = book
                .rules
                .iter()
                .map(|rule| json!({ "rule": rule.id, "sentence": rule.sentence(book) }))
                .collect();
            json!({ "findings": book.warnings, "rules": rules })
        }
        Err(findings) => json!({ "findings": findings }),
    }
}

/// What the books say.
struct Books {
    balances: bool,
    sentence: String,
    json: Value,
}

/// From the daemon if one answers: it has the store. Otherwise both counts are made here.
fn books(
    session: &mut Session,
    config: &Config,
    report: &mut Map<String, Value>,
) -> Result<Books, Stop> {
    match session.remote()?.get(&["books"], &[("recount", "true".to_owned())]) {
        Ok(answer) => {
            let differences = answer.get("differences").and_then(Value::as_array);
            let differences = differences.into_iter().flatten().filter_map(Value::as_str);
            let differences: Vec<String> = differences.map(str::to_owned).collect();
            let accepted = answer.pointer("/recounted/accepted").and_then(Value::as_i64);
            let says_so = answer.get("balances").and_then(Value::as_bool).unwrap_or(false);
            Ok(Books {
                balances: says_so && differences.is_empty(),
                sentence: sentence(&differences, accepted.unwrap_or(0), "the running daemon"),
                json: answer,
            })
        }
        Err(Stop { exit: Exit::Unreachable, .. }) => match offline::file(config)? {
            Some((path, store)) if whole(session, &path, &store, report)? => {
                recounted(&store, session.now)
            }
            Some(_) => Ok(Books {
                balances: false,
                sentence: "The books were not counted: rows of a damaged file say nothing.".into(),
                json: Value::Null,
            }),
            None => recounted(offline::store(config, false)?.as_ref(), session.now),
        },
        Err(stop) => Err(stop),
    }
}

/// Reads every page of a store that is a file, and reports what is damaged; whether nothing is.
fn whole(
    session: &mut Session,
    path: &Path,
    store: &SqliteStore,
    report: &mut Map<String, Value>,
) -> Result<bool, Stop> {
    let mib = fs::metadata(path).map_or(0, |file| file.len() >> 20);
    say(session, Tone::Dim, &format!("Reading every page of {} ({mib} MiB).", path.display()));
    let damage = store.damage().map_err(|error| offline::failed(&error))?;
    if damage.is_empty() {
        say(session, Tone::Good, "The file is whole.");
        return Ok(true);
    }
    for found in &damage {
        say(session, Tone::Bad, found);
    }
    let advice = "The file is damaged: stop whoever uses it, keep a copy, look at the disk, and \
                  restore a backup.";
    say(session, Tone::Bad, advice);
    report.insert("damage".to_owned(), json!(damage));
    Ok(false)
}

fn recounted(store: &dyn Store, now: Time) -> Result<Books, Stop> {
    let audit = offline::wait(store.audit(now))?;
    let differences = audit.differences();
    let balances = differences.is_empty();
    let sentence = sentence(&differences, audit.recounted.accepted, "this command");
    let json = json!({
        "balances": balances,
        "books": audit.books,
        "recounted": audit.recounted,
        "differences": differences,
    });
    Ok(Books { balances, sentence, json })
}

fn sentence(differences: &[String], accepted: i64, by: &str) -> String {
    if differences.is_empty() {
        format!("The books balance: {accepted} fills, recounted row by row by {by}.")
    } else {
        format!("The books do not balance: {}.", differences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteStore;

    #[test]
    fn the_books_of_an_empty_store_balance() {
        let store = SqliteStore::open_in_memory().unwrap();
        let books = recounted(&store, Time(0)).unwrap();
        assert!(books.balances && books.sentence.contains("0 fills"), "{}", books.sentence);
        assert_eq!(books.json["recounted"]["accepted"], 0);
    }

    #[test]
    fn observe_mode_is_said_plainly() {
        let (after, until) =
            (crate::model::time::Span::minutes(15), crate::model::time::Span::hours(24));
        let said = says_observing(&Observing { crm: "hubspot".into(), after, until });
        assert!(said.contains("nothing is written to any CRM or told to anybody"), "{said}");
        assert!(
            said.ends_with("hubspot is looked at 15m after a lead came, and up to 1d."),
            "{said}"
        );
    }
}
