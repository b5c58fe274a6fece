//! HubSpot's errors, translated.
//!
//! Guarantees: every status and category has one class; of an error body only plain code words
//! are quoted (its `message` holds the values it refuses, which are personal data).
//! Does not know: which call it was, except whether repeating it does harm.
//! Source: developers.hubspot.com/docs/api-reference/error-handling, read in November 2026.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    crm::fields::{code, or_default},
    model::{
        failure::Failure,
        time::{Span, Time},
    },
    outbound::Answer,
};

/// An error body, or one error of a partial answer. Every field is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ErrorBody {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    pub policy_name: Option<String>,
    pub context: Value,
    pub errors: Vec<ErrorPart>,
}

/// One cause inside an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorPart {
    pub context: Value,
    pub code: Option<String>,
}

/// A failure of an item, and whether another record may hold what ought to be unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub failure: Failure,
    pub may_be_taken: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, may_be_taken: false }
    }
}

/// Under a lock HubSpot asks for at least two seconds.
const LOCKED: Span = Span::seconds(2);

/// The failure that an answer shows; none for 2xx.
pub(super) fn of_answer(answer: &Answer, now: Time) -> Option<Refusal> {
    let body: ErrorBody = answer.lenient().unwrap_or_default();
    let wait = answer.wait(now);
    let failure = match answer.status {
        200..=299 => return None,
        400 | 409 | 414 => return Some(of_body(&body, answer.status)),
        // A static token: there is nothing to refresh.
        401 | 403 => Failure::AuthLost { why: said(&body, answer.status) },
        423 => Failure::Busy {
            after: Some(wait.unwrap_or(LOCKED).max(LOCKED)),
            why: "the record is locked".to_owned(),
        },
        429 => throttled(&body, wait, now),
        // The account is being moved to another region; it says for how long.
        477 => Failure::Throttled {
            until: now.plus(wait.unwrap_or(Span::minutes(10))),
            scope: "migration",
        },
        _ => return answer.failure(now).map(Refusal::from),
    };
    Some(failure.into())
}

/// The refusal that the error of one item shows.
pub(super) fn of_item(error: &ErrorBody) -> Refusal {
    match error.category.as_str() {
        "OBJECT_NOT_FOUND" => Failure::Gone.into(),
        "RATE_LIMITS" | "INTERNAL_ERROR" | "LOCKED" => {
            Failure::Busy { after: Some(LOCKED), why: code(&error.category) }.into()
        }
        _ => of_body(error, 400),
    }
}

fn of_body(body: &ErrorBody, status: u16) -> Refusal {
    let may_be_taken =
        status == 409 || matches!(body.category.as_str(), "CONFLICT" | "VALIDATION_ERROR" | "");
    Refusal { failure: Failure::Refused { why: said(body, status) }, may_be_taken }
}

fn throttled(body: &ErrorBody, wait: Option<Span>, now: Time) -> Failure {
    // Without a Retry-After: the length of the window that ran out.
    let (scope, window) = match body.policy_name.as_deref() {
        Some("DAILY") => ("daily", Span::hours(1)),
        Some("SECONDLY") => ("search", Span::seconds(1)),
        _ => ("burst", Span::seconds(10)),
    };
    Failure::Throttled { until: now.plus(wait.unwrap_or(window)), scope }
}

/// Category, codes and the names of properties: what an operator needs, and nobody's data.
fn said(body: &ErrorBody, status: u16) -> String {
    let mut said =
        if body.category.is_empty() { format!("status {status}") } else { code(&body.category) };
    let parts = body.errors.iter().flat_map(|part| {
        part.code.as_deref().map(code).into_iter().chain(properties(&part.context))
    });
    for word in parts.chain(properties(&body.context)).filter(|word| word != "unnamed").take(8) {
        said.push(' ');
        said.push_str(&word);
    }
    said
}

/// The names under `propertyName` of a context: a list or one name.
fn properties(context: &Value) -> Vec<String> {
    strings(context.get("propertyName")).into_iter().map(code).collect()
}

/// The texts of a list, or the one text that stands for a list.
pub(super) fn strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(category: &str, context: &str, wanted: &str, may_be_taken: bool) {
        let text = format!(
            r#"{{"category":"{category}","message":"Email eva@linden.example is bad","context":{context}}}"#
        );
        let refusal = of_item(&serde_json::from_str(&text).unwrap());
        assert_eq!(refusal.failure.to_string(), wanted);
        assert_eq!(refusal.may_be_taken, may_be_taken, "{wanted}");
    }

    #[test]
    fn items_are_refused_by_their_category_and_quote_no_value() {
        check(
            "VALIDATION_ERROR",
            r#"{"propertyName":["email"]}"#,
            "refused: VALIDATION_ERROR email",
            true,
        );
        check("CONFLICT", "{}", "refused: CONFLICT", true);
        check("OBJECT_NOT_FOUND", r#"{"ids":["1"]}"#, "the record is gone", false);
        check("eva@linden.example", "null", "refused: unnamed", false);
        check("RATE_LIMITS", "{}", "busy: RATE_LIMITS", false);
    }

    #[test]
    fn each_policy_has_its_own_wait() {
        let now = Time(0);
        for (policy, wait, scope, ms) in [
            (Some("TEN_SECONDLY_ROLLING"), None, "burst", 10_000),
            (Some("SECONDLY"), None, "search", 1_000),
            (Some("DAILY"), None, "daily", 3_600_000),
            (Some("DAILY"), Some(Span::seconds(5)), "daily", 5_000),
            (None, None, "burst", 10_000),
        ] {
            let body = ErrorBody { policy_name: policy.map(str::to_owned), ..ErrorBody::default() };
            let wanted = Failure::Throttled { until: Time(ms), scope };
            assert_eq!(throttled(&body, wait, now), wanted, "{policy:?}");
        }
    }
}
