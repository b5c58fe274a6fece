//! `handoff rulebook shadow`: a draft decides beside the rulebook in force.
//!
//! Guarantees: shows what the daemon counted, and nothing of its own.
//! Does not know: how a draft decides.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::{
    cli::{
        exit::{Exit, Outcome},
        row::Row,
        screen::Tone,
        session::Session,
    },
    decide::placed::Differs,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff rulebook draft save austria drafts/
  handoff rulebook shadow start austria          every new lead is decided by both
  handoff rulebook shadow report                 what would have been different
  handoff rulebook shadow stop
  handoff rulebook publish --draft austria

Nothing of what the draft decides is written or told. Its turns are its own since it began; open
leads and absences are those of the rulebook in force.")]
pub(super) struct Shadows {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let a draft decide beside the rulebook in force
    Start {
        /// The draft's name
        draft: String,
    },
    /// End it; its report stays
    Stop,
    /// Say what the draft would have decided otherwise
    Report,
}

impl Shadows {
    pub(super) fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            What::Start { draft } => {
                let answer = session.remote()?.post(&["shadow"], &json!({ "draft": draft }))?;
                session.done(&answer, &format!("{draft} decides beside the rulebook in force."));
                Ok(Exit::Ok)
            }
            What::Stop => {
                let answer = session.remote()?.delete(&["shadow"])?;
                let draft = Row(&answer).text("draft");
                session.done(&answer, &format!("{draft} decides no more; the report stays."));
                Ok(Exit::Ok)
            }
            What::Report => report(session),
        }
    }
}

fn report(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["shadow"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let row = Row(&answer);
    let since = session.screen.time_or_dash(row.time("started_at"));
    let until = row.time("stopped_at").map(|at| session.screen.time(at));
    let until = until.map(|at| format!(" until {at}")).unwrap_or_default();
    session.screen.line(&format!(
        "{} (revision {}) since {since}{until}: {} placed, {} of them otherwise.",
        row.text("draft"),
        row.text("revision"),
        row.text("compared"),
        row.text("differ"),
    ));
    for (path, heading) in [("kinds", "what differs"), ("rules", "rule in force → draft's rule")]
    {
        let mut counts: Vec<(u64, String)> = row
            .members(path)
            .filter_map(|(name, count)| Some((count.0.as_u64()?, Differs::says(name).to_owned())))
            .collect();
        counts.sort_by(|a, b| b.cmp(a));
        let rows: Vec<Vec<String>> =
            counts.into_iter().map(|(count, name)| vec![name, count.to_string()]).collect();
        if !rows.is_empty() {
            session.screen.line("");
            session.screen.table(&[heading, "leads"], &rows, "");
        }
    }
    for example in row.rows("examples") {
        let at = session.screen.time_or_dash(example.time("at"));
        let (lead, live) = (example.dash("lead"), example.text("live"));
        session.screen.line(&format!("{at}  {lead}  {live}"));
        let draft = format!("    the draft: {}", example.text("shadow"));
        session.screen.toned_as_it_is(Tone::Dim, &draft);
    }
    Ok(Exit::Ok)
}
