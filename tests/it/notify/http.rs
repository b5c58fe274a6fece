//! Slack, PagerDuty and signed webhooks against a listener that keeps every byte.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use handoff::{
    demo::channels::posts::{Post, Reply, Sink},
    model::failure::Failure,
    notify::{
        Channel, Message, Purpose,
        pagerduty::{PagerDuty, PagerDutySettings},
        slack::{Slack, SlackSettings},
        webhook::{Webhook, WebhookSettings},
    },
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{HOSTILE, message};

const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(10);

fn slack(sink: &Sink) -> Slack {
    let settings = json!({"url": sink.url("/slack/T0/B0/hunter2"), "allow_private": true});
    Slack::new(&serde_json::from_value::<SlackSettings>(settings).unwrap()).unwrap()
}

fn pagerduty(sink: &Sink) -> PagerDuty {
    let settings =
        json!({"base_url": sink.url("/"), "routing_key": ROUTING_KEY, "allow_private": true});
    PagerDuty::new(&serde_json::from_value::<PagerDutySettings>(settings).unwrap()).unwrap()
}

fn webhook(sink: &Sink) -> Webhook {
    let secrets = [1_u8, 2].map(|byte| format!("whsec_{}", STANDARD.encode([byte; 32])));
    let settings =
        json!({"url": sink.url("/hook/hunter2"), "secrets": secrets, "allow_private": true});
    Webhook::new(&serde_json::from_value::<WebhookSettings>(settings).unwrap()).unwrap()
}

/// Sends one message and returns what arrived.
async fn sent(sink: &Sink, channel: &dyn Channel, message: Message) -> Post {
    let before = sink.posts().all().len();
    channel.send(message).await.unwrap();
    sink.posts().wait_for(before + 1, PATIENCE).await.pop().unwrap()
}

/// Every text in a JSON value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => vec![],
    }
}

