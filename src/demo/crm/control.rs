//! Telling a stand-in what to do wrong from outside of its process, and asking what it has seen.
//!
//! Guarantees: an order is carried out as a whole or refused; these paths are not counted, wait
//! for no delay and fail by no script.
//! Does not know: any vendor.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;

use super::{Fault, book::Shared};

/// Where orders go.
pub(super) const ORDERS: &str = "/_control";
/// Where the counters are.
pub(super) const STATS: &str = "/_stats";

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    down: Option<bool>,
    delay_ms: Option<u64>,
    strict: Option<bool>,
    lean: Option<bool>,
    script: Vec<Fault>,
}

/// `POST /_control`: `{"down": true, "delay_ms": 20, "script": [{"status": 500}]}`.
pub(super) async fn ordered(body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let order: Order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return HttpResponse::BadRequest().body(format!("{error}\n")),
    };
    let mut book = shared.book();
    book.is_down = order.down.unwrap_or(book.is_down);
    book.delay_ms = order.delay_ms.unwrap_or(book.delay_ms);
    book.is_strict = order.strict.unwrap_or(book.is_strict);
    book.is_lean = order.lean.unwrap_or(book.is_lean);
    book.script.extend(order.script);
    HttpResponse::NoContent().finish()
}

/// `GET /_stats`.
pub(super) async fn told(shared: Data<Shared>) -> HttpResponse {
    let stats = shared.book().stats();
    HttpResponse::Ok().json(stats)
}
