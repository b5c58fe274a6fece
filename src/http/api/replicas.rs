//! Who serves on the same store.
//!
//! Guarantees: as this process saw it within the last seconds; nothing that must be right depends
//! on it. Does not know: how replicas find each other.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Answer, either};
use crate::http::{Front, auth};

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/replicas", web::get().to(replicas));
}

async fn replicas(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    either(told(&request, &front).await)
}

async fn told(request: &HttpRequest, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "replicas": (front.presence)() })))
}
