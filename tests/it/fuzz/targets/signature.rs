//! Signed webhooks of every kind: headers and bodies that a stranger chose.
//!
//! States: what a scheme signs it believes, and nothing else about that body; a changed byte, a
//! stale or future time and an encoded body are refused; items are pieces of the body, in order.
//! Input: scheme, what is changed (3 bytes), header lines, an empty line, the body.

use std::sync::LazyLock;

use handoff::{
    intake::{
        Algorithm, Encoding, Item, Kind, OneOrMany, Refused, Request, Scheme, Secret, SecretForm,
        SourceSettings, TimestampFormat,
    },
    model::time::{Span, Time},
};

use super::{Cut, NOON};

const BASE64: &str = "whsec_bGVhZGhvb2stZGVtby1zaWduaW5nLWtleS0wMDAwMDE=";
const TEXT: &str = "user:s3cret-of-some-length";
const PLAIN: &str = "plain-secret-of-some-length";
const URI: &str = "https://hooks.example/in/web/plain-secret-of-some-length";

static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let free = || SourceSettings {
        signature_header: Some("x-sig".into()),
        ..SourceSettings::new(Kind::Hmac)
    };
    let of = |kind| SourceSettings::new(kind);
    let mut all: Vec<SourceSettings> = Kind::ALL
        .into_iter()
        .map(|kind| if kind == Kind::Hmac { free() } else { of(kind) })
        .collect();
    all.extend([
        SourceSettings {
            id_header: Some("x-id".into()),
            timestamp_from: Some("header: x-time".into()),
            template: Some("v0:{id}:{ts}:{body}".into()),
            algorithm: Some(Algorithm::Sha1),
            encoding: Some(Encoding::Base64),
            secret_form: Some(SecretForm::Text),
            ..free()
        },
        SourceSettings {
            timestamp_from: Some("field: t=".into()),
            timestamp_format: Some(TimestampFormat::Milliseconds),
            template: Some("{ts}.{body}".into()),
            item_separator: Some(",".into()),
            item_field: Some("v1=".into()),
            optional_prefix: Some("sha256=".into()),
            items: Some("$.data[*]".into()),
            tolerance: Some(Span::minutes(1)),
            ..free()
        },
        SourceSettings {
            timestamp_from: Some("header: date".into()),
            timestamp_format: Some(TimestampFormat::HttpDate),
            template: Some("{body}{ts}".into()),
            prefix: Some("sha256=".into()),
            dedupe: Some(OneOrMany::Many(vec!["$.type".into(), "$.data.id".into()])),
            items: Some("$[*]".into()),
            ..free()
        },
        SourceSettings {
            dedupe: Some(OneOrMany::One("header: x-request-id".into())),
            items: Some("none".into()),
            ..free()
        },
        SourceSettings { token_from: Some("header: x-token".into()), ..of(Kind::Token) },
        SourceSettings { token_from: Some("path".into()), ..of(Kind::Token) },
    ]);
    let compile = |settings: &SourceSettings| {
        let base64 = matches!(settings.kind, Kind::StandardWebhooks | Kind::Svix)
            || settings.secret_form == Some(SecretForm::Base64);
        let secret = match settings.kind {
            _ if base64 => BASE64,
            Kind::Basic => TEXT,
            _ => PLAIN,
        };
        Scheme::compile(settings, &[Secret::new(secret)])
            .unwrap_or_else(|wrong| panic!("{:?}: {wrong:?}", settings.kind))
    };
    all.iter().map(compile).collect()
});

fn of<'a>(headers: &'a [(String, Vec<u8>)], body: &'a [u8]) -> Request<'a> {
    Request { method: "POST", uri: URI, headers, body }
}

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let scheme = cut.pick(&SCHEMES);
    let (place, flip) = (cut.number(2).unsigned_abs() as usize, cut.byte().max(1));
    let headers = cut.headers();
    let body = cut.0;

    let believed = scheme.verify(&of(&headers, body), NOON);
    if let Ok(verified) = &believed {
        are_pieces(&verified.items(), body);
    }
    let signs = !matches!(scheme.kind(), Kind::Token | Kind::Basic);
    if signs && believed.is_ok() {
        let longer = [body, b" "].concat();
        assert!(scheme.verify(&of(&headers, &longer), NOON).is_err(), "the body is not signed");
    }

    let signed: Vec<(String, Vec<u8>)> = scheme
        .sign("POST", URI, body, NOON, "msg_1")
        .into_iter()
        .map(|(name, value)| (name, value.into_bytes()))
        .collect();
    let verified = scheme.verify(&of(&signed, body), NOON).expect("what it signs it believes");
    assert_eq!((verified.body(), verified.secret()), (body, 0));
    let items = verified.items();
    are_pieces(&items, body);
    assert_eq!(items, verified.items(), "the same body is cut the same way");

    if signs {
        let mut changed = body.to_vec();
        let at = place % (body.len() + 1);
        match changed.get_mut(at) {
            Some(byte) => *byte ^= flip,
            None => changed.push(flip),
        }
        let refused = scheme.verify(&of(&signed, &changed), NOON).err();
        assert_eq!(refused, Some(Refused::BadSignature), "byte {at} is not signed");
    }
    if let Some(tolerance) = scheme.tolerance() {
        let at = |now: Time| scheme.verify(&of(&signed, body), now).err();
        assert_eq!((at(NOON.plus(tolerance)), at(NOON.minus(tolerance))), (None, None));
        let past = Span(tolerance.0 + 1000);
        assert_eq!(at(NOON.plus(past)), Some(Refused::Stale));
        assert_eq!(at(NOON.minus(past)), Some(Refused::Future));
    }
    with_strange_headers(scheme, &signed, &headers, body);
}

/// A stranger's headers beside good ones: refused, or the same delivery.
fn with_strange_headers(
    scheme: &Scheme,
    signed: &[(String, Vec<u8>)],
    strange: &[(String, Vec<u8>)],
    body: &[u8],
) {
    let all = [signed, strange].concat();
    let request = Request { method: "POST", uri: URI, headers: &all, body };
    let verified = scheme.verify(&request, NOON);
    let is_encoded = strange.iter().any(|(name, value)| {
        name == "content-encoding" && !value.eq_ignore_ascii_case(b"identity")
    });
    if is_encoded {
        assert_eq!(verified.err(), Some(Refused::Encoded));
        return;
    }
    if let Ok(verified) = verified {
        are_pieces(&verified.items(), body);
    }
}

fn are_pieces(items: &[Item<'_>], body: &[u8]) {
    let whole = body.as_ptr_range();
    let mut last = whole.start;
    let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(body).is_ok();
    for item in items {
        let piece = item.body.as_ptr_range();
        assert!(last <= piece.start && piece.end <= whole.end, "an item is not in its place");
        last = piece.end;
        assert!(!item.delivery.is_empty() && item.delivery.len() <= 200, "{}", item.delivery.len());
        if is_json {
            let raw = serde_json::from_slice::<&serde_json::value::RawValue>(item.body);
            assert!(raw.is_ok(), "an item of JSON is not JSON");
        }
    }
    assert!(items.len() <= 5_000, "{} items", items.len());
}
