//! The API, the callbacks, the action links and the command line, as whole services over real
//! sockets.

mod callback;
mod canary;
mod command;
mod first;
mod leads;
mod links;
mod metrics;
mod people;
mod reroute;
mod rulebooks;
mod salesforce;
mod tokens;
mod versions;
mod work;

use handoff::{
    clock::Clock as _,
    http::auth,
    model::time::Span,
    store::{TokenOrder, TokenRow},
};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Config, Plant, RULEBOOK, postgres};

/// A rulebook by which no lead is taken away from anybody, however long the clock is moved.
pub fn patient() -> Config {
    let taken = r#"  { late_by = "5m", reassign = true, tell = ["manager"] },"#;
    assert!(RULEBOOK.contains(taken), "the rulebook of the harness has changed");
    Config { rulebook: RULEBOOK.replace(taken, ""), ..Config::default() }
}

/// The same on PostgreSQL, in a database of its own; none where no server can be started.
pub fn on_postgres(test: &str, config: Config) -> Option<Config> {
    if !postgres::is_there(test) {
        return None;
    }
    let server = postgres::shared();
    Some(Config { database: Some(server.url(&server.create())), ..config })
}

/// An answer: the status, and the body as JSON or null.
pub type Said = (u16, Value);

/// The text of a token with this name.
pub fn token(name: &str) -> String {
    format!("{}{name}-token", auth::TOKEN_PREFIX)
}

/// What is kept of a token.
pub fn hash(name: &str) -> String {
    hex::encode(auth::hash(&token(name)))
}

/// Somebody with a token, in front of a daemon.
pub struct Caller<'a> {
    pub plant: &'a Plant,
    pub token: String,
}

/// Makes a token in the store, good for a month, and a caller who has it.
pub async fn caller<'a>(plant: &'a Plant, name: &str) -> Caller<'a> {
    let now = plant.clock.now();
    let row = TokenRow {
        name: name.to_owned(),
        hash: auth::hash(&token(name)),
        created_at: now,
        expires_at: now.plus(Span::days(30)),
        revoked_at: None,
    };
    plant.store.tokens(TokenOrder::Create(row)).await.expect("the token is new");
    Caller { plant, token: token(name) }
}

impl Caller<'_> {
    /// Calls the API.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Said {
        let url = self.plant.url(&format!("/api/v1{path}"));
        let mut request = self.plant.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type").cloned();
        let text = answer.text().await.expect("a body");
        if status >= 400 {
            assert_eq!(kind.expect("a type"), "application/problem+json", "{path}: {text}");
        }
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Reads something that is there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Posts something.
    pub async fn post(&self, path: &str, body: Value) -> Said {
        self.call(Method::POST, path, Some(&body)).await
    }

    /// Posts something that is refused with this status, and answers the advice in it.
    pub async fn refused(&self, path: &str, body: Value, with: u16) -> String {
        let (status, problem) = self.post(path, body).await;
        assert_eq!(status, with, "{path}: {problem}");
        assert_eq!(problem["status"], with);
        assert!(problem["reference"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }
}
