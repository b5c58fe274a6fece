//! Drafts: rulebooks that people work on, by name.
//!
//! Guarantees: a draft may have mistakes, which are in the answer when it is saved; who saves over
//! a revision that is not the latest is refused when they say which one they had; none is in force
//! before it is published. Does not know: how a draft is edited.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Sent, bad, missing, ready, store};
use crate::{
    http::{Front, auth::Caller, problem::Problem},
    model::version::{DRAFT, DRAFTS_MAX, DraftHead, is_draft_name},
    rulebook::Files,
    store::{
        Papers,
        paper::{self, Amended},
    },
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/drafts", web::get().to(list))
        .route("/drafts/{name}", web::get().to(one))
        .route("/drafts/{name}", web::post().to(save))
        .route("/drafts/{name}", web::delete().to(delete));
}

async fn list(front: web::Data<Front>) -> Answer {
    let found = front.store.papers(Papers::Under(DRAFT.to_owned())).await;
    let found = found.map_err(|error| store(&front, &error))?;
    let drafts: Vec<Value> = found.iter().map(|paper| shown(&paper.name, &paper.head)).collect();
    Ok(HttpResponse::Ok().json(json!({ "in_force": (front.book)().version, "drafts": drafts })))
}

/// A head with the draft's name.
fn shown(name: &str, head: &str) -> Value {
    let head: Value = serde_json::from_str(head).unwrap_or_default();
    ready::and(head, "name", name.trim_start_matches(DRAFT))
}

async fn one(name: web::Path<String>, front: web::Data<Front>) -> Answer {
    let name = name.as_str();
    let (head, files) = draft(&front, name).await?;
    let value = shown(name, &serde_json::to_string(&head).unwrap_or_default());
    let document = files.to_json().map_err(|why| bad(&front, &why))?;
    Ok(HttpResponse::Ok().json(ready::and(value, "document", document)))
}

pub(super) fn no_draft(front: &Front) -> Problem {
    missing(front, "no draft has this name; `handoff rulebook draft list` has them all")
}

/// A draft by its name.
pub(super) async fn draft(front: &Front, name: &str) -> Result<(DraftHead, Files), Problem> {
    let none = || no_draft(front);
    if !is_draft_name(name) {
        return Err(none());
    }
    let found = paper::named(front.store.as_ref(), &format!("{DRAFT}{name}")).await;
    let found = found.map_err(|error| store(front, &error))?.ok_or_else(none)?;
    let head = serde_json::from_str(&found.head).map_err(|_| none())?;
    let files = Files::from_json(&found.body.unwrap_or_default()).map_err(|_| none())?;
    Ok((head, files))
}

/// A draft to be saved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Save {
    /// Every file by its name, `rulebook.toml` among them.
    files: BTreeMap<String, String>,
    /// The version it was made from; the one in force if it is new.
    based_on: Option<u32>,
    /// What it is for.
    message: Option<String>,
    /// The revision that was edited: refused if another one was saved meanwhile. 0 for a new one.
    revision: Option<u32>,
}

async fn save(
    caller: Caller,
    name: web::Path<String>,
    Sent(save): Sent<Save>,
    front: web::Data<Front>,
) -> Answer {
    let name = name.as_str();
    if !is_draft_name(name) {
        let detail = "a draft's name has letters, digits and dashes, at most 60, and is no number";
        return Err(bad(&front, detail));
    }
    let files = ready::files_from(&save.files).map_err(|why| bad(&front, &why))?;
    let body = files.to_json().map_err(|why| bad(&front, &why))?;
    let findings = match front.compile(&files, 0) {
        Ok(book) => ready::linted(book, files, front.clock.now()).await.1,
        Err(findings) => findings,
    };
    let mistakes = findings.iter().filter(|one| one.is_error()).count();
    let full = drafts_are_full(&front).await?;
    let (in_force, at) = ((front.book)().version, front.clock.now());
    let change = move |head: Option<&str>| {
        let before: Option<DraftHead> = head.and_then(|head| serde_json::from_str(head).ok());
        let revision = before.as_ref().map_or(0, |before| before.revision);
        if save.revision.is_some_and(|had| had != revision) || (before.is_none() && full) {
            return (Amended::Kept, Err(before));
        }
        let base = before.as_ref().map_or(in_force, |before| before.based_on);
        let message = before.map(|before| before.message).unwrap_or_default();
        let head = DraftHead {
            revision: revision + 1,
            based_on: save.based_on.unwrap_or(base),
            author: caller.0.clone(),
            at,
            message: save.message.clone().unwrap_or(message),
            mistakes,
        };
        let text = serde_json::to_string(&head).unwrap_or_default();
        (Amended::Whole { head: text, body: body.clone() }, Ok(head))
    };
    let paper = format!("{DRAFT}{name}");
    let amended = paper::amend(front.store.as_ref(), &paper, change).await;
    let head = amended.map_err(|error| store(&front, &error))?.map_err(|before| {
        let detail = match before {
            Some(before) => {
                format!("{} saved revision {} meanwhile", before.author, before.revision)
            }
            None if full => format!("there are {DRAFTS_MAX} drafts: delete some first"),
            None => "there is no such draft any more; save it as revision 0".to_owned(),
        };
        Problem::new(StatusCode::CONFLICT, "not saved", front.reference()).detail(detail)
    })?;
    let value = shown(name, &serde_json::to_string(&head).unwrap_or_default());
    Ok(HttpResponse::Ok().json(ready::with(value, &findings)))
}

async fn drafts_are_full(front: &Front) -> Result<bool, Problem> {
    let found = front.store.papers(Papers::Under(DRAFT.to_owned())).await;
    Ok(found.map_err(|error| store(front, &error))?.len() >= DRAFTS_MAX)
}

async fn delete(name: web::Path<String>, front: web::Data<Front>) -> Answer {
    let name = name.as_str();
    let gone = |head: Option<&str>| (Amended::Gone, head.is_some());
    let paper = format!("{DRAFT}{name}");
    let was_there = paper::amend(front.store.as_ref(), &paper, gone).await;
    if was_there.map_err(|error| store(&front, &error))? {
        Ok(HttpResponse::Ok().json(json!({ "deleted": name })))
    } else {
        Err(no_draft(&front))
    }
}
