//! Salesforce's errors, translated.
//!
//! Guarantees: every code has one class; only codes and names of fields are quoted, never the
//! `message`, which holds the values it refuses.
//! Does not know: which record it was about.
//! Source: developer.salesforce.com/docs/platform/api-rest/guide/errorcodes, and the object
//! reference's status codes, read in November 2026.

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

/// One error. Single calls name it `errorCode`, collections `statusCode`; the key of a duplicate
/// rule's finding is misspelt in many versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorRow {
    #[serde(rename = "errorCode", alias = "statusCode", deserialize_with = "or_default")]
    pub code: String,
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<String>,
    #[serde(alias = "duplicateResut", rename = "duplicateResult")]
    pub duplicates: Option<Value>,
}

/// The day's allowance is a rolling one: some of it is back soon.
const DAILY_PAUSE: Span = Span::minutes(15);
const CONCURRENT_PAUSE: Span = Span::seconds(10);

/// The failure of a whole call; none for 2xx.
pub(super) fn of_answer(answer: &Answer, now: Time) -> Option<Failure> {
    if answer.is_success() {
        return None;
    }
    let rows: Vec<ErrorRow> = answer.lenient().unwrap_or_default();
    match (answer.status, rows.first()) {
        // Without a known code a 401 still is an expired session.
        (401, _) => Some(Failure::AuthExpired),
        (300, _) => Some(Failure::Ambiguous { records: ids(&answer.body) }),
        (403, Some(row)) if row.code != "REQUEST_LIMIT_EXCEEDED" => {
            Some(Failure::AuthLost { why: code(&row.code) })
        }
        (400 | 403 | 404, Some(row)) => Some(of_row(row, now)),
        _ => answer.failure(now),
    }
}

/// The failure of one part of a composite call.
pub(super) fn of_part(status: u16, body: &Value, now: Time) -> Option<Failure> {
    if (200..300).contains(&status) {
        return None;
    }
    let rows: Vec<ErrorRow> = Vec::deserialize(body).unwrap_or_default();
    Some(match rows.first() {
        Some(row) => of_row(row, now),
        None if status >= 500 => Failure::MaybeDone,
        None => Failure::Refused { why: format!("status {status}") },
    })
}

/// The failure that one error shows.
pub(super) fn of_row(row: &ErrorRow, now: Time) -> Failure {
    let is_of_owner = row.fields.iter().any(|field| field == "OwnerId");
    match row.code.as_str() {
        "INVALID_SESSION_ID" => Failure::AuthExpired,
        "REQUEST_LIMIT_EXCEEDED" if row.message.contains("Concurrent") => {
            Failure::Throttled { until: now.plus(CONCURRENT_PAUSE), scope: "concurrent" }
        }
        "REQUEST_LIMIT_EXCEEDED" => {
            Failure::Throttled { until: now.plus(DAILY_PAUSE), scope: "daily" }
        }
        // Two upserts of one key at the same instant: the next attempt finds the record.
        "UNABLE_TO_LOCK_ROW"
        | "DUPLICATE_VALUE"
        | "SERVER_UNAVAILABLE"
        | "QUERY_TIMEOUT"
        | "PROCESSING_HALTED"
        | "ALL_OR_NONE_OPERATION_ROLLED_BACK" => {
            Failure::Busy { after: None, why: code(&row.code) }
        }
        "UNKNOWN_EXCEPTION" => Failure::MaybeDone,
        "INACTIVE_OWNER_OR_USER" => Failure::OwnerInvalid { owner: String::new() },
        "INVALID_CROSS_REFERENCE_KEY" | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
            if is_of_owner =>
        {
            Failure::OwnerInvalid { owner: String::new() }
        }
        "NOT_FOUND" | "ENTITY_IS_DELETED" => Failure::Gone,
        "DUPLICATE_EXTERNAL_ID" => Failure::Ambiguous { records: Vec::new() },
        _ => Failure::Refused { why: said(row) },
    }
}

