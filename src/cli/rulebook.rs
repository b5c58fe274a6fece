//! `handoff rulebook`: publish, list, show, diff, check, lint, coverage.
//!
//! Guarantees: what is published is checked as a whole by the daemon first; a version is never
//! changed; whatever a version's files are called, they are written inside the folder that was
//! named. Does not know: how a rulebook is compiled.

mod backtest;
mod diff;
mod lint;
mod words;

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::diff::Texts;
use super::{
    exit::{Exit, Outcome, Stop},
    offline,
    remote::Remote,
    row::Row,
    screen::{Screen, Tone},
    session::Session,
};
use crate::{
    model::finding::{Finding, Place, Severity, render},
    rulebook::{Files, MAIN},
};

/// Versions of the rulebook.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff rulebook check drafts/                 would the daemon take it? changes nothing
  handoff rulebook diff 12 drafts/               what would change against version 12
  handoff rulebook publish drafts/ --message \"Konrad covers Austria\" --based-on 12
  handoff rulebook list
  handoff rulebook show 12 --out old/            write its files into a folder
  handoff rulebook diff 11 12
  handoff rulebook lint drafts/                  rules that get no lead, pools that sleep, …
  handoff rulebook backtest drafts/ --since 30d  which recorded leads would lie elsewhere
  handoff rulebook coverage --table territory    what has no row, and what has two

A rulebook is a folder with rulebook.toml in it, or the file itself; what it names (tables,
holidays) goes with it. `handoff check` compiles one without a daemon.")]
pub struct Rulebooks {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Publish a rulebook as the next version
    Publish(Publish),
    /// List the versions
    List,
    /// Show one version
    Show(Show),
    /// Say what differs between two versions, or a version and a folder
    Diff(Diff),
    /// Ask the daemon whether it would take a rulebook; changes nothing
    Check {
        /// Its folder or its main file
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Look for what is wrong although it compiles; asks the daemon which leads came of late
    Lint(lint::Which),
    /// Say which recorded leads would lie elsewhere with a draft
    Backtest(backtest::Backtest),
    /// Say which keys of the tables have no row, and which have several
    Coverage(lint::Covering),
}

#[derive(Debug, Args)]
struct Publish {
    /// Its folder or its main file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Why: it stays with the version
    #[arg(long, short)]
    message: String,
    /// The version it was made from: refused if another one is in force by now
    #[arg(long, value_name = "VERSION")]
    based_on: Option<u32>,
}

#[derive(Debug, Args)]
struct Show {
    /// Its number
    version: u32,
    /// Write its files into this folder, which must be empty or not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Diff {
    /// A version, or a folder or main file
    old: String,
    /// The same; the version in force if it is left out
    new: Option<String>,
}

impl Rulebooks {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon, or a file that cannot be read.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            What::Publish(args) => publish(session, &args),
            What::List => list(session),
            What::Show(args) => show(session, &args),
            What::Diff(args) => compare(session, &args),
            What::Check { path } => check(session, &path),
            What::Lint(which) => which.lint(session),
            What::Backtest(backtest) => backtest.run(session),
            What::Coverage(covering) => covering.run(session),
        }
    }
}

fn publish(session: &mut Session, args: &Publish) -> Outcome {
    let files = offline::files(&args.path)?;
    let mut body = json!({ "files": texts(&files)?, "message": args.message });
    if let (Some(based_on), Some(members)) = (args.based_on, body.as_object_mut()) {
        members.insert("based_on".to_owned(), based_on.into());
    }
    let Some(answer) = sent(session, &files, &body)? else { return Ok(Exit::No) };
    let version = Row(&answer).text("version");
    session.done(&answer, &format!("Published as version {version}."));
    Ok(Exit::Ok)
}

fn check(session: &mut Session, path: &Path) -> Outcome {
    let files = offline::files(path)?;
    let body = json!({ "files": texts(&files)?, "dry_run": true });
    let Some(answer) = sent(session, &files, &body)? else { return Ok(Exit::No) };
    session.done(&answer, "The daemon would take it.");
    Ok(Exit::Ok)
}

