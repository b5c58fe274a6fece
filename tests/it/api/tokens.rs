//! Tokens: nothing of the API is open without a valid one.

use std::collections::BTreeSet;

use handoff::model::time::Span;
use reqwest::Method;
use serde_json::json;

use super::{caller, hash, token};
use crate::harness::{Config, Plant};

/// Every route of the API.
const ROUTES: [(&str, &str); 49] = [
    ("GET", "/leads"),
    ("GET", "/leads/{lead}"),
    ("GET", "/leads/{lead}/why"),
    ("POST", "/leads/{lead}/why"),
    ("POST", "/leads/{lead}/responses"),
    ("POST", "/leads/{lead}/reassign"),
    ("GET", "/accounts"),
    ("POST", "/accounts"),
    ("GET", "/accounts/match"),
    ("POST", "/accounts/retire"),
    ("GET", "/imported"),
    ("POST", "/imported"),
    ("POST", "/imported/read"),
    ("POST", "/imported/remove"),
    ("GET", "/events"),
    ("POST", "/events/redo"),
    ("GET", "/events/{event}"),
    ("GET", "/jobs"),
    ("POST", "/jobs/{order}"),
    ("POST", "/open"),
    ("GET", "/reps"),
    ("GET", "/reps/{rep}/statement"),
    ("POST", "/reps/{rep}/away"),
    ("POST", "/reps/{rep}/back"),
    ("GET", "/rulebooks"),
    ("POST", "/rulebooks"),
    ("GET", "/rulebooks/{version}"),
    ("GET", "/rulebooks/{old}/diff/{new}"),
    ("GET", "/drafts"),
    ("GET", "/drafts/{name}"),
    ("POST", "/drafts/{name}"),
    ("DELETE", "/drafts/{name}"),
    ("GET", "/schedule"),
    ("DELETE", "/schedule/{id}"),
    ("GET", "/observe"),
    ("GET", "/shadow"),
    ("POST", "/shadow"),
    ("DELETE", "/shadow"),
    ("GET", "/reroutes"),
    ("POST", "/reroutes"),
    ("GET", "/reroutes/{run}"),
    ("POST", "/reroutes/{run}"),
    ("DELETE", "/reroutes/{run}"),
    ("GET", "/tokens"),
    ("POST", "/tokens"),
    ("DELETE", "/tokens/{name}"),
    ("GET", "/books"),
    ("GET", "/replicas"),
    ("POST", "/backup"),
];

/// The routes as the sources declare them.
fn declared() -> BTreeSet<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/api");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in text.split(".route(").skip(1) {
            let path = part.split('"').nth(1).unwrap();
            let method = part.split("web::").nth(1).unwrap().split('(').next().unwrap();
            found.insert((method.to_uppercase(), path.to_owned()));
        }
        assert!(
            !text.contains("web::resource("),
            "declare routes by .route(): this table sees them"
        );
    }
    found
}

#[test]
fn the_table_of_routes_is_complete() {
    let table: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(method, path)| ((*method).into(), (*path).into())).collect();
    assert_eq!(table, declared());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_who_has_no_valid_token() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    for (name, span) in [("short", "1h"), ("gone", "1d")] {
        let body = json!({ "name": name, "hash": hash(name), "expires_in": span });
        assert_eq!(ops.post("/tokens", body).await.0, 201);
    }
    assert_eq!(ops.call(Method::DELETE, "/tokens/gone", None).await.0, 200);
    plant.clock.advance(Span::hours(1));
    let values = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {}x", token("ops"))),
        Some(format!("Basic {}", token("ops"))),
        Some(token("ops")),
        Some(format!("Bearer {}", hash("ops"))),
        Some(format!("Bearer {}", token("short"))),
        Some(format!("Bearer {}", token("gone"))),
    ];
    let strange =
        [("GET", "/nothing"), ("PUT", "/leads"), ("GET", "/leads?nonsense=1"), ("GET", "")];
    for (method, path) in ROUTES.iter().chain(&strange) {
        let id = "0197c1d2-0000-7000-8000-000000000000";
        let path = path.replace("{lead}", id).replace("{event}", id).replace("{version}", "1");
        for value in &values {
            let method: Method = method.parse().unwrap();
            let mut request =
                plant.http.request(method.clone(), plant.url(&format!("/api/v1{path}")));
            if let Some(value) = value {
                request = request.header("authorization", value);
            }
            let answer = request.body("{\"nonsense\":").send().await.unwrap();
            assert_eq!(answer.status(), 401, "{method} {path} with {value:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    assert_eq!(ops.call(Method::GET, "/leads", None).await.0, 200, "who has one is let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_until_it_ends_or_is_revoked_and_no_list_shows_it() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let order = json!({ "name": "ci", "hash": hash("ci"), "expires_in": "2h" });
    let (status, made) = ops.post("/tokens", order.clone()).await;
    assert_eq!(status, 201, "{made}");
    let ci = super::Caller { plant: &plant, token: token("ci") };
    assert_eq!(ci.call(Method::GET, "/leads", None).await.0, 200);
    let list = ops.get("/tokens").await;
    assert_eq!(list["tokens"].as_array().unwrap().len(), 2);
    for text in [made.to_string(), list.to_string()] {
        for secret in [hash("ci"), token("ci"), hash("ops"), token("ops"), "hash".to_owned()] {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }
    plant.clock.advance(Span(Span::hours(2).0 - 1));
    assert_eq!(ci.call(Method::GET, "/leads", None).await.0, 200);
    plant.clock.advance(Span(1));
    assert_eq!(ci.call(Method::GET, "/leads", None).await.0, 401, "at its end it has ended");
    assert!(ops.refused("/tokens", order, 409).await.contains("another name"));
    assert_eq!(ops.call(Method::DELETE, "/tokens/nobody", None).await.0, 404);
    assert_eq!(ops.call(Method::DELETE, "/tokens/ci", None).await.0, 200);
    assert_eq!(ops.call(Method::DELETE, "/tokens/ops", None).await.0, 200, "one may end one's own");
    assert_eq!(ops.call(Method::GET, "/leads", None).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_makes_no_sense_is_refused_with_advice() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let good = json!({ "name": "ci", "hash": hash("ci"), "expires_in": "7d" });
    for (field, value, advice) in [
        ("name", json!(" "), "give the token a name"),
        ("hash", json!("abc"), "64 characters"),
        ("hash", json!(token("ci")), "64 characters"),
        ("expires_in", json!("0s"), "between 1s and 365d"),
        ("expires_in", json!("366d"), "between 1s and 365d"),
        ("expires_in", json!("soon"), "30s, 5m"),
        ("token", json!("hnd_x"), "unknown field `token`"),
    ] {
        let mut order = good.clone();
        order[field] = value;
        let said = ops.refused("/tokens", order, 400).await;
        assert!(said.contains(advice), "{field}: {said}");
    }
    let mut order = good;
    order["expires_in"] = json!("365d");
    assert_eq!(ops.post("/tokens", order).await.0, 201);
}
