//! API tokens: list, create, revoke.
//!
//! Guarantees: a token is shown once, when it is made; only its hash is kept.
//! Does not know: roles.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, bad, missing, store};
use crate::{
    http::{Front, auth::Caller},
    model::time::Span,
    store::{TokenOrder, TokenRow},
};

/// Tokens end after this unless another span is asked for.
pub const EXPIRES: Span = Span::days(90);
/// No token lives longer.
pub const EXPIRES_MAX: Span = Span::days(365);

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/tokens", web::get().to(list))
        .route("/tokens", web::post().to(create))
        .route("/tokens/{name}", web::delete().to(revoke));
}

async fn list(front: web::Data<Front>) -> Answer {
    let rows = front.store.tokens(TokenOrder::List).await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "tokens": rows })))
}

/// A token to be made; its text is made by the caller, who alone knows it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: String,
    /// SHA-256 of the token, hex.
    hash: String,
    #[serde(default)]
    expires_in: Option<Span>,
}

async fn create(caller: Caller, Sent(new): Sent<NewToken>, front: web::Data<Front>) -> Answer {
    let hash = hex::decode(&new.hash)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| bad(&front, "`hash` is the SHA-256 of the token in hex: 64 characters"))?;
    if new.name.trim().is_empty() {
        return Err(bad(&front, "give the token a name: who or what will use it"));
    }
    let now = front.clock.now();
    let span = new.expires_in.unwrap_or(EXPIRES);
    if span <= Span::ZERO || span > EXPIRES_MAX {
        let detail = format!("`expires_in` must lie between 1s and {EXPIRES_MAX}, as in {EXPIRES}");
        return Err(bad(&front, &detail));
    }
    let row = TokenRow {
        name: new.name,
        hash,
        created_at: now,
        expires_at: now.plus(span),
        revoked_at: None,
    };
    let rows =
        front.store.tokens(TokenOrder::Create(row)).await.map_err(|error| store(&front, &error))?;
    tracing::info!(by = caller.0, "a token was made");
    Ok(HttpResponse::Created().json(serde_json::json!({ "tokens": rows })))
}

async fn revoke(caller: Caller, name: web::Path<String>, front: web::Data<Front>) -> Answer {
    let name = name.into_inner();
    let order = TokenOrder::Revoke { name, at: front.clock.now() };
    let rows = front.store.tokens(order).await.map_err(|error| store(&front, &error))?;
    if rows.is_empty() {
        return Err(missing(&front, "no valid token has this name"));
    }
    tracing::info!(by = caller.0, "a token was revoked");
    Ok(HttpResponse::Ok().json(serde_json::json!({ "revoked": rows.len() })))
}
