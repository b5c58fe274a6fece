//! `handoff rulebook`: drafts, publish, list, show, diff, history, check, lint, coverage.
//!
//! Guarantees: what is published is checked as a whole by the daemon first; a version is never
//! changed; whatever a version's files are called, they are written inside the folder that was
//! named. Does not know: how a rulebook is compiled.

mod backtest;
mod diff;
mod drafts;
mod history;
mod lint;
mod publish;
mod shadow;

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
    model::version::is_draft_name,
    rulebook::{
        Files, MAIN,
        compare::{Change, changes},
    },
};

/// Versions of the rulebook.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff rulebook check drafts/                 would the daemon take it? changes nothing
  handoff rulebook diff 12 drafts/               what would change against version 12
  handoff rulebook publish drafts/ --message \"Konrad covers Austria\" --based-on 12
  handoff rulebook publish drafts/ --message \"Summer hours\" --at \"2026-07-01 08:00\"
  handoff rulebook scheduled                     what is to be in force from when on
  handoff rulebook draft save austria drafts/    keep a draft on the server
  handoff rulebook shadow start austria          it decides beside the one in force
  handoff rulebook publish --draft austria
  handoff rulebook list
  handoff rulebook history                       what each version changed, in words
  handoff rulebook rollback 11 --message \"Austria was a mistake\"
  handoff rulebook show 12 --out old/            write its files into a folder
  handoff rulebook show --out drafts/            those of the version in force, to work on
  handoff rulebook diff 11 12
  handoff rulebook lint drafts/                  rules that get no lead, pools that sleep, …
  handoff rulebook backtest drafts/ --since 30d  which recorded leads would be placed otherwise
  handoff rulebook coverage --table territory    what has no row, and what has two

A rulebook is a folder with rulebook.toml in it, or the file itself; what it names (tables,
holidays) goes with it. `handoff check` compiles one without a daemon.")]
pub struct Rulebooks {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Publish a rulebook as the next version, now or at a time
    Publish(publish::Publish),
    /// Publish what an earlier version said as the next one
    Rollback(publish::Rollback),
    /// List what is to be in force from a time on, and what could not be
    Scheduled,
    /// Take back what was scheduled
    Unschedule {
        /// Its id, as `handoff rulebook scheduled` shows it
        id: String,
    },
    /// Keep drafts on the server
    Draft(drafts::Drafts),
    /// Let a draft decide beside the rulebook in force, and count what differs
    Shadow(shadow::Shadows),
    /// List the versions
    List,
    /// Say what each version changed, who published it and why
    History(history::History),
    /// Show one version
    Show(Show),
    /// Say in words and lines what differs between two versions, drafts or folders
    Diff(Diff),
    /// Ask the daemon whether it would take a rulebook; changes nothing
    Check {
        /// Its folder or its main file, or a draft on the server
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Look for what is wrong although it compiles; asks the daemon which leads came of late
    Lint(lint::Which),
    /// Say which recorded leads would be placed otherwise with a draft
    Backtest(backtest::Backtest),
    /// Say which keys of the tables have no row, and which have several
    Coverage(lint::Covering),
}

#[derive(Debug, Args)]
struct Show {
    /// Its number; the one in force, if it is left out
    version: Option<u32>,
    /// Write its files into this folder, which must be empty or not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Diff {
    /// A version, a draft on the server, or a folder or main file
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
            What::Publish(args) => args.run(session),
            What::Rollback(args) => args.run(session),
            What::Scheduled => publish::scheduled(session),
            What::Unschedule { id } => publish::unschedule(session, &id),
            What::Draft(drafts) => drafts.run(session),
            What::Shadow(shadows) => shadows.run(session),
            What::List => history::list(session),
            What::History(args) => args.run(session),
            What::Show(args) => show(session, &args),
            What::Diff(args) => compare(session, &args),
            What::Check { path } => publish::check(session, &path),
            What::Lint(which) => which.lint(session),
            What::Backtest(backtest) => backtest.run(session),
            What::Coverage(covering) => covering.run(session),
        }
    }
}

