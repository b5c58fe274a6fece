//! Leads of the time before: imported, counted, removed, and read for analysis.
//!
//! Guarantees: a lead that cannot be kept is refused with its place in the request, and then
//! nothing of the request is kept. None of them is ever decided. Whose they are stands in no
//! address of a request. Does not know: files.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, bad, store};
use crate::{
    http::{Front, auth::Caller},
    model::{
        imported::{Imported, tidy},
        time::Time,
    },
    store::{ImportKey, ImportOrder, imported},
};

/// Leads of one answer.
const READ_MAX: usize = 1_000;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/imported", web::get().to(standing))
        .route("/imported", web::post().to(put))
        .route("/imported/remove", web::post().to(remove))
        .route("/imported/read", web::post().to(read));
}

async fn standing(front: web::Data<Front>) -> Answer {
    let there = front.store.import_standing().await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(there))
}

/// Leads to be kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    leads: Vec<Imported>,
}

async fn put(caller: Caller, Sent(put): Sent<Put>, front: web::Data<Front>) -> Answer {
    let now = front.clock.now();
    let mut leads = Vec::with_capacity(put.leads.len());
    for (place, lead) in put.leads.iter().enumerate() {
        let lead = tidy(lead, now).map_err(|why| bad(&front, &format!("leads[{place}]: {why}")))?;
        leads.push(lead);
    }
    let done = front.store.import(ImportOrder::Put(leads)).await;
    let done = done.map_err(|error| store(&front, &error))?;
    if done.added + done.changed > 0 {
        let (added, changed) = (done.added, done.changed);
        tracing::info!(by = caller.0, added, changed, "leads of the time before were imported");
    }
    Ok(HttpResponse::Ok().json(done))
}

/// What to remove: all, or those of a source or a person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    source: Option<String>,
    person: Option<String>,
}

async fn remove(
    caller: Caller,
    Sent(Remove { source, person }): Sent<Remove>,
    front: web::Data<Front>,
) -> Answer {
    let done = front.store.import(ImportOrder::Remove { source, person }).await;
    let done = done.map_err(|error| store(&front, &error))?;
    if done.removed > 0 {
        tracing::info!(by = caller.0, removed = done.removed, "imported leads were removed");
    }
    Ok(HttpResponse::Ok().json(done))
}

/// Leads behind a key, or from a time on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    after: Option<ImportKey>,
    since: Option<Time>,
    max: Option<usize>,
}

async fn read(Sent(read): Sent<Read>, front: web::Data<Front>) -> Answer {
    let begin = || (read.since.unwrap_or(Time(i64::MIN)), String::new(), String::new());
    let max = read.max.unwrap_or(READ_MAX).clamp(1, READ_MAX);
    let leads = front.store.imported(read.after.clone().unwrap_or_else(begin), max).await;
    let leads = leads.map_err(|error| store(&front, &error))?;
    let next = if leads.len() < max { None } else { leads.last().map(imported::key) };
    Ok(HttpResponse::Ok().json(serde_json::json!({ "leads": leads, "next": next })))
}
