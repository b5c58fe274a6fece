//! `handoff explain`: why a lead goes where it goes.
//!
//! Guarantees: a payload is decided by the same pure code as in the daemon: read, mapped,
//! normalised, asked about, routed; nothing is sent and nothing is stored.
//! Does not know: turns and absences of the day, unless the daemon is asked about a stored lead.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    screen::{Screen, Tone, clean},
    session::Session,
    when, why,
};
use crate::{
    app::parts,
    decide::{self, Reach, prepare::prepare},
    intake::form,
    model::{
        field::{Field, Fields},
        id::{EventId, event_uuid},
        lead::Lead,
        news::{Known, KnownRecord, News},
        plan::{Draft, Input, Plan, Snapshot, Step, StepEvent},
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// Say why a lead goes where it goes: one payload here, or a stored lead.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff explain lead.json --source website
  handoff explain lead.json --source website --at \"2026-12-24 18:00\"
  handoff explain lead.json --source website --account-owner ada
  handoff explain lead.json --source website --rulebook drafts/
  handoff explain --lead 0197c1d2-…               why a stored lead is where it is
  handoff explain --lead 0197c1d2-… --version 12  where version 12 would have sent it
  handoff explain --lead 0197c1d2-… --rulebook drafts/

A payload is decided as if nobody had a turn yet and nobody were away today; every CRM that would
be asked has answered, and knows nobody unless --account-owner or --person-owner says so.")]
pub struct Explain {
    /// The payload as the source posts it; - is the standard input
    #[arg(required_unless_present = "lead", conflicts_with = "lead", requires = "source")]
    payload: Option<PathBuf>,
    /// The source, by its name in the settings
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Another rulebook: its folder or its main file
    #[arg(long, value_name = "PATH", conflicts_with = "version")]
    rulebook: Option<PathBuf>,
    /// Decide at this time; now unless said otherwise
    #[arg(long, value_name = "TIME", conflicts_with = "lead")]
    at: Option<String>,
    /// The rep who owns the account of the person's company in the CRM
    #[arg(long, value_name = "REP", conflicts_with = "lead")]
    account_owner: Option<String>,
    /// The rep who owns the person in the CRM
    #[arg(long, value_name = "REP", conflicts_with = "lead")]
    person_owner: Option<String>,
    /// The content type of the payload; its first letter decides otherwise
    #[arg(long, value_name = "TYPE", conflicts_with = "lead")]
    content_type: Option<String>,
    /// A stored lead, by its public id: the daemon is asked
    #[arg(long, value_name = "UUID")]
    lead: Option<Uuid>,
    /// The stored decision of this number, instead of the last one that placed the lead
    #[arg(long, value_name = "SEQ", requires = "lead")]
    seq: Option<i64>,
    /// As this version of the rulebook decides it, on the same facts and with the same people
    #[arg(long, value_name = "VERSION", requires = "lead")]
    version: Option<u32>,
    #[command(flatten)]
    config: Config,
}

impl Explain {
    /// Runs it.
    ///
    /// # Errors
    /// The settings, the rulebook, the payload, or the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        if let Some(lead) = self.lead {
            return self.stored(session, lead);
        }
        let (Some(payload), Some(source)) = (&self.payload, &self.source) else {
            return Err(Stop::usage("name a payload and its --source, or a --lead"));
        };
        let at = self.at.as_deref();
        let at = at.map(|text| when::parse(text, session.now, session.screen.zone()));
        let now = at.transpose().map_err(Stop::usage)?.unwrap_or(session.now);
        let settings = self.config.load_without_secrets()?;
        if !settings.sources.iter().any(|one| one.name == *source) {
            let known: Vec<&str> = settings.sources.iter().map(|one| one.name.as_str()).collect();
            let known = known.join(", ");
            return Err(Stop::usage(format!("no source has this name; there are: {known}")));
        }
        let path = self.rulebook.as_deref().unwrap_or(&settings.rulebook);
        let book = compiled(path, &settings)?;
        let asks: Vec<String> =
            settings.crms.iter().filter(|(_, crm)| crm.ask).map(|(name, _)| name.clone()).collect();
        let crms: Vec<String> = settings.crms.iter().map(|(name, _)| name.clone()).collect();
        let case = Case {
            book: &book,
            reach: Reach { crms, asks, time_is_unsure: false, observe: None },
            source,
            content_type: self.content_type.as_deref(),
            account_owner: self.account_owner.as_deref(),
            person_owner: self.person_owner.as_deref(),
            now,
        };
        let body = offline::payload(payload)?;
        match case.decide(&body)? {
            Explained::Unreadable(reason) => {
                if !session.printed_json(&json!({ "unreadable": reason })) {
                    let line = format!("This payload would be rejected as unreadable: {reason}");
                    session.screen.toned(Tone::Bad, &line);
                }
                Ok(Exit::No)
            }
            Explained::Decided(decided) => {
                if !session.printed_json(&decided.in_json()) {
                    decided.print(&mut session.screen);
                }
                Ok(Exit::Ok)
            }
        }
    }
}

