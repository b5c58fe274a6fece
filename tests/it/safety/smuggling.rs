//! S8: one request is one request, whatever its framing claims; and no header of a caller makes an
//! address of ours.

use handoff::clock::Clock as _;
use reqwest::Method;

use super::{raw, serves, statuses};
use crate::harness::{Config, Plant};

/// Hidden behind each request: if it is ever answered, somebody was smuggled in.
const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

/// Name, headers after the first two lines, and what follows the headers.
const FRAMINGS: [(&str, &str, &str); 26] = [
    ("length and chunks", "content-length: 5\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
    ("chunks and length", "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n"),
    ("two lengths", "content-length: 0\r\ncontent-length: 44\r\n", ""),
    ("two lengths that agree", "content-length: 0\r\ncontent-length: 0\r\n", ""),
    ("a signed length", "content-length: +0\r\n", ""),
    ("a negative length", "content-length: -1\r\n", ""),
    ("a list of lengths", "content-length: 0, 0\r\n", ""),
    ("a length in hexadecimal", "content-length: 0x0\r\n", ""),
    ("a length of two words", "content-length: 0 0\r\n", ""),
    ("a length that no number holds", "content-length: 99999999999999999999999\r\n", ""),
    ("an unknown coding", "transfer-encoding: xchunked\r\n", "0\r\n\r\n"),
    ("a coding before chunks", "transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    ("chunks before a coding", "transfer-encoding: chunked, gzip\r\n", "0\r\n\r\n"),
    ("two codings", "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", "0\r\n\r\n"),
    ("a coding behind a tab", "transfer-encoding:\x0bchunked\r\n", "0\r\n\r\n"),
    ("a space before the colon", "transfer-encoding : chunked\r\n", "0\r\n\r\n"),
    ("a length with a space before the colon", "content-length : 0\r\n", ""),
    ("a folded header", "x-a: b\r\n transfer-encoding: chunked\r\n", "0\r\n\r\n"),
    ("a NUL in a header", "x-a: b\0c\r\n", ""),
    ("a bare CR in a header", "x-a: b\rtransfer-encoding: chunked\r\n", "0\r\n\r\n"),
    ("a header without a name", ": b\r\n", ""),
    ("a second host", "host: y\r\n", ""),
    ("a bare LF in a chunk", "transfer-encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n"),
    ("a negative chunk", "transfer-encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"),
    ("a chunk in another notation", "transfer-encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n"),
    (
        "a chunk that no number holds",
        "transfer-encoding: chunked\r\n",
        "FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn s8_no_framing_smuggles_a_second_request() {
    let plant = Plant::start(Config::default()).await;
    let address = plant.running().address;
    let mut tried = 0;
    let mut check = async |name: &str, bytes: String| {
        let text = raw(address, bytes.as_bytes()).await;
        assert!(!text.contains("live\n"), "{name} smuggled a request: {text}");
        let statuses = statuses(&text);
        assert!(statuses.iter().all(|status| *status >= 400), "{name}: {text}");
        assert!(statuses.last().is_none_or(|last| *last == 400 || *last == 413), "{name}: {text}");
        assert!(statuses.len() <= 2, "{name}: {text}");
        tried += 1;
    };
    for (name, headers, body) in FRAMINGS {
        let head = "POST /in/website HTTP/1.1\r\nhost: x\r\n";
        check(name, format!("{head}{headers}\r\n{body}{HIDDEN}")).await;
    }
    for (name, bytes) in [
        ("no host", "POST /in/website HTTP/1.1\r\ncontent-length: 0\r\n\r\n"),
        (
            "chunks in HTTP/1.0",
            "POST /in/website HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/0.9", "POST /in/website\r\n\r\n"),
        ("HTTP/1.2", "POST /in/website HTTP/1.2\r\nhost: x\r\ncontent-length: 0\r\n\r\n"),
        ("two spaces", "POST  /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"),
        ("a broken method", "PO ST /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"),
        (
            "a control character in the path",
            "POST /in/\x01 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
        ),
    ] {
        check(name, format!("{bytes}{HIDDEN}")).await;
    }
    assert!(tried >= 25, "{tried} framings were tried");
    assert!(serves(&plant).await);
}

/// Lines that end in a bare LF are read as lines, which RFC 9112 (2.2) allows; they make no second
/// request of one. A proxy that reads them otherwise refuses them itself.
#[tokio::test(flavor = "multi_thread")]
async fn s8_bare_line_feeds_are_one_request() {
    let plant = Plant::start(Config::default()).await;
    let bytes = "POST /in/website HTTP/1.1\nhost: x\ncontent-length: 2\n\n{}";
    let text = raw(plant.running().address, bytes.as_bytes()).await;
    assert_eq!(statuses(&text), [401], "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_no_header_of_the_caller_is_in_an_address_of_ours() {
    let plant = Plant::start(Config::default()).await;
    let ops = crate::api::caller(&plant, "ops").await;
    let evil = |request: reqwest::RequestBuilder| {
        request
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", "203.0.113.9")
            .header("forwarded", "host=evil.example;proto=https")
            .header("x-original-url", "/evil.example")
    };
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (method, path) in [
        (Method::POST, "/api/v1/open"),
        (Method::GET, "/"),
        (Method::GET, "/open/nothing"),
        (Method::GET, "/act/nothing"),
        (Method::GET, "/leads/nothing"),
        (Method::GET, "/nowhere"),
    ] {
        let request = client.request(method, plant.url(path)).bearer_auth(&ops.token);
        let answer = evil(request).send().await.unwrap();
        let headers = format!("{:?}", answer.headers());
        let text = answer.text().await.unwrap();
        assert!(!headers.contains("evil"), "{path}: {headers}");
        assert!(!text.contains("evil"), "{path}: {text}");
    }
    // What a sender signed over the configured address holds, whatever the request calls us.
    let path = "/crm/hubspot";
    let uri = plant.url(path);
    let headers = crate::harness::callback().sign("POST", &uri, b"[]", plant.clock.now(), "msg_1");
    let mut request = client.post(&uri).body("[]");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    assert_eq!(evil(request).send().await.unwrap().status(), 200);
}
