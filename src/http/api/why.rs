//! Why a lead went where it went, and where another rulebook would have sent it.
//!
//! Guarantees: a stored decision is explained by the version that made it; another version, or a
//! draft, decides what that decision saw, and nothing is changed by asking.
//! Does not know: how a lead is decided.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Sent, bad, missing, store};
use crate::{
    decide::explain,
    http::{Front, problem::Problem},
    model::{id::Seq, plan::Decision},
    replay::{Placing, Replay},
    rulebook::{Files, Rulebook},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/leads/{lead}/why", web::get().to(why))
        .route("/leads/{lead}/why", web::post().to(why_by_draft));
}

/// Which decision, and by which version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    seq: Option<i64>,
    version: Option<u32>,
}

async fn why(
    lead: web::Path<Uuid>,
    web::Query(asked): web::Query<Asked>,
    front: web::Data<Front>,
) -> Answer {
    let lead = lead.into_inner();
    if asked.seq.is_none() && asked.version.is_none() {
        return latest(lead, &front).await;
    }
    let mut replay = Replay::of(front.store.as_ref());
    let placing = found(&mut replay, lead, asked.seq, &front).await?;
    let version = asked.version.filter(|version| *version != placing.stored.rulebook);
    let Some(version) = version else {
        let why = own(&mut replay, &placing, &front).await?;
        return Ok(HttpResponse::Ok().json(why));
    };
    let book = of_version(&front, version).await?;
    by(&mut replay, &placing, &book, &front).await
}

/// The last decision that placed it, by the version that made it.
async fn latest(lead: Uuid, front: &Front) -> Answer {
    let story = front.store.lead(lead).await.map_err(|error| store(front, &error))?;
    let story = story.ok_or_else(|| missing(front, "no lead has this id"))?;
    let book = front.book_of(&story.decisions).await;
    let why = explain::lead(&book, &story.decisions)
        .ok_or_else(|| missing(front, "the lead has not been routed yet"))?;
    Ok(HttpResponse::Ok().json(why))
}

/// A draft: its files by their names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    files: BTreeMap<String, String>,
    seq: Option<i64>,
}

async fn why_by_draft(
    lead: web::Path<Uuid>,
    Sent(draft): Sent<Draft>,
    front: web::Data<Front>,
) -> Answer {
    let lead = lead.into_inner();
    let document = serde_json::to_string(&draft.files)
        .map_err(|error| bad(&front, &format!("the files are not text: {error}")))?;
    let files = Files::from_json(&document).map_err(|why| bad(&front, &why))?;
    let book = front.compile(&files, 0).map_err(|findings| {
        let title = "the rulebook has mistakes; nothing was decided with it";
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, title, front.reference());
        problem.findings = findings;
        problem
    })?;
    let mut replay = Replay::of(front.store.as_ref());
    let placing = found(&mut replay, lead, draft.seq, &front).await?;
    by(&mut replay, &placing, &book, &front).await
}

async fn found(
    replay: &mut Replay<'_>,
    lead: Uuid,
    seq: Option<i64>,
    front: &Front,
) -> Result<Placing, Problem> {
    let placing = replay.placing(lead, seq.map(Seq)).await;
    let placing = placing.map_err(|error| store(front, &error))?;
    placing.ok_or_else(|| missing(front, "no decision with this number placed such a lead"))
}

async fn of_version(front: &Front, version: u32) -> Result<Arc<Rulebook>, Problem> {
    let in_force = (front.book)();
    if version == in_force.version {
        return Ok(in_force);
    }
    let rows = front.store.rulebooks(Some(version)).await;
    let rows = rows.map_err(|error| store(front, &error))?;
    let text = rows.into_iter().next().and_then(|row| row.document);
    let text = text.ok_or_else(|| missing(front, "no rulebook has this number"))?;
    let files = Files::from_json(&text).map_err(|why| bad(front, &why))?;
    let book = front.compile(&files, version).map_err(|findings| {
        let first = findings.first().map(ToString::to_string).unwrap_or_default();
        bad(front, &format!("version {version} does not compile with these settings: {first}"))
    })?;
    Ok(Arc::new(book))
}

/// As the version that made it says.
async fn own(replay: &mut Replay<'_>, placing: &Placing, front: &Front) -> Result<Value, Problem> {
    let book = replay.book_of(placing).await.map_err(|error| store(front, &error))?;
    let book = book.unwrap_or_else(|_| (front.book)());
    Ok(said(&book, placing, &placing.stored))
}

/// As another rulebook decides it, with what is stored beside it.
async fn by(replay: &mut Replay<'_>, placing: &Placing, book: &Rulebook, front: &Front) -> Answer {
    let decided = replay.decided_by(placing, book).await.map_err(|error| store(front, &error))?;
    let decided = decided.map_err(|why| bad(front, &format!("nobody can tell: {why}")))?;
    let decided = decided.ok_or_else(|| missing(front, "that rulebook would change nothing"))?;
    let stored = own(replay, placing, front).await?;
    let mut answer = said(book, placing, &decided);
    if let (Some(members), Some(headline)) = (answer.as_object_mut(), stored.get("headline")) {
        members.insert("stored".to_owned(), headline.clone());
        members.insert("stored_rulebook".to_owned(), placing.stored.rulebook.into());
    }
    Ok(HttpResponse::Ok().json(answer))
}

fn said(book: &Rulebook, placing: &Placing, decision: &Decision) -> Value {
    let (source, intent) = placing.source_and_intent();
    let source = source.unwrap_or_default();
    let why = explain::decision(book, decision, &source, intent.as_deref());
    let mut answer = serde_json::to_value(why).unwrap_or_else(|_| json!({}));
    if let Some(members) = answer.as_object_mut() {
        members.insert("seq".to_owned(), placing.row.seq.0.into());
    }
    answer
}
