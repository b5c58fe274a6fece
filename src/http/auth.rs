//! API tokens: who may use `/api/v1`.
//!
//! Guarantees: tokens are compared by their SHA-256 in constant time; a revoked or expired one
//! stops working at once, since the store is asked each time. The guard stands before the routes,
//! so that a stranger learns nothing about them, not even which there are.
//! Does not know: roles (they come later); every valid token may do everything.

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    error::ErrorInternalServerError,
    http::{StatusCode, header},
    middleware::Next,
    web,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Front, problem::Problem};
use crate::store::{StoreResult, TokenOrder, TokenRow};

/// What every token begins with, so that scanners for leaked secrets find it.
pub const TOKEN_PREFIX: &str = "hnd_";

/// The name of the caller's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(pub String);

/// Lets through who has a valid token, whatever else is wrong with the request.
///
/// # Errors
/// Those of the routes behind it.
pub async fn guard(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let front = request.app_data::<web::Data<Front>>().cloned();
    let front = front.ok_or_else(|| ErrorInternalServerError("the routes stand on nothing"))?;
    match caller(&front, request.request()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await
        }
        Err(instead) => Ok(request.into_response(instead)),
    }
}

/// Who calls: whom the guard let through, or else the owner of the request's bearer token.
///
/// # Errors
/// The answer to give instead.
pub async fn caller(front: &Front, request: &HttpRequest) -> Result<Caller, HttpResponse> {
    let known = request.extensions().get::<Caller>().cloned();
    if let Some(caller) = known {
        return Ok(caller);
    }
    let reference = front.reference();
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        return Err(refuse(reference, "send the header Authorization: Bearer hnd_…"));
    };
    match find(front, token).await {
        Ok(Some(name)) => Ok(Caller(name)),
        Ok(None) => Err(refuse(reference, "the token is unknown, expired or revoked")),
        Err(error) => Err(Problem::store(front, &error, reference).answer()),
    }
}

async fn find(front: &Front, token: &str) -> StoreResult<Option<String>> {
    let hash = hash(token);
    let now = front.clock.now();
    let mut found = None;
    for row in front.store.tokens(TokenOrder::List).await? {
        let is_same: bool = row.hash.ct_eq(&hash).into();
        if is_same && is_valid(&row, now) {
            found = Some(row.name);
        }
    }
    Ok(found)
}

fn is_valid(row: &TokenRow, now: crate::model::time::Time) -> bool {
    row.revoked_at.is_none() && now < row.expires_at
}

/// What is kept of a token.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn refuse(reference: String, detail: &str) -> HttpResponse {
    let mut answer =
        Problem::new(StatusCode::UNAUTHORIZED, "not authorized", reference).detail(detail).answer();
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    answer
}