fn show(session: &mut Session, args: &Show) -> Outcome {
    let remote = session.remote()?;
    let version = args.version.map_or_else(|| number_in_force(&remote), Ok)?;
    let answer = fetched(&remote, version)?;
    let texts = of_answer(&answer)?;
    if let Some(folder) = &args.out {
        write(folder, &texts)?;
        let (count, folder) = (texts.len(), folder.display());
        session.done(&answer, &format!("{count} files of version {version} in {folder}."));
        return Ok(Exit::Ok);
    }
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let row = Row(&answer);
    let at = session.screen.time_or_dash(row.time("at"));
    let (author, message) = (row.text("author"), row.text("message"));
    session
        .screen
        .toned(Tone::Dim, &format!("# version {version}, published {at} by {author}: {message}"));
    say_texts(&mut session.screen, &texts, MAIN);
    Ok(Exit::Ok)
}

/// The main file first: it says what the others are for.
fn say_texts(screen: &mut Screen, texts: &Texts, main: &str) {
    let (main, others): (Vec<_>, Vec<_>) = texts.iter().partition(|(name, _)| *name == main);
    for (name, text) in main.into_iter().chain(others) {
        screen.toned(Tone::Dim, &format!("# ---- {name}"));
        screen.block(text);
    }
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
    let words = changes(&files(&old)?, &files(&new)?);
    let unified = diff::unified(&old, &new);
    let is_same = unified.is_empty();
    if !session.printed_json(&json!({ "same": is_same, "changes": words, "diff": unified })) {
        say_diff(&mut session.screen, &words, &unified);
    }
    // As `diff` does: 1 says that they differ.
    Ok(if is_same { Exit::Ok } else { Exit::No })
}

fn files(texts: &Texts) -> Result<Files, Stop> {
    let json = serde_json::to_string(texts).context("the rulebook's files")?;
    Files::from_json(&json).map_err(Stop::no)
}

fn say_diff(screen: &mut Screen, words: &[Change], unified: &str) {
    if unified.is_empty() {
        screen.line("No difference.");
        return;
    }
    for change in words {
        screen.line(&format!("* {}", change.says));
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
    of_answer(&fetched(&remote, number_in_force(&remote)?)?)
}

fn number_in_force(remote: &Remote) -> Result<u32, Stop> {
    let all = remote.get(&["rulebooks"], &[])?;
    let version = all.get("in_force").and_then(Value::as_u64);
    let version = version.and_then(|version| u32::try_from(version).ok());
    version.ok_or_else(|| Stop::no("no rulebook is in force"))
}

/// A version of the daemon's, files of this machine, or a draft of the daemon's.
fn side(session: &Session, name: &str) -> Result<Texts, Stop> {
    if let Ok(version) = name.trim_start_matches('v').parse::<u32>() {
        return of_answer(&fetched(&session.remote()?, version)?);
    }
    if !Path::new(name).exists() && is_draft_name(name) {
        return of_answer(&session.remote()?.get(&["drafts", name], &[])?);
    }
    texts(&offline::files(Path::new(name))?)
}

/// A rulebook as files: from its folder or its main file, or a draft of the daemon's if there is
/// neither here.
///
/// # Errors
/// There is nothing of the name, or it cannot be read.
pub(super) fn named(session: &Session, path: &Path) -> Result<Files, Stop> {
    let Some(name) = path.to_str().filter(|name| !path.exists() && is_draft_name(name)) else {
        return offline::files(path);
    };
    let draft = session.remote().and_then(|remote| remote.get(&["drafts", name], &[]));
    match draft {
        Ok(answer) => files(&of_answer(&answer)?),
        Err(stop) => Err(Stop::new(
            stop.exit,
            format!(
                "there is no folder {name} here, nor a draft {name} of the daemon's: {}",
                stop.error
            ),
        )),
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
}
