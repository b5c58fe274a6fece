//! PostgreSQL stopped as if it had crashed, and started again, under load through two replicas.

use std::{sync::atomic::Ordering, time::Duration};

use super::{
    super::{
        house::{self, House},
        senders::Senders,
    },
    all_is_well,
};
use crate::{harness::postgres::Stop, road::many::either};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_loses_nothing_and_is_used_again_at_once() {
    if !house::is_there("a_database_that_crashes_loses_nothing_and_is_used_again_at_once") {
        return;
    }
    let mut house = House::start().await;
    let ports = [house.replicas[0].port, house.replicas[1].port];
    let senders = Senders::start(ports, 12, u64::MAX, 5, Duration::from_millis(10));
    let rounds = either(3, 20);
    let (mut longest, mut unready) = (Duration::ZERO, 0);
    for _ in 0..rounds {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        tokio::task::block_in_place(|| house.server.stop(Stop::Immediate));
        let down = Instant::now();
        while down.elapsed() < Duration::from_secs(2) {
            for place in [0, 1] {
                let said = house.readiness(place).await;
                let (status, _) = said.expect("it answers while the database is down");
                assert_eq!(status, 503, "ready without a database");
                unready += 1;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::task::block_in_place(|| house.server.start_again());
        let up = Instant::now();
        for place in [0, 1] {
            house.until_ready(place, Duration::from_secs(30)).await;
        }
        longest = longest.max(up.elapsed());
    }
    let sent = senders.stop().await;
    let store = house.store();
    let leads = all_is_well(&house, &store, &sent).await;
    let refused = sent.refused.lock().unwrap().clone();
    println!(
        "{rounds} immediate stops of PostgreSQL under load: {} acknowledged, 0 lost, {leads} leads; \
         ready {} ms after the server at most; meanwhile {unready} looks found 503 and requests \
         were answered {refused:?}; the longest took {} ms",
        sent.count(),
        longest.as_millis(),
        sent.longest_ms.load(Ordering::Relaxed),
    );
    assert!(refused.get(&503).is_some_and(|count| *count > 0), "senders were told to come again");
    assert!(refused.keys().all(|status| *status == 503), "and nothing else: {refused:?}");
    assert!(longest <= Duration::from_secs(10), "{longest:?}");
    assert!(sent.longest_ms.load(Ordering::Relaxed) <= 5_000);
    house.replicas[0].signal("-TERM");
    assert!(house.replicas[0].ended(), "it ends well afterwards");
}
