//! Properties that hold for every kind.

use proptest::prelude::*;

use super::{BODY, NOW, URI, raw, request, scheme, signed};
use crate::intake::{Kind, Request, Scheme, Secret, SourceSettings};
use crate::model::time::Time;

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

fn signing_kinds() -> impl Strategy<Value = Kind> {
    kinds().prop_filter("tokens sign nothing", |kind| !matches!(kind, Kind::Token | Kind::Basic))
}

/// The body with one byte changed, added or taken away.
fn altered(body: &[u8], at: usize, how: u8, byte: u8) -> Vec<u8> {
    let mut other = body.to_vec();
    let at = at % body.len();
    match how {
        0 => other[at] ^= byte.max(1),
        1 => other.insert(at, byte),
        _ => drop(other.remove(at)),
    }
    other
}

/// Whether upper and lower case are one here: in hex digits and in an authorization scheme's name.
fn case_means_nothing(kind: Kind, header: &str, at: usize, length: usize) -> bool {
    match kind {
        Kind::Github | Kind::Stripe | Kind::Slack | Kind::HubspotV1 | Kind::HubspotV2 => {
            header.contains("signature") && length >= 64 && at >= length - 64
        }
        Kind::Token | Kind::Basic => at < 6,
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        kind in kinds(),
        body in prop::collection::vec(any::<u8>(), 0..200),
        now in 1_000_000_000_000_i64..4_000_000_000_000,
        delivery in "[a-z0-9_-]{1,40}",
    ) {
        let (scheme, now) = (scheme(kind), Time(now));
        let headers = raw(&scheme.sign("POST", URI, &body, now, &delivery));
        let incoming = request(URI, &headers, &body);
        let verified = scheme.verify(&incoming, now);
        prop_assert!(verified.is_ok(), "{:?} {:?}", kind, verified.err());
        let in_header = matches!(
            kind, Kind::StandardWebhooks | Kind::Svix | Kind::Github | Kind::Hmac
        );
        if in_header {
            prop_assert_eq!(&verified.unwrap().items()[0].delivery, &delivery);
        }
    }

    #[test]
    fn another_body_is_refused(kind in signing_kinds(), at: usize, how in 0_u8..3, byte: u8) {
        let scheme = scheme(kind);
        let headers = signed(&scheme);
        let body = altered(BODY, at, how, byte);
        prop_assume!(body != BODY);
        prop_assert!(scheme.verify(&request(URI, &headers, &body), NOW).is_err(), "{:?}", kind);
    }

    #[test]
    fn any_other_header_byte_is_refused(kind in kinds(), which: usize, at: usize, bit in 0_u8..8) {
        let scheme = scheme(kind);
        let mut headers = signed(&scheme);
        // A header that is not signed may say what it likes: GitHub's delivery id.
        headers.retain(|(name, _)| name != "x-github-delivery");
        let which = which % headers.len();
        let old = headers[which].1.clone();
        let at = at % old.len();
        headers[which].1[at] ^= 1 << bit;
        let (was, is) = (old[at], headers[which].1[at]);
        let header = headers[which].0.clone();
        let same_letter = is.eq_ignore_ascii_case(&was);
        let verdict = scheme.verify(&request(URI, &headers, BODY), NOW);
        let excused = same_letter && case_means_nothing(kind, &header, at, old.len());
        prop_assert_eq!(verdict.is_ok(), excused, "{:?} {} {}", kind, header, at);
    }

    #[test]
    fn a_uri_or_method_that_is_signed_may_not_change(at in 0_usize..30, bit in 0_u8..6) {
        for kind in [Kind::HubspotV2, Kind::HubspotV3] {
            let scheme = scheme(kind);
            let headers = signed(&scheme);
            let mut uri = URI.as_bytes().to_vec();
            uri[at] ^= 1 << bit;
            prop_assume!(uri.is_ascii());
            let uri = String::from_utf8(uri).unwrap();
            prop_assert!(scheme.verify(&request(&uri, &headers, BODY), NOW).is_err());
            let put = Request { method: "PUT", ..request(URI, &headers, BODY) };
            prop_assert!(scheme.verify(&put, NOW).is_err());
        }
    }

    #[test]
    fn another_secret_is_refused(kind in kinds(), secret in "[a-z0-9]{8}:[a-z0-9]{8}") {
        let settings = if kind == Kind::Hmac { super::free() } else { SourceSettings::new(kind) };
        let standard = matches!(kind, Kind::StandardWebhooks | Kind::Svix);
        let secret = if standard { hex::encode(secret.replace(':', "")) } else { secret };
        let other = Scheme::compile(&settings, &[Secret::new(secret)]).unwrap();
        let headers = signed(&other);
        prop_assert!(scheme(kind).verify(&request(URI, &headers, BODY), NOW).is_err());
    }

    #[test]
    fn no_request_panics(
        kind in kinds(),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 6),
        near in prop::collection::vec("(v0|v1|t|sha256|Basic|Bearer)?[=, ]?[0-9a-f,= ]{0,70}", 6),
        pick in prop::collection::vec(0_u8..3, 6),
        body in prop::collection::vec(any::<u8>(), 0..200),
        uri in "\\PC{0,60}",
        now: i64,
    ) {
        let scheme = scheme(kind);
        let mut headers = signed(&scheme);
        for (((slot, value), near), pick) in headers.iter_mut().zip(values).zip(near).zip(pick) {
            match pick {
                0 => slot.1 = value,
                1 => slot.1 = near.into_bytes(),
                _ => {}
            }
        }
        let incoming = Request { method: "POST", uri: &uri, headers: &headers, body: &body };
        if let Ok(verified) = scheme.verify(&incoming, Time(now)) {
            prop_assert!(matches!(kind, Kind::Token | Kind::Basic));
            let _ = verified.items();
        }
    }

    #[test]
    fn no_body_makes_cutting_panic(kind in kinds(), body in "[\\[\\]{}\":,a-e0-9 \\\\]{0,80}") {
        let scheme = scheme(kind);
        let headers = raw(&scheme.sign("POST", URI, body.as_bytes(), NOW, "d"));
        let incoming = request(URI, &headers, body.as_bytes());
        let verified = scheme.verify(&incoming, NOW).unwrap();
        for item in verified.items() {
            prop_assert!(!item.delivery.is_empty());
            prop_assert!(body.contains(std::str::from_utf8(item.body).unwrap()));
        }
    }
}
