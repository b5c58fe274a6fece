//! S4: a secret is exchanged without a gap, and who still uses the old one is seen.

use handoff::{
    clock::Clock as _,
    intake::{Kind, Scheme, SourceSettings},
    model::time::Span,
};

use super::{BODY, metric, post, scheme, tuned};
use crate::harness::Plant;

const OLD: &str = "old-secret-of-some-length";
const NEW: &str = "new-secret-of-some-length";
const OLDEST: &str = "oldest-secret-of-some-length";

async fn with(secrets: &'static [&'static str]) -> Plant {
    tuned(move |parts| {
        parts.sources.insert("partner".to_owned(), scheme(Kind::Github, secrets));
    })
    .await
}

async fn send(plant: &Plant, secret: &str, id: &str) -> u16 {
    let uri = plant.url("/in/partner");
    let scheme = scheme(Kind::Github, &[secret]);
    let headers = scheme.sign("POST", &uri, BODY.as_bytes(), plant.clock.now(), id);
    post(plant, "/in/partner", &headers, BODY).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_rotation_has_no_gap_and_ends_with_the_old_secret() {
    // What each step of a rotation believes: old, new, neither.
    for (active, expected) in [
        (&[OLD][..], [200, 401, 401]),
        (&[NEW, OLD], [200, 200, 401]),
        (&[NEW, OLD, OLDEST], [200, 200, 401]),
        (&[NEW], [401, 200, 401]),
    ] {
        let plant = with(active).await;
        for (secret, status) in [OLD, NEW, "neither-of-the-two-here"].iter().zip(expected) {
            assert_eq!(send(&plant, secret, secret).await, status, "{active:?} {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_the_last_use_of_each_secret_is_shown() {
    let plant = with(&[NEW, OLD]).await;
    let shown = async |secret: u32| {
        let name = "handoff_secret_last_used_seconds";
        let line =
            metric(&plant, &format!("{name}{{source=\"partner\",secret=\"{secret}\"}} ")).await;
        line.map(|line| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap())
    };
    assert_eq!((shown(1).await, shown(2).await), (None, None));
    send(&plant, OLD, "a").await;
    let first = plant.clock.now().seconds();
    assert_eq!((shown(1).await, shown(2).await), (None, Some(first)));
    plant.clock.advance(Span::minutes(5));
    send(&plant, NEW, "b").await;
    assert_eq!((shown(1).await, shown(2).await), (Some(first + 300), Some(first)));
    send(&plant, "neither-of-the-two-here", "c").await;
    assert_eq!(shown(2).await, Some(first), "a forged delivery uses no secret");
}

#[test]
fn s4_three_secrets_may_be_active_and_a_fourth_is_refused() {
    for (count, fits) in [(1, true), (3, true), (4, false)] {
        let secrets: Vec<_> =
            (0..count).map(|n| handoff::intake::Secret::new(format!("secret-{n}"))).collect();
        let compiled = Scheme::compile(&SourceSettings::new(Kind::Github), &secrets);
        assert_eq!(compiled.is_ok(), fits, "{count}");
    }
}
