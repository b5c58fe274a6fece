//! The mirror of accounts: filled, looked at, asked.
//!
//! Guarantees: an account that cannot be matched is refused with its place in the request, and then
//! nothing of the request is kept. Nothing here changes a lead.
//! Does not know: files.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{Answer, Sent, bad, store};
use crate::{
    decide::matching::Company,
    http::{Front, auth::Caller, problem::Problem},
    model::{
        account::{Account, tidy},
        time::Time,
    },
    store::MirrorOrder,
};

/// Others that came close, at most.
const OTHERS_MAX: usize = 50;
/// Characters of an origin.
const ORIGIN_MAX: usize = 60;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/accounts", web::get().to(standing))
        .route("/accounts", web::post().to(put))
        .route("/accounts/retire", web::post().to(retire))
        .route("/accounts/match", web::get().to(matched));
}

async fn standing(front: web::Data<Front>) -> Answer {
    let version = front.store.mirror_version().await.map_err(|error| store(&front, &error))?;
    let mirror = (front.mirror)();
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "accounts": mirror.len(),
        "version": mirror.version(),
        "newest": version,
        "bytes": mirror.bytes(),
        "left_out": mirror.left_out(),
    })))
}

/// Accounts to be put into the mirror.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    origin: String,
    #[serde(default)]
    stamp: Option<Time>,
    accounts: Vec<Account>,
}

async fn put(caller: Caller, Sent(put): Sent<Put>, front: web::Data<Front>) -> Answer {
    let origin = origin(&front, &put.origin)?;
    let mut accounts = Vec::with_capacity(put.accounts.len());
    for (place, account) in put.accounts.iter().enumerate() {
        let (account, _) =
            tidy(account).map_err(|why| bad(&front, &format!("accounts[{place}]: {why}")))?;
        accounts.push(account);
    }
    let order = MirrorOrder::Put { origin, stamp: put.stamp, accounts };
    let done = front.store.mirror(order).await.map_err(|error| store(&front, &error))?;
    if done.is_change() {
        tracing::info!(
            by = caller.0,
            added = done.added,
            changed = done.changed,
            "accounts were put into the mirror"
        );
    }
    Ok(HttpResponse::Ok().json(done))
}

/// A run that is over: what it did not bring goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    origin: String,
    stamp: Time,
}

async fn retire(caller: Caller, Sent(retire): Sent<Retire>, front: web::Data<Front>) -> Answer {
    let origin = origin(&front, &retire.origin)?;
    let order = MirrorOrder::Retire { origin, stamp: retire.stamp };
    let done = front.store.mirror(order).await.map_err(|error| store(&front, &error))?;
    if done.is_change() {
        tracing::info!(by = caller.0, removed = done.removed, "accounts left the mirror");
    }
    Ok(HttpResponse::Ok().json(done))
}

/// Where accounts come from, in one word.
fn origin(front: &Front, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if text.is_empty() || text.len() > ORIGIN_MAX || !text.chars().all(is_word) {
        let detail = "`origin` says where the accounts come from, in one word, as in csv";
        return Err(bad(front, detail));
    }
    Ok(text.to_owned())
}

/// What is known of a company.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    domain: Option<String>,
    name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    max: Option<usize>,
}

async fn matched(web::Query(query): web::Query<Query>, front: web::Data<Front>) -> Answer {
    let company = Company {
        domain: query.domain.as_deref(),
        name: query.name.as_deref(),
        email: query.email.as_deref(),
        country: query.country.as_deref(),
    };
    let max = query.max.unwrap_or(10).min(OTHERS_MAX);
    let found = company.find(&(front.mirror)(), &(front.book)().matching, max);
    Ok(HttpResponse::Ok().json(found.map_err(|why| bad(&front, &why))?))
}
