//! Jobs: list, retry, bury.
//!
//! Guarantees: a buried job stays and is shown; retrying counts attempts anew.
//! Does not know: what a job does.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{Answer, asked, either, page_size, store};
use crate::{
    http::{Front, auth},
    model::job::JobKind,
    store::{JobFilter, JobOrder},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/jobs", web::get().to(list)).route("/jobs/{order}", web::post().to(order));
}

/// What the list takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kind: Option<JobKind>,
    dead: Option<bool>,
    before: Option<i64>,
    max: Option<usize>,
}

async fn list(
    request: HttpRequest,
    query: web::Query<Asked>,
    front: web::Data<Front>,
) -> HttpResponse {
    either(listed(&request, query.into_inner(), &front).await)
}

async fn listed(request: &HttpRequest, asked: Asked, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let filter = JobFilter {
        kind: asked.kind,
        is_dead: asked.dead,
        before: asked.before,
        max: page_size(asked.max),
    };
    let page = front.store.jobs(filter).await.map_err(|error| store(front, &error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "jobs": page.rows, "next": page.next })))
}

/// Which jobs, by their numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jobs {
    jobs: Vec<i64>,
}

/// The two orders.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Retry,
    Bury,
}

async fn order(
    request: HttpRequest,
    order: web::Path<Order>,
    payload: web::Payload,
    front: web::Data<Front>,
) -> HttpResponse {
    either(ordered(&request, *order, payload, &front).await)
}

async fn ordered(
    request: &HttpRequest,
    order: Order,
    payload: web::Payload,
    front: &Front,
) -> Answer {
    let (caller, jobs) = asked::<Jobs>(front, request, payload).await?;
    let what = match order {
        Order::Retry => JobOrder::Retry,
        Order::Bury => JobOrder::Bury,
    };
    let now = front.clock.now();
    let count =
        front.store.order(jobs.jobs, what, now).await.map_err(|error| store(front, &error))?;
    tracing::info!(by = caller.0, count, order = ?order, "jobs were changed by an operator");
    (front.wake_jobs)();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "changed": count })))
}
