//! `handoff events`: list, show, redo.
//!
//! Guarantees: an event is shown as it arrived, with nothing in it that a terminal would act on.
//! Does not know: what bodies mean.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    exit::{Exit, Outcome, Stop},
    row::Row,
    session::{Paging, Session},
};

/// Everything that came in, as it arrived.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff events list --fate rejected            fills that could not be read, and why
  handoff events show 0197c1d2-…                 one event with its body
  handoff events redo --fate rejected --source typeform-demo
                                                 after the mapping was mended")]
pub struct Events {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List events, newest first (this is also what no word does)
    List(List),
    /// Show one event with its body
    Show {
        /// Its public id
        event: Uuid,
    },
    /// Decide rejected or dead events again
    Redo(Redo),
}

#[derive(Debug, Args)]
struct List {
    /// Only events with this fate
    #[arg(long, value_enum)]
    fate: Option<Fate>,
    /// Only events of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Debug, Args)]
struct Redo {
    /// Public ids
    #[arg(required_unless_present = "fate", conflicts_with_all = ["fate", "source"])]
    events: Vec<Uuid>,
    /// All with this fate: rejected or dead
    #[arg(long, value_enum)]
    fate: Option<Fate>,
    /// Only those of this source
    #[arg(long, value_name = "NAME", requires = "fate")]
    source: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fate {
    Underway,
    Opened,
    Joined,
    Rejected,
    Dead,
    Noted,
}

impl Fate {
    const fn word(self) -> &'static str {
        match self {
            Self::Underway => "underway",
            Self::Opened => "opened",
            Self::Joined => "joined",
            Self::Rejected => "rejected",
            Self::Dead => "dead",
            Self::Noted => "noted",
        }
    }
}

impl Events {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None => list(
                session,
                &List { fate: None, source: None, paging: Paging { max: 50, before: None } },
            ),
            Some(What::List(args)) => list(session, &args),
            Some(What::Show { event }) => show(session, event),
            Some(What::Redo(args)) => redo(session, &args),
        }
    }
}

fn list(session: &mut Session, args: &List) -> Outcome {
    let mut query = args.paging.query();
    query.extend(args.fate.map(|fate| ("fate", fate.word().to_owned())));
    query.extend(args.source.clone().map(|source| ("source", source)));
    let answer = session.remote()?.get(&["events"], &query)?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("events")
        .map(|event| {
            vec![
                event.text("event"),
                session.screen.time_or_dash(event.time("received_at")),
                event.text("kind"),
                event.text("source"),
                event.text("fate"),
                event.dash("actor"),
                event.text("reason"),
            ]
        })
        .collect();
    let headings = ["event", "received", "kind", "source", "fate", "by", "why"];
    session.screen.table(&headings, &rows, "No events.");
    Paging::more(session, &answer);
    Ok(Exit::Ok)
}

fn show(session: &mut Session, event: Uuid) -> Outcome {
    let answer = session.remote()?.get(&["events", &event.to_string()], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let event = Row(&answer);
    let received = session.screen.time_or_dash(event.time("received_at"));
    session.screen.line(&format!("event: {}", event.text("event")));
    session.screen.line(&format!("received: {received}"));
    for name in ["kind", "source", "delivery", "actor", "fate", "reason", "content_type"] {
        let text = event.text(name);
        if !text.is_empty() {
            session.screen.line(&format!("{}: {text}", name.replace('_', " ")));
        }
    }
    session.screen.line("");
    let body = event.text("body");
    match serde_json::from_str::<Value>(&body) {
        Ok(value) => session.screen.json(&value),
        Err(_) if body.is_empty() => session.screen.line("(the body is past its keep)"),
        Err(_) => session.screen.block(&body),
    }
    Ok(Exit::Ok)
}

fn redo(session: &mut Session, args: &Redo) -> Outcome {
    let body = match args.fate {
        None => json!({ "events": args.events }),
        Some(fate @ (Fate::Rejected | Fate::Dead)) => {
            json!({ "fate": fate.word(), "source": args.source })
        }
        Some(fate) => {
            let why = "only rejected and dead events can be redone";
            return Err(Stop::usage(format!("--fate {}: {why}", fate.word())));
        }
    };
    let answer = session.remote()?.post(&["events", "redo"], &body)?;
    let redone = answer.get("redone").and_then(Value::as_u64).unwrap_or(0);
    session.done(&answer, &format!("{redone} events are decided again."));
    Ok(if redone >= args.events.len() as u64 { Exit::Ok } else { Exit::No })
}
