//! `handoff rulebook draft`: drafts that are kept on the server.
//!
//! Guarantees: a draft that somebody else saved meanwhile is not written over when the revision is
//! named. Does not know: what a draft says.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{of_answer, publish, texts, write};
use crate::{
    cli::{
        exit::{Exit, Outcome},
        offline,
        row::Row,
        session::Session,
    },
    rulebook::MAIN,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff rulebook draft save austria drafts/ --message \"Konrad covers Austria\"
  handoff rulebook draft list
  handoff rulebook diff austria                  what would change
  handoff rulebook draft show austria --out copy/
  handoff rulebook publish --draft austria
  handoff rulebook draft delete austria")]
pub(super) struct Drafts {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Save a folder as a draft; it may have mistakes still
    Save(Save),
    /// List the drafts
    List,
    /// Show a draft
    Show {
        /// Its name
        name: String,
        /// Write its files into this folder, which must be empty or not there
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Delete a draft
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Save {
    /// Its name: letters, digits and dashes
    name: String,
    /// Its folder or its main file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// What it is for: the message when it is published
    #[arg(long, short)]
    message: Option<String>,
    /// The version it was made from; the one in force if it is new
    #[arg(long, value_name = "VERSION")]
    based_on: Option<u32>,
    /// The revision you had: refused if somebody saved another one meanwhile
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u32>,
}

impl Drafts {
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            What::Save(args) => save(session, &args),
            What::List => list(session),
            What::Show { name, out } => show(session, &name, out),
            What::Delete { name } => {
                let answer = session.remote()?.delete(&["drafts", &name])?;
                session.done(&answer, &format!("The draft {name} is gone."));
                Ok(Exit::Ok)
            }
        }
    }
}

fn save(session: &mut Session, args: &Save) -> Outcome {
    let files = offline::files(&args.path)?;
    let mut body = json!({ "files": texts(&files)? });
    if let Some(members) = body.as_object_mut() {
        members.extend(args.message.as_ref().map(|why| ("message".to_owned(), json!(why))));
        members.extend(args.based_on.map(|version| ("based_on".to_owned(), json!(version))));
        members.extend(args.revision.map(|number| ("revision".to_owned(), json!(number))));
    }
    let answer = session.remote()?.post(&["drafts", &args.name], &body)?;
    if !session.screen.is_json() && answer.get("findings").is_some() {
        publish::say_findings(&mut session.screen, &files, &answer);
    }
    let row = Row(&answer);
    let sentence = format!(
        "Saved {} as revision {}, based on version {}.",
        args.name,
        row.text("revision"),
        row.text("based_on")
    );
    session.done(&answer, &sentence);
    Ok(Exit::Ok)
}

fn list(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["drafts"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("drafts")
        .map(|row| {
            let mistakes = row.text("mistakes");
            vec![
                row.text("name"),
                row.text("revision"),
                row.text("based_on"),
                session.screen.time_or_dash(row.time("at")),
                row.text("author"),
                if mistakes == "0" { String::new() } else { format!("{mistakes} mistakes") },
                row.text("message"),
            ]
        })
        .collect();
    let headings = ["draft", "revision", "based on", "saved", "by", "", "what for"];
    session.screen.table(&headings, &rows, "No drafts.");
    Ok(Exit::Ok)
}

fn show(session: &mut Session, name: &str, out: Option<PathBuf>) -> Outcome {
    let answer = session.remote()?.get(&["drafts", name], &[])?;
    let texts = of_answer(&answer)?;
    if let Some(folder) = out {
        write(&folder, &texts)?;
        session.done(&answer, &format!("{} files in {}.", texts.len(), folder.display()));
        return Ok(Exit::Ok);
    }
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    super::say_texts(&mut session.screen, &texts, MAIN);
    Ok(Exit::Ok)
}
