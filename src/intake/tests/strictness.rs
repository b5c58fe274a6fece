//! What is refused, and with which word.

use super::{BODY, Headers, NOW, URI, remove, replace, request, scheme, secrets, signed};
use crate::intake::{Kind, Refused, Scheme, SourceSettings};
use crate::model::time::Time;

fn verdict(scheme: &Scheme, headers: &Headers, now: Time) -> Result<(), Refused> {
    scheme.verify(&request(URI, headers, BODY), now).map(|_| ())
}

fn check(kind: Kind, change: impl FnOnce(&mut Headers), expected: Result<(), Refused>) {
    let scheme = scheme(kind);
    let mut headers = signed(&scheme);
    change(&mut headers);
    assert_eq!(verdict(&scheme, &headers, NOW), expected, "{kind:?}");
}

fn value(headers: &Headers, name: &str) -> String {
    let found = headers.iter().find(|(key, _)| key == name).expect("header is there");
    String::from_utf8(found.1.clone()).unwrap()
}

fn edit(name: &'static str, change: impl Fn(&str) -> String) -> impl FnOnce(&mut Headers) {
    move |headers| {
        let new = change(&value(headers, name));
        replace(headers, name, &new);
    }
}

#[test]
fn the_window_holds_on_both_sides_and_ends_after_300_seconds() {
    for kind in Kind::ALL {
        let scheme = scheme(kind);
        let headers = signed(&scheme);
        let at = |seconds: i64| verdict(&scheme, &headers, Time(NOW.0 + seconds * 1000));
        if scheme.tolerance().is_none() {
            assert_eq!(at(1_000_000), Ok(()), "{kind:?}");
            continue;
        }
        assert_eq!(at(300), Ok(()), "{kind:?}");
        assert_eq!(at(-300), Ok(()), "{kind:?}");
        assert_eq!(at(301), Err(Refused::Stale), "{kind:?}");
        assert_eq!(at(-301), Err(Refused::Future), "{kind:?}");
    }
}

#[test]
fn a_configured_window_is_the_window() {
    for (tolerance, seconds) in [("60s", 60), ("15m", 900)] {
        let mut settings = SourceSettings::new(Kind::Slack);
        settings.tolerance = Some(crate::model::time::Span::parse(tolerance).unwrap());
        let scheme = Scheme::compile(&settings, &secrets(&["s"])).unwrap();
        let headers = signed(&scheme);
        let at = |seconds: i64| verdict(&scheme, &headers, Time(NOW.0 + seconds * 1000));
        assert_eq!(at(seconds), Ok(()));
        assert_eq!(at(seconds + 1), Err(Refused::Stale));
        assert_eq!(at(-seconds), Ok(()));
        assert_eq!(at(-seconds - 1), Err(Refused::Future));
    }
}

#[test]
fn stale_is_said_of_rightly_signed_deliveries_alone() {
    let scheme = scheme(Kind::Slack);
    let headers = signed(&scheme);
    let late = Time(NOW.0 + 999_000);
    assert_eq!(verdict(&scheme, &headers, late), Err(Refused::Stale));
    let forged = scheme.verify(&request(URI, &headers, b"other"), late).map(|_| ());
    assert_eq!(forged, Err(Refused::BadSignature));
}

#[test]
fn what_is_missing_has_a_name() {
    check(Kind::Github, |h| remove(h, "x-hub-signature-256"), Err(Refused::MissingSignature));
    check(Kind::Slack, |h| remove(h, "x-slack-request-timestamp"), Err(Refused::MissingTimestamp));
    check(Kind::StandardWebhooks, |h| remove(h, "webhook-id"), Err(Refused::MissingId));
    check(
        Kind::Stripe,
        edit("stripe-signature", |v| v[13..].to_owned()),
        Err(Refused::MissingTimestamp),
    );
    check(Kind::Token, Headers::clear, Err(Refused::MissingSignature));
    check(Kind::Basic, Headers::clear, Err(Refused::MissingSignature));
}

