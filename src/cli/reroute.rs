//! `handoff leads reroute`: many leads at once, never without a look first.
//!
//! Guarantees: without `--yes` nothing is done but a dry run; what `start` does is what its dry run
//! showed, or it is refused. Does not know: who gets a lead; the daemon does.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    exit::{Exit, Outcome, Stop},
    remote::Remote,
    row::Row,
    screen::Tone,
    session::Session,
    when,
};

/// Many leads to somebody else.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  handoff leads reroute --rep ada --why \"Ada has left\"       a dry run: who would get what
  handoff leads reroute start 19b7…-04fe                     do what that dry run showed
  handoff leads reroute --pool emea --to pool:dach --yes     look and do at once
  handoff leads reroute --rule territory --since 09:00 --until 10:00
  handoff leads reroute status                               how far the last one is
  handoff leads reroute stop 19b7…-04fe                      `start` goes on where it stood

Whoever answered keeps a lead, and so does who said \"on it\", unless --force. A lead is left alone
when nobody can take it. Without --to the rulebook in force says who gets it."
)]
pub struct Reroute {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Do what a dry run showed, or go on with what was stopped
    Start {
        /// Its id, as the dry run says it
        run: String,
    },
    /// Say how far it is
    Status {
        /// Its id; the newest if it is left out
        run: Option<String>,
    },
    /// Send no more leads
    Stop {
        /// Its id
        run: String,
    },
    /// List all that was shown, is under way, or is done
    List,
}

#[derive(Debug, Args)]
struct WishArgs {
    /// Leads of this rep, who is then passed over
    #[arg(long)]
    rep: Option<String>,
    /// Leads that this pool gave
    #[arg(long)]
    pool: Option<String>,
    /// Leads that this rule placed
    #[arg(long)]
    rule: Option<String>,
    /// Leads that came in from then on
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Leads that came in before then
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
    /// This lead; may be given several times
    #[arg(long = "lead", value_name = "LEAD")]
    leads: Vec<Uuid>,
    /// Only leads with an owner, or only those that wait
    #[arg(long, value_enum)]
    state: Option<StateArg>,
    /// To whom: `rep:grace` or `pool:emea`; by the rulebook in force if it is left out
    #[arg(long, value_name = "WHOM")]
    to: Option<String>,
    /// Also leads whose owner said "on it"
    #[arg(long)]
    force: bool,
    /// Why: it stays with every lead
    #[arg(long)]
    why: Option<String>,
    /// Do it at once, as shown
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateArg {
    Waiting,
    Assigned,
}

impl Reroute {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None => dry_run(session, &self.wish),
            Some(What::Start { run }) => {
                let answer = session.remote()?.post(&["reroutes", &run], &json!({}))?;
                session.done(&answer, &under_way(&answer));
                Ok(Exit::Ok)
            }
            Some(What::Status { run }) => status(session, run),
            Some(What::Stop { run }) => {
                let answer = session.remote()?.delete(&["reroutes", &run])?;
                let sent = Row(&answer).text("sent");
                session.done(&answer, &format!("Stopped after {sent} leads."));
                Ok(Exit::Ok)
            }
            Some(What::List) => list(session),
        }
    }
}

fn under_way(answer: &Value) -> String {
    let row = Row(answer);
    format!("{} leads are on their way as {}.", row.text("total"), row.text("id"))
}

fn dry_run(session: &mut Session, args: &WishArgs) -> Outcome {
    let body = wish(session, args)?;
    let remote = session.remote()?;
    let shown = remote.post(&["reroutes"], &body)?;
    let row = Row(&shown);
    let (run, total) = (row.text("id"), row.text("total"));
    if args.yes {
        let leads = row.value("total").cloned().unwrap_or_default();
        let answer = remote.post(&["reroutes", &run], &json!({ "leads": leads }))?;
        if !session.screen.is_json() {
            fares(session, row, "shown");
        }
        session.done(&answer, &under_way(&answer));
        return Ok(Exit::Ok);
    }
    if session.printed_json(&shown) {
        return Ok(Exit::Ok);
    }
    if total == "0" {
        let line = "No lead fits, so there is nothing to do: open leads are meant, of the rep, pool or \
                    rule with this id.";
        session.screen.line(line);
        return Ok(Exit::Ok);
    }
    session.screen.line(&format!("{total} leads; nothing is done yet."));
    fares(session, row, "shown");
    for example in row.rows("examples") {
        let (lead, from) = (example.text("lead"), example.dash("from"));
        let line = match (example.text("to"), example.text("kept")) {
            (to, _) if !to.is_empty() => format!("{lead}  {from} → {to}"),
            (_, why) => format!("{lead}  stays with {from}: {why}"),
        };
        session.screen.toned(Tone::Dim, &line);
    }
    session.screen.line(&format!("To do it: handoff leads reroute start {run}"));
    Ok(Exit::Ok)
}