/// The daemon's good answer; `None` when it has findings, which are printed.
fn sent(session: &mut Session, files: &Files, body: &Value) -> Result<Option<Value>, Stop> {
    let remote = session.remote()?;
    let answer = remote.post_for_answer(&["rulebooks"], body)?;
    if answer.status != 422 {
        let good = remote.good(answer)?;
        if !session.screen.is_json() && good.get("findings").is_some() {
            say_findings(&mut session.screen, files, &good);
        }
        return Ok(Some(good));
    }
    if !session.printed_json(&answer.body) {
        say_findings(&mut session.screen, files, &answer.body);
        session.screen.toned(Tone::Bad, "Nothing was published; the rulebook in force stays.");
    }
    Ok(None)
}

fn say_findings(screen: &mut Screen, files: &Files, problem: &Value) {
    let place = |row: Row<'_>, path: &str| {
        let number = |name: &str| {
            let number = row.value(&format!("{path}{name}")).and_then(Value::as_u64);
            number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1)
        };
        Place { line: number("line"), column: number("column") }
    };
    let findings: Vec<Finding> = Row(problem)
        .rows("findings")
        .map(|row| {
            let Place { line, column } = place(row, "");
            let severity = match row.text("severity").as_str() {
                "warning" => Severity::Warning,
                "note" => Severity::Note,
                _ => Severity::Error,
            };
            Finding {
                file: row.text("file"),
                line,
                column,
                end: place(row, "end."),
                severity,
                code: row.text("code").into(),
                message: row.text("message"),
                mend: row.text("mend"),
            }
        })
        .collect();
    screen.block(&render(&findings, |name| super::check::text(files, name)));
}

