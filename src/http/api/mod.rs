//! `/api/v1`: the JSON API for operators and the command line.
//!
//! Guarantees: every route needs a token, and is refused without one before anything else is
//! looked at; a change is an event with the caller's name; unknown fields are refused; lists are
//! paged; every refusal is a problem document. Does not know: pages, which make the same reads.

mod accounts;
mod books;
mod drafts;
mod events;
mod imported;
mod jobs;
mod leads;
mod observe;
mod open;
mod publish;
mod ready;
mod replicas;
mod reps;
mod reroutes;
mod rulebooks;
mod schedule;
mod shadow;
mod tokens;
mod why;

use actix_web::{
    HttpRequest, HttpResponse, error::InternalError, http::StatusCode, middleware::from_fn, web,
};
use serde::de::DeserializeOwned;

use super::{Front, auth, auth::Caller, body, problem::Problem};
use crate::{
    model::{
        event::{EventKind, NewEvent},
        id::hash64,
        news::News,
    },
    store::StoreError,
};

/// Rulebooks with their tables are the largest thing that the API takes.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// Adds the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api/v1")
            .app_data(web::QueryConfig::default().error_handler(|error, request| {
                let status = StatusCode::BAD_REQUEST;
                refused(
                    request,
                    status,
                    &format!("the query is not what this route takes: {error}"),
                )
            }))
            .app_data(web::PathConfig::default().error_handler(|_, request| {
                refused(request, StatusCode::NOT_FOUND, "the address holds no id of the right form")
            }))
            .configure(accounts::routes)
            .configure(leads::routes)
            .configure(events::routes)
            .configure(imported::routes)
            .configure(jobs::routes)
            .configure(observe::routes)
            .configure(open::routes)
            .configure(replicas::routes)
            .configure(reps::routes)
            .configure(reroutes::routes)
            .configure(drafts::routes)
            .configure(schedule::routes)
            .configure(shadow::routes)
            .configure(publish::routes)
            .configure(rulebooks::routes)
            .configure(tokens::routes)
            .configure(why::routes)
            .configure(books::routes)
            .default_service(web::to(no_route))
            .wrap(from_fn(auth::guard)),
    );
}

async fn no_route(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    missing(&front, &format!("the API has no route {} {}", request.method(), request.path()))
}

/// What cannot be read of a request line, as a problem document.
fn refused(request: &HttpRequest, status: StatusCode, detail: &str) -> actix_web::Error {
    let reference = request.app_data::<web::Data<Front>>().map(|front| front.reference());
    let title = if status == StatusCode::NOT_FOUND { "not found" } else { "bad request" };
    let problem = Problem::new(status, title, reference.unwrap_or_default()).detail(detail);
    InternalError::from_response(detail.to_owned(), problem.answer()).into()
}

/// What a handler gives: a JSON answer, or the answer to give instead.
type Answer = Result<HttpResponse, HttpResponse>;

/// Whichever answer it is.
fn either(answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|instead| instead)
}

/// A checked caller and a body in its shape.
async fn asked<T: DeserializeOwned>(
    front: &Front,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<(Caller, T), HttpResponse> {
    let caller = auth::caller(front, request).await?;
    let bytes = body::read(request, payload, BODY_MAX, front.body_within)
        .await
        .map_err(|unread| super::hook::unread_answer(front, "api", unread, front.reference()))?;
    let text = if bytes.is_empty() { &b"{}"[..] } else { bytes.as_ref() };
    // A list would be read as the values of the fields in their order.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(bad(front, "the body is not a JSON object"));
    }
    let value = serde_json::from_slice(text)
        .map_err(|error| bad(front, &format!("the body is not what this route takes: {error}")))?;
    Ok((caller, value))
}

/// 400 with advice.
fn bad(front: &Front, detail: &str) -> HttpResponse {
    Problem::new(StatusCode::BAD_REQUEST, "bad request", front.reference()).detail(detail).answer()
}

/// 404 with what was looked for.
fn missing(front: &Front, what: &str) -> HttpResponse {
    Problem::new(StatusCode::NOT_FOUND, "not found", front.reference()).detail(what).answer()
}

/// The answer to a failing store.
fn store(front: &Front, error: &StoreError) -> HttpResponse {
    Problem::store(front, error, front.reference()).answer()
}

/// Puts an operator's news on disk and answers when it is there.
async fn tell_store(front: &Front, caller: &Caller, news: &News) -> Answer {
    let now = front.clock.now();
    let body = serde_json::to_vec(news).map_err(|error| bad(front, &error.to_string()))?;
    // The same order in the same millisecond is the same event.
    let delivery = format!("{}:{}:{:x}", caller.0, now.0, hash64(&[&body]));
    let event = NewEvent {
        kind: EventKind::News,
        source: "handoff:api".to_owned(),
        delivery,
        received_at: now,
        content_type: None,
        actor: Some(caller.0.clone()),
        body,
    };
    let accepted = front.accept(vec![event]).await.map_err(|error| store(front, &error))?;
    (front.wake)();
    Ok(HttpResponse::Accepted().json(serde_json::json!({
        "event": accepted.first().map(|one| one.uuid),
    })))
}

/// The page size asked for, within the limit.
fn page_size(max: Option<usize>) -> usize {
    max.unwrap_or(50).clamp(1, crate::store::read::PAGE_MAX)
}