#[test]
fn nothing_is_trimmed_and_no_form_is_guessed() {
    let bad = Err(Refused::Malformed);
    let hub = "x-hub-signature-256";
    check(Kind::Github, edit(hub, str::to_uppercase), bad);
    check(Kind::Github, edit(hub, |v| v.replace("sha256=", "")), bad);
    check(Kind::Github, edit(hub, |v| v.replace("sha256", "sha1")), bad);
    check(Kind::Github, edit(hub, |v| format!("{v} ")), bad);
    check(Kind::Github, edit(hub, |v| format!(" {v}")), bad);
    check(Kind::Github, edit(hub, |v| v[..v.len() - 2].to_owned()), bad);
    check(Kind::Github, edit(hub, |v| format!("{v}00")), bad);
    check(Kind::Github, edit(hub, |v| format!("{v},{v}")), bad);
    check(Kind::Github, edit(hub, |_| String::new()), bad);
    check(Kind::Github, edit(hub, |v| format!("sha256={}", v[7..].to_uppercase())), Ok(()));
    check(Kind::Typeform, edit("typeform-signature", |v| v.replace('=', "")), bad);
    check(Kind::Typeform, edit("typeform-signature", |v| v.trim_end_matches('=').to_owned()), bad);
    check(Kind::Stripe, edit("stripe-signature", |v| v.replace(',', ", ")), bad);
    check(Kind::Slack, edit("x-slack-request-timestamp", |v| format!("{v} ")), bad);
    check(Kind::Slack, edit("x-slack-request-timestamp", |v| format!("0{v}")), bad);
    check(Kind::StandardWebhooks, edit("webhook-signature", |v| v.replace("v1,", "")), bad);
    check(Kind::StandardWebhooks, edit("webhook-signature", |v| v.replace("v1,", "v2,")), bad);
    check(Kind::StandardWebhooks, edit("webhook-id", |_| String::new()), bad);
    check(Kind::StandardWebhooks, edit("webhook-id", |v| format!("{v}.1")), bad);
    check(Kind::Basic, edit("authorization", |v| v.replace("Basic ", "Bearer ")), bad);
    check(Kind::Basic, edit("authorization", |v| v.replace("Basic ", "basic ")), Ok(()));
    check(Kind::Basic, edit("authorization", |_| "Basic %%".into()), bad);
    check(Kind::Token, edit("authorization", |v| format!("{v} ")), Err(Refused::BadSignature));
    check(Kind::Token, edit("authorization", |_| "Bearer ".into()), Err(Refused::BadSignature));
}

#[test]
fn one_good_signature_among_others_is_enough() {
    let other = "A".repeat(43) + "=";
    let name = "webhook-signature";
    let list = move |v: &str| format!("v1a,{other} nonsense v1,{other} v1,x {v} v2,y");
    check(Kind::StandardWebhooks, edit(name, list), Ok(()));
    check(Kind::StandardWebhooks, edit(name, |v| v.replace(' ', "")), Ok(()));
    let zeros = "0".repeat(64);
    let list = move |v: &str| format!("v0=x,{},v1={zeros},{}", &v[..12], &v[13..]);
    check(Kind::Stripe, edit("stripe-signature", list), Ok(()));
}

#[test]
fn a_header_may_repeat_itself_but_not_contradict_itself() {
    let repeat = |name: &'static str, other: &'static str| {
        move |headers: &mut Headers| {
            let value = format!("{}{other}", value(headers, name));
            headers.push((name.to_owned(), value.into_bytes()));
        }
    };
    for (kind, name) in [
        (Kind::Github, "x-hub-signature-256"),
        (Kind::Slack, "x-slack-request-timestamp"),
        (Kind::StandardWebhooks, "webhook-id"),
        (Kind::HubspotV1, "x-hubspot-signature-version"),
        (Kind::Token, "authorization"),
        (Kind::Github, "x-github-delivery"),
    ] {
        check(kind, repeat(name, ""), Ok(()));
        check(kind, repeat(name, "1"), Err(Refused::RepeatedHeader));
    }
    let twice = |v: &str| format!("t=1,{v}");
    check(Kind::Stripe, edit("stripe-signature", twice), Err(Refused::RepeatedHeader));
}

