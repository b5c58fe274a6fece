//! What observe mode has found: how far another router and this one agree.
//!
//! Guarantees: counted from the stored decisions, so also when observe mode is over.
//! Does not know: how two routers are compared; `decide::observe` does.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, store};
use crate::{
    http::Front,
    model::{job::JobKind, time::Time},
    replay::observed,
};

/// Disagreements that an answer has at most.
const SHOWN_MAX: usize = 10_000;
/// Disagreements if nobody says how many.
const SHOWN: usize = 200;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/observe", web::get().to(report));
}

/// From when on, in milliseconds since 1970, and how many disagreements at most.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    since: Option<Time>,
    #[serde(default)]
    max: Option<usize>,
}

async fn report(web::Query(asked): web::Query<Asked>, front: web::Data<Front>) -> Answer {
    let since = asked.since.unwrap_or(Time(0));
    let max = asked.max.unwrap_or(SHOWN).min(SHOWN_MAX);
    let found = observed::since(front.store.as_ref(), since, max).await;
    let found = found.map_err(|error| store(&front, &error))?;
    let tally =
        front.store.tally(front.clock.now()).await.map_err(|error| store(&front, &error))?;
    let lanes = tally.jobs.iter().filter(|(lane, _)| lane.starts_with(JobKind::Observe.word()));
    let watched: i64 = lanes.map(|(_, jobs)| jobs.open).sum();
    Ok(HttpResponse::Ok().json(json!({
        "since": since,
        "is_on": front.reach.observe.is_some(),
        "crm": front.reach.observe.as_ref().map(|observing| &observing.crm),
        "watched": watched,
        "observed": found,
    })))
}
