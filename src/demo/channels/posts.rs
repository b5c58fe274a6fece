//! A stand-in for Slack, PagerDuty and receivers of webhooks: it takes posts and keeps them.
//!
//! Guarantees: a post is kept with its headers and bytes as they arrived; what was planned
//! ([`Sink::plan`]) is answered first, in order. Where nothing is planned `/slack` answers `ok`
//! or the word that Slack has for a body beyond its limits, `/v2/enqueue` 202 or 400 as PagerDuty
//! does for an event without its required parts, and every other path 204.
//! Does not know: signatures, accounts, pace.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, http::StatusCode, web,
};
use serde_json::Value;

use super::{Arrivals, lock};

/// A post as it arrived.
#[derive(Clone, Debug)]
pub struct Post {
    /// The path.
    pub path: String,
    /// The headers, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Post {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How the next post is answered.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: &'static str,
    /// So long after the post.
    pub after: Duration,
}

#[derive(Debug, Default)]
struct State {
    posts: Arrivals<Post>,
    planned: Mutex<VecDeque<Reply>>,
}

/// The stand-in. It stops when it is dropped.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    state: Arc<State>,
    server: ServerHandle,
}

impl Sink {
    /// Starts it on a free port of this machine. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start() -> io::Result<Self> {
        let state = Arc::new(State::default());
        let shared = web::Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(1 << 21))
                .default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(0)
        .bind(("127.0.0.1", 0))?;
        let address = server.addrs().first().copied();
        let address = address.ok_or_else(|| io::Error::other("bound to no address"))?;
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, state, server: handle })
    }

    /// The address of a path on it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next post, after those planned before, like this.
    pub fn plan(&self, reply: Reply) {
        lock(&self.state.planned).push_back(reply);
    }

    /// What has arrived.
    #[must_use]
    pub fn posts(&self) -> &Arrivals<Post> {
        &self.state.posts
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // The order to stop is given by the call; the future only waits for the end.
        drop(self.server.stop(false));
    }
}

async fn take(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let post = Post { path: request.path().to_owned(), headers, body: body.to_vec() };
    let planned = lock(&state.planned).pop_front();
    let reply = planned.unwrap_or_else(|| usual(&post));
    state.posts.push(post);
    tokio::time::sleep(reply.after).await;
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = reply.retry_after {
        answer.insert_header(("retry-after", seconds.to_string()));
    }
    answer.body(reply.body)
}

fn usual(post: &Post) -> Reply {
    let (status, body) = match post.path.as_str() {
        path if path.starts_with("/slack") => slack(&post.json()),
        "/v2/enqueue" => pagerduty(&post.json()),
        _ => (204, ""),
    };
    Reply { status, body, ..Reply::default() }
}

fn slack(body: &Value) -> (u16, &'static str) {
    if !body.is_object() {
        return (400, "invalid_payload");
    }
    let Some(blocks) = body.get("blocks").and_then(Value::as_array) else {
        let has_text = body.get("text").is_some_and(Value::is_string);
        return if has_text { (200, "ok") } else { (400, "no_text") };
    };
    let fits = |block: &Value| {
        let max = if text(block, "/type") == Some("header") { 150 } else { 3_000 };
        text(block, "/text/text").is_some_and(|text| (1..=max).contains(&text.chars().count()))
    };
    if blocks.len() <= 50 && blocks.iter().all(fits) {
        (200, "ok")
    } else {
        (400, "invalid_blocks")
    }
}

fn pagerduty(event: &Value) -> (u16, &'static str) {
    if text(event, "/routing_key").is_none_or(|key| key.len() != 32) {
        return (400, r#"{"status":"invalid event","errors":["Invalid routing key"]}"#);
    }
    let needed: &[&str] = match text(event, "/event_action") {
        Some("trigger") => &["/payload/summary", "/payload/source", "/payload/severity"],
        Some("resolve" | "acknowledge") => &["/dedup_key"],
        _ => &["/event_action is one of three"],
    };
    if needed.iter().all(|part| text(event, part).is_some()) {
        (202, r#"{"status":"success","message":"Event processed"}"#)
    } else {
        (400, r#"{"status":"invalid event","errors":["a required part is missing"]}"#)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}
