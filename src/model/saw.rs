//! What a decision saw: all that is needed to decide it again, but for people.
//!
//! Guarantees: what was written reads back as the same step and lead, numbers to the bit.
//! Does not know: how to decide, and where it is kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    account::Matched,
    field::Fields,
    id::{EventId, LeadId},
    lead::Lead,
    news::News,
    observe::{Observing, Watched},
    plan::{Input, Snapshot, Step, StepEvent},
    time::Time,
};

/// What a decision looked at. Short names: there are many of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saw<'a> {
    /// What it stood on, by [`Basis::hash`](super::record::Basis::hash).
    #[serde(rename = "b")]
    pub basis: i64,
    /// The wall clock had just jumped.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub time_is_unsure: bool,
    /// CRM connections that were written to and asked, if not those of the basis.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Connected<'a>>,
    /// It was decided in observe mode.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub observe: Option<Cow<'a, Observing>>,
    /// The event, unless it was a review. Its row stands in the decision.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub event: Option<SeenEvent<'a>>,
    /// A fill that could be read: the normalised fields …
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Cow<'a, Fields>>,
    /// … or under which word the decision itself says the same ones: nothing is said twice.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub fields_in: Option<Cow<'a, str>>,
    /// The decision itself says the fields of the lead as it was.
    #[serde(rename = "h", default, skip_serializing_if = "std::ops::Not::not")]
    pub lead_fields_in: bool,
    /// … and what it asked for.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Cow<'a, str>>,
    /// The account of the mirror that it was matched to.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Cow<'a, Matched>>,
    /// A fill that could not be read, and why.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Cow<'a, str>>,
    /// News.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub news: Option<Cow<'a, News>>,
    /// The lead as it was.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Cow<'a, Lead>>,
    /// What was looked at of the newest lead of the same company.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub company: Option<SeenCompany<'a>>,
}

/// Names of CRM connections: those written to, and those asked.
pub type Connected<'a> = (Cow<'a, [String]>, Cow<'a, [String]>);

/// What deciding sees of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of StepEvent")]
pub struct SeenEvent<'a> {
    #[serde(rename = "u")]
    pub uuid: Uuid,
    #[serde(rename = "s")]
    pub source: Cow<'a, str>,
    #[serde(rename = "t")]
    pub received_at: Time,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Cow<'a, str>>,
}

/// What deciding sees of a company's newest lead: who had it, and when there was last something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Lead; watched in observe mode")]
pub struct SeenCompany<'a> {
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Cow<'a, str>>,
    #[serde(rename = "f")]
    pub filled_at: Time,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Time>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_watched: bool,
}

impl<'a> Saw<'a> {
    /// What this step looks at.
    #[must_use]
    pub fn of(basis: i64, snapshot: &Snapshot<'a>, step: &'a Step) -> Self {
        let mut saw = Self {
            basis,
            event: step.event.as_ref().map(|event| SeenEvent {
                uuid: event.uuid,
                source: Cow::Borrowed(&event.source),
                received_at: event.received_at,
                actor: event.actor.as_deref().map(Cow::Borrowed),
            }),
            lead: snapshot.lead.map(Cow::Borrowed),
            company: snapshot.company.map(|lead| SeenCompany {
                owner: lead.owner.as_deref().map(Cow::Borrowed),
                filled_at: lead.filled_at,
                assigned_at: lead.assigned_at,
                answered_at: lead.answered_at,
                is_watched: lead.observed.is_some(),
            }),
            ..Self::default()
        };
        match &step.input {
            Input::Fill(draft) => {
                saw.fields = Some(Cow::Borrowed(&draft.fields));
                saw.intent = draft.intent.as_deref().map(Cow::Borrowed);
                saw.account = draft.account.as_ref().map(Cow::Borrowed);
            }
            Input::Unreadable(unread) => saw.unreadable = Some(Cow::Borrowed(&unread.reason)),
            Input::News(news) => saw.news = Some(Cow::Borrowed(news)),
            Input::Review => {}
        }
        saw
    }

    /// Leaves out what the decision says too: fields are most of a record.
    pub fn leave_out(&mut self, why: &serde_json::Map<String, serde_json::Value>) {
        let fields = self.fields.as_deref();
        let word = ["fields", "fill"].into_iter().find(|word| {
            fields.is_some_and(|fields| why.get(*word).is_some_and(|said| fields.are(said)))
        });
        if let Some(word) = word {
            (self.fields, self.fields_in) = (None, Some(Cow::Borrowed(word)));
        }
        let is_said = |lead: &Lead| why.get("fields").is_some_and(|said| lead.fields.are(said));
        if self.lead.as_deref().is_some_and(is_said) {
            let mut lead = self.lead.take().map(Cow::into_owned);
            if let Some(lead) = &mut lead {
                lead.fields = Fields::default();
            }
            (self.lead, self.lead_fields_in) = (lead.map(Cow::Owned), true);
        }
    }

    /// Puts back what was left out, from the stored decision.
    ///
    /// # Errors
    /// The decision does not say it.
    pub fn put_back(&mut self, doc: &str) -> Result<(), String> {
        if self.fields_in.is_none() && !self.lead_fields_in {
            return Ok(());
        }
        let said: Said = serde_json::from_str(doc)
            .map_err(|why| format!("the decision does not read: {why}"))?;
        self.put_said(said)
    }

    /// Puts back what was left out, from what the decision says of fields.
    ///
    /// # Errors
    /// It does not say it.
    pub fn put_said(&mut self, said: Said) -> Result<(), String> {
        if self.lead_fields_in
            && let Some(lead) = &mut self.lead
        {
            lead.to_mut().fields = said.fields.clone().ok_or("the decision says no fields")?;
        }
        let fields = match self.fields_in.as_deref() {
            Some("fields") => said.fields,
            Some(_) => said.fill,
            None => return Ok(()),
        };
        self.fields = Some(Cow::Owned(fields.ok_or("the decision says no fields")?));
        Ok(())
    }

    /// The event of the step, whose row is this.
    #[must_use]
    pub fn step_event(&self, row: Option<EventId>) -> Option<StepEvent> {
        let seen = self.event.as_ref()?;
        Some(StepEvent {
            id: row?,
            uuid: seen.uuid,
            source: seen.source.clone().into_owned(),
            received_at: seen.received_at,
            actor: seen.actor.clone().map(Cow::into_owned),
        })
    }

    /// The lead as it was: its row is that of the event that opened it.
    #[must_use]
    pub fn lead_before(&self) -> Option<Lead> {
        let mut lead = self.lead.clone()?.into_owned();
        lead.id = LeadId(lead.event.0);
        Some(lead)
    }

    /// The company's newest lead, as far as it was looked at.
    #[must_use]
    pub fn company_before(&self) -> Option<Lead> {
        let seen = self.company.as_ref()?;
        let mut lead = Lead::opened(EventId(0), Uuid::nil(), String::new(), seen.filled_at);
        lead.owner = seen.owner.clone().map(Cow::into_owned);
        (lead.assigned_at, lead.answered_at) = (seen.assigned_at, seen.answered_at);
        lead.observed = seen.is_watched.then(|| Box::new(Watched::default()));
        Some(lead)
    }
}

/// The fields that a decision says: those that it was made on, and those of the fill that joined.
#[derive(Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the words are those of the decision")]
pub struct Said {
    #[serde(default)]
    pub fields: Option<Fields>,
    #[serde(default)]
    pub fill: Option<Fields>,
}
