//! Replay: a decision made again from its record, and held against what was stored, byte by byte.
//!
//! Guarantees: nothing but the record, the state of people that it was made in and the rulebook
//! version that made it is looked at; what cannot be held against each other says why, and is
//! never called the same. Does not know: where records are kept, and how people's state is found.

use std::borrow::Cow;

use serde::Serialize;

use super::{Reach, decide, prepare};
use crate::{
    model::{
        event::Fate,
        id::EventId,
        lead::Lead,
        moved::Moved,
        plan::{Decision, Draft, ENGINE, Input, Plan, Snapshot, Step, Unread},
        record::RecordRow,
        saw::Saw,
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// What a decision saw, read back: it can be decided again, also by another rulebook.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The step.
    pub step: Step,
    /// The lead as it was.
    pub lead: Option<Lead>,
    /// The company's newest lead, as far as it was looked at.
    pub company: Option<Lead>,
    /// What was connected.
    pub reach: Reach,
    /// The instant.
    pub at: Time,
}

impl Seen {
    /// Of a decision about the event of this row, at this instant. `book` is the rulebook that
    /// decided, or one with the same basis.
    #[must_use]
    pub fn of(book: &Rulebook, saw: &Saw<'_>, event: Option<EventId>, at: Time) -> Self {
        let (crms, asks) = match &saw.reach {
            Some((crms, asks)) => (crms.to_vec(), asks.to_vec()),
            None => book.connected.clone(),
        };
        let observe = saw.observe.clone().map(Cow::into_owned);
        let reach = Reach { crms, asks, time_is_unsure: saw.time_is_unsure, observe };
        let step = Step { event: saw.step_event(event), input: input(book, saw) };
        Self { lead: saw.lead_before(), company: saw.company_before(), step, reach, at }
    }

    /// Decides it by this rulebook, with people in this state.
    #[must_use]
    pub fn decide(&self, book: &Rulebook, team: &Team) -> Plan {
        let (lead, company) = (self.lead.as_ref(), self.company.as_ref());
        let snapshot = Snapshot { lead, company, team };
        decide(book, &self.reach, &snapshot, &self.step, self.at)
    }
}

/// What was to be decided, as it was recorded.
#[must_use]
pub fn input(book: &Rulebook, saw: &Saw<'_>) -> Input {
    if let Some(fields) = &saw.fields {
        let fields = fields.clone().into_owned();
        return Input::Fill(Box::new(Draft {
            identities: prepare::identities(book, &fields),
            fields,
            intent: saw.intent.clone().map(Cow::into_owned),
            account: saw.account.clone().map(Cow::into_owned),
            filled: Vec::new(),
            unfilled: Vec::new(),
        }));
    }
    if let Some(reason) = &saw.unreadable {
        return Input::Unreadable(Unread::because(reason.as_ref()));
    }
    match &saw.news {
        Some(news) => Input::News(Box::new(news.clone().into_owned())),
        None => Input::Review,
    }
}

/// What a decision made again came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The same bytes, and the same was moved about people.
    Same,
    /// Something else.
    Differs {
        /// Field by field, what was stored and what came out now.
        differences: Vec<Difference>,
    },
    /// Another engine made it: this one does not promise the same.
    OtherEngine {
        /// Its number.
        engine: u32,
    },
    /// The person was erased, and the record with them.
    Erased,
    /// From before decisions were recorded.
    BeforeRecords,
}

/// One field that differs, as JSON on both sides; none where it is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The path of the field, as in `pools[0][1][2].credit`.
    pub field: String,
    /// As it was stored.
    pub stored: Option<String>,
    /// As it came out now.
    pub now: Option<String>,
}

/// Why a decision is not decided again at all, if it is not.
#[must_use]
pub fn passed_over(row: &RecordRow, stored: &Decision) -> Option<Outcome> {
    match row.saw.as_deref() {
        None => Some(Outcome::BeforeRecords),
        Some("") => Some(Outcome::Erased),
        Some(_) if stored.engine != ENGINE => Some(Outcome::OtherEngine { engine: stored.engine }),
        Some(_) => None,
    }
}

