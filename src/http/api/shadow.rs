//! The shadow: a draft that decides beside the rulebook in force. Start, report, stop.
//!
//! Guarantees: one runs at a time; its report stays until the next one begins.
//! Does not know: how it decides; `worker::shadow` does.

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Sent, drafts, missing, ready, store};
use crate::{
    http::{Front, auth::Caller, problem::Problem},
    model::shadow::{Counted, SHADOW, ShadowHead},
    store::paper::{self, Amended},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/shadow", web::get().to(report))
        .route("/shadow", web::post().to(start))
        .route("/shadow", web::delete().to(stop));
}

async fn report(front: web::Data<Front>) -> Answer {
    let found = paper::named(front.store.as_ref(), SHADOW).await;
    let found = found.map_err(|error| store(&front, &error))?;
    let head = found.and_then(|paper| serde_json::from_str::<ShadowHead>(&paper.head).ok());
    let head = head.ok_or_else(|| missing(&front, "no draft decides beside the live rulebook"))?;
    Ok(HttpResponse::Ok().json(head))
}

/// Which draft.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    draft: String,
}

async fn start(caller: Caller, Sent(asked): Sent<Start>, front: web::Data<Front>) -> Answer {
    let (draft, files) = drafts::draft(&front, &asked.draft).await?;
    let ready = ready::checked(&front, files).await?;
    let head = ShadowHead {
        draft: asked.draft,
        revision: draft.revision,
        author: caller.0,
        started_at: front.clock.now(),
        stopped_at: None,
        refused: None,
        counted: Counted::default(),
    };
    let (new, body) = (head.clone(), ready.document);
    let change = move |before: Option<&str>| {
        let before = before.and_then(|head| serde_json::from_str::<ShadowHead>(head).ok());
        if let Some(runs) = before.filter(|before| before.stopped_at.is_none()) {
            return (Amended::Kept, Err(runs.draft));
        }
        let head = serde_json::to_string(&new).unwrap_or_default();
        (Amended::Whole { head, body: body.clone() }, Ok(()))
    };
    let begun = paper::amend(front.store.as_ref(), SHADOW, change).await;
    begun.map_err(|error| store(&front, &error))?.map_err(|runs| {
        Problem::new(StatusCode::CONFLICT, "another one runs", front.reference())
            .detail(format!("the draft {runs} runs as a shadow: stop it first"))
    })?;
    (front.wake_jobs)();
    tracing::info!(by = head.author, draft = head.draft, "a shadow was started");
    Ok(HttpResponse::Created().json(ready::with(json!(head), &ready.findings)))
}

async fn stop(caller: Caller, front: web::Data<Front>) -> Answer {
    let now = front.clock.now();
    let end = move |head: Option<&str>| {
        let head = head.and_then(|head| serde_json::from_str::<ShadowHead>(head).ok());
        match head.filter(|head| head.stopped_at.is_none()) {
            None => (Amended::Kept, None),
            Some(mut head) => {
                head.stopped_at = Some(now);
                let text = serde_json::to_string(&head).unwrap_or_default();
                (Amended::Head(text), Some(head))
            }
        }
    };
    let ended = paper::amend(front.store.as_ref(), SHADOW, end).await;
    let head = ended.map_err(|error| store(&front, &error))?;
    let head = head.ok_or_else(|| missing(&front, "no draft decides beside the live rulebook"))?;
    (front.wake_jobs)();
    tracing::info!(by = caller.0, draft = head.draft, "a shadow was stopped");
    Ok(HttpResponse::Ok().json(head))
}
