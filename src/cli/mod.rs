//! The command line: one file per command.
//!
//! Guarantees: commands that change something speak to the daemon's API with the operator's
//! token; those that need no daemon read files, or open the store under its lock; every command
//! prints tables for people and JSON for programs, and ends with a documented code.
//! Does not know: how anything is decided or stored.
//!
//! Shared by all: `exit` (codes), `screen` (output), `row` (reading answers), `when` (times as
//! typed), `sheet` (CSV files), `session`, `remote` with `refusal` (the daemon), `offline` (this
//! machine), `keeper` (whichever of the two has the store).

pub mod exit;
mod export;
pub mod keeper;
pub mod offline;
pub mod refusal;
pub mod remote;
pub mod row;
pub mod screen;
pub mod session;
pub mod sheet;
pub mod token_text;
pub mod when;
pub mod why;

mod accounts;
pub mod backup;
pub mod bench;
pub mod check;
pub mod demo;
pub mod events;
pub mod explain;
mod imported;
pub mod jobs;
pub mod leads;
pub mod observe;
pub mod open;
pub mod owners;
pub mod replay;
mod reps;
mod reroute;
pub mod rulebook;
pub mod send;
pub mod serve;
pub mod store;
pub mod token;

use clap::{Parser, Subcommand};

use self::{
    exit::{Exit, Outcome, Stop},
    session::{Session, Shared},
};

/// Routes marketing leads to the right sales owner, and does not let go until somebody has answered.
#[derive(Debug, Parser)]
#[command(
    name = "handoff",
    version,
    max_term_width = 100,
    after_help = concat!(
        "Environment:\n",
        "  HANDOFF_CONFIG  the settings (handoff.toml)\n",
        "  HANDOFF_URL     where the daemon answers (http://127.0.0.1:8080)\n",
        "  HANDOFF_TOKEN   the token for it; `handoff token create NAME` makes one\n",
        "  NO_COLOR        no colours\n\n",
        "`handoff help COMMAND` has examples; `handoff help exit-codes` says what a script may \
         branch on."
    )
)]
pub struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Explain(Box<explain::Explain>),
    Send(send::Send),
    Leads(leads::Leads),
    Jobs(jobs::Jobs),
    Events(events::Events),
    Reps(reps::Reps),
    Accounts(accounts::Accounts),
    Rulebook(rulebook::Rulebooks),
    Token(token::Tokens),
    Backup(backup::Backup),
    Observe(observe::Observe),
    Replay(replay::ReplayStored),
    Store(store::Stores),
    Open(open::Open),
    Bench(bench::Bench),
    Demo(demo::Demo),
    /// Say what the exit codes mean
    #[command(name = "exit-codes", long_about = exit::HELP)]
    ExitCodes,
}

/// Runs what the arguments say, prints what went wrong, and gives the code to end with.
#[must_use]
pub fn run(arguments: Arguments) -> Exit {
    let Arguments { shared, command } = arguments;
    let mut session = Session::new(&shared);
    let outcome = command.run(&mut session);
    let is_json = session.screen.is_json();
    let written = session.screen.finish();
    let outcome = match (outcome, written) {
        (Ok(_), Err(error)) => {
            Err(Stop::from(anyhow::Error::from(error).context("the output could not be written")))
        }
        (outcome, _) => outcome,
    };
    match outcome {
        Ok(exit) => exit,
        Err(stop) => {
            complain(&stop, is_json);
            stop.exit
        }
    }
}

/// The error and its causes on the standard error: sentences, or one JSON object.
fn complain(stop: &Stop, is_json: bool) {
    let lines = stop.lines();
    if is_json {
        let causes = lines.get(1..).unwrap_or_default();
        let error = serde_json::json!({
            "error": lines.first(), "because": causes, "exit": stop.exit.code(),
        });
        eprintln!("{error}");
        return;
    }
    for (number, line) in lines.iter().enumerate() {
        let lead = if number == 0 { "error: " } else { "  because: " };
        eprintln!("{lead}{}", screen::visible(line));
    }
}

impl Command {
    fn run(self, session: &mut Session) -> Outcome {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::Check(check) => check.run(session),
            Self::Explain(explain) => explain.run(session),
            Self::Send(send) => send.run(session),
            Self::Leads(leads) => leads.run(session),
            Self::Jobs(jobs) => jobs.run(session),
            Self::Events(events) => events.run(session),
            Self::Reps(reps) => reps.run(session),
            Self::Accounts(reps) => reps.run(session),
            Self::Rulebook(rulebook) => rulebook.run(session),
            Self::Token(token) => token.run(session),
            Self::Backup(backup) => backup.run(session),
            Self::Observe(observe) => observe.run(session),
            Self::Replay(replay) => replay.run(session),
            Self::Store(stores) => stores.run(session),
            Self::Open(open) => open.run(session),
            Self::Bench(bench) => bench.run(session),
            Self::Demo(demo) => demo.run(),
            Self::ExitCodes => {
                session.screen.block(exit::HELP);
                Ok(Exit::Ok)
            }
        }
    }
}

#[cfg(test)]
mod tests;
