//! Two daemons see the same alert, and it is told once; each knows that the other is there.

use std::time::Duration;

use handoff::model::{
    alert::{Alert, Limits},
    time::Span,
};

use super::Pair;
use crate::{
    alerts::heard,
    harness::{Config, PATIENCE, until},
};

/// Lets time pass for both, a step at a time, until it holds.
async fn let_pass(pair: &Pair, what: &str, mut holds: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE * 2;
    while !holds() {
        assert!(tokio::time::Instant::now() < end, "it never came to be that {what}");
        pair.plant.clock.advance(Span::seconds(5));
        for worker in pair.workers() {
            worker.wakes.decide();
            worker.wakes.all_jobs();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_told_once_by_two_and_its_end_by_the_one_that_is_left() {
    let config = Config { alerts: Limits::default(), ..Config::default() };
    let mut pair = Pair::start(config, false).await;
    pair.plant.crm.set_down(true);
    pair.plant.fill("eva@linden.example", &[]).await;
    let held = Alert::DestinationHeld;
    let told = |pair: &Pair, word| heard(&pair.plant, word, held, "hubspot");
    let plant = &pair.plant;
    let_pass(&pair, "it is told", || heard(plant, "Alert", held, "hubspot") > 0).await;
    let seen = pair.workers().map(|one| one.presence.all().len());
    assert_eq!(seen, [2, 2], "each knows of the other");
    let mut looks = 0;
    let_pass(&pair, "some minutes pass", || {
        looks += 1;
        looks > 60
    })
    .await;
    assert_eq!(told(&pair, "Alert"), 1);
    // The one that told goes; the other one knows what was said, and says the rest.
    pair.plant.stop().await;
    pair.plant.crm.set_down(false);
    let end = tokio::time::Instant::now() + PATIENCE * 2;
    while told(&pair, "Over") == 0 {
        assert!(tokio::time::Instant::now() < end, "it was never told to be over");
        pair.plant.clock.advance(Span::seconds(5));
        pair.second.worker.wakes.decide();
        pair.second.worker.wakes.all_jobs();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until("it knows that it is alone", || async {
        pair.plant.clock.advance(Span::seconds(5));
        pair.second.worker.presence.all().len() == 1
    })
    .await;
    assert_eq!((told(&pair, "Alert"), told(&pair, "Over")), (1, 1));
    pair.second.stop().await;
}
