//! `POST /in/{source}`: signed webhooks come in.
//!
//! Guarantees: verified over the raw bytes before anything is parsed; 2xx only when the event is
//! on disk; a duplicate gets 200 and the first event's id; never 404, 410 or a redirect, which
//! would make some senders switch the webhook off. An unknown source looks like a bad signature.
//! Does not know: what is in the body.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde::Serialize;

use super::{Front, body, problem::Problem};
use crate::{
    intake::{Refused, Request, Scheme},
    model::event::{Accepted, EventKind, NewEvent},
};

/// Adds the route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/in/{source}")
            .route(web::post().to(receive))
            // Several tools look whether the address answers before they save it.
            .route(web::get().to(greet))
            .route(web::head().to(greet)),
    );
    // Where the source proves itself by the last part of the address (`token_from = "path"`).
    config.service(
        web::resource("/in/{source}/{token}")
            .route(web::post().to(receive))
            .route(web::get().to(greet))
            .route(web::head().to(greet)),
    );
}

/// The answer to a stored or repeated delivery.
#[derive(Debug, Serialize)]
struct Stored {
    /// The public ids, in the order of the body's items.
    events: Vec<uuid::Uuid>,
    /// How many of them had been delivered before.
    duplicates: usize,
}

async fn greet() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("post signed webhooks here\n")
}

async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    front: web::Data<Front>,
) -> Result<HttpResponse, Problem> {
    let reference = front.reference();
    let source = request.match_info().get("source").unwrap_or_default().to_owned();
    let body_max = front.bounds.body_max(&source).unwrap_or(front.body_max);
    let bytes = match body::read(&request, payload.into_inner(), body_max, front.body_within).await
    {
        Ok(bytes) => bytes,
        Err(why) => return Err(unread(&front, &source, why, reference)),
    };
    let Some(scheme) = front.sources.get(&source) else {
        front.refused("unknown", "unknown-source", &reference);
        return Err(unauthorized(reference));
    };
    let events = match verify(&front, scheme, &request, &source, &bytes) {
        Ok(events) => events,
        Err(refused) => {
            front.refused(&source, refused.reason(), &reference);
            return Err(unauthorized(reference));
        }
    };
    if events.is_empty() {
        return Ok(HttpResponse::Ok().json(Stored { events: Vec::new(), duplicates: 0 }));
    }
    let arrived = front.clock.now();
    if !front.bounds.admits(&source, arrived) {
        front.refused(&source, "too-many", &reference);
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Err(Problem::new(status, "too many deliveries", reference));
    }
    let accepted = front.accept(events).await.map_err(|error| {
        front.metrics.refused(&source, "store");
        Problem::store(&front, &error, reference)
    })?;
    front.metrics.stage("stored", front.clock.now().since(arrived));
    Ok(stored(&front, &source, &accepted, bytes.len()))
}

/// Verifies one request and cuts it into events.
pub(super) fn verify(
    front: &Front,
    scheme: &Scheme,
    request: &HttpRequest,
    source: &str,
    bytes: &[u8],
) -> Result<Vec<NewEvent>, Refused> {
    let headers: Vec<(String, Vec<u8>)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    // From the settings, never from Host or a forwarded header: those are the caller's to choose.
    let uri = format!("{}{}", front.public_url, path_and_query(request));
    let now = front.clock.now();
    let request =
        Request { method: request.method().as_str(), uri: &uri, headers: &headers, body: bytes };
    let verified = scheme.verify(&request, now)?;
    front.secret_used(source, verified.secret(), now);
    let content_type = headers
        .iter()
        .find(|(name, _)| name == header::CONTENT_TYPE.as_str())
        .and_then(|(_, value)| String::from_utf8(value.clone()).ok());
    Ok(verified
        .items()
        .into_iter()
        .map(|item| NewEvent {
            kind: EventKind::Fill,
            source: source.to_owned(),
            delivery: item.delivery,
            received_at: now,
            content_type: content_type.clone(),
            actor: None,
            body: item.body.to_vec(),
        })
        .collect())
}

fn path_and_query(request: &HttpRequest) -> &str {
    request.uri().path_and_query().map_or("/", |all| all.as_str())
}

fn stored(front: &Front, source: &str, accepted: &[Accepted], bytes: usize) -> HttpResponse {
    (front.wake)();
    let duplicates = accepted.iter().filter(|one| one.is_duplicate).count();
    front.metrics.accepted(source, accepted.len() - duplicates, duplicates, bytes);
    HttpResponse::Ok()
        .json(Stored { events: accepted.iter().map(|one| one.uuid).collect(), duplicates })
}

/// Nobody learns which part was wrong, nor which sources there are.
pub(super) fn unauthorized(reference: String) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not verified", reference)
}

/// What a body that was not read means to the sender.
pub(super) fn unread(
    front: &Front,
    source: &str,
    unread: body::Unread,
    reference: String,
) -> Problem {
    let known = if front.sources.contains_key(source) { source } else { "unknown" };
    let (status, title, reason) = match unread {
        body::Unread::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large", "too-large")
        }
        body::Unread::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time", "too-slow")
        }
        body::Unread::Broken => (StatusCode::BAD_REQUEST, "the body broke off", "broken"),
        body::Unread::Encoded => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the body without Content-Encoding",
            Refused::Encoded.reason(),
        ),
    };
    front.refused(known, reason, &reference);
    Problem::new(status, title, reference)
}
