//! `handoff leads`: list, show, respond, reassign, reroute, import.
//!
//! Guarantees: a change is sent as an event with the token's name; nothing is changed directly.
//! Does not know: how leads are decided; `handoff explain` says that.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    exit::{Exit, Outcome, Stop},
    imported::{Import, There},
    reroute::Reroute,
    row::Row,
    screen::Tone,
    session::{Paging, Session},
    when,
};
use crate::model::time::Time;

/// The leads, newest first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff leads                                  the newest leads
  handoff leads list --state waiting             those without an owner
  handoff leads list --late                      those past their deadline
  handoff leads show 0197c1d2-…                  one lead with its timeline
  handoff leads respond 0197c1d2-… --kind call --by ada
  handoff leads reassign 0197c1d2-… --to grace --why \"Ada is ill\"
  handoff leads reroute --rep ada --why \"Ada has left\"   a dry run for all of Ada's
  handoff leads import leads.csv --source website   leads of the time before, for back-tests")]
pub struct Leads {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List leads (this is also what no word does)
    List(List),
    /// Show one lead with its timeline
    Show {
        /// Its public id
        lead: Uuid,
    },
    /// Say that a person from sales has answered
    Respond(Respond),
    /// Hand a lead to somebody by name
    Reassign(Reassign),
    /// Give many leads to others, after a look at who would get what
    Reroute(Box<Reroute>),
    Import(Box<Import>),
    Imported(There),
}

#[derive(Debug, Args)]
struct List {
    /// Only leads in this state
    #[arg(long, value_enum)]
    state: Option<StateArg>,
    /// Only leads of this rep (the id in the rulebook)
    #[arg(long, value_name = "REP")]
    owner: Option<String>,
    /// Only leads whose deadline has passed
    #[arg(long)]
    late: bool,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum StateArg {
    Waiting,
    Assigned,
    Answered,
    SetAside,
    Observed,
}

impl StateArg {
    const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Assigned => "assigned",
            Self::Answered => "answered",
            Self::SetAside => "set_aside",
            Self::Observed => "observed",
        }
    }
}

#[derive(Debug, Args)]
struct Respond {
    /// Its public id
    lead: Uuid,
    /// How they answered
    #[arg(long, value_enum)]
    kind: KindArg,
    /// Who: a rep's id
    #[arg(long, value_name = "REP")]
    by: Option<String>,
    /// When; now unless said otherwise
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The id of the call, mail or task; the same evidence counts once
    #[arg(long, value_name = "ID")]
    evidence: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum KindArg {
    Call,
    Email,
    Meeting,
    Task,
    StatusChange,
    Word,
}

impl KindArg {
    const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Email => "email",
            Self::Meeting => "meeting",
            Self::Task => "task",
            Self::StatusChange => "status_change",
            Self::Word => "word",
        }
    }
}

#[derive(Debug, Args)]
struct Reassign {
    /// Its public id
    lead: Uuid,
    /// The rep who gets it
    #[arg(long, value_name = "REP")]
    to: String,
    /// Why, for the timeline
    #[arg(long)]
    why: Option<String>,
}

impl Leads {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None => list(session, &List::default()),
            Some(What::List(args)) => list(session, &args),
            Some(What::Show { lead }) => show(session, lead),
            Some(What::Respond(args)) => respond(session, args),
            Some(What::Reassign(args)) => reassign(session, &args),
            Some(What::Reroute(args)) => args.run(session),
            Some(What::Import(args)) => args.run(session),
            Some(What::Imported(args)) => args.run(session),
        }
    }
}

impl Default for List {
    fn default() -> Self {
        Self { state: None, owner: None, late: false, paging: Paging { max: 50, before: None } }
    }
}

fn list(session: &mut Session, args: &List) -> Outcome {
    let mut query = args.paging.query();
    query.extend(args.state.map(|state| ("state", state.word().to_owned())));
    query.extend(args.owner.clone().map(|owner| ("owner", owner)));
    query.extend(args.late.then(|| ("late", "true".to_owned())));
    let answer = session.remote()?.get(&["leads"], &query)?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> =
        Row(&answer).rows("leads").map(|lead| cells(session, lead)).collect();
    let headings = ["lead", "opened", "state", "who", "owner", "by", "due"];
    session.screen.table(&headings, &rows, "No leads.");
    Paging::more(session, &answer);
    Ok(Exit::Ok)
}

fn cells(session: &Session, lead: Row<'_>) -> Vec<String> {
    let opened = lead.time("opened_at");
    vec![
        lead.text("uuid"),
        session.screen.time_or_dash(opened),
        state(lead),
        who(lead),
        lead.dash("owner"),
        lead.dash("rule"),
        due(session, lead),
    ]
}

/// The state; a lead that waits for the CRM's facts is not yet anybody's worry.
fn state(lead: Row<'_>) -> String {
    let state = lead.text("state").replace('_', " ");
    match lead.text("waiting.for").as_str() {
        "" => state,
        waits_for => format!("{state} for {}", waits_for.replace('_', " ")),
    }
}

/// The person's name and company, or the address.
fn who(lead: Row<'_>) -> String {
    let fields = lead.value("fields").map_or(Row(&Value::Null), Row);
    let name = [fields.text("name"), fields.text("email"), fields.text("phone")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    match fields.text("company") {
        company if company.is_empty() => name,
        company => format!("{name}, {company}"),
    }
}

fn due(session: &Session, lead: Row<'_>) -> String {
    let is_open = lead.text("state") == "assigned";
    let Some(deadline) = lead.time("ladder.deadline").filter(|_| is_open) else {
        return "–".to_owned();
    };
    let at = session.screen.time(deadline);
    if deadline < session.now {
        format!("{at}, late by {}", rough(session.now, deadline))
    } else {
        at
    }
}

/// A span to the minute, or to the hour above two days.
fn rough(now: Time, then: Time) -> String {
    let minutes = now.since(then).0 / 60_000;
    match minutes {
        0 => "<1m".to_owned(),
        1..=119 => format!("{minutes}m"),
        120..=2_879 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1_440),
    }
}

