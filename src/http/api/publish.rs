//! Publishing: now, or from an instant on; from files, a draft, or an earlier version.
//!
//! Guarantees: a rulebook with a mistake is refused with every finding, and the one in force
//! stays; one that is not based on the latest is refused when the caller says what it was based
//! on, and the store compares in the transaction that publishes; the text in force makes no
//! version. What analysis finds beside mistakes is in the answer, and refuses nothing.
//! Does not know: files on the daemon's disk; `worker::reload` watches those.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, Sent, bad, drafts, missing,
    ready::{Ready, checked, files_from, with},
    rulebooks::files_of,
    schedule, store,
};
use crate::{
    http::{Front, auth::Caller, problem::Problem},
    model::{time::Time, version::DRAFT},
    store::{FROM_FILE, NewRulebook, Published, Terms},
};

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/rulebooks", web::post().to(publish));
}

/// A rulebook to be published, from one of three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Every file by its name, `rulebook.toml` among them …
    files: Option<BTreeMap<String, String>>,
    /// … or the draft of this name, which is gone then …
    draft: Option<String>,
    /// … or what this version said.
    rollback_to: Option<u32>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    based_on: Option<u32>,
    #[serde(default)]
    dry_run: bool,
    /// From when on, if not from now on.
    at: Option<Time>,
}

async fn publish(caller: Caller, Sent(asked): Sent<Asked>, front: web::Data<Front>) -> Answer {
    let mut terms = Terms { based_on: asked.based_on, ends: None };
    let mut message = asked.message;
    let files = match (asked.files, asked.draft, asked.rollback_to) {
        (Some(files), None, None) => files_from(&files).map_err(|why| bad(&front, &why))?,
        (None, Some(name), None) => {
            let (head, files) = drafts::draft(&front, &name).await?;
            terms.based_on.get_or_insert(head.based_on);
            if message.is_empty() {
                message = head.message;
            }
            if asked.at.is_none() {
                terms.ends = Some(format!("{DRAFT}{name}"));
            }
            files
        }
        (None, None, Some(version)) => {
            let why = if message.is_empty() { String::new() } else { format!(": {message}") };
            message = format!("rollback to version {version}{why}");
            files_of(&front, &version.to_string()).await?
        }
        (None, None, None) => {
            let detail = "missing field `files`: give them, or name a `draft`, or a version to \
                          `rollback_to`";
            return Err(bad(&front, detail));
        }
        _ => return Err(bad(&front, "give one of `files`, `draft` and `rollback_to`")),
    };
    check_base(&front, terms.based_on).await?;
    let ready = checked(&front, files).await?;
    if asked.dry_run {
        let answer = with(json!({ "would_publish": true }), &ready.findings);
        return Ok(HttpResponse::Ok().json(answer));
    }
    // Who signs like the file is not taken for it: a restart would read its version as the file's.
    let author = if caller.0 == FROM_FILE { "a token".to_owned() } else { caller.0 };
    match asked.at {
        Some(at) => schedule::put(&front, ready, terms.based_on, (author, message), at).await,
        None => put_in_force(&front, ready, terms, (author, message)).await,
    }
}

/// Refuses early what the store would refuse in the end.
async fn check_base(front: &Front, based_on: Option<u32>) -> Result<(), Problem> {
    let Some(based_on) = based_on else { return Ok(()) };
    let newest = front.store.newest_rulebook().await.map_err(|error| store(front, &error))?;
    if based_on == newest { Ok(()) } else { Err(not_latest(front, Some(based_on), newest)) }
}

fn not_latest(front: &Front, based_on: Option<u32>, newest: u32) -> Problem {
    let detail = match based_on {
        Some(older) if older < newest => format!(
            "this was made from version {older}, and version {newest} is in force: see what came \
             since with `handoff rulebook diff {older} {newest}`, take it in, and say --based-on \
             {newest} when you publish the folder or save the draft again"
        ),
        _ => format!("version {newest} is in force; take its changes in first"),
    };
    Problem::new(StatusCode::CONFLICT, "not based on the latest", front.reference()).detail(detail)
}

/// Makes it the next version.
async fn put_in_force(
    front: &Front,
    ready: Ready,
    terms: Terms,
    (author, message): (String, String),
) -> Answer {
    let Ready { files, document, findings } = ready;
    let before = (front.book)().version;
    let new = NewRulebook { document, author: author.clone(), message, at: front.clock.now() };
    let based_on = terms.based_on;
    let published = front.store.publish_on(new, terms).await;
    let version = match published.map_err(|error| store(front, &error))? {
        Published::As(version) => version,
        Published::NotLatest(newest) => return Err(not_latest(front, based_on, newest)),
        Published::Ended => {
            return Err(missing(front, "the draft was published or deleted meanwhile"));
        }
    };
    let answer = with(json!({ "version": version }), &findings);
    if version == before {
        return Ok(HttpResponse::Ok().json(answer));
    }
    let book = front
        .compile(&files, version)
        .map_err(|_| bad(front, "the rulebook changed while it was published"))?;
    (front.take_book)(Arc::new(book));
    tracing::info!(by = author, version, "a rulebook was published");
    Ok(HttpResponse::Created().json(answer))
}