fn wish(session: &Session, args: &WishArgs) -> Result<Value, Stop> {
    let instant = |text: &Option<String>| {
        let at = text.as_deref().map(|text| when::parse(text, session.now, session.screen.zone()));
        at.transpose().map_err(Stop::usage)
    };
    let mut select = Map::new();
    for (name, value) in [("rep", &args.rep), ("pool", &args.pool), ("rule", &args.rule)] {
        select.extend(value.clone().map(|value| (name.to_owned(), value.into())));
    }
    for (name, at) in [("since", instant(&args.since)?), ("until", instant(&args.until)?)] {
        select.extend(at.map(|at| (name.to_owned(), json!(at))));
    }
    if !args.leads.is_empty() {
        select.insert("leads".to_owned(), json!(args.leads));
    }
    let state = args.state.map(|state| match state {
        StateArg::Waiting => "waiting",
        StateArg::Assigned => "assigned",
    });
    select.extend(state.map(|state| ("state".to_owned(), state.into())));
    let to = match args.to.as_deref().map(|to| to.split_once(':')) {
        None => json!("rules"),
        Some(Some(("rep", rep))) => json!({ "rep": rep.trim() }),
        Some(Some(("pool", pool))) => json!({ "pool": pool.trim() }),
        Some(_) => {
            let why = "--to is rep:NAME or pool:NAME; leave it out to let the rulebook say";
            return Err(Stop::usage(why));
        }
    };
    Ok(json!({ "select": select, "to": to, "force": args.force, "why": args.why }))
}

/// Who gets how many of whose, and why some stay.
fn fares(session: &mut Session, row: Row<'_>, path: &str) {
    for (member, heading) in [("moved", "from → to"), ("kept", "stays, since")] {
        let rows: Vec<Vec<String>> = row
            .members(&format!("{path}.{member}"))
            .map(|(name, count)| vec![name.clone(), count.0.to_string()])
            .collect();
        if !rows.is_empty() {
            session.screen.table(&[heading, "leads"], &rows, "");
        }
    }
}

fn status(session: &mut Session, run: Option<String>) -> Outcome {
    let remote = session.remote()?;
    let run = match run {
        Some(run) => run,
        None => newest(&remote)?,
    };
    let answer = remote.get(&["reroutes", &run], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let row = Row(&answer);
    session.screen.line(&format!(
        "{run}: {}; {} of {} leads sent, {} decided",
        row.text("stage"),
        row.text("sent"),
        row.text("total"),
        row.text("seen"),
    ));
    fares(session, row, "became");
    Ok(Exit::Ok)
}

fn newest(remote: &Remote) -> Result<String, Stop> {
    let all = remote.get(&["reroutes"], &[])?;
    let newest = Row(&all).rows("runs").next().map(|run| run.text("id"));
    newest.ok_or_else(|| Stop::no("no leads were ever re-routed"))
}

fn list(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["reroutes"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("runs")
        .map(|row| {
            vec![
                row.text("id"),
                session.screen.time_or_dash(row.time("at")),
                row.text("author"),
                row.text("stage"),
                format!("{} of {}", row.text("seen"), row.text("total")),
                row.text("wish.why"),
            ]
        })
        .collect();
    let headings = ["id", "shown", "by", "", "leads", "why"];
    session.screen.table(&headings, &rows, "No leads were ever re-routed.");
    Ok(Exit::Ok)
}
