//! Tests of the schemes as a whole: published and computed vectors, boundaries, properties.

mod compile;
mod properties;
mod strictness;
mod vectors;

use super::{Algorithm, Encoding, Kind, Request, Scheme, Secret, SecretForm, SourceSettings};
use crate::model::time::Time;

/// 2026-01-01T00:00:00Z.
const NOW: Time = Time(1_767_225_600_000);
const URI: &str = "https://hooks.example/in/web?src=a%3Ab";
const BODY: &[u8] = br#"{"type":"lead.created","data":{"id":"ld_1","email":"ada@acme.example"}}"#;
const STANDARD_SECRET: &str = "whsec_bGVhZGhvb2stZGVtby1zaWduaW5nLWtleS0wMDAwMDE=";

type Headers = Vec<(String, Vec<u8>)>;

fn raw(headers: &[(String, String)]) -> Headers {
    headers.iter().map(|(name, value)| (name.clone(), value.as_bytes().to_vec())).collect()
}

fn request<'a>(uri: &'a str, headers: &'a Headers, body: &'a [u8]) -> Request<'a> {
    Request { method: "POST", uri, headers, body }
}

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::new(*text)).collect()
}

/// A free HMAC over `v0:{id}:{ts}:{body}` with everything in headers of its own.
fn free() -> SourceSettings {
    SourceSettings {
        signature_header: Some("X-Sig".into()),
        id_header: Some("X-Id".into()),
        timestamp_from: Some("header: X-Time".into()),
        template: Some("v0:{id}:{ts}:{body}".into()),
        algorithm: Some(Algorithm::Sha1),
        encoding: Some(Encoding::Base64),
        secret_form: Some(SecretForm::Text),
        ..SourceSettings::new(Kind::Hmac)
    }
}

fn scheme(kind: Kind) -> Scheme {
    let settings = if kind == Kind::Hmac { free() } else { SourceSettings::new(kind) };
    let secret = match kind {
        Kind::StandardWebhooks | Kind::Svix => STANDARD_SECRET,
        _ => "user:s3cret-of-some-length",
    };
    Scheme::compile(&settings, &secrets(&[secret])).unwrap()
}

/// The headers under which `BODY` verifies at `NOW`.
fn signed(scheme: &Scheme) -> Headers {
    raw(&scheme.sign("POST", URI, BODY, NOW, "msg_1"))
}

fn replace(headers: &mut Headers, name: &str, value: &str) {
    let slot = headers.iter_mut().find(|(key, _)| key == name).expect("header is there");
    slot.1 = value.as_bytes().to_vec();
}

fn remove(headers: &mut Headers, name: &str) {
    let before = headers.len();
    headers.retain(|(key, _)| key != name);
    assert!(headers.len() < before, "{name} was there");
}
