//! Signed requests of real senders, valid and tampered, each judged at its own time.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Deserialize;

use super::secrets;
use crate::intake::{Kind, Request, Scheme, SourceSettings};
use crate::model::time::Time;

#[derive(Deserialize)]
struct Vector {
    id: String,
    source: String,
    secret: String,
    method: String,
    uri: String,
    headers: BTreeMap<String, String>,
    body: String,
    body_encoding: Option<String>,
    now: i64,
    valid: bool,
}

/// What needs code of another module, or answers instead of a verdict.
const NOT_COVERED: [&str; 13] = [
    "drift-bad-token",
    "drift-valid",
    "gads-bad-missing-key",
    "gads-valid-capitalised-key-name",
    "gads-valid-test-lead",
    "linkedin-challenge",
    "mandrill-bad-raw-body-hmac",
    "mandrill-bad-url",
    "mandrill-valid-basic-auth-in-url",
    "mandrill-valid-test-webhook-key",
    "meta-handshake-bad-token",
    "meta-handshake-ok",
    "segment-valid-batch-first-event-only",
];

/// The settings of a source, as its operator would write them.
fn settings(source: &str, id: &str) -> Option<SourceSettings> {
    let timed = "item_separator = ','\nitem_field = 'v1='\ntimestamp_from = 'field: t'\n\
                 template = '{ts}.{body}'";
    let text = match source {
        "standard-webhooks" => "kind = 'standard-webhooks'".to_owned(),
        "svix" => "kind = 'svix'".to_owned(),
        "hubspot" if id.starts_with("hs1") => "kind = 'hubspot-v1'".to_owned(),
        "hubspot" if id.starts_with("hs2") => "kind = 'hubspot-v2'".to_owned(),
        "hubspot" => "kind = 'hubspot-v3'".to_owned(),
        "github-style" | "meta-lead-ads" => "kind = 'github'".to_owned(),
        "stripe-style" => "kind = 'stripe'".to_owned(),
        "slack-style" => "kind = 'slack'".to_owned(),
        "typeform" => "kind = 'typeform'".to_owned(),
        _ if source.starts_with("unsigned") => "kind = 'basic'".to_owned(),
        "mailchimp-marketing" => {
            "kind = 'stripe'\nsignature_header = 'X-Mailchimp-Signature'".to_owned()
        }
        "calendly" => format!(
            "kind = 'hmac'\nsignature_header = 'Calendly-Webhook-Signature'\n{timed}\n\
             tolerance = '3m'"
        ),
        "tiktok-developers" => format!(
            "kind = 'hmac'\nsignature_header = 'TikTok-Signature'\n{}",
            timed.replace("v1=", "s=")
        ),
        "intercom" => "kind = 'hmac'\nsignature_header = 'X-Hub-Signature'\nalgorithm = 'sha1'\n\
                       prefix = 'sha1='"
            .to_owned(),
        "segment" => {
            "kind = 'hmac'\nsignature_header = 'X-Signature'\nalgorithm = 'sha1'".to_owned()
        }
        "tally" => {
            "kind = 'hmac'\nsignature_header = 'Tally-Signature'\nencoding = 'base64'".to_owned()
        }
        "mautic" => {
            "kind = 'hmac'\nsignature_header = 'Webhook-Signature'\nencoding = 'base64'".to_owned()
        }
        "formstack" => {
            "kind = 'hmac'\nsignature_header = 'X-FS-Signature'\nprefix = 'sha256='".to_owned()
        }
        "linkedin-lead-sync" => "kind = 'hmac'\nsignature_header = 'X-LI-Signature'\n\
                                 optional_prefix = 'hmacsha256='\n\
                                 template = 'hmacsha256={body}'"
            .to_owned(),
        "customer.io" => "kind = 'hmac'\nsignature_header = 'X-CIO-Signature'\n\
                          timestamp_from = 'header: X-CIO-Timestamp'\n\
                          template = 'v0:{ts}:{body}'"
            .to_owned(),
        "webflow" => "kind = 'hmac'\nsignature_header = 'x-webflow-signature'\n\
                      timestamp_from = 'header: x-webflow-timestamp'\ntimestamp_format = 'ms'\n\
                      template = '{ts}:{body}'"
            .to_owned(),
        "klaviyo" => "kind = 'hmac'\nsignature_header = 'Klaviyo-Signature'\n\
                      timestamp_from = 'header: Klaviyo-Timestamp'\n\
                      timestamp_format = 'http-date'\ntemplate = '{body}{ts}'"
            .to_owned(),
        _ => return None,
    };
    Some(toml::from_str(&text).unwrap())
}

#[test]
fn every_vector_comes_out_as_it_should() {
    let text = include_str!("../../../tests/fixtures/vectors.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
    let (mut judged, mut left_out) = (0, Vec::new());
    for vector in &vectors {
        if NOT_COVERED.contains(&vector.id.as_str()) {
            left_out.push(vector.id.as_str());
            continue;
        }
        let settings = settings(&vector.source, &vector.id).expect(&vector.id);
        let scheme = Scheme::compile(&settings, &secrets(&[&vector.secret])).expect(&vector.id);
        let body = match vector.body_encoding.as_deref() {
            Some("base64") => {
                base64::engine::general_purpose::STANDARD.decode(&vector.body).unwrap()
            }
            _ => vector.body.as_bytes().to_vec(),
        };
        let headers: Vec<_> =
            vector.headers.iter().map(|(k, v)| (k.clone(), v.as_bytes().to_vec())).collect();
        let request =
            Request { method: &vector.method, uri: &vector.uri, headers: &headers, body: &body };
        let verdict = scheme.verify(&request, Time(vector.now * 1000));
        assert_eq!(verdict.is_ok(), vector.valid, "{}: {:?}", vector.id, verdict.err());
        if let Ok(verified) = verdict {
            assert!(verified.items().iter().all(|item| !item.delivery.is_empty()));
            our_own_signature_holds(&scheme, &request, Time(vector.now * 1000));
        }
        judged += 1;
    }
    left_out.sort_unstable();
    assert_eq!(left_out, NOT_COVERED);
    assert_eq!((judged, vectors.len()), (79, 92));
}

/// Signs the same request ourselves, and looks that no changed byte of the body gets through.
fn our_own_signature_holds(scheme: &Scheme, request: &Request<'_>, now: Time) {
    let headers = scheme.sign(request.method, request.uri, request.body, now, "id_1");
    let headers = super::raw(&headers);
    let mine = Request { headers: &headers, ..*request };
    assert!(scheme.verify(&mine, now).is_ok(), "{scheme:?}");
    for at in 0..request.body.len() {
        let mut body = request.body.to_vec();
        body[at] ^= 1;
        let verdict = scheme.verify(&Request { body: &body, ..mine }, now);
        assert_eq!(verdict.is_ok(), scheme.kind() == Kind::Basic, "{scheme:?} byte {at}");
    }
}

#[test]
fn a_rotation_accepts_old_and_new_and_says_which() {
    let new = Scheme::compile(&SourceSettings::new(Kind::Github), &secrets(&["new", "old", "x"]));
    let (new, body) = (new.unwrap(), b"{}".as_slice());
    for (index, secret) in ["new", "old", "x"].into_iter().enumerate() {
        let one = Scheme::compile(&SourceSettings::new(Kind::Github), &secrets(&[secret])).unwrap();
        let headers = super::raw(&one.sign("POST", super::URI, body, super::NOW, "d"));
        let verified = new.verify(&super::request(super::URI, &headers, body), super::NOW);
        assert_eq!(verified.unwrap().secret(), index);
    }
}
