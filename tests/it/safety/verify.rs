//! S1, S3, S5: what makes a delivery believed, for how long, and how often.

use std::sync::Arc;

use handoff::{
    clock::Clock as _,
    intake::{Kind, Scheme, SourceSettings},
    model::time::Span,
};
use serde_json::Value;

use super::{BODY, SECRET, of_every_kind, post, scheme, secret_of};
use crate::harness::{Config, Plant};

type Headers = Vec<(String, String)>;

fn path(kind: Kind) -> String {
    format!("/in/{}", kind.word())
}

fn signed(plant: &Plant, kind: Kind, body: &str) -> Headers {
    let uri = plant.url(&path(kind));
    let now = plant.clock.now();
    scheme(kind, &[secret_of(kind)]).sign("POST", &uri, body.as_bytes(), now, "msg_1")
}

fn is_signed(kind: Kind) -> bool {
    !matches!(kind, Kind::Token | Kind::Basic)
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_the_signature_is_over_the_raw_bytes() {
    let plant = of_every_kind().await;
    // Each means the same to a JSON parser, and is another text.
    let same = [
        r#" {"data":{"email":"eva@linden.example"}}"#,
        r#"{"data":{"email":"eva@linden.example"} }"#,
        r#"{"data":{"email":"ev\u0061@linden.example"}}"#,
        "{\"data\":{\"email\":\"eva@linden.example\"}}\n",
        "\u{feff}{\"data\":{\"email\":\"eva@linden.example\"}}",
    ];
    for kind in Kind::ALL {
        let headers = signed(&plant, kind, BODY);
        assert_eq!(post(&plant, &path(kind), &headers, BODY).await, 200, "{kind:?}");
        for other in same.iter().filter(|_| is_signed(kind)) {
            assert_eq!(post(&plant, &path(kind), &headers, other).await, 401, "{kind:?} {other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_the_scheme_is_the_settings_choice_and_nothing_is_believed_without_proof() {
    let plant = of_every_kind().await;
    for kind in Kind::ALL {
        assert_eq!(post(&plant, &path(kind), &[], BODY).await, 401, "{kind:?} unsigned");
        for other in Kind::ALL.into_iter().filter(|other| other.word() != kind.word()) {
            // The same secret, so that only the scheme differs.
            let headers = signed(&plant, other, BODY);
            let uri = plant.url(&path(kind));
            let own = scheme(kind, &[secret_of(kind)]);
            let own = own.sign("POST", &uri, BODY.as_bytes(), plant.clock.now(), "msg_1");
            if own == headers || twins(kind, other) {
                continue;
            }
            let status = post(&plant, &path(kind), &headers, BODY).await;
            assert_eq!(status, 401, "{other:?}'s proof at {kind:?}");
        }
        // What a request says about its own proof counts for nothing.
        let words = ["none", "hmac-sha1", "v0", "HS256", "plain"];
        for word in words {
            let mut headers = vec![("x-signature-algorithm".to_owned(), word.to_owned())];
            headers.push(("authorization".to_owned(), word.to_owned()));
            assert_eq!(post(&plant, &path(kind), &headers, BODY).await, 401, "{kind:?} {word}");
        }
    }
}

/// Svix takes the headers of Standard Webhooks as a whole: they are the same scheme.
fn twins(one: Kind, other: Kind) -> bool {
    matches!(
        (one, other),
        (Kind::Svix, Kind::StandardWebhooks) | (Kind::StandardWebhooks, Kind::Svix)
    )
}

#[test]
fn s1_an_empty_secret_is_refused_for_every_kind() {
    for kind in Kind::ALL {
        let mut settings = SourceSettings::new(kind);
        if kind == Kind::Hmac {
            settings.signature_header = Some("x-signature".into());
        }
        for secrets in [&[""][..], &[" "], &["\n"], &[], &[SECRET, ""]] {
            let secrets: Vec<_> =
                secrets.iter().map(|text| handoff::intake::Secret::new(*text)).collect();
            assert!(Scheme::compile(&settings, &secrets).is_err(), "{kind:?} {}", secrets.len());
        }
    }
    let whsec = [handoff::intake::Secret::new("whsec_")];
    assert!(Scheme::compile(&SourceSettings::new(Kind::Svix), &whsec).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_the_window_holds_both_ways_to_the_second() {
    let plant = of_every_kind().await;
    let mut timed = 0;
    for kind in Kind::ALL {
        if scheme(kind, &[secret_of(kind)]).tolerance().is_none() {
            continue;
        }
        timed += 1;
        let noon = plant.clock.now();
        for (seconds, status) in [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)] {
            // Signed in the future or in the past, as our clock sees it.
            let body = format!("{{\"data\":{{\"email\":\"p{seconds}@linden.example\"}}}}");
            let uri = plant.url(&path(kind));
            let at = noon.plus(Span::seconds(seconds));
            let scheme = scheme(kind, &[secret_of(kind)]);
            let id = format!("m{seconds}");
            let headers = scheme.sign("POST", &uri, body.as_bytes(), at, &id);
            assert_eq!(
                post(&plant, &path(kind), &headers, &body).await,
                status,
                "{kind:?} {seconds}"
            );
        }
    }
    assert!(timed >= 5, "{timed} kinds sign a time");
}

#[test]
fn s3_a_source_sets_its_window_between_one_and_fifteen_minutes() {
    for (tolerance, fits) in
        [(59_999, false), (60_000, true), (900_000, true), (900_001, false), (-1, false)]
    {
        let mut settings = SourceSettings::new(Kind::Stripe);
        settings.tolerance = Some(Span(tolerance));
        let secrets = [handoff::intake::Secret::new(SECRET)];
        assert_eq!(Scheme::compile(&settings, &secrets).is_ok(), fits, "{tolerance} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_a_time_that_is_not_strict_digits_is_refused() {
    let plant = of_every_kind().await;
    let kind = Kind::Slack;
    let good = signed(&plant, kind, BODY);
    let time = |text: &str| -> Headers {
        let is_time = |name: &str| name == "x-slack-request-timestamp";
        assert!(good.iter().any(|(name, _)| is_time(name)));
        let replaced = |(name, value): &(String, String)| {
            (name.clone(), if is_time(name) { text.to_owned() } else { value.clone() })
        };
        good.iter().map(replaced).collect()
    };
    let now = plant.clock.now().seconds();
    for text in [
        String::new(),
        format!("+{now}"),
        format!("0{now}"),
        format!("{now}.0"),
        format!("{now}e0"),
        format!("0x{now:x}"),
        format!("{now},{now}"),
        "-1".to_owned(),
        "NaN".to_owned(),
        "99999999999999999999999".to_owned(),
    ] {
        assert_eq!(post(&plant, &path(kind), &time(&text), BODY).await, 401, "{text:?}");
    }
    assert_eq!(post(&plant, &path(kind), &time(&now.to_string()), BODY).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_replay_is_a_duplicate_also_after_a_restart_and_after_its_body_was_swept() {
    let folder = tempfile::tempdir().unwrap();
    let tune: crate::harness::Tune = Arc::new(|parts| {
        for kind in [Kind::Token, Kind::Hmac] {
            parts.sources.insert(kind.word().to_owned(), scheme(kind, &[SECRET]));
        }
        parts.keep = Span::hours(1);
    });
    let store = Some(folder.path().join("handoff.db"));
    let mut plant = Plant::start(Config { store, tune: Some(tune), ..Config::default() }).await;
    let sources = ["website", Kind::Token.word(), Kind::Hmac.word()];
    let send = async |plant: &Plant, source: &str| -> (u16, Value) {
        let path = format!("/in/{source}");
        let headers = match source {
            "website" => plant.signed(BODY, "msg_1"),
            "token" => signed(plant, Kind::Token, BODY),
            _ => signed(plant, Kind::Hmac, BODY),
        };
        let mut request = plant.http.post(plant.url(&path)).body(BODY);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    };
    let mut first = Vec::new();
    for source in sources {
        let (status, answer) = send(&plant, source).await;
        assert_eq!((status, &answer["duplicates"]), (200, &Value::from(0)), "{source}");
        first.push(answer["events"].clone());
    }
    plant.decided().await;
    for moment in ["at once", "after a restart", "after the sweep"] {
        for (source, first) in sources.iter().zip(&first) {
            let (status, answer) = send(&plant, source).await;
            assert_eq!(
                (status, &answer["duplicates"]),
                (200, &Value::from(1)),
                "{source} {moment}"
            );
            assert_eq!(&answer["events"], first, "{source} {moment}");
        }
        plant.stop().await;
        plant.store = Arc::new(handoff::store::sqlite::SqliteStore::open_in_memory().unwrap());
        let path = folder.path().join("handoff.db");
        plant.store = Arc::new(handoff::store::sqlite::SqliteStore::open(&path).unwrap());
        plant.begin().await;
        if moment == "after a restart" {
            let at = plant.clock.now().plus(Span::days(31));
            let keep = handoff::store::Keep { bodies: Span::hours(1), rows_max: 1_000 };
            assert_eq!(plant.store.sweep(keep, at).await.unwrap().bodies, 3, "bodies were swept");
        }
    }
    plant.decided().await;
    assert_eq!(plant.leads().await.len(), 1, "one person, whoever sent it");
    plant.books_balance().await;
}
