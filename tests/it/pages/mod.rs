//! The pages and the action links through a real socket.

mod act;
mod board;

use handoff::{
    model::{lead::Lead, time::Span},
    notify::link::Grant,
};
use reqwest::{Response, StatusCode};

use super::harness::Plant;

/// What a hostile person types into every field of a form.
pub const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{ 7*7 }} ${alert(1)} \u{202e}gnp.exe",
];

/// A token for this rep that is good for a week.
pub fn token(plant: &Plant, grant: &Grant) -> String {
    use handoff::clock::Clock as _;
    plant.running().front.link_key.sign(grant, plant.clock.now().plus(Span::days(7)))
}

/// A token to act on this lead as its owner.
pub fn act_token(plant: &Plant, lead: &Lead) -> String {
    let rep = lead.owner.clone().expect("it has an owner");
    token(plant, &Grant::Act { lead: lead.uuid, rep })
}

/// Makes a one-time key as the start does, and answers with it.
pub fn page_key(plant: &Plant) -> String {
    let key = handoff::http::pages::session::random_key().expect("randomness");
    *plant.running().front.page_key.lock().expect("the key") = Some(key.clone());
    key
}

/// Signs in with a one-time key; the answer is the cookie.
pub async fn sign_in(plant: &Plant) -> String {
    let answer = get(plant, &format!("/open/{}", page_key(plant)), "").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    cookie.split(';').next().expect("its value").to_owned()
}

/// Gets a page without following redirects.
pub async fn get(plant: &Plant, path: &str, cookie: &str) -> Response {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    client.get(plant.url(path)).header("cookie", cookie).send().await.expect("an answer")
}

/// The text of a page that must be there.
pub async fn text(plant: &Plant, path: &str, cookie: &str) -> String {
    let answer = get(plant, path, cookie).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    guarded(&answer);
    answer.text().await.expect("a body")
}

/// Every page keeps itself harmless.
pub fn guarded(answer: &Response) {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let policy = header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("referrer-policy"), Some("no-referrer"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
}