#[test]
fn svix_takes_either_family_of_headers_and_no_mixture() {
    let rename = |names: &'static [&'static str]| {
        move |headers: &mut Headers| {
            for (name, _) in headers {
                if names.contains(&name.as_str()) {
                    *name = name.replace("svix-", "webhook-");
                }
            }
        }
    };
    check(Kind::Svix, rename(&["svix-id", "svix-timestamp", "svix-signature"]), Ok(()));
    check(Kind::Svix, rename(&["svix-id"]), Err(Refused::MissingId));
    check(Kind::Svix, rename(&["svix-timestamp"]), Err(Refused::MissingTimestamp));
    check(Kind::Svix, rename(&["svix-signature"]), Err(Refused::MissingSignature));
    let svix = signed(&scheme(Kind::Svix));
    let standard = scheme(Kind::StandardWebhooks);
    assert_eq!(verdict(&standard, &svix, NOW), Err(Refused::MissingSignature));
}

#[test]
fn the_version_is_never_chosen_by_the_request() {
    check(
        Kind::HubspotV2,
        edit("x-hubspot-signature-version", |_| "v1".into()),
        Err(Refused::Malformed),
    );
    check(Kind::HubspotV2, |h| remove(h, "x-hubspot-signature-version"), Ok(()));
    for (configured, sent, expected) in [
        (Kind::HubspotV3, Kind::HubspotV1, Refused::MissingSignature),
        (Kind::HubspotV1, Kind::HubspotV3, Refused::MissingSignature),
        (Kind::HubspotV2, Kind::HubspotV1, Refused::Malformed),
    ] {
        let headers = signed(&scheme(sent));
        assert_eq!(verdict(&scheme(configured), &headers, NOW), Err(expected));
    }
    // Subscriptions send the first version beside the third.
    let mut both = signed(&scheme(Kind::HubspotV3));
    both.extend(signed(&scheme(Kind::HubspotV1)));
    assert_eq!(verdict(&scheme(Kind::HubspotV3), &both, NOW), Ok(()));
}

#[test]
fn only_an_identity_encoding_is_read() {
    let with = |value: &'static [u8]| {
        move |headers: &mut Headers| headers.push(("content-encoding".into(), value.to_vec()))
    };
    check(Kind::Github, with(b"identity"), Ok(()));
    check(Kind::Github, with(b"Identity"), Ok(()));
    for value in [b"gzip".as_slice(), b"", b"identity, gzip", b"br", b" identity"] {
        check(Kind::Github, with(value), Err(Refused::Encoded));
    }
    let both = |headers: &mut Headers| {
        with(b"identity")(headers);
        with(b"gzip")(headers);
    };
    check(Kind::Github, both, Err(Refused::Encoded));
}

#[test]
fn a_token_may_stand_in_a_header_or_at_the_end_of_the_path() {
    let long = "0123456789abcdefABCDEF_-";
    let mut settings = SourceSettings::new(Kind::Token);
    settings.token_from = Some("path".into());
    let scheme = Scheme::compile(&settings, &secrets(&[long])).unwrap();
    let none = Headers::new();
    let at = |uri: &str| scheme.verify(&request(uri, &none, BODY), NOW).map(|_| ());
    assert_eq!(at(&format!("https://h.example/in/web/{long}")), Ok(()));
    assert_eq!(at(&format!("https://h.example/in/web/{long}?a=/b")), Ok(()));
    let bad = Err(Refused::BadSignature);
    assert_eq!(at(&format!("https://h.example/in/web/{long}/")), bad);
    assert_eq!(at(&format!("https://h.example/in/web?{long}")), bad);
    assert_eq!(at("https://h.example/in/web"), bad);

    settings.token_from = Some("header: X-Token".into());
    let scheme = Scheme::compile(&settings, &secrets(&["one", "two"])).unwrap();
    for (token, expected) in [("one", Ok(())), ("two", Ok(())), ("twoo", bad), ("", bad)] {
        let headers = vec![("x-token".to_owned(), token.as_bytes().to_vec())];
        assert_eq!(verdict(&scheme, &headers, NOW), expected, "{token}");
    }
}
