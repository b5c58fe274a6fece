//! `handoff explain`: why a lead goes where it goes.
//!
//! Guarantees: a payload is decided by the same pure code as in the daemon: read, mapped,
//! normalised, asked about, routed; nothing is sent and nothing is stored. Accounts are those of the
//! store, if it can be seen from here; the answer says when it cannot.
//! Does not know: turns and absences of the day, unless the daemon is asked about a stored lead.

mod case;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use self::case::{Case, DecidedHere, Explained};
use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    rulebook::named,
    screen::{Screen, Tone, clean},
    session::Session,
    when, why,
};
use crate::{
    decide::{Reach, matching::Mirror},
    model::field::{Field, Fields},
    store::StoreError,
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

A payload is decided as if nobody had a turn yet and nobody were away today; it is matched against
the accounts of the store, where there is one; every CRM that would be asked has answered, and
knows nobody unless --account-owner or --person-owner says so.")]
pub struct Explain {
    /// The payload as the source posts it; - is the standard input
    #[arg(required_unless_present = "lead", conflicts_with = "lead", requires = "source")]
    payload: Option<PathBuf>,
    /// The source, by its name in the settings
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Another rulebook: its folder or its main file, or a draft on the server
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
        let files = match &self.rulebook {
            Some(other) => named(session, other)?,
            None => offline::files(&settings.rulebook)?,
        };
        let book = offline::compiled(&files, &settings)?;
        let asks: Vec<String> =
            settings.crms.iter().filter(|(_, crm)| crm.ask).map(|(name, _)| name.clone()).collect();
        let crms: Vec<String> = settings.crms.iter().map(|(name, _)| name.clone()).collect();
        let looked = offline::mirror(&settings);
        let case = Case {
            book: &book,
            reach: Reach { crms, asks, time_is_unsure: false, observe: None },
            mirror: looked.as_ref().ok(),
            source,
            content_type: self.content_type.as_deref(),
            account_owner: self.account_owner.as_deref(),
            person_owner: self.person_owner.as_deref(),
            now,
        };
        let body = offline::payload(payload)?;
        let accounts = Accounts::of(&looked);
        match case.decide(&body)? {
            Explained::Unreadable(reason) => {
                if !session.printed_json(&json!({ "unreadable": reason })) {
                    let line = format!("This payload would be rejected as unreadable: {reason}");
                    session.screen.toned(Tone::Bad, &line);
                }
                Ok(Exit::No)
            }
            Explained::Decided(decided) => {
                if !session.printed_json(&decided.in_json(&accounts)) {
                    decided.print(&mut session.screen);
                    accounts.print(&mut session.screen);
                }
                Ok(Exit::Ok)
            }
        }
    }
}

impl Explain {
    /// Asks the daemon about a stored lead.
    fn stored(&self, session: &mut Session, lead: Uuid) -> Outcome {
        let lead = lead.to_string();
        let path = ["leads", lead.as_str(), "why"];
        let remote = session.remote()?;
        let answer = if let Some(draft) = &self.rulebook {
            let files = named(session, draft)?.to_json().map_err(Stop::no)?;
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

/// Which accounts the lead was matched against.
#[derive(Debug, Serialize)]
struct Accounts {
    /// How many; nothing, if none can be seen from here.
    count: Option<usize>,
    /// The version of the mirror.
    version: Option<u64>,
    /// Why none can be seen.
    unknown_because: Option<String>,
}

impl Accounts {
    fn of(looked: &Result<Mirror, StoreError>) -> Self {
        let seen = looked.as_ref().ok();
        Self {
            count: seen.map(Mirror::len),
            version: seen.map(Mirror::version),
            unknown_because: looked.as_ref().err().map(ToString::to_string),
        }
    }

    /// Nothing, if they were all there.
    fn print(&self, screen: &mut Screen) {
        if let Some(why) = &self.unknown_because {
            let text = "Decided without the mirror of accounts: what rules ask of it is unknown";
            screen.line("");
            screen.toned(Tone::Dim, &format!("{text} ({}).", clean(why, 300)));
        }
    }
}

impl DecidedHere {
    fn in_json(&self, accounts: &Accounts) -> Value {
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
            "accounts": accounts,
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
