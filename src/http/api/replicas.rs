//! Who serves on the same store.
//!
//! Guarantees: as this process saw it within the last seconds; nothing that must be right depends
//! on it. Does not know: how replicas find each other.

use actix_web::{HttpResponse, web};

use super::Answer;
use crate::http::Front;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/replicas", web::get().to(replicas));
}

async fn replicas(front: web::Data<Front>) -> Answer {
    Ok(HttpResponse::Ok().json(serde_json::json!({ "replicas": (front.presence)() })))
}
