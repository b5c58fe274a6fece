//! Jobs: list, retry, bury.
//!
//! Guarantees: a buried job stays and is shown; retrying counts attempts anew.
//! Does not know: what a job does.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, page_size, store};
use crate::{
    http::{Front, auth::Caller},
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

async fn list(web::Query(asked): web::Query<Asked>, front: web::Data<Front>) -> Answer {
    let filter = JobFilter {
        kind: asked.kind,
        is_dead: asked.dead,
        before: asked.before,
        max: page_size(asked.max),
    };
    let page = front.store.jobs(filter).await.map_err(|error| store(&front, &error))?;
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
    caller: Caller,
    order: web::Path<Order>,
    Sent(jobs): Sent<Jobs>,
    front: web::Data<Front>,
) -> Answer {
    let order = order.into_inner();
    let what = match order {
        Order::Retry => JobOrder::Retry,
        Order::Bury => JobOrder::Bury,
    };
    let now = front.clock.now();
    let count =
        front.store.order(jobs.jobs, what, now).await.map_err(|error| store(&front, &error))?;
    tracing::info!(by = caller.0, count, order = ?order, "jobs were changed by an operator");
    (front.wake_jobs)();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "changed": count })))
}