fn compiled(path: &Path, settings: &crate::settings::Settings) -> Result<Rulebook, Stop> {
    let files = offline::files(path)?;
    Rulebook::compile(&files, &parts::setup(settings), 0).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let mend = "mend the rulebook first; `handoff check` shows each place";
        Stop::no(format!("{}\n{mend}", lines.join("\n")))
    })
}

impl Explain {
    /// Asks the daemon about a stored lead.
    fn stored(&self, session: &mut Session, lead: Uuid) -> Outcome {
        let lead = lead.to_string();
        let path = ["leads", lead.as_str(), "why"];
        let remote = session.remote()?;
        let answer = if let Some(draft) = &self.rulebook {
            let files = offline::files(draft)?.to_json().map_err(Stop::no)?;
            let files: Value = serde_json::from_str(&files).map_err(anyhow::Error::from)?;
            let mut body = json!({ "files": files });
            if let (Some(seq), Some(members)) = (self.seq, body.as_object_mut()) {
                members.insert("seq".to_owned(), seq.into());
            }
            remote.post(&path, &body)?
        } else {
            let seq = self.seq.map(|seq| ("seq", seq.to_string()));
            let version = self.version.map(|version| ("version", version.to_string()));
            let query: Vec<(&str, String)> = seq.into_iter().chain(version).collect();
            remote.get(&path, &query)?
        };
        if !session.printed_json(&answer) {
            why::print(&mut session.screen, &answer);
        }
        Ok(Exit::Ok)
    }
}

/// One payload and what it is decided with.
pub struct Case<'a> {
    /// The rulebook.
    pub book: &'a Rulebook,
    /// What is connected.
    pub reach: Reach,
    /// Where the payload comes from.
    pub source: &'a str,
    /// How it is encoded, if that is known.
    pub content_type: Option<&'a str>,
    /// Who owns the account in the CRM.
    pub account_owner: Option<&'a str>,
    /// Who owns the person in the CRM.
    pub person_owner: Option<&'a str>,
    /// When.
    pub now: Time,
}

/// What became of a payload.
#[derive(Debug)]
pub enum Explained {
    /// It would be rejected, and why.
    Unreadable(String),
    /// It would be a lead.
    Decided(Box<DecidedHere>),
}

/// A decision made here.
#[derive(Debug)]
pub struct DecidedHere {
    /// The fill as it was understood.
    pub draft: Draft,
    /// The lead as it would be.
    pub lead: Lead,
    /// Why, as `decide::explain` says it.
    pub why: Value,
    /// Which work would follow: kind and destination.
    pub jobs: Vec<(&'static str, String)>,
}

impl Case<'_> {
    /// Decides it from nothing: no lead of this person, no turns, nobody away.
    ///
    /// # Errors
    /// An owner who is no rep, or who has no id in any CRM that is asked.
    pub fn decide(&self, body: &[u8]) -> Result<Explained, Stop> {
        let document = form::document(self.content_type, body);
        let draft = match prepare(self.book, self.source, document) {
            Input::Fill(draft) => *draft,
            Input::Unreadable(unread) => return Ok(Explained::Unreadable(unread.reason)),
            Input::News(_) | Input::Review => {
                return Ok(Explained::Unreadable("it is no form fill".to_owned()));
            }
        };
        let event = StepEvent {
            id: EventId(1),
            uuid: event_uuid(self.now, self.source, "explain"),
            source: self.source.to_owned(),
            received_at: self.now,
            actor: None,
        };
        let mut plan = self.step(None, Some(event), Input::Fill(Box::new(draft.clone())));
        for news in self.facts(plan.lead.as_ref())? {
            let lead = plan.lead.clone();
            let next = self.step(lead.as_ref(), None, Input::News(Box::new(news)));
            // An answer that was not the last one changes the lead and routes nothing yet.
            plan = Plan { lead: next.lead.clone().or(lead), ..next };
        }
        let (Some(lead), Some(decision)) = (plan.lead, plan.decision) else {
            return Err(Stop::no("nothing was decided for this payload"));
        };
        let intent = draft.intent.as_deref();
        let why = decide::explain::decision(self.book, &decision, self.source, intent);
        let why = serde_json::to_value(why).map_err(anyhow::Error::from)?;
        let jobs = plan.jobs.into_iter().map(|job| (job.kind.word(), job.destination)).collect();
        Ok(Explained::Decided(Box::new(DecidedHere { draft, lead, why, jobs })))
    }