/// What this row's decision saw.
///
/// # Errors
/// It is not one of ours.
pub fn saw(row: &RecordRow) -> Result<Saw<'_>, String> {
    let mut saw = saw_alone(row)?;
    saw.put_back(&row.doc)?;
    Ok(saw)
}

/// The same without what the decision itself says, for who reads the decision anyway.
///
/// # Errors
/// It is not one of ours.
pub fn saw_alone(row: &RecordRow) -> Result<Saw<'_>, String> {
    serde_json::from_str(row.saw.as_deref().unwrap_or_default())
        .map_err(|why| format!("the record does not read: {why}"))
}

/// Decides again what this row records, by the rulebook that it names, with people as they were.
///
/// # Errors
/// The decision made again is no JSON.
pub fn again(
    (book, team): (&Rulebook, &Team),
    row: &RecordRow,
    saw: &Saw<'_>,
    at: Time,
) -> Result<Outcome, String> {
    let seen = Seen::of(book, saw, row.event, at);
    let plan = seen.decide(book, team);
    let doc = plan.decision.as_ref().map(serde_json::to_string).transpose();
    let doc = doc.map_err(|why| format!("the decision made again is no JSON: {why}"))?;
    let before = seen.lead.as_ref().filter(|_| plan.fate != Some(Fate::Opened));
    let moved = Moved::by(&plan.team, (before, plan.lead.as_ref()), team);
    let moved = if moved.is_nothing() { None } else { serde_json::to_string(&moved).ok() };
    if doc.as_deref() == Some(row.doc.as_str()) && moved == row.moved {
        return Ok(Outcome::Same);
    }
    let mut differences = differences("", Some(&row.doc), doc.as_deref());
    differences.extend(self::differences("moved", row.moved.as_deref(), moved.as_deref()));
    Ok(Outcome::Differs { differences })
}

/// Field by field; the whole texts where that shows nothing.
fn differences(root: &str, stored: Option<&str>, now: Option<&str>) -> Vec<Difference> {
    let mut all = Vec::new();
    if stored == now {
        return all;
    }
    let value = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok());
    compare(root, value(stored).as_ref(), value(now).as_ref(), &mut all);
    if all.is_empty() {
        let (stored, now) = (stored.map(str::to_owned), now.map(str::to_owned));
        all.push(Difference { field: format!("{root} (its bytes)"), stored, now });
    }
    all
}

fn compare(
    path: &str,
    stored: Option<&serde_json::Value>,
    now: Option<&serde_json::Value>,
    all: &mut Vec<Difference>,
) {
    use serde_json::Value::{Array, Object};
    match (stored, now) {
        (Some(one), Some(other)) if one == other => {}
        (Some(Object(one)), Some(Object(other))) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let dot = if path.is_empty() { "" } else { "." };
                compare(&format!("{path}{dot}{key}"), one.get(key), other.get(key), all);
            }
        }
        (Some(Array(one)), Some(Array(other))) => {
            for place in 0..one.len().max(other.len()) {
                compare(&format!("{path}[{place}]"), one.get(place), other.get(place), all);
            }
        }
        _ => {
            let text = |value: Option<&serde_json::Value>| value.map(ToString::to_string);
            let (stored, now) = (text(stored), text(now));
            all.push(Difference { field: path.to_owned(), stored, now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_field_by_field() {
        let stored = r#"{"owner":"ada","pools":[["inbound",[{"rep":"ada","credit":2.0}]]]}"#;
        let now = r#"{"owner":"bob","pools":[["inbound",[{"rep":"ada","credit":3.0}]]],"x":1}"#;
        let difference = |field: &str, stored: Option<&str>, now: Option<&str>| Difference {
            field: field.to_owned(),
            stored: stored.map(str::to_owned),
            now: now.map(str::to_owned),
        };
        assert_eq!(
            differences("", Some(stored), Some(now)),
            [
                difference("owner", Some("\"ada\""), Some("\"bob\"")),
                difference("pools[0][1][0].credit", Some("2.0"), Some("3.0")),
                difference("x", None, Some("1")),
            ]
        );
        assert_eq!(differences("", Some("{}"), Some("{}")), []);
        let [only] = differences("", Some("{\"a\":1}"), Some("{ \"a\":1}")).try_into().unwrap();
        assert_eq!(only.field, " (its bytes)");
    }
}