#[tokio::test]
async fn what_a_stranger_wrote_stays_text_on_every_channel() {
    let sink = Sink::start().unwrap();
    let (slack, pagerduty, webhook) = (slack(&sink), pagerduty(&sink), webhook(&sink));
    let long = HOSTILE.map(|text| text.repeat(100_000 / text.len()));
    for text in HOSTILE.iter().copied().chain(long.iter().map(String::as_str)) {
        for channel in [&slack as &dyn Channel, &pagerduty, &webhook] {
            let post = sent(&sink, channel, message(text)).await;
            assert_eq!(post.headers["content-type"], "application/json");
            assert!(post.body.len() < 20_000, "{} bytes", post.body.len());
            let json = post.json();
            assert!(json.is_object(), "one JSON value");
            for text in texts(&json) {
                let is_line =
                    |c: char| !c.is_control() || (c == '\n' && post.path.starts_with("/slack"));
                assert!(text.chars().all(is_line) && !text.contains('\u{202e}'), "{text:?}");
            }
            match &*post.path {
                "/v2/enqueue" => assert_eq!(json["routing_key"], ROUTING_KEY),
                "/hook/hunter2" => assert_eq!(json["type"], "handoff.tell"),
                _ => {
                    // `<` is how Slack's links and mentions begin: one is left, and it is ours.
                    let body = String::from_utf8(post.body).unwrap();
                    assert_eq!(body.matches('<').count(), 1, "{body}");
                    assert!(body.contains("<https://handoff.example/leads/7|Open>"), "{body}");
                    assert!(!body.contains("@here") && !body.contains("<!"), "{body}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_webhook_is_signed_over_what_really_arrives() {
    let sink = Sink::start().unwrap();
    let post = sent(&sink, &webhook(&sink), message("Eva")).await;
    let (id, at) = (&post.headers["webhook-id"], &post.headers["webhook-timestamp"]);
    assert_eq!((id.as_str(), at.as_str()), ("tell:7:ada", "1767261000"));
    let want = [1_u8, 2].map(|byte| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[byte; 32]).unwrap();
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(&post.body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    });
    assert_eq!(post.headers["webhook-signature"], want.join(" "));
}

#[tokio::test]
async fn a_repeat_carries_the_same_key() {
    let sink = Sink::start().unwrap();
    let (pagerduty, webhook) = (pagerduty(&sink), webhook(&sink));
    for channel in [&pagerduty as &dyn Channel, &webhook] {
        sink.plan(Reply { status: 500, ..Reply::default() });
        let failure = channel.send(message("Eva")).await.unwrap_err();
        assert_eq!(failure.word(), "busy", "the key makes a repeat harmless");
        channel.send(Message { headline: "Late".into(), ..message("Eva") }).await.unwrap();
    }
    let keys: Vec<String> = sink
        .posts()
        .all()
        .iter()
        .map(|post| match post.headers.get("webhook-id") {
            Some(id) => id.clone(),
            None => post.json()["dedup_key"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(keys, ["tell:7:ada"; 4]);
}

#[tokio::test]
async fn a_page_is_opened_and_closed() {
    let sink = Sink::start().unwrap();
    let pagerduty = pagerduty(&sink);
    for (purpose, action) in [(Purpose::PageOpen, "trigger"), (Purpose::PageClose, "resolve")] {
        let post = sent(&sink, &pagerduty, Message { purpose, ..message("Eva") }).await;
        assert_eq!(post.json()["event_action"], action);
    }
}

#[tokio::test]
async fn every_answer_has_one_treatment() {
    const BAD_KEY: &str = r#"{"status":"invalid event","errors":["Invalid routing key"]}"#;
    let sink = Sink::start().unwrap();
    let (slack, pagerduty, webhook) = (slack(&sink), pagerduty(&sink), webhook(&sink));
    let (slack, pagerduty, webhook): (&dyn Channel, &dyn Channel, &dyn Channel) =
        (&slack, &pagerduty, &webhook);
    for (channel, status, body, want) in [
        (slack, 200, "ok", "ok"),
        (slack, 400, "invalid_payload", "refused"),
        (slack, 400, "invalid_blocks", "refused"),
        (slack, 400, "something new", "refused"),
        (slack, 404, "no_service", "auth_lost"),
        (slack, 403, "invalid_token", "auth_lost"),
        (slack, 410, "channel_is_archived", "auth_lost"),
        (slack, 404, "", "auth_lost"),
        (slack, 302, "", "refused"),
        (slack, 429, "", "throttled"),
        (slack, 500, "rollup_error", "maybe_done"),
        (slack, 503, "", "busy"),
        (pagerduty, 202, "{}", "ok"),
        (pagerduty, 400, "{}", "refused"),
        (pagerduty, 400, BAD_KEY, "auth_lost"),
        (pagerduty, 403, "", "auth_lost"),
        (pagerduty, 429, "", "throttled"),
        (pagerduty, 500, "", "busy"),
        (pagerduty, 503, "", "busy"),
        (webhook, 204, "", "ok"),
        (webhook, 400, "", "refused"),
        (webhook, 401, "", "auth_lost"),
        (webhook, 410, "", "auth_lost"),
        (webhook, 413, "", "refused"),
        (webhook, 429, "", "throttled"),
        (webhook, 502, "", "busy"),
    ] {
        sink.plan(Reply { status, body, ..Reply::default() });
        let result = channel.send(message("Eva")).await;
        assert_eq!(result.as_ref().map_or_else(Failure::word, |()| "ok"), want, "{status} {body}");
        if let Err(failure) = result {
            let said = format!("{failure} {failure:?}");
            assert!(!said.contains("hunter2") && !said.contains(ROUTING_KEY), "{said}");
            assert!(!said.contains("127.0.0.1"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_wait_counts_from_the_message() {
    let sink = Sink::start().unwrap();
    sink.plan(Reply { status: 429, retry_after: Some(30), ..Reply::default() });
    let failure = slack(&sink).send(message("Eva")).await.unwrap_err();
    let Failure::Throttled { until, .. } = failure else { panic!("{failure}") };
    assert_eq!(until.since(message("Eva").at).0, 30_000);
}

#[tokio::test]
async fn a_private_address_is_not_posted_to_unasked() {
    let sink = Sink::start().unwrap();
    let settings: SlackSettings =
        serde_json::from_value(json!({"url": sink.url("/slack/hunter2")})).unwrap();
    let error = Slack::new(&settings).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    assert!(sink.posts().all().is_empty());
}
