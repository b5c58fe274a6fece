//! I5: one delivery id is one event, whatever the number and the instant.

use std::{collections::BTreeMap, sync::Arc};

use handoff::store::Store as _;
use tokio::task::JoinSet;

use super::{
    daemon::{Daemon, all_events},
    wire::{Post, Wire, event_of},
};
use crate::harness::Dice;

const DELIVERIES: usize = 10_000;
const COPIES: usize = 5;
const CONNECTIONS: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn i5_ten_thousand_deliveries_in_five_shuffled_copies_are_ten_thousand_events() {
    let mut daemon = Daemon::new();
    // What is written outside is not what this is about.
    daemon.crm.set_down(true);
    daemon.start().await;
    // A thousand people, so that leads join too.
    let posts: Vec<Post> = (0..DELIVERIES)
        .map(|number| {
            let body = format!(r#"{{"data":{{"email":"p{}@linden.example"}}}}"#, number % 1_000);
            Post::new(daemon.port, &body, &format!("msg_{number}"))
        })
        .collect();
    let mut order: Vec<usize> = (0..DELIVERIES * COPIES).map(|copy| copy % DELIVERIES).collect();
    Dice::new(5).shuffle(&mut order);
    let (posts, order) = (Arc::new(posts), Arc::new(order));
    let began = tokio::time::Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..CONNECTIONS {
        let (posts, order, port) = (Arc::clone(&posts), Arc::clone(&order), daemon.port);
        senders.spawn(async move {
            let mut wire = Wire::connect(port).await.expect("a connection");
            let mut answers = Vec::new();
            for delivery in order.iter().skip(sender).step_by(CONNECTIONS) {
                let (status, body) = wire.send(&posts[*delivery]).await.expect("an answer");
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
                answers.push((*delivery, event_of(&body)));
            }
            answers
        });
    }
    let mut seen: BTreeMap<usize, Vec<uuid::Uuid>> = BTreeMap::new();
    while let Some(answers) = senders.join_next().await {
        for (delivery, event) in answers.expect("a sender ends well") {
            seen.entry(delivery).or_default().push(event);
        }
    }
    let took = began.elapsed();
    let (_, ended_well) = daemon.stop();
    assert!(ended_well, "{}", daemon.log());
    let store = daemon.store();
    let stored = all_events(&store).await.len();
    let tally = store.tally(handoff::model::time::Time(0)).await.expect("the books");
    let differing =
        seen.values().filter(|ids| ids.len() != COPIES || ids.iter().any(|id| *id != ids[0]));
    let differing = differing.count();
    println!(
        "I5: {DELIVERIES} deliveries x {COPIES} copies in {:.1} s: {} answered 2xx, {stored} \
         events, {differing} deliveries with two ids",
        took.as_secs_f64(),
        order.len(),
    );
    assert_eq!((stored, seen.len(), differing), (DELIVERIES, DELIVERIES, 0));
    assert_eq!(tally.accepted, DELIVERIES as i64);
    assert!(tally.balances(), "{tally:?}");
}
