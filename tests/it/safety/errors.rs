//! S23: what goes wrong is told to a stranger in general words with a reference, and a panic in a
//! handler is a 500 that harms no other request.

use actix_web::{App, HttpServer, middleware::from_fn, web};
use handoff::http::edge;
use reqwest::Method;
use serde_json::Value;

use super::{metric, serves};
use crate::harness::{Config, Plant};

/// Words that a stranger must not read.
const INNER: [&str; 12] = [
    "panicked",
    "src/",
    ".rs",
    "sqlite",
    "SQLite",
    "rusqlite",
    "actix",
    "Zugvogel",
    "thread",
    "RUST_BACKTRACE",
    "unwrap",
    "handoff.db",
];

#[tokio::test(flavor = "multi_thread")]
async fn s23_every_refusal_is_general_and_repeats_nothing() {
    let plant = Plant::start(Config::default()).await;
    for (method, path, body) in [
        (Method::POST, "/in/Zugvogel", "{\"Zugvogel\":1}"),
        (Method::POST, "/in/website", "Zugvogel"),
        (Method::POST, "/crm/Zugvogel", "Zugvogel"),
        (Method::GET, "/api/v1/leads?Zugvogel=1", ""),
        (Method::POST, "/api/v1/tokens", "Zugvogel"),
        (Method::GET, "/Zugvogel", ""),
        (Method::GET, "/Zugvogel%00%0d%0a", ""),
        (Method::GET, "/leads/Zugvogel", ""),
        (Method::GET, "/act/Zugvogel", ""),
        (Method::POST, "/act/Zugvogel", "act=Zugvogel"),
        (Method::GET, "/open/Zugvogel", ""),
        (Method::POST, "/demo/Zugvogel", "Zugvogel"),
        (Method::GET, "/assets/Zugvogel", ""),
        (Method::GET, "/assets/..%2f..%2fCargo.toml", ""),
        (Method::DELETE, "/in/website", ""),
        (Method::from_bytes(b"TRACE").unwrap(), "/in/website", ""),
        (Method::from_bytes(b"ZUGVOGEL").unwrap(), "/", ""),
    ] {
        let request = plant.http.request(method.clone(), plant.url(path)).body(body);
        let answer = request.header("x-typed", "Zugvogel").send().await.unwrap();
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        let text = answer.text().await.unwrap();
        assert!(status.is_client_error(), "{method} {path}: {status}");
        for word in INNER {
            assert!(!text.contains(word) && !headers.contains(word), "{method} {path}: {text}");
        }
        if let Ok(problem) = serde_json::from_str::<Value>(&text) {
            assert!(problem["reference"].as_str().is_some_and(|one| !one.is_empty()), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_a_panic_in_a_handler_is_a_counted_500_and_the_next_request_is_served() {
    let plant = Plant::start(Config::default()).await;
    let front = plant.running().front.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(front.clone())
            .route("/fall", web::get().to(fall))
            .route("/stand", web::get().to(|| async { "stands" }))
            .configure(edge::routes)
            .wrap(from_fn(edge::guard))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let get = async |path: &str| {
        let answer = plant.http.get(format!("http://{address}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for number in 1..=5 {
        let (status, text) = get("/fall").await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &problem["title"]), (500, &Value::from("an internal error")));
        assert!(problem["reference"].as_str().is_some_and(|one| !one.is_empty()));
        assert!(!text.contains("Zugvogel") && !text.contains(".rs"), "{text}");
        assert_eq!(get("/stand").await, (200, "stands".to_owned()));
        let counted = metric(&plant, "handoff_panics_total").await;
        assert_eq!(counted.as_deref(), Some(format!("handoff_panics_total {number}").as_str()));
    }
    assert!(serves(&plant).await);
    handle.stop(false).await;
    let _ = serving.await;
}

async fn fall() -> &'static str {
    let typed = std::hint::black_box("Zugvogel");
    assert!(typed.is_empty(), "a defect that quotes what was typed: {typed}");
    "it did not fall"
}
