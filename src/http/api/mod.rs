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
    FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode, middleware::from_fn,
    web,
};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use super::{Front, auth, auth::Caller, body, front_of, hook, problem::Problem};
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
                let detail = format!("the query is not what this route takes: {error}");
                front_of(request).map_or_else(Into::into, |front| bad(front, &detail).into())
            }))
            .app_data(web::PathConfig::default().error_handler(|_, request| {
                let detail = "the address holds no id of the right form";
                front_of(request).map_or_else(Into::into, |front| missing(front, detail).into())
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

async fn no_route(request: HttpRequest, front: web::Data<Front>) -> Answer {
    let detail = format!("the API has no route {} {}", request.method(), request.path());
    Err(missing(&front, &detail))
}

/// What a handler gives: a JSON answer, or the problem that is the answer instead.
type Answer = Result<HttpResponse, Problem>;

/// A body in its shape: a JSON object, or nothing, which is one without members.
struct Sent<T>(T);

impl<T: DeserializeOwned> FromRequest for Sent<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let front = front_of(&request)?;
            let bytes = body::read(&request, payload, BODY_MAX, front.body_within).await;
            let unread = |unread| hook::unread(front, "api", unread, front.reference());
            let bytes = bytes.map_err(unread)?;
            let text = if bytes.is_empty() { &b"{}"[..] } else { bytes.as_ref() };
            // A list would be read as the values of the fields in their order.
            if !text.trim_ascii_start().starts_with(b"{") {
                return Err(bad(front, "the body is not a JSON object"));
            }
            let refused = |error| format!("the body is not what this route takes: {error}");
            serde_json::from_slice(text).map(Self).map_err(|error| bad(front, &refused(error)))
        }
        .boxed_local()
    }
}

/// 400 with advice.
fn bad(front: &Front, detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad request", front.reference()).detail(detail)
}

/// 404 with what was looked for.
fn missing(front: &Front, what: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not found", front.reference()).detail(what)
}

/// The answer to a failing store.
fn store(front: &Front, error: &StoreError) -> Problem {
    Problem::store(front, error, front.reference())
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
