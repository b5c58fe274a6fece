//! Reps: list with their standing, away, back.
//!
//! Guarantees: an absence is an event, never a rulebook version. Does not know: rotations' rules.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{Answer, asked, bad, either, missing, store, tell_store};
use crate::{
    decide::{Desk, news},
    http::{Front, auth},
    model::{
        news::{Absence, News},
        time::{Span, Time},
    },
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reps", web::get().to(list))
        .route("/reps/{rep}/away", web::post().to(away))
        .route("/reps/{rep}/back", web::post().to(back));
}

async fn list(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    either(listed(&request, &front).await)
}

async fn listed(request: &HttpRequest, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let team = front.store.team().await.map_err(|error| store(front, &error))?;
    let book = (front.book)();
    let now = front.clock.now();
    let reps: Vec<serde_json::Value> = book
        .reps
        .values()
        .map(|rep| {
            let away: Vec<_> = team
                .away
                .get(&rep.id)
                .map(|all| all.iter().filter(|away| away.holds(now)).collect())
                .unwrap_or_default();
            let hours = rep.hours.as_ref().and_then(|hours| book.hours.get(hours));
            let turns: serde_json::Map<String, serde_json::Value> = team
                .rotations
                .iter()
                .filter_map(|(pool, rotation)| {
                    let turn = serde_json::to_value(rotation.turns.get(&rep.id)?).ok()?;
                    Some((pool.clone(), turn))
                })
                .collect();
            serde_json::json!({
                "rep": rep.id,
                "name": rep.name,
                "has_left": rep.has_left,
                "away": away,
                "is_open": hours.is_none_or(|hours| hours.is_open(now)),
                "open_leads": team.open.get(&rep.id).copied().unwrap_or(0),
                "turns": turns,
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "reps": reps })))
}

/// What "away" takes: out by default, until the end of the rep's day by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AwayOrder {
    #[serde(default)]
    absence: Option<Absence>,
    #[serde(default)]
    until: Option<Time>,
    #[serde(default, rename = "for")]
    span: Option<Span>,
}

async fn away(
    request: HttpRequest,
    rep: web::Path<String>,
    payload: web::Payload,
    front: web::Data<Front>,
) -> HttpResponse {
    either(gone(&request, rep.into_inner(), payload, &front).await)
}

async fn gone(request: &HttpRequest, rep: String, payload: web::Payload, front: &Front) -> Answer {
    let (caller, order) = asked::<AwayOrder>(front, request, payload).await?;
    let now = front.clock.now();
    let team = crate::model::team::Team::default();
    let book = (front.book)();
    let desk = Desk { book: &book, reach: &front.reach, team: &team, now };
    let day_end = news::out_until(desk, &rep)
        .ok_or_else(|| missing(front, "no rep of the rulebook has this id"))?;
    if order.until.is_some() && order.span.is_some() {
        return Err(bad(front, "give `until` or `for`, not both"));
    }
    let until = order.until.or_else(|| order.span.map(|span| now.plus(span))).unwrap_or(day_end);
    if until <= now {
        let detail = "the absence would be over already: `until` is an instant to come, in \
                      milliseconds since 1970, and `for` a span as in 2h";
        return Err(bad(front, detail));
    }
    let absence = order.absence.unwrap_or(Absence::Out);
    tell_store(front, &caller, &News::Away { rep, absence, from: now, until: Some(until) }).await
}

async fn back(
    request: HttpRequest,
    rep: web::Path<String>,
    front: web::Data<Front>,
) -> HttpResponse {
    either(returned(&request, rep.into_inner(), &front).await)
}

async fn returned(request: &HttpRequest, rep: String, front: &Front) -> Answer {
    let caller = auth::caller(front, request).await?;
    if !(front.book)().reps.contains_key(&rep) {
        return Err(missing(front, "no rep of the rulebook has this id"));
    }
    tell_store(front, &caller, &News::Back { rep }).await
}
