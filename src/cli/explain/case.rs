//! One payload, decided from nothing.
//!
//! Guarantees: the pure code of the daemon, in the order of the road: read, mapped, matched, asked
//! about, routed. Does not know: the command line, files, the store.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    cli::exit::Stop,
    decide::{
        self, Reach,
        matching::{self, Mirror},
        prepare::prepare,
    },
    intake::form,
    model::{
        id::{EventId, event_uuid},
        lead::Lead,
        news::{Known, KnownRecord, News},
        plan::{Draft, Input, Plan, Snapshot, Step, StepEvent},
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// One payload and what it is decided with.
pub struct Case<'a> {
    /// The rulebook.
    pub book: &'a Rulebook,
    /// What is connected.
    pub reach: Reach,
    /// The accounts that the lead is matched to, if they can be seen from here.
    pub mirror: Option<&'a Mirror>,
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
        let mut input = prepare(self.book, self.source, document);
        if let Some(mirror) = self.mirror {
            matching::attach(self.book, mirror, &mut input);
        }
        let draft = match input {
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
