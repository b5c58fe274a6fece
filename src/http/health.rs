//! `/health/live`, `/health/ready`, `/metrics`.
//!
//! Guarantees: live says that the process answers; ready that the store can write
//! and has room to, and that the process is not about to stop; metrics carry
//! no personal data. Does not know: who asks; keep them off the public side of a proxy.

use std::{sync::atomic::Ordering, time::Duration};

use actix_web::{HttpResponse, http::StatusCode, web};

use super::{Front, problem::Problem};
use crate::{store::StoreError, telemetry::usage::Usage};

/// How long the metrics wait for the store to say that it can write.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Adds the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("live\n")
}

async fn ready(front: web::Data<Front>) -> HttpResponse {
    if front.draining.load(Ordering::Relaxed) {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", front.reference())
            .detail("this process is about to stop".to_owned())
            .answer();
    }
    match front.store.ready().await {
        Ok(()) => HttpResponse::Ok().json(serde_json::json!({
            "ready": true,
            "rulebook": (front.book)().version,
            "a_2xx_means": front.store.promise(),
        })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            front.end_if_failed(&error);
            let detail = match error {
                StoreError::Busy(why) => why,
                _ => "the log says why".to_owned(),
            };
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", front.reference())
                .detail(detail)
                .answer()
        }
    }
}

async fn metrics(front: web::Data<Front>) -> HttpResponse {
    for (source, secret, at) in front.secrets.all() {
        front.metrics.secret_used(source, secret, at);
    }
    // A store that hangs must not keep the page from telling so.
    let ready = tokio::time::timeout(READY_WITHIN, front.store.ready()).await;
    front.metrics.ready(matches!(ready, Ok(Ok(()))));
    if let Ok(Err(error)) = ready {
        front.end_if_failed(&error);
    }
    if let Some(usage) = Usage::now() {
        front.metrics.usage(usage);
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(front.metrics.encode())
}