    fn step(&self, lead: Option<&Lead>, event: Option<StepEvent>, input: Input) -> Plan {
        let team = Team::default();
        let snapshot = Snapshot { lead, company: None, team: &team };
        decide::decide(self.book, &self.reach, &snapshot, &Step { event, input }, self.now)
    }

    /// What every asked CRM answers. The owners are known to the first that can name them.
    fn facts(&self, lead: Option<&Lead>) -> Result<Vec<News>, Stop> {
        let mut account = self.record("account", self.account_owner)?;
        let mut person = self.record("person", self.person_owner)?;
        let Some(lead) = lead.map(|lead| lead.uuid) else { return Ok(Vec::new()) };
        let each = |crm: &String| News::Facts {
            lead,
            destination: crm.clone(),
            known: Known {
                person: person.remove(crm),
                account: account.remove(crm),
                response: None,
            },
        };
        Ok(self.reach.asks.iter().map(each).collect())
    }

    fn record(&self, what: &str, rep: Option<&str>) -> Result<BTreeMap<String, KnownRecord>, Stop> {
        let Some(rep) = rep else { return Ok(BTreeMap::new()) };
        let Some(known) = self.book.reps.get(rep) else {
            return Err(Stop::usage(format!("--{what}-owner {rep}: no rep has this id")));
        };
        let found = self.reach.asks.iter().find_map(|crm| Some((crm, known.crm.get(crm)?)));
        let Some((crm, owner)) = found else {
            return Err(Stop::usage(format!(
                "--{what}-owner {rep}: this rep has an owner id in no CRM that is asked; add \
                 crm.<connection> to the rep"
            )));
        };
        let record =
            KnownRecord { record: "explain".to_owned(), name: None, owner: Some(owner.clone()) };
        Ok(BTreeMap::from([(crm.clone(), record)]))
    }
}

impl DecidedHere {
    fn in_json(&self) -> Value {
        let jobs: Vec<Value> = self
            .jobs
            .iter()
            .map(|(kind, destination)| json!({ "kind": kind, "destination": destination }))
            .collect();
        json!({
            "fields": self.draft.fields,
            "intent": self.draft.intent,
            "unfilled": self.draft.unfilled,
            "lead": self.lead,
            "why": self.why,
            "jobs": jobs,
        })
    }

    fn print(&self, screen: &mut Screen) {
        why::print(screen, &self.why);
        let ladder = self.lead.ladder.as_ref();
        screen.line("");
        for (name, text) in [
            ("state", self.lead.state.word().replace('_', " ")),
            ("owner", self.lead.owner.clone().unwrap_or_default()),
            ("asks for", self.lead.intent.clone().unwrap_or_default()),
            ("SLA", ladder.map(|ladder| ladder.sla.clone()).unwrap_or_default()),
            ("to be answered by", ladder.map(|it| screen.time(it.deadline)).unwrap_or_default()),
            ("then", self.jobs.iter().map(said).collect::<Vec<_>>().join(", ")),
            ("not filled", self.draft.unfilled.join(", ")),
        ] {
            if !text.is_empty() {
                screen.line(&format!("{name}: {text}"));
            }
        }
        screen.line("");
        screen.table(&["field", "as understood"], &rows(&self.draft.fields), "No fields.");
    }
}

fn said((kind, destination): &(&'static str, String)) -> String {
    format!("{kind} {destination}")
}

fn rows(fields: &Fields) -> Vec<Vec<String>> {
    let text = |field: &Field| match field {
        Field::Bool(truth) => truth.to_string(),
        Field::Number(number) => number.to_string(),
        Field::Text(text) => clean(text.as_str_for_logic(), 60),
    };
    fields.0.iter().map(|(name, field)| vec![name.clone(), text(field)]).collect()
}