fn list(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["rulebooks"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let in_force = Row(&answer).text("in_force");
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("rulebooks")
        .map(|row| {
            let mark = if row.text("version") == in_force { "in force" } else { "" };
            vec![
                row.text("version"),
                session.screen.time_or_dash(row.time("at")),
                row.text("author"),
                mark.to_owned(),
                row.text("message"),
            ]
        })
        .collect();
    session.screen.table(&["version", "published", "by", "", "why"], &rows, "No rulebooks.");
    Ok(Exit::Ok)
}

fn show(session: &mut Session, args: &Show) -> Outcome {
    let answer = fetched(&session.remote()?, args.version)?;
    let texts = of_answer(&answer)?;
    if let Some(folder) = &args.out {
        write(folder, &texts)?;
        session.done(&answer, &format!("{} files in {}.", texts.len(), folder.display()));
        return Ok(Exit::Ok);
    }
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let row = Row(&answer);
    let at = session.screen.time_or_dash(row.time("at"));
    let (author, message) = (row.text("author"), row.text("message"));
    session.screen.toned(
        Tone::Dim,
        &format!("# version {}, published {at} by {author}: {message}", args.version),
    );
    // The main file first: it says what the others are for.
    let (main, others): (Vec<_>, Vec<_>) = texts.iter().partition(|(name, _)| *name == MAIN);
    for (name, text) in main.into_iter().chain(others) {
        session.screen.toned(Tone::Dim, &format!("# ---- {name}"));
        session.screen.block(text);
    }
    Ok(Exit::Ok)
}

/// Writes files into an empty folder; a name that leads out of it is refused.
fn write(folder: &Path, texts: &Texts) -> Result<(), Stop> {
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let folder = folder.display();
        return Err(Stop::usage(format!("{folder} is not empty; name a new folder")));
    }
    for (name, text) in texts {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            return Err(Stop::new(Exit::Failed, format!("{name:?} leads out of the folder")));
        }
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn compare(session: &mut Session, args: &Diff) -> Outcome {
    let old = side(session, &args.old)?;
    let new = args.new.as_ref().map_or_else(|| in_force(session), |new| side(session, new))?;
    let main = |side: &Texts| side.get(MAIN).cloned().unwrap_or_default();
    let words = words::changes(&main(&old), &main(&new));
    let unified = diff::unified(&old, &new);
    let is_same = unified.is_empty();
    if !session.printed_json(&json!({ "same": is_same, "changes": words, "diff": unified })) {
        say_diff(&mut session.screen, &words, &unified);
    }
    // As `diff` does: 1 says that they differ.
    Ok(if is_same { Exit::Ok } else { Exit::No })
}

fn say_diff(screen: &mut Screen, words: &[String], unified: &str) {
    if unified.is_empty() {
        screen.line("No difference.");
        return;
    }
    for line in words {
        screen.line(&format!("* {line}"));
    }
    if !words.is_empty() {
        screen.line("");
    }
    for line in unified.lines() {
        match line.chars().next() {
            Some('+') => screen.toned_as_it_is(Tone::Good, line),
            Some('-') => screen.toned_as_it_is(Tone::Bad, line),
            Some('@') => screen.toned_as_it_is(Tone::Dim, line),
            _ => screen.block(line),
        }
    }
}

/// The files of the version in force.
fn in_force(session: &Session) -> Result<Texts, Stop> {
    let remote = session.remote()?;
    let all = remote.get(&["rulebooks"], &[])?;
    let version = all.get("in_force").and_then(Value::as_u64);
    let version = version.and_then(|version| u32::try_from(version).ok());
    of_answer(&fetched(&remote, version.ok_or_else(|| Stop::no("no rulebook is in force"))?)?)
}

/// A version of the daemon's, or files of this machine.
fn side(session: &Session, name: &str) -> Result<Texts, Stop> {
    match name.trim_start_matches('v').parse::<u32>() {
        Ok(version) => of_answer(&fetched(&session.remote()?, version)?),
        Err(_) => texts(&offline::files(Path::new(name))?),
    }
}

fn fetched(remote: &Remote, version: u32) -> Result<Value, Stop> {
    remote.get(&["rulebooks", &version.to_string()], &[])
}

/// The files of a version, which the store keeps as one JSON object.
fn of_answer(answer: &Value) -> Result<Texts, Stop> {
    let document = Row(answer).text("document");
    Ok(serde_json::from_str(&document).context("the daemon's answer holds no rulebook")?)
}

fn texts(files: &Files) -> Result<Texts, Stop> {
    let json = files.to_json().map_err(Stop::no)?;
    Ok(serde_json::from_str(&json).context("the rulebook's files")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::tests::Paper;

    #[test]
    fn a_version_is_written_into_an_empty_folder_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let good = Texts::from([
            (MAIN.to_owned(), "a = 1\n".to_owned()),
            ("tables/t.csv".to_owned(), "x\n".to_owned()),
        ]);
        write(&out, &good).unwrap();
        assert_eq!(fs::read_to_string(out.join("tables/t.csv")).unwrap(), "x\n");
        assert_eq!(texts(&offline::files(&out).unwrap()).unwrap()[MAIN], "a = 1\n");
        assert_eq!(write(&out, &good).unwrap_err().exit, Exit::Usage);
        for name in ["../x", "/tmp/x", "a/../../x"] {
            let bad = Texts::from([(name.to_owned(), String::new())]);
            let stop = write(&folder.path().join("other"), &bad).unwrap_err();
            assert_eq!(stop.exit, Exit::Failed, "{name}");
        }
    }

    #[test]
    fn findings_of_the_daemon_are_shown_in_our_files() {
        let problem = json!({ "findings": [{
            "file": MAIN, "line": 2, "column": 5, "end": { "line": 2, "column": 8 },
            "severity": "error", "message": "unknown pool", "mend": "did you mean emea?",
        }] });
        let paper = Paper::default();
        say_findings(&mut paper.screen(false), &Files::new("\nto = bad\n"), &problem);
        let text = paper.text();
        for part in ["unknown pool", "rulebook.toml:2:5", "^^^", "did you mean emea?", "1 error"] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }
}
