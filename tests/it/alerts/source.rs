//! Alerts about those who post at us.

use handoff::model::{
    alert::{Alert, Limits},
    time::Span,
};

use super::{Proof, on_a_file, over, raised, store::lock, watched};
use crate::harness::{Config, Plant};

const BODY: &str = r#"{"data":{"email":"eva@linden.example"}}"#;

/// Posts what another secret signed.
async fn forged(plant: &Plant, delivery: &str) {
    let mut request = plant.http.post(plant.url("/in/website")).body(BODY);
    for (name, value) in plant.signed("another body", delivery) {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 401);
}

pub(super) async fn a_secret_that_was_changed_elsewhere(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    for number in 0..5 {
        forged(&plant, &format!("msg_{number}")).await;
        plant.clock.advance(Span::seconds(10));
    }
    raised(&plant, alert, "website", Span::seconds(20)).await;
    assert_eq!(plant.post(BODY, "good").await.0, 200);
    over(&plant, alert, "website").await
}

pub(super) async fn a_source_that_stopped(alert: Alert) -> Proof {
    let silent = [("website".to_owned(), Span::hours(12))].into();
    let plant = watched(Limits { silent, ..Limits::default() }).await;
    assert_eq!(plant.post(BODY, "one").await.0, 200);
    plant.idle().await;
    raised(&plant, alert, "website", Span::hours(1)).await;
    assert_eq!(plant.post(BODY, "two").await.0, 200);
    over(&plant, alert, "website").await
}

/// The alert gets out although the store can write nothing, its own state included.
pub(super) async fn a_store_that_takes_nothing(alert: Alert) -> Proof {
    let (plant, _folder, path) = on_a_file(Limits::default()).await;
    plant.idle().await;
    let held = lock(&path);
    assert_eq!(plant.post(BODY, "one").await.0, 503);
    raised(&plant, alert, "", Span::seconds(60)).await;
    drop(held);
    assert_eq!(plant.post(BODY, "one").await.0, 200);
    let proof = over(&plant, alert, "").await;
    plant.decided().await;
    plant.books_balance().await;
    proof
}

pub(super) async fn a_form_that_was_renamed(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.fill("p@linden.example", &[("company", "Linden")]).await;
    for number in 0..20 {
        plant.fill(&format!("p{number}@linden.example"), &[("firma", "Linden")]).await;
    }
    raised(&plant, alert, "website/company", Span::seconds(5)).await;
    plant.fill("q@linden.example", &[("company", "Linden")]).await;
    over(&plant, alert, "website/company").await
}

pub(super) async fn a_rotation_that_was_never_ended(alert: Alert) -> Proof {
    let new_secret = Some("whsec_bGVhZGhvb2stZGVtby1zaWduaW5nLWtleS0wMDAwMDI=");
    let alerts = Limits { old_secret: Span::minutes(30), ..Limits::default() };
    let plant = Plant::start(Config { alerts, new_secret, ..Config::default() }).await;
    for number in 0..3 {
        assert_eq!(plant.post(BODY, &format!("msg_{number}")).await.0, 200);
        // The watch looks while the clock stands.
        let looks = || async {
            plant.running().worker.watch_once(None).await.expect("it looks");
        };
        looks().await;
        plant.clock.advance(Span::minutes(16));
    }
    raised(&plant, alert, "website", Span::seconds(5)).await;
    over(&plant, alert, "website").await
}
