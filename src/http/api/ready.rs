//! A rulebook that somebody sent: read, compiled, and looked through.
//!
//! Guarantees: one with a mistake is refused with every finding; what analysis finds beside
//! mistakes refuses nothing. Does not know: what becomes of it.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{http::StatusCode, web};
use serde_json::Value;

use super::bad;
use crate::{
    http::{Front, problem::Problem},
    model::{
        finding::{Finding, Severity},
        time::Time,
    },
    rulebook::{Files, Rulebook, lint::Seen},
};

/// A rulebook on its way.
pub(super) struct Ready {
    /// Its files.
    pub files: Files,
    /// The same as the store keeps them.
    pub document: String,
    /// What should be looked at.
    pub findings: Vec<Finding>,
}

/// The files of a body.
///
/// # Errors
/// What is wrong with them, in words.
pub(super) fn files_from(files: &BTreeMap<String, String>) -> Result<Files, String> {
    let document =
        serde_json::to_string(files).map_err(|error| format!("the files are not text: {error}"))?;
    Files::from_json(&document)
}

/// An object with one member more.
pub(super) fn and(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
    object
}

/// Compiles, and looks for what is wrong although it compiles.
pub(super) async fn checked(front: &Front, files: Files) -> Result<Ready, Problem> {
    let book = front.compile(&files, 0).map_err(|findings| {
        let mut problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the rulebook has mistakes; the one in force stays",
            front.reference(),
        );
        problem.findings = findings;
        problem
    })?;
    let document = files.to_json().map_err(|why| bad(front, &why))?;
    let (files, findings) = linted(book, files, front.clock.now()).await;
    Ok(Ready { files, document, findings })
}

/// What should be looked at, found beside the workers: thousands of rules take a while.
pub(super) async fn linted(book: Rulebook, files: Files, now: Time) -> (Files, Vec<Finding>) {
    let files = Arc::new(files);
    let looked_at = Arc::clone(&files);
    let found = web::block(move || book.lint(&looked_at, &Seen::default(), now)).await;
    let mut found = found.unwrap_or_default();
    found.retain(|one| one.severity != Severity::Note);
    (Arc::unwrap_or_clone(files), found)
}

/// An answer with findings, if there are any.
pub(super) fn with(mut answer: Value, findings: &[Finding]) -> Value {
    if let (Some(members), false) = (answer.as_object_mut(), findings.is_empty()) {
        members.insert("findings".to_owned(), serde_json::json!(findings));
    }
    answer
}
