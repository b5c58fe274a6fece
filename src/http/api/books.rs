//! The books, and a backup of them.
//!
//! Guarantees: the tally is the one that changes in the transactions; `recount` counts the rows
//! beside it, both of one snapshot.
//! Does not know: what the figures should be.

use std::path::PathBuf;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, bad, store};
use crate::http::{Front, auth::Caller};

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/books", web::get().to(books)).route("/backup", web::post().to(backup));
}

/// Whether the rows are counted too, which takes about a second for each million of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    recount: bool,
}

async fn books(asked: web::Query<Asked>, front: web::Data<Front>) -> Answer {
    let now = front.clock.now();
    if asked.recount {
        let audit = front.store.audit(now).await.map_err(|error| store(&front, &error))?;
        let differences = audit.differences();
        return Ok(HttpResponse::Ok().json(serde_json::json!({
            "balances": differences.is_empty(),
            "books": audit.books,
            "recounted": audit.recounted,
            "differences": differences,
        })));
    }
    let tally = front.store.tally(now).await.map_err(|error| store(&front, &error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "balances": tally.balances(), "books": tally })))
}

/// Where to: an absolute path on the daemon's machine that does not exist yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupOrder {
    file: PathBuf,
}

async fn backup(caller: Caller, Sent(order): Sent<BackupOrder>, front: web::Data<Front>) -> Answer {
    if !order.file.is_absolute() {
        return Err(bad(&front, "`file` must be an absolute path on the daemon's machine"));
    }
    front.store.backup(&order.file).await.map_err(|error| store(&front, &error))?;
    tracing::info!(by = caller.0, "a backup was made");
    Ok(HttpResponse::Ok().json(serde_json::json!({ "file": order.file })))
}
