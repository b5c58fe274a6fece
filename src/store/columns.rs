//! How the model's values stand in columns, on every database.
//!
//! Guarantees: what is written reads back as the same value; what does not read back is
//! [`StoreError::Corrupt`] with the row's place and never its content.
//! Does not know: SQL.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    model::{
        event::{EventKind, Fate},
        id::LeadId,
        job::JobKind,
        lead::{Lead, State},
    },
    store::{StoreError, StoreResult},
};

/// A lead from its row and document.
pub fn lead(id: i64, doc: &str) -> StoreResult<Lead> {
    let mut lead: Lead = json("lead", id, doc)?;
    lead.id = LeadId(id);
    Ok(lead)
}

/// A document as it is stored.
pub fn doc<T: Serialize>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value)
        .map_err(|_| StoreError::Corrupt("a value does not serialise".to_owned()))
}

/// Reads a document back. The error says where, never what.
pub fn json<T: DeserializeOwned>(what: &str, id: i64, doc: &str) -> StoreResult<T> {
    serde_json::from_str(doc).map_err(|error| {
        StoreError::Corrupt(format!("{what} {id} does not read back at byte {}", error.column()))
    })
}

/// The word of a unit variant.
pub fn word<T: Serialize>(value: &T) -> StoreResult<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Corrupt("a value is not one word".to_owned())),
    }
}

/// The unit variant with this word.
pub fn of_word<T: DeserializeOwned>(word: &str) -> StoreResult<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| StoreError::Corrupt("a column holds an unknown word".to_owned()))
}

fn unknown(what: &str, number: i64) -> StoreError {
    StoreError::Corrupt(format!("{number} is no {what}"))
}

/// The stored number of a kind of event.
pub fn event_kind_number(kind: EventKind) -> i64 {
    EventKind::ALL.iter().find(|(known, _)| *known == kind).map_or(-1, |(_, number)| *number)
}

/// The kind of event with this number.
pub fn event_kind(number: i64) -> StoreResult<EventKind> {
    let found = EventKind::ALL.iter().find(|(_, known)| *known == number);
    found.map(|(kind, _)| *kind).ok_or_else(|| unknown("kind of event", number))
}

/// The stored number of a fate.
pub fn fate_number(fate: Fate) -> i64 {
    Fate::ALL.iter().find(|(known, ..)| *known == fate).map_or(-1, |(.., number)| *number)
}

/// The fate with this number.
pub fn fate(number: i64) -> StoreResult<Fate> {
    let found = Fate::ALL.iter().find(|(.., known)| *known == number);
    found.map(|(fate, ..)| *fate).ok_or_else(|| unknown("fate", number))
}

/// The stored number of a state.
pub fn state_number(state: State) -> i64 {
    State::ALL.iter().find(|(known, ..)| *known == state).map_or(-1, |(.., number)| *number)
}

/// The state with this number.
pub fn state(number: i64) -> StoreResult<State> {
    let found = State::ALL.iter().find(|(.., known)| *known == number);
    found.map(|(state, ..)| *state).ok_or_else(|| unknown("state", number))
}

/// The stored number of a kind of job.
pub fn job_kind_number(kind: JobKind) -> i64 {
    JobKind::ALL.iter().find(|(known, ..)| *known == kind).map_or(-1, |(.., number)| *number)
}

/// The kind of job with this number.
pub fn job_kind(number: i64) -> StoreResult<JobKind> {
    let found = JobKind::ALL.iter().find(|(.., known)| *known == number);
    found.map(|(kind, ..)| *kind).ok_or_else(|| unknown("kind of job", number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::Why;

    #[test]
    fn numbers_and_words_read_back() {
        for (kind, _) in EventKind::ALL {
            assert_eq!(event_kind(event_kind_number(kind)), Ok(kind));
        }
        for (value, ..) in Fate::ALL {
            assert_eq!(fate(fate_number(value)), Ok(value));
        }
        for (value, ..) in State::ALL {
            assert_eq!(state(state_number(value)), Ok(value));
        }
        for (value, ..) in JobKind::ALL {
            assert_eq!(job_kind(job_kind_number(value)), Ok(value));
        }
        assert_eq!(of_word::<Why>(&word(&Why::FilledAgain).unwrap()), Ok(Why::FilledAgain));
    }

    #[test]
    fn what_does_not_read_back_is_corrupt_and_quotes_nothing() {
        let error = lead(7, r#"{"state":"eva@linden.example"}"#).unwrap_err();
        let StoreError::Corrupt(why) = error else { panic!("corrupt: {error:?}") };
        assert!(why.contains("lead 7") && !why.contains("linden"), "{why}");
        assert!(matches!(fate(9), Err(StoreError::Corrupt(_))));
    }
}
