//! `handoff jobs`: list, retry, bury.
//!
//! Guarantees: a buried job stays in the list. Does not know: what jobs do.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{
    exit::{Exit, Outcome},
    row::Row,
    session::{Paging, Session},
};

/// Work that is due now or later: writing to CRMs, telling people, reviews.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff jobs list --dead           what needs a person
  handoff jobs list --kind write     what is not yet in the CRM
  handoff jobs retry 4711 4712       try again now, attempts counted anew
  handoff jobs bury 4711             give it up; it stays in the list")]
pub struct Jobs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List jobs (this is also what no word does)
    List(List),
    /// Make jobs due now; a dead one lives again
    Retry {
        /// Their numbers
        #[arg(required = true)]
        jobs: Vec<i64>,
    },
    /// Give jobs up
    Bury {
        /// Their numbers
        #[arg(required = true)]
        jobs: Vec<i64>,
    },
}

#[derive(Debug, Args)]
struct List {
    /// Only this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only those that were given up
    #[arg(long, conflicts_with = "living")]
    dead: bool,
    /// Only those that are still tried
    #[arg(long)]
    living: bool,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Review,
    Write,
    Tell,
    Ask,
    Observe,
}

impl Jobs {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None => list(
                session,
                &List {
                    kind: None,
                    dead: false,
                    living: false,
                    paging: Paging { max: 50, before: None },
                },
            ),
            Some(What::List(args)) => list(session, &args),
            Some(What::Retry { jobs }) => order(session, "retry", &jobs),
            Some(What::Bury { jobs }) => order(session, "bury", &jobs),
        }
    }
}

fn list(session: &mut Session, args: &List) -> Outcome {
    let mut query = args.paging.query();
    let word = args.kind.map(|kind| match kind {
        Kind::Review => "review",
        Kind::Write => "write",
        Kind::Tell => "tell",
        Kind::Ask => "ask",
        Kind::Observe => "observe",
    });
    query.extend(word.map(|word| ("kind", word.to_owned())));
    if args.dead || args.living {
        query.push(("dead", args.dead.to_string()));
    }
    let answer = session.remote()?.get(&["jobs"], &query)?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("jobs")
        .map(|job| {
            vec![
                job.text("id"),
                job.text("kind"),
                job.dash("destination"),
                job.dash("lead"),
                session.screen.time_or_dash(job.time("due_at")),
                job.text("attempts"),
                state(job).to_owned(),
                job.text("reason"),
            ]
        })
        .collect();
    let headings = ["job", "kind", "to", "lead", "due", "tries", "state", "why"];
    session.screen.table(&headings, &rows, "No jobs.");
    Paging::more(session, &answer);
    Ok(Exit::Ok)
}

fn state(job: Row<'_>) -> &'static str {
    if job.is("is_dead") {
        "dead"
    } else if job.is("is_leased") {
        "at work"
    } else {
        "open"
    }
}

fn order(session: &mut Session, order: &str, jobs: &[i64]) -> Outcome {
    let answer = session.remote()?.post(&["jobs", order], &json!({ "jobs": jobs }))?;
    let changed = answer.get("changed").and_then(serde_json::Value::as_u64).unwrap_or(0);
    session.done(&answer, &format!("{changed} of {} jobs changed.", jobs.len()));
    // A number that names no job is an answer worth branching on.
    Ok(if changed == jobs.len() as u64 { Exit::Ok } else { Exit::No })
}
