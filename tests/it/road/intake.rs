//! What comes in: forged, stale, replayed, oversized, slow, half-sent, unreadable.

use std::time::Duration;

use handoff::model::{event::Fate, time::Span};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{Config, Plant};

const BODY: &str = r#"{"data":{"email":"eva@linden.example"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_request_is_refused_and_leaves_nothing() {
    let plant = Plant::start(Config::default()).await;
    let mut headers = plant.signed(BODY, "msg_1");
    for (name, value) in &mut headers {
        if name == "webhook-signature" {
            *value = value.replace("v1,", "v1,AAAA");
        }
    }
    for headers in [headers, Vec::new()] {
        let mut request = plant.http.post(plant.url("/in/website")).body(BODY);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    assert!(plant.leads().await.is_empty());
    let page = plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(r#"reason="bad-signature""#) || page.contains("malformed"), "{page}");
    assert!(page.contains(r#"reason="missing-signature""#), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_source_looks_like_a_bad_signature() {
    let plant = Plant::start(Config::default()).await;
    let answer = plant.http.post(plant.url("/in/nobody")).body(BODY).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_seconds_pass_and_three_hundred_and_one_do_not() {
    let plant = Plant::start(Config::default()).await;
    let headers = plant.signed(BODY, "msg_1");
    for (more, status) in [(300, 200), (1, 401)] {
        plant.clock.advance(Span::seconds(more));
        let mut request = plant.http.post(plant.url("/in/website")).body(BODY);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_delivery_gets_200_and_the_first_ones_id() {
    let plant = Plant::start(Config::default()).await;
    let (_, first) = plant.post(BODY, "msg_1").await;
    let (status, second) = plant.post(BODY, "msg_1").await;
    assert_eq!((status, &second["events"]), (200, &first["events"]));
    assert_eq!((&first["duplicates"], &second["duplicates"]), (&json!(0), &json!(1)));
    plant.decided().await;
    assert_eq!(plant.leads().await.len(), 1);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_at_the_cap_passes_and_one_byte_more_is_413() {
    let plant = Plant::start(Config::default()).await;
    let cap = 64 * 1024;
    let frame = r#"{"data":{"email":"eva@linden.example","message":""}}"#;
    let body = |length: usize| {
        let fill = "x".repeat(length - frame.len());
        frame.replace(r#""message":"""#, &format!(r#""message":"{fill}""#))
    };
    assert_eq!(plant.post(&body(cap), "at").await.0, 200);
    assert_eq!(plant.post(&body(cap + 1), "over").await.0, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoded_body_is_415() {
    let plant = Plant::start(Config::default()).await;
    let mut request = plant.http.post(plant.url("/in/website")).body(BODY);
    for (name, value) in plant.signed(BODY, "msg_1") {
        request = request.header(name, value);
    }
    let answer = request.header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.status(), 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_half_way_ends_and_a_half_sent_one_leaves_nothing() {
    let within = Duration::from_millis(300);
    let plant = Plant::start(Config { body_within: within, ..Config::default() }).await;
    let address = plant.running().address;
    let head = "POST /in/website HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n{\"da";
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = slow.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("it ends").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let mut half = tokio::net::TcpStream::connect(address).await.unwrap();
    half.write_all(head.as_bytes()).await.unwrap();
    drop(half);
    assert_eq!(plant.post(BODY, "msg_1").await.0, 200, "others are served");
    plant.decided().await;
    assert_eq!(plant.leads().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_with_its_reason_and_redone_after_the_mapping_is_mended() {
    let plant = Plant::start(Config::default()).await;
    let body = r#"{"data":{"contact":{"address":"eva@linden.example"}}}"#;
    let (status, answer) = plant.post(body, "msg_1").await;
    assert_eq!(status, 200);
    plant.decided().await;
    let filter = handoff::store::EventFilter { max: 10, ..Default::default() };
    let event = plant.store.events(filter).await.unwrap().rows.remove(0);
    assert_eq!(event.fate, Fate::Rejected);
    assert!(event.reason.as_deref().unwrap().contains("no email"), "{:?}", event.reason);
    plant.books_balance().await;

    let mended = String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap()
        + "\n[[mapping]]\nsource = \"website\"\nemail = \"$.data.contact.address\"\n";
    plant.files.lock().unwrap().main = mended.into_bytes();
    plant.clock.advance(Span::seconds(3));
    crate::harness::until("the mended rulebook is in force", || async {
        plant.running().worker.book.load().version == 2
    })
    .await;
    let id = serde_json::from_value(answer["events"][0].clone()).unwrap();
    assert_eq!(plant.store.redo(vec![id]).await.unwrap(), 1);
    plant.running().worker.wakes.decide();
    plant.decided().await;
    assert!(plant.lead_of("eva@linden.example").await.is_some());
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_form_field_raises_an_alarm_within_twenty_events() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("p@linden.example", &[("company", "Linden")]).await;
    for number in 0..20 {
        plant.fill(&format!("p{number}@linden.example"), &[("firma", "Linden")]).await;
    }
    plant.clock.advance(Span::seconds(6));
    crate::harness::until("the alarm is raised", || async {
        let raised = plant.running().worker.lookout.raised().await;
        raised.iter().any(|one| one.key.subject == "website/company")
    })
    .await;
}
