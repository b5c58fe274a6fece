//! `handoff check`: settings, rulebook and books, every finding at once.
//!
//! Guarantees: changes nothing; a rulebook is compiled as the daemon does it; findings never show
//! a secret. Does not know: what is running, unless it is asked for the books.

use std::path::PathBuf;

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
        time::Time,
    },
    rulebook::{Files, MAIN, Rulebook},
    settings::Settings,
    store::{Store, Tally},
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
    /// Another rulebook: its folder or its main file
    #[arg(long, value_name = "PATH")]
    rulebook: Option<PathBuf>,
    /// Say every rule back as a sentence
    #[arg(long)]
    sentences: bool,
    /// Recount the books: here if no daemon runs, else as the daemon counts them
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
        let loaded = Settings::load(&self.config.config);
        let findings = match &loaded {
            Ok(settings) => &settings.warnings,
            Err(broken) => &broken.findings,
        };
        is_good &= loaded.is_ok();
        report.insert("settings".to_owned(), json!({ "findings": findings }));
        if !session.screen.is_json() {
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
            let books = books(session, &self.config)?;
            is_good &= books.balances;
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
fn text<'f>(files: &'f Files, name: &str) -> Option<&'f str> {
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
fn books(session: &Session, config: &Config) -> Result<Books, Stop> {
    match session.remote()?.get(&["books"], &[]) {
        Ok(answer) => {
            let balances = answer.get("balances").and_then(Value::as_bool).unwrap_or(false);
            let word = if balances { "The books balance" } else { "The books do not balance" };
            let sentence = format!("{word}, as the running daemon counts them.");
            Ok(Books { balances, sentence, json: answer })
        }
        Err(Stop { exit: Exit::Unreachable, .. }) => {
            recounted(offline::store(config, false)?.as_ref(), session.now)
        }
        Err(stop) => Err(stop),
    }
}

fn recounted(store: &dyn Store, now: Time) -> Result<Books, Stop> {
    let kept = offline::wait(store.tally(now))?;
    let counted = offline::wait(store.recount(now))?;
    let differences = differences(&kept, &counted);
    let balances = kept.balances() && counted.balances() && differences.is_empty();
    let sentence = if balances {
        format!("The books balance: {} fills, recounted row by row.", counted.accepted)
    } else if differences.is_empty() {
        "The books do not balance: a fill without one fate, or a lead without one state.".to_owned()
    } else {
        format!("The books do not match the rows: {}.", differences.join("; "))
    };
    let json = json!({ "balances": balances, "books": kept, "recounted": counted });
    Ok(Books { balances, sentence, json })
}

/// What was kept against what is there. A missing line is a zero.
fn differences(kept: &Tally, counted: &Tally) -> Vec<String> {
    let mut all = Vec::new();
    let mut hold = |what: &str, kept: i64, counted: i64| {
        if kept != counted {
            all.push(format!("{what}: {kept} in the books, {counted} there"));
        }
    };
    hold("accepted", kept.accepted, counted.accepted);
    for (mine, theirs) in [(&kept.fates, &counted.fates), (&kept.states, &counted.states)] {
        let mut words: Vec<&&str> = mine.keys().chain(theirs.keys()).collect();
        words.sort();
        words.dedup();
        for word in words {
            let count = |side: &std::collections::BTreeMap<&'static str, i64>| {
                side.get(*word).copied().unwrap_or(0)
            };
            hold(word, count(mine), count(theirs));
        }
    }
    hold("the last decision", kept.last_seq, counted.last_seq);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteStore;

    #[test]
    fn a_count_that_differs_is_named() {
        let kept = Tally {
            accepted: 3,
            fates: [("opened", 2), ("joined", 1)].into(),
            states: [("waiting", 2)].into(),
            ..Tally::default()
        };
        assert!(differences(&kept, &kept).is_empty());
        let counted =
            Tally { fates: [("opened", 2), ("dead", 1)].into(), last_seq: 7, ..kept.clone() };
        assert_eq!(
            differences(&kept, &counted),
            [
                "dead: 0 in the books, 1 there",
                "joined: 1 in the books, 0 there",
                "the last decision: 0 in the books, 7 there",
            ]
        );
    }

    #[test]
    fn the_books_of_an_empty_store_balance() {
        let store = SqliteStore::open_in_memory().unwrap();
        let books = recounted(&store, Time(0)).unwrap();
        assert!(books.balances && books.sentence.contains("0 fills"), "{}", books.sentence);
        assert_eq!(books.json["recounted"]["accepted"], 0);
    }
}
