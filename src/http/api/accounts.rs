//! The mirror of accounts: filled, looked at, asked.
//!
//! Guarantees: an account that cannot be matched is refused with its place in the request, and then
//! nothing of the request is kept. Nothing here changes a lead.
//! Does not know: files.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{Answer, asked, bad, either, store};
use crate::{
    decide::matching::{Asked, find},
    http::{Front, auth},
    model::{
        account::{Account, tidy},
        country, normalize,
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

async fn standing(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    either(stands(&request, &front).await)
}

async fn stands(request: &HttpRequest, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let version = front.store.mirror_version().await.map_err(|error| store(front, &error))?;
    let mirror = (front.mirror)();
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "accounts": mirror.len(),
        "version": mirror.version(),
        "newest": version,
        "bytes": mirror.bytes(),
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

async fn put(request: HttpRequest, payload: web::Payload, front: web::Data<Front>) -> HttpResponse {
    either(was_put(&request, payload, &front).await)
}

async fn was_put(request: &HttpRequest, payload: web::Payload, front: &Front) -> Answer {
    let (caller, put) = asked::<Put>(front, request, payload).await?;
    let origin = origin(front, &put.origin)?;
    let mut accounts = Vec::with_capacity(put.accounts.len());
    for (place, account) in put.accounts.iter().enumerate() {
        let (account, _) =
            tidy(account).map_err(|why| bad(front, &format!("accounts[{place}]: {why}")))?;
        accounts.push(account);
    }
    let order = MirrorOrder::Put { origin, stamp: put.stamp, accounts };
    let done = front.store.mirror(order).await.map_err(|error| store(front, &error))?;
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

async fn retire(
    request: HttpRequest,
    payload: web::Payload,
    front: web::Data<Front>,
) -> HttpResponse {
    either(retired(&request, payload, &front).await)
}

async fn retired(request: &HttpRequest, payload: web::Payload, front: &Front) -> Answer {
    let (caller, retire) = asked::<Retire>(front, request, payload).await?;
    let origin = origin(front, &retire.origin)?;
    let order = MirrorOrder::Retire { origin, stamp: retire.stamp };
    let done = front.store.mirror(order).await.map_err(|error| store(front, &error))?;
    if done.is_change() {
        tracing::info!(by = caller.0, removed = done.removed, "accounts left the mirror");
    }
    Ok(HttpResponse::Ok().json(done))
}

/// Where accounts come from, in one word.
#[expect(clippy::result_large_err, reason = "the other answer is returned at once")]
fn origin(front: &Front, text: &str) -> Result<String, HttpResponse> {
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
struct Company {
    domain: Option<String>,
    name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    max: Option<usize>,
}

async fn matched(
    request: HttpRequest,
    query: web::Query<Company>,
    front: web::Data<Front>,
) -> HttpResponse {
    either(was_matched(&request, &query, &front).await)
}

async fn was_matched(request: &HttpRequest, company: &Company, front: &Front) -> Answer {
    auth::caller(front, request).await?;
    let domain = domain(front, company)?;
    let country = match company.country.as_deref() {
        None => None,
        Some(text) => Some(
            country::parse(text)
                .ok_or_else(|| bad(front, "`country` is its name or its two-letter code"))?,
        ),
    };
    if company.domain.is_none() && company.name.is_none() && company.email.is_none() {
        return Err(bad(front, "give a `domain`, a `name` or an `email`"));
    }
    let asked = Asked { domain: domain.as_deref(), name: company.name.as_deref(), country };
    let max = company.max.unwrap_or(10).min(OTHERS_MAX);
    let found = find(&(front.mirror)(), &(front.book)().matching, asked, max);
    Ok(HttpResponse::Ok().json(serde_json::json!({ "matched": found, "domain": domain })))
}

/// The domain that is matched by: as it was given, or that of the address unless anybody can have
/// one there.
#[expect(clippy::result_large_err, reason = "the other answer is returned at once")]
fn domain(front: &Front, company: &Company) -> Result<Option<String>, HttpResponse> {
    if let Some(text) = &company.domain {
        let found = normalize::website(text).or_else(|| normalize::registrable_domain(text));
        let found = found.ok_or_else(|| bad(front, "`domain` is none; as in acme.example"))?;
        return Ok((!normalize::is_free_mail(&found)).then_some(found));
    }
    let Some(email) = &company.email else { return Ok(None) };
    let email = normalize::email(email).map_err(|why| bad(front, &format!("`email`: {why}")))?;
    let host = email.domain();
    Ok((!normalize::is_free_mail(host)).then(|| normalize::registrable_domain(host)).flatten())
}
