//! Reps: list with their standing, away, back, statement.
//!
//! Guarantees: an absence is an event, never a rulebook version; a statement is made of recorded
//! decisions. Does not know: rotations' rules.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, bad, missing, store, tell_store};
use crate::{
    decide::{
        Desk, news,
        statement::{Reckoning, Statement},
    },
    http::{Front, auth::Caller, problem::Problem},
    model::{
        id::Seq,
        news::{Absence, News},
        team::Turn,
        time::{Span, Time},
    },
    store::{DecisionFilter, Store, StoreResult, read::PAGE_MAX},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reps", web::get().to(list))
        .route("/reps/{rep}/away", web::post().to(away))
        .route("/reps/{rep}/back", web::post().to(back))
        .route("/reps/{rep}/statement", web::get().to(statement));
}

async fn list(front: web::Data<Front>) -> Answer {
    let team = front.store.team().await.map_err(|error| store(&front, &error))?;
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

fn nobody(front: &Front) -> Problem {
    missing(front, "no rep of the rulebook has this id; `handoff reps` has them all")
}

/// The absences that people say; that somebody is deactivated is a CRM's word alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Out,
    Paused,
}

/// What "away" takes: out by default, until the end of the rep's day by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AwayOrder {
    #[serde(default)]
    absence: Option<Wish>,
    #[serde(default)]
    from: Option<Time>,
    #[serde(default)]
    until: Option<Time>,
    #[serde(default, rename = "for")]
    span: Option<Span>,
}

async fn away(
    caller: Caller,
    rep: web::Path<String>,
    Sent(order): Sent<AwayOrder>,
    front: web::Data<Front>,
) -> Answer {
    let rep = rep.into_inner();
    let now = front.clock.now();
    let team = crate::model::team::Team::default();
    let book = (front.book)();
    let desk = Desk { book: &book, reach: &front.reach, team: &team, now };
    let day_end = news::out_until(desk, &rep).ok_or_else(|| nobody(&front))?;
    if order.until.is_some() && order.span.is_some() {
        return Err(bad(&front, "give `until` or `for`, not both"));
    }
    let from = order.from.unwrap_or(now);
    let end = || if from < day_end { day_end } else { from.plus(Span::days(1)) };
    let until = order.until.or_else(|| order.span.map(|span| from.plus(span)));
    let until = until.unwrap_or_else(end);
    if until <= now {
        let detail = "the absence would be over already: `until` is an instant to come, in \
                      milliseconds since 1970, and `for` a span as in 2h";
        return Err(bad(&front, detail));
    }
    if until <= from {
        return Err(bad(
            &front,
            "the absence would end before it begins: `from` is before `until`",
        ));
    }
    let absence = match order.absence {
        None | Some(Wish::Out) => Absence::Out,
        Some(Wish::Paused) => Absence::Paused,
    };
    tell_store(&front, &caller, &News::Away { rep, absence, from, until: Some(until) }).await
}

async fn back(caller: Caller, rep: web::Path<String>, front: web::Data<Front>) -> Answer {
    let rep = rep.into_inner();
    if !(front.book)().reps.contains_key(&rep) {
        return Err(nobody(&front));
    }
    tell_store(&front, &caller, &News::Back { rep }).await
}

/// Of which time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    since: Time,
    #[serde(default)]
    until: Option<Time>,
}

async fn statement(
    rep: web::Path<String>,
    web::Query(window): web::Query<Window>,
    front: web::Data<Front>,
) -> Answer {
    let rep = rep.as_str();
    // The end does not belong to it, and what is decided in this instant does.
    let next = front.clock.now().plus(Span(1));
    let until = window.until.unwrap_or(next).min(next);
    let team = front.store.team().await.map_err(|error| store(&front, &error))?;
    let turns: BTreeMap<&String, &Turn> = team
        .rotations
        .iter()
        .filter_map(|(pool, rotation)| Some((pool, rotation.turns.get(rep)?)))
        .collect();
    let book = (front.book)();
    // Somebody whom the rulebook has forgotten may still ask what they got.
    let name = book.reps.get(rep).map(|rep| rep.name.clone());
    if name.is_none() && turns.is_empty() {
        return Err(nobody(&front));
    }
    let statement = reckon(front.store.as_ref(), rep, window.since, until);
    let statement = statement.await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "rep": rep,
        "name": name,
        "since": window.since,
        "until": until,
        "statement": statement,
        "turns_now": turns,
        "open_leads": team.open_of(rep),
    })))
}

/// Reads the decisions of a time, a page after the other.
async fn reckon(store: &dyn Store, rep: &str, since: Time, until: Time) -> StoreResult<Statement> {
    let mut after = last_before(store, since).await?;
    let mut reckoning = Reckoning::of(rep);
    loop {
        let filter = DecisionFilter { after: Some(after), max: PAGE_MAX };
        let page = store.decisions(filter).await?;
        let mut is_over = false;
        for decided in &page.rows {
            let at = decided.decision.at;
            is_over |= at >= until;
            if at >= since && at < until {
                reckoning.note(decided);
            }
        }
        match page.next {
            Some(next) if !is_over => after = Seq(next),
            _ => return Ok(reckoning.statement()),
        }
    }
}

/// The number after which the decisions of `since` begin: they are in the order of their time.
async fn last_before(store: &dyn Store, since: Time) -> StoreResult<Seq> {
    let (mut low, mut high) = (0, i64::MAX);
    // The first look finds the end, for nobody has 2^40 decisions; each later one halves the rest.
    let mut probe = 1_i64 << 40;
    while low < high {
        let filter = DecisionFilter { after: Some(Seq(probe)), max: 1 };
        match store.decisions(filter).await?.rows.first() {
            Some(found) if found.decision.at < since => low = found.seq.0,
            _ => high = probe,
        }
        if low >= high {
            break;
        }
        probe = low + (high - low) / 2;
    }
    Ok(Seq(low))
}
