//! Leads: list, one with its timeline, responses, hand-overs.
//!
//! Guarantees: what is changed here is an event; the lead's state is never written directly.
//! Does not know: how a lead is decided.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::{Answer, Sent, bad, missing, page_size, store, tell_store};
use crate::{
    decide::explain,
    http::{Front, auth::Caller, problem::Problem},
    model::{
        lead::{Lead, State},
        news::{News, Response, ResponseKind},
        time::{Span, Time},
    },
    store::LeadFilter,
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/leads", web::get().to(list))
        .route("/leads/{lead}", web::get().to(one))
        .route("/leads/{lead}/responses", web::post().to(respond))
        .route("/leads/{lead}/reassign", web::post().to(reassign));
}

/// What the list takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    state: Option<State>,
    owner: Option<String>,
    late: Option<bool>,
    before: Option<i64>,
    max: Option<usize>,
}

async fn list(web::Query(asked): web::Query<Asked>, front: web::Data<Front>) -> Answer {
    let filter = LeadFilter {
        state: asked.state,
        owner: asked.owner,
        due_before: asked.late.unwrap_or(false).then(|| front.clock.now()),
        before: asked.before,
        max: page_size(asked.max),
        ..LeadFilter::default()
    };
    let page = front.store.leads(filter).await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "leads": page.rows.iter().map(|row| &row.lead).collect::<Vec<_>>(),
        "next": page.next,
    })))
}

async fn one(lead: web::Path<Uuid>, front: web::Data<Front>) -> Answer {
    let lead = lead.into_inner();
    let story = front.store.lead(lead).await.map_err(|error| store(&front, &error))?;
    let story = story.ok_or_else(|| missing(&front, "no lead has this id"))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "lead": story.lead,
        "decisions": story.decisions,
        "links": story.links,
        "notices": story.notices,
        "jobs": story.jobs,
        "timeline": explain::timeline(&(front.book)(), &story.decisions),
    })))
}

/// What a response takes: how somebody answered, when if not now, who, and what shows it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    kind: ResponseKind,
    at: Option<Time>,
    by: Option<String>,
    evidence: Option<String>,
}

/// So far ahead of ours may a caller's clock be.
const CLOCKS_DIFFER: Span = Span::minutes(5);

async fn respond(
    caller: Caller,
    lead: web::Path<Uuid>,
    Sent(answer): Sent<Answered>,
    front: web::Data<Front>,
) -> Answer {
    let lead = lead.into_inner();
    let known = known(&front, lead).await?;
    let now = front.clock.now();
    let at = answer.at.unwrap_or(now);
    if at < known.opened_at || at > now.plus(CLOCKS_DIFFER) {
        let detail = "`at` lies before the lead came in or in the future: it is an instant in \
                      milliseconds since 1970, and may be left out for now";
        return Err(bad(&front, detail));
    }
    let response = Response { kind: answer.kind, at, by: answer.by, evidence: answer.evidence };
    tell_store(&front, &caller, &News::Responded { lead, response }).await
}

/// What a hand-over takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    to: String,
    why: Option<String>,
}

async fn reassign(
    caller: Caller,
    lead: web::Path<Uuid>,
    Sent(over): Sent<HandOver>,
    front: web::Data<Front>,
) -> Answer {
    let lead = lead.into_inner();
    known(&front, lead).await?;
    let book = (front.book)();
    if book.reps.get(&over.to).is_none_or(|rep| rep.has_left) {
        return Err(bad(&front, "`to` is no rep of the rulebook who is still with us"));
    }
    tell_store(&front, &caller, &News::Reassign { lead, to: over.to, why: over.why }).await
}

async fn known(front: &Front, lead: Uuid) -> Result<Lead, Problem> {
    let story = front.store.lead(lead).await.map_err(|error| store(front, &error))?;
    story.map(|story| story.lead).ok_or_else(|| missing(front, "no lead has this id"))
}
