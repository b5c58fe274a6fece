//! S18: a link in a message acts by a POST alone, once, for whom it was made, until it expires.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handoff::{
    clock::Clock as _,
    model::time::Span,
    notify::link::{Grant, LinkKey},
    store::EventFilter,
};
use reqwest::Method;
use uuid::Uuid;

use crate::harness::{Config, Plant};

async fn ask(plant: &Plant, method: Method, token: &str, form: &str) -> u16 {
    let url = plant.url(&format!("/act/{token}"));
    let request = plant.http.request(method, url).body(form.to_owned());
    request.send().await.expect("an answer").status().as_u16()
}

/// What is on disk: events, and the last decision.
async fn standing(plant: &Plant) -> (usize, handoff::store::Tally) {
    let filter = EventFilter { max: 500, ..EventFilter::default() };
    let events = plant.store.events(filter).await.expect("events").rows.len();
    (events, plant.store.tally(plant.clock.now()).await.expect("the books"))
}

fn key(seed: u8) -> LinkKey {
    LinkKey::new(&[[seed; 32]]).expect("a key")
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_looking_never_acts_and_forged_or_expired_links_never_do() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    plant.idle().await;
    let rep = lead.owner.clone().expect("it has an owner");
    let now = plant.clock.now();
    let act = Grant::Act { lead: lead.uuid, rep: rep.clone() };
    let grants = [
        act.clone(),
        Grant::OutToday { rep: rep.clone() },
        Grant::Board { rep: rep.clone() },
        Grant::Once { who: rep.clone(), nonce: Uuid::from_u128(9) },
    ];
    let later = now.plus(Span::days(1));
    let forms = ["act=on_it&seen=1", "act=out_today", "act=answered&seen=1", "act=nurture&seen=1"];
    let before = standing(&plant).await;
    for grant in &grants {
        let good = key(7).sign(grant, later);
        for form in forms {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE]
            {
                ask(&plant, method, &format!("{good}?{form}"), form).await;
            }
        }
        // Made by another key, expired, for nobody, for another lead.
        let foreign = key(8).sign(grant, later);
        let expired = key(7).sign(grant, now);
        for (token, status) in [(foreign, 404), (expired, 410)] {
            for form in forms {
                let answered = ask(&plant, Method::POST, &token, form).await;
                let expected = if matches!(grant, Grant::Once { .. }) { 404 } else { status };
                assert!([status, expected].contains(&answered), "{grant:?}: {answered}");
            }
        }
    }
    let stranger = Grant::Act { lead: lead.uuid, rep: "nobody".into() };
    assert_eq!(ask(&plant, Method::POST, &key(7).sign(&stranger, later), forms[0]).await, 410);
    // Every byte of a token counts.
    let good = key(7).sign(&act, later);
    let bytes = URL_SAFE_NO_PAD.decode(&good).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let token = URL_SAFE_NO_PAD.encode(changed);
        assert_eq!(ask(&plant, Method::POST, &token, forms[0]).await, 404, "byte {at}");
    }
    for token in ["", "x", "%00", "..%2f..", &"A".repeat(5_000)] {
        assert!(ask(&plant, Method::POST, token, forms[0]).await >= 400, "{token}");
    }
    assert_eq!(standing(&plant).await, before, "nothing was changed by any of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_however_often_it_is_pressed_at_once_it_acts_once() {
    let plant = Arc::new(Plant::start(Config::default()).await);
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let rep = lead.owner.clone().expect("it has an owner");
    let later = plant.clock.now().plus(Span::days(1));
    let token = key(7).sign(&Grant::Act { lead: lead.uuid, rep }, later);
    let before = standing(&plant).await.0;
    let mut presses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (plant, token) = (Arc::clone(&plant), token.clone());
        presses.spawn(async move { ask(&plant, Method::POST, &token, "act=on_it&seen=1").await });
    }
    while let Some(status) = presses.join_next().await {
        assert_eq!(status.expect("it ends"), 200);
    }
    plant.decided().await;
    assert_eq!(standing(&plant).await.0, before + 1);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_nothing_of_a_person_is_in_the_address() {
    let plant = Plant::start(Config::default()).await;
    let fields =
        [("first_name", "Zaubernuss"), ("company", "Haselwurz"), ("phone", "+49173555010")];
    let lead = plant.fill("schluesselblume@linden.example", &fields).await;
    let rep = lead.owner.clone().expect("it has an owner");
    let token = key(7).sign(&Grant::Act { lead: lead.uuid, rep }, plant.clock.now());
    let inside = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let text = String::from_utf8_lossy(&inside).into_owned();
    for word in ["schluesselblume", "linden", "Zaubernuss", "Haselwurz", "173555010", "@"] {
        assert!(!text.contains(word) && !token.contains(word), "{word} is in {text:?}");
    }
    assert!(key(7).verify(&token, handoff::model::time::Time(0)).is_ok());
}

#[test]
fn s18_links_live_seven_days_unless_the_settings_say_otherwise() {
    let reference = include_str!("../../../config/handoff.toml");
    assert!(reference.contains("\nexpire = \"7d\"\n"));
}
