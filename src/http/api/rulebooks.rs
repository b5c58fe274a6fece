//! Rulebook versions: list, show, publish.
//!
//! Guarantees: a rulebook with a mistake is refused with every finding, and the one in force
//! stays; publishing over a version that is not the latest is refused when the caller says what
//! it was based on; the text in force makes no version. What analysis finds beside mistakes is in
//! the answer, and refuses nothing.
//! Does not know: files on the daemon's disk; `worker::reload` watches those.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, asked, bad, either, missing, store};
use crate::{
    http::{Front, auth, problem::Problem},
    model::{
        finding::{Finding, Severity},
        time::Time,
    },
    rulebook::{Files, Rulebook, lint::Seen},
    store::{FROM_FILE, NewRulebook},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/rulebooks", web::get().to(list))
        .route("/rulebooks", web::post().to(publish))
        .route("/rulebooks/{version}", web::get().to(one));
}

async fn list(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    either(listed(&request, &front).await)
}

async fn listed(request: &HttpRequest, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let rows = front.store.rulebooks(None).await.map_err(|error| store(front, &error))?;
    Ok(HttpResponse::Ok()
        .json(serde_json::json!({ "in_force": (front.book)().version, "rulebooks": rows })))
}

async fn one(
    request: HttpRequest,
    version: web::Path<u32>,
    front: web::Data<Front>,
) -> HttpResponse {
    either(shown(&request, *version, &front).await)
}

async fn shown(request: &HttpRequest, version: u32, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let rows = front.store.rulebooks(Some(version)).await.map_err(|error| store(front, &error))?;
    let row = rows.first().ok_or_else(|| missing(front, "no rulebook has this version"))?;
    Ok(HttpResponse::Ok().json(row))
}

/// A rulebook to be published: every file by its name, `rulebook.toml` among them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    files: BTreeMap<String, String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    based_on: Option<u32>,
    #[serde(default)]
    dry_run: bool,
}

async fn publish(
    request: HttpRequest,
    payload: web::Payload,
    front: web::Data<Front>,
) -> HttpResponse {
    either(published(&request, payload, &front).await)
}

async fn published(request: &HttpRequest, payload: web::Payload, front: &Front) -> Answer {
    let (caller, draft) = asked::<Draft>(front, request, payload).await?;
    let document = serde_json::to_string(&draft.files)
        .map_err(|error| bad(front, &format!("the files are not text: {error}")))?;
    let files = Files::from_json(&document).map_err(|why| bad(front, &why))?;
    let now_in_force = (front.book)().version;
    if draft.based_on.is_some_and(|based_on| based_on != now_in_force) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "not based on the latest",
            front.reference(),
        )
        .detail(format!("version {now_in_force} is in force; take its changes in first"))
        .answer());
    }
    let book = front.compile(&files, 0).map_err(|findings| {
        let mut problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the rulebook has mistakes; the one in force stays",
            front.reference(),
        );
        problem.findings = findings;
        problem.answer()
    })?;
    let (files, findings) = linted(book, files, front.clock.now()).await;
    if draft.dry_run {
        return Ok(
            HttpResponse::Ok().json(with(serde_json::json!({ "would_publish": true }), findings))
        );
    }
    // Who signs like the file is not taken for it: a restart would read its version as the file's.
    let author = if caller.0 == FROM_FILE { "a token".to_owned() } else { caller.0.clone() };
    let new = NewRulebook { document, author, message: draft.message, at: front.clock.now() };
    let version = front.store.publish(new).await.map_err(|error| store(front, &error))?;
    let answer = with(serde_json::json!({ "version": version }), findings);
    if version == now_in_force {
        return Ok(HttpResponse::Ok().json(answer));
    }
    let book = front
        .compile(&files, version)
        .map_err(|_| bad(front, "the rulebook changed while it was published"))?;
    (front.take_book)(Arc::new(book));
    tracing::info!(by = caller.0, version, "a rulebook was published");
    Ok(HttpResponse::Created().json(answer))
}

/// What should be looked at, found beside the workers: thousands of rules take a while.
async fn linted(book: Rulebook, files: Files, now: Time) -> (Files, Vec<Finding>) {
    let files = Arc::new(files);
    let looked_at = Arc::clone(&files);
    let found = web::block(move || book.lint(&looked_at, &Seen::default(), now)).await;
    let mut found = found.unwrap_or_default();
    found.retain(|one| one.severity != Severity::Note);
    (Arc::unwrap_or_clone(files), found)
}

/// An answer with findings, if there are any.
fn with(mut answer: Value, findings: Vec<Finding>) -> Value {
    if let (Some(members), false) = (answer.as_object_mut(), findings.is_empty()) {
        members.insert("findings".to_owned(), serde_json::json!(findings));
    }
    answer
}
