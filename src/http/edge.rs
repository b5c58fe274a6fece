//! The edge of the server: what no handler may let out.
//!
//! Guarantees: a panic in a handler is answered 500 with a reference, counted, and harms no other
//! request; an address that no route has, or that cannot be read, is answered by a problem document
//! that repeats nothing of it. Does not know: routes.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::StatusCode,
    middleware::Next,
    web,
};
use futures_util::FutureExt as _;

use super::{Front, problem::Problem, rest::Rest};

/// Catches what a handler lets fall, and closes what it leaves unread.
///
/// # Errors
/// Those of the handlers, and one that answers 500 in place of a panic.
pub async fn guard(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let front = request.app_data::<web::Data<Front>>().cloned();
    let rest = Rest::of(&mut request);
    // Nothing is shared with a handler but `Front`, whose parts survive a panic: what they lock is
    // left whole.
    let answered = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(answered) => answered,
        Err(_) => Err(fallen(front.as_ref().map(|front| &***front))),
    };
    match rest {
        None => answered,
        Some(rest) => answered.map(|answer| answer.map_body(|_, body| rest.kept_by(body))),
    }
}

/// The answer in place of a panic. The panic's words may quote a stranger, so they are not told;
/// the hook of the process has written its place.
fn fallen(front: Option<&Front>) -> Error {
    let reference = front.map(Front::reference).unwrap_or_default();
    if let Some(front) = front {
        front.metrics.panicked();
    }
    tracing::error!(reference, "a handler panicked; its request was answered 500");
    let answer =
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "an internal error", reference).answer();
    InternalError::from_response("a panic", answer).into()
}

/// What is answered where no route is.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|_, request| {
            InternalError::from_response("no such address", not_found(request)).into()
        }))
        .default_service(web::to(|request: HttpRequest| async move { not_found(&request) }));
}

fn not_found(request: &HttpRequest) -> HttpResponse {
    let front = request.app_data::<web::Data<Front>>();
    let reference = front.map(|front| front.reference()).unwrap_or_default();
    Problem::new(StatusCode::NOT_FOUND, "not found", reference).answer()
}
