//! Rulebook versions: list with what changed, show, compare.
//!
//! Guarantees: every version that ever was can be listed and shown; a comparison is of any two of
//! versions, drafts and what is in force. Does not know: how one is published (`publish`).

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, bad, drafts::no_draft, missing, store};
use crate::{
    http::{Front, problem::Problem},
    model::version::{DRAFT, is_draft_name},
    rulebook::{
        Files,
        compare::{changes, summary},
    },
    store::{RulebookRow, paper},
};

/// The most versions of one page, where each is read.
const READ_MAX: usize = 50;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/rulebooks", web::get().to(list))
        .route("/rulebooks/{version}", web::get().to(one))
        .route("/rulebooks/{old}/diff/{new}", web::get().to(diff));
}

/// Which versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those before this one: for the next page.
    before: Option<u32>,
    /// At most so many.
    max: Option<usize>,
    /// Say of each what it changed.
    #[serde(default)]
    changes: bool,
}

async fn list(web::Query(wanted): web::Query<Wanted>, front: web::Data<Front>) -> Answer {
    let newest = front.store.rulebooks(None).await.map_err(|error| store(&front, &error))?;
    let in_force = (front.book)().version;
    if wanted.before.is_none() && !wanted.changes {
        let mut rows = newest;
        rows.truncate(wanted.max.unwrap_or(usize::MAX));
        return Ok(HttpResponse::Ok().json(json!({ "in_force": in_force, "rulebooks": rows })));
    }
    // Versions have no gap: each is found by its number, however many there are.
    let first = newest.first().map_or(0, |row| row.version);
    let first = wanted.before.map_or(first, |before| before.saturating_sub(1).min(first));
    let max = wanted.max.unwrap_or(READ_MAX).clamp(1, READ_MAX);
    let mut rows = Vec::with_capacity(max);
    let mut later: Option<(Value, Option<Files>)> = None;
    for version in (1..=first).rev().take(max + 1) {
        let row = version_row(&front, version).await?;
        let files = row.document.as_deref().and_then(|text| Files::from_json(text).ok());
        if let Some((row, Some(new))) = &mut later
            && wanted.changes
            && let Some(old) = &files
        {
            put_changes(row, old, new);
        }
        rows.extend(later.take().map(|(row, _)| row));
        let row = json!(RulebookRow { document: None, ..row });
        later = Some((row, files));
    }
    if rows.len() < max {
        rows.extend(later.map(|(row, _)| row));
    }
    let last = rows.last().and_then(|row| row.get("version")?.as_u64()).unwrap_or(1);
    let next = (last > 1).then_some(last);
    Ok(HttpResponse::Ok().json(json!({ "in_force": in_force, "rulebooks": rows, "next": next })))
}

fn put_changes(row: &mut Value, old: &Files, new: &Files) {
    let found = changes(old, new);
    if let Some(members) = row.as_object_mut() {
        members.insert("summary".to_owned(), summary(&found).into());
        members.insert("changes".to_owned(), json!(found));
    }
}

async fn version_row(front: &Front, version: u32) -> Result<RulebookRow, Problem> {
    let rows = front.store.rulebooks(Some(version)).await.map_err(|error| store(front, &error))?;
    rows.into_iter().next().ok_or_else(|| missing(front, "no rulebook has this version"))
}

async fn one(version: web::Path<u32>, front: web::Data<Front>) -> Answer {
    let version = version.into_inner();
    Ok(HttpResponse::Ok().json(version_row(&front, version).await?))
}

async fn diff(sides: web::Path<(String, String)>, front: web::Data<Front>) -> Answer {
    let (old, new) = sides.into_inner();
    let (before, after) = (files_of(&front, &old).await?, files_of(&front, &new).await?);
    // Tables may have a hundred thousand rows: not on a worker.
    let found = web::block(move || changes(&before, &after)).await.unwrap_or_default();
    Ok(HttpResponse::Ok().json(json!({
        "old": old, "new": new, "same": found.is_empty(), "summary": summary(&found),
        "changes": found,
    })))
}

/// The files of a version by its number, of what is `live`, or of a draft by its name.
pub(super) async fn files_of(front: &Front, name: &str) -> Result<Files, Problem> {
    let text = if name == "live" {
        version_row(front, (front.book)().version).await?.document
    } else if let Ok(version) = name.parse::<u32>() {
        version_row(front, version).await?.document
    } else {
        let paper = is_draft_name(name).then(|| format!("{DRAFT}{name}"));
        let paper = match paper {
            Some(paper) => paper::named(front.store.as_ref(), &paper).await,
            None => Ok(None),
        };
        let paper = paper.map_err(|error| store(front, &error))?;
        paper.ok_or_else(|| no_draft(front))?.body
    };
    Files::from_json(&text.unwrap_or_default()).map_err(|why| bad(front, &why))
}
