//! `handoff rulebook publish`, `rollback`, `check`, `scheduled` and `unschedule`.
//!
//! Guarantees: findings of the daemon are shown in the files of this machine. Does not know: how a
//! rulebook is compiled.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::texts;
use crate::{
    cli::{
        check::text,
        exit::{Exit, Outcome, Stop},
        offline,
        row::Row,
        screen::{Screen, Tone},
        session::Session,
        when,
    },
    model::{
        finding::{Finding, Place, Severity, render},
        time::Time,
    },
    rulebook::Files,
};

#[derive(Debug, Args)]
pub(super) struct Publish {
    /// Its folder or its main file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// A draft on the server instead; it is gone then
    #[arg(long, value_name = "DRAFT", conflicts_with = "path")]
    draft: Option<String>,
    /// Why: it stays with the version
    #[arg(long, short, required_unless_present = "draft")]
    message: Option<String>,
    /// The version it was made from: refused if another one is in force by now
    #[arg(long, value_name = "VERSION")]
    based_on: Option<u32>,
    /// From when on, if not from now on; it is checked again then
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The version whose text is to be in force again, under the next number
    version: u32,
    /// Why: it stays with the version
    #[arg(long, short)]
    message: Option<String>,
    /// The version that is in force as far as you know: refused if it is another one
    #[arg(long, value_name = "VERSION")]
    based_on: Option<u32>,
    /// From when on, if not from now on; it is checked again then
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl Publish {
    pub(super) fn run(&self, session: &mut Session) -> Outcome {
        let at = instant(session, self.at.as_deref())?;
        let (files, mut body) = if let Some(draft) = &self.draft {
            let kept = session.remote()?.get(&["drafts", draft], &[])?;
            (super::files(&super::of_answer(&kept)?)?, json!({ "draft": draft }))
        } else {
            let files = offline::files(&self.path)?;
            let texts = texts(&files)?;
            (files, json!({ "files": texts }))
        };
        put(&mut body, self.message.as_ref(), self.based_on, at);
        send(session, &files, &body)
    }
}

impl Rollback {
    pub(super) fn run(&self, session: &mut Session) -> Outcome {
        let at = instant(session, self.at.as_deref())?;
        let files = super::files(&super::side(session, &self.version.to_string())?)?;
        let mut body = json!({ "rollback_to": self.version });
        put(&mut body, self.message.as_ref(), self.based_on, at);
        send(session, &files, &body)
    }
}

fn instant(session: &Session, text: Option<&str>) -> Result<Option<Time>, Stop> {
    let at = text.map(|text| when::parse(text, session.now, session.screen.zone()));
    at.transpose().map_err(Stop::usage)
}

fn put(body: &mut Value, message: Option<&String>, based_on: Option<u32>, at: Option<Time>) {
    let Some(members) = body.as_object_mut() else { return };
    members.extend(message.map(|message| ("message".to_owned(), json!(message))));
    members.extend(based_on.map(|version| ("based_on".to_owned(), json!(version))));
    members.extend(at.map(|at| ("at".to_owned(), json!(at))));
}

/// Publishes or schedules, and says which.
fn send(session: &mut Session, files: &Files, body: &Value) -> Outcome {
    let before = super::number_in_force(&session.remote()?).unwrap_or_default();
    let Some(answer) = sent(session, files, body)? else { return Ok(Exit::No) };
    let row = Row(&answer);
    let sentence = match row.time("scheduled.at") {
        None if row.text("version") == before.to_string() => {
            format!("Version {before} is in force and says this already; nothing was published.")
        }
        Some(at) => format!(
            "Scheduled for {} as {}; it must still be based on version {} then.",
            session.screen.time(at),
            row.text("scheduled.id"),
            row.text("scheduled.based_on"),
        ),
        None => format!("Published as version {}.", row.text("version")),
    };
    session.done(&answer, &sentence);
    Ok(Exit::Ok)
}

pub(super) fn scheduled(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["schedule"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("scheduled")
        .map(|row| {
            vec![
                row.text("id"),
                session.screen.time_or_dash(row.time("at")),
                row.text("based_on"),
                row.text("author"),
                row.text("message"),
            ]
        })
        .collect();
    let headings = ["id", "from", "based on", "by", "why"];
    session.screen.table(&headings, &rows, "Nothing is scheduled.");
    for row in Row(&answer).rows("scheduled").filter(|row| row.value("refused").is_some()) {
        let line = format!("{} was not published: {}", row.text("id"), row.text("refused"));
        session.screen.toned(Tone::Bad, &line);
    }
    Ok(Exit::Ok)
}

pub(super) fn unschedule(session: &mut Session, id: &str) -> Outcome {
    let answer = session.remote()?.delete(&["schedule", id])?;
    session.done(&answer, &format!("{id} is taken back."));
    Ok(Exit::Ok)
}

pub(super) fn check(session: &mut Session, path: &Path) -> Outcome {
    let files = super::named(session, path)?;
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

pub(super) fn say_findings(screen: &mut Screen, files: &Files, problem: &Value) {
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
    screen.block(&render(&findings, |name| text(files, name)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::screen::tests::Paper, rulebook::MAIN};

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