fn show(session: &mut Session, lead: Uuid) -> Outcome {
    let answer = session.remote()?.get(&["leads", &lead.to_string()], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let story = Row(&answer);
    let lead = story.value("lead").map_or(Row(&Value::Null), Row);
    head(session, lead);
    session.screen.line("");
    let timeline: Vec<Vec<String>> = story
        .rows("timeline")
        .map(|entry| {
            vec![
                session.screen.time_or_dash(entry.time("at")),
                entry.text("what"),
                entry.text("text"),
            ]
        })
        .collect();
    // The sentences are long: as lines, not as cells that would be cut.
    for entry in &timeline {
        session.screen.line(&entry.join("  "));
    }
    records(session, story);
    Ok(Exit::Ok)
}

fn head(session: &mut Session, lead: Row<'_>) {
    let mut lines = vec![
        ("lead", lead.text("uuid")),
        ("who", who(lead)),
        ("email", lead.text("fields.email")),
        ("phone", lead.text("fields.phone")),
        ("source", lead.text("source")),
        ("asks for", lead.text("intent")),
        ("state", state(lead)),
        ("owner", lead.text("owner")),
        ("rule", lead.text("rule")),
        ("SLA", lead.text("ladder.sla")),
        ("due", due(session, lead)),
        ("outcome", lead.text("outcome.outcome")),
    ];
    lines.retain(|(_, text)| !text.is_empty() && text != "–");
    for (name, text) in lines {
        session.screen.line(&format!("{name}: {text}"));
    }
}

/// Where it is written, who was told, and what is still to do.
fn records(session: &mut Session, story: Row<'_>) {
    for (crm, link) in story.members("links") {
        let at = session.screen.time_or_dash(link.time("written_at"));
        session.screen.line(&format!("written to {crm} as {} at {at}", link.text("record")));
    }
    for notice in story.rows("notices") {
        let at = session.screen.time_or_dash(notice.time("at"));
        let (to, why) = (notice.text("destination"), notice.text("why").replace('_', " "));
        session.screen.line(&format!("told {to} at {at}: {why}"));
    }
    for job in story.rows("jobs") {
        let what = [job.text("kind"), job.text("destination")].join(" ");
        let due = session.screen.time_or_dash(job.time("due_at"));
        let (id, why) = (job.text("id"), job.text("reason"));
        let line = format!("job {id}: {}, due {due} {why}", what.trim_end());
        let tone = if job.is("is_dead") { Tone::Bad } else { Tone::Dim };
        session.screen.toned(tone, &line);
    }
}

fn respond(session: &mut Session, args: Respond) -> Outcome {
    let at = args.at.as_deref().map(|text| when::parse(text, session.now, session.screen.zone()));
    let at = at.transpose().map_err(Stop::usage)?.unwrap_or(session.now);
    let mut body = json!({ "kind": args.kind.word(), "at": at });
    if let Some(members) = body.as_object_mut() {
        members.extend(args.by.map(|by| ("by".to_owned(), by.into())));
        members.extend(args.evidence.map(|id| ("evidence".to_owned(), id.into())));
    }
    let lead = args.lead.to_string();
    let answer = session.remote()?.post(&["leads", &lead, "responses"], &body)?;
    session.done(&answer, &format!("Noted that {lead} was answered."));
    Ok(Exit::Ok)
}

fn reassign(session: &mut Session, args: &Reassign) -> Outcome {
    let body = json!({ "to": args.to, "why": args.why });
    let lead = args.lead.to_string();
    let answer = session.remote()?.post(&["leads", &lead, "reassign"], &body)?;
    session.done(&answer, &format!("{lead} goes to {}.", args.to));
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::tests::Paper;

    #[test]
    fn lateness_is_rounded_as_people_say_it() {
        let minutes = |minutes: i64| rough(Time(minutes * 60_000 + 59_999), Time(0));
        for (late, expected) in
            [(0, "<1m"), (1, "1m"), (119, "119m"), (120, "2h"), (2_879, "47h"), (2_880, "2d")]
        {
            assert_eq!(minutes(late), expected);
        }
    }

    #[test]
    fn a_lead_is_one_row_and_strangers_text_stays_in_its_cell() {
        let paper = Paper::default();
        let mut session = Session::at(paper.screen(false), Time(600_000), "");
        let lead = json!({
            "uuid": "u", "state": "assigned", "owner": "ada", "rule": "dach", "opened_at": 0,
            "fields": { "name": "Eva\u{1b}[31m\nx", "company": "Linden" },
            "ladder": { "deadline": 300_000 },
        });
        let row = cells(&session, Row(&lead));
        assert_eq!(row[6], "1970-01-01 00:05, late by 5m");
        session.screen.table(&["a"; 7], &[row], "");
        assert_eq!(paper.text().lines().count(), 2, "{:?}", paper.text());
        let waiting = json!({ "state": "waiting", "waiting": { "for": "somebody" } });
        assert_eq!(state(Row(&waiting)), "waiting for somebody");
        assert_eq!(
            due(&session, Row(&json!({ "state": "answered", "ladder": { "deadline": 1 } }))),
            "–"
        );
    }
}