/// The records that a duplicate rule found, of this kind, by the first letters of their ids.
pub(super) fn duplicates(row: &ErrorRow, prefix: &str) -> Vec<String> {
    if row.code != "DUPLICATES_DETECTED" {
        return Vec::new();
    }
    let list = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let found = row.duplicates.clone().unwrap_or_default();
    list(&found, "matchResults")
        .iter()
        .flat_map(|result| list(result, "matchRecords"))
        .filter_map(|hit| hit.pointer("/record/Id")?.as_str().map(str::to_owned))
        .filter(|id| id.starts_with(prefix) && super::soql::is_id(id))
        .collect()
}

/// Whether a duplicate rule only warns, so that the record may be saved all the same.
pub(super) fn may_save(row: &ErrorRow) -> bool {
    let allows = |found: &Value| found.get("allowSave").and_then(Value::as_bool);
    row.code == "DUPLICATES_DETECTED" && row.duplicates.as_ref().and_then(allows) == Some(true)
}

fn said(row: &ErrorRow) -> String {
    let fields = row.fields.iter().map(|field| code(field)).take(8);
    [code(&row.code)].into_iter().chain(fields).collect::<Vec<_>>().join(" ")
}

/// The ids at the ends of the paths that a 300 lists.
fn ids(body: &[u8]) -> Vec<String> {
    let paths: Vec<String> = serde_json::from_slice(body).unwrap_or_default();
    paths.iter().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(row: Value, wanted: &str) {
        let row: ErrorRow = serde_json::from_value(row).unwrap();
        assert_eq!(of_row(&row, Time(0)).to_string(), wanted, "{row:?}");
    }

    #[test]
    fn every_code_has_one_class_and_quotes_no_value() {
        let said = "eva@linden.example";
        for (code, fields, wanted) in [
            ("UNABLE_TO_LOCK_ROW", json!([]), "busy: UNABLE_TO_LOCK_ROW"),
            ("REQUEST_LIMIT_EXCEEDED", json!(null), "asks to wait (daily)"),
            ("INVALID_SESSION_ID", json!([]), "the credential has expired"),
            (
                "REQUIRED_FIELD_MISSING",
                json!(["LastName"]),
                "refused: REQUIRED_FIELD_MISSING LastName",
            ),
            (
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                json!([]),
                "refused: FIELD_CUSTOM_VALIDATION_EXCEPTION",
            ),
            ("INACTIVE_OWNER_OR_USER", json!(["OwnerId"]), "refuses the owner "),
            ("INVALID_CROSS_REFERENCE_KEY", json!(["OwnerId"]), "refuses the owner "),
            ("INVALID_CROSS_REFERENCE_KEY", json!([]), "refused: INVALID_CROSS_REFERENCE_KEY"),
            ("ENTITY_IS_DELETED", json!([]), "the record is gone"),
            ("DUPLICATE_EXTERNAL_ID", json!([]), "0 records match"),
            ("UNKNOWN_EXCEPTION", json!([]), "no answer; it may have been done"),
            ("BAD", json!([said]), "refused: BAD unnamed"),
        ] {
            check(json!({ "errorCode": code, "message": said, "fields": fields }), wanted);
            check(json!({ "statusCode": code, "message": said, "fields": fields }), wanted);
        }
        check(
            json!({ "errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentPerOrgLongTxn" }),
            "asks to wait (concurrent)",
        );
    }

    #[test]
    fn duplicates_are_found_under_both_spellings() {
        for key in ["duplicateResut", "duplicateResult"] {
            let hit = |id: &str| json!({ "record": { "Id": id } });
            let row = json!({
                "errorCode": "DUPLICATES_DETECTED",
                key: { "allowSave": true, "matchResults": [
                    { "matchRecords": [hit("003000000000001AAA"), hit("00Q000000000001AAA")] }
                ] },
            });
            let row: ErrorRow = serde_json::from_value(row).unwrap();
            assert_eq!(duplicates(&row, "00Q"), ["00Q000000000001AAA"], "{key}");
            assert!(may_save(&row));
        }
    }
}
