//! `POST /api/v1/open`: a one-time link to the pages.
//!
//! Guarantees: the key is 256 random bits and opens once; a new one takes the place of the one
//! before. Does not know: sessions; the pages take the key.

use std::sync::PoisonError;

use actix_web::{HttpResponse, web};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Answer, bad};
use crate::http::{Front, auth::Caller};

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/open", web::post().to(open));
}

async fn open(caller: Caller, front: web::Data<Front>) -> Answer {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| bad(&front, "this machine gives no random bytes"))?;
    let key = URL_SAFE_NO_PAD.encode(bytes);
    let url = format!("{}/open/{key}", front.public_url);
    *front.page_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    tracing::info!(by = caller.0, "a one-time link to the pages was made");
    Ok(HttpResponse::Created().json(serde_json::json!({ "url": url })))
}
