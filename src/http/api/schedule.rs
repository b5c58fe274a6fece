//! Rulebooks that are to be in force from an instant on: put, list, take back.
//!
//! Guarantees: one is checked when it is scheduled and again when its time comes; taken back is
//! never published. Does not know: who publishes it; `worker::schedule` does.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde_json::{Value, json};

use super::{Answer, bad, missing, ready, ready::Ready, store};
use crate::{
    http::{Front, auth::Caller, problem::Problem},
    model::{
        id::hash64,
        time::{Span, Time},
        version::{SCHEDULED, SCHEDULED_MAX, ScheduledHead},
    },
    store::{
        Papers,
        paper::{self, Amended},
    },
};

/// So far ahead may a rulebook be scheduled.
const AHEAD_MAX: Span = Span::days(366);

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/schedule", web::get().to(list))
        .route("/schedule/{id}", web::delete().to(cancel));
}

/// Keeps a checked rulebook until its time.
pub(super) async fn put(
    front: &Front,
    ready: Ready,
    based_on: Option<u32>,
    (author, message): (String, String),
    at: Time,
) -> Answer {
    let now = front.clock.now();
    if at <= now || at.since(now) > AHEAD_MAX {
        let detail = "`at` is an instant in milliseconds since 1970, after now and within a year";
        return Err(bad(front, detail));
    }
    let based_on = match based_on {
        Some(base) => base,
        None => front.store.newest_rulebook().await.map_err(|error| store(front, &error))?,
    };
    if all(front).await?.len() >= SCHEDULED_MAX {
        let detail = format!("{SCHEDULED_MAX} rulebooks are scheduled already: take some back");
        let problem = Problem::new(StatusCode::CONFLICT, "too many", front.reference());
        return Err(problem.detail(detail));
    }
    let head = ScheduledHead { at, based_on, author, message, asked_at: now, refused: None };
    let text = serde_json::to_string(&head).unwrap_or_default();
    // Named by what it is, so that asking twice in one millisecond is one.
    let id = format!("{:x}", hash64(&[text.as_bytes(), ready.document.as_bytes()]).unsigned_abs());
    let whole = move |_: Option<&str>| {
        (Amended::Whole { head: text.clone(), body: ready.document.clone() }, ())
    };
    let name = format!("{SCHEDULED}{id}");
    paper::amend(front.store.as_ref(), &name, whole).await.map_err(|error| store(front, &error))?;
    (front.wake_jobs)();
    tracing::info!(by = head.author, id, at = at.rfc3339(), "a rulebook was scheduled");
    let answer = ready::and(json!(head), "id", id);
    let answer = ready::with(json!({ "scheduled": answer }), &ready.findings);
    Ok(HttpResponse::Accepted().json(answer))
}

async fn all(front: &Front) -> Result<Vec<Value>, Problem> {
    let found = front.store.papers(Papers::Under(SCHEDULED.to_owned())).await;
    let found = found.map_err(|error| store(front, &error))?;
    let mut all: Vec<Value> = found
        .iter()
        .filter_map(|paper| {
            let head: Value = serde_json::from_str(&paper.head).ok()?;
            Some(ready::and(head, "id", paper.name.trim_start_matches(SCHEDULED)))
        })
        .collect();
    all.sort_by_key(|one| one.get("at").and_then(Value::as_i64));
    Ok(all)
}

async fn list(front: web::Data<Front>) -> Answer {
    let newest = front.store.newest_rulebook().await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(json!({ "newest": newest, "scheduled": all(&front).await? })))
}

async fn cancel(caller: Caller, id: web::Path<String>, front: web::Data<Front>) -> Answer {
    let id = id.as_str();
    let name = format!("{SCHEDULED}{id}");
    let gone = |head: Option<&str>| (Amended::Gone, head.is_some());
    let was_there = paper::amend(front.store.as_ref(), &name, gone).await;
    if !was_there.map_err(|error| store(&front, &error))? {
        return Err(missing(&front, "nothing scheduled has this id; it may be in force already"));
    }
    tracing::info!(by = caller.0, id, "a scheduled rulebook was taken back");
    Ok(HttpResponse::Ok().json(json!({ "cancelled": id })))
}
