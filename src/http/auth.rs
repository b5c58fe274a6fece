//! API tokens: who may use `/api/v1`.
//!
//! Guarantees: tokens are compared by their SHA-256 in constant time; a revoked or expired one
//! stops working at once, since the store is asked each time. The guard stands before the routes,
//! so that a stranger learns nothing about them, not even which there are.
//! Does not know: roles (they come later); every valid token may do everything.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Front, front_of, problem::Problem};
use crate::store::{StoreResult, TokenOrder, TokenRow};

/// What every token begins with, so that scanners for leaked secrets find it.
pub const TOKEN_PREFIX: &str = "hnd_";

/// The name of the caller's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(pub String);

/// Whom the guard let through; a route that it does not stand before has none.
impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        let nobody =
            || front_of(request).map_or_else(|problem| problem, |front| refused(front, ""));
        ready(caller.ok_or_else(nobody))
    }
}

/// Lets through who has a valid token, whatever else is wrong with the request.
///
/// # Errors
/// Those of the routes behind it.
pub async fn guard(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match bearer(request.request()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await
        }
        Err(problem) => {
            let mut answer = problem.answer();
            if answer.status() == StatusCode::UNAUTHORIZED {
                let bearer = header::HeaderValue::from_static("Bearer");
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            }
            Ok(request.into_response(answer))
        }
    }
}

/// The owner of the request's bearer token.
async fn bearer(request: &HttpRequest) -> Result<Caller, Problem> {
    let front = front_of(request)?;
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        return Err(refused(front, "send the header Authorization: Bearer hnd_…"));
    };
    match find(front, token).await {
        Ok(Some(name)) => Ok(Caller(name)),
        Ok(None) => Err(refused(front, "the token is unknown, expired or revoked")),
        Err(error) => Err(Problem::store(front, &error, front.reference())),
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

fn refused(front: &Front, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not authorized", front.reference()).detail(detail)
}
