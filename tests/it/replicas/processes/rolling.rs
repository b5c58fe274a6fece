//! One replica after the other is restarted, under load, and a rulebook goes from one to the other.

use std::{sync::atomic::Ordering, time::Duration};

use super::{
    super::{
        house::{self, House},
        senders::Senders,
    },
    all_is_well,
};
use crate::road::many::either;
use tokio::time::Instant;

/// Asks it to stop, and waits until it has; answers whether it said first that it is not ready.
async fn stopped(house: &mut House, place: usize) -> bool {
    house.replicas[place].signal("-TERM");
    let (began, mut was_unready) = (Instant::now(), false);
    while began.elapsed() < Duration::from_millis(450) {
        was_unready |= house.readiness(place).await.is_some_and(|(status, _)| status == 503);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(house.replicas[place].ended(), "{}", house.replicas[place].log());
    was_unready
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_refuses_nobody_who_tries_again() {
    if !house::is_there("a_rolling_restart_refuses_nobody_who_tries_again") {
        return;
    }
    let mut house = House::start().await;
    house.crm.set_delay(20);
    let ports = [house.replicas[0].port, house.replicas[1].port];
    let senders = Senders::start(ports, 12, u64::MAX, 5, Duration::from_millis(5));
    let rounds = either(2, 10);
    let mut said_so = 0;
    for _ in 0..rounds {
        for place in [0, 1] {
            tokio::time::sleep(Duration::from_millis(800)).await;
            said_so += usize::from(stopped(&mut house, place).await);
            house.launch(place);
            house.until_ready(place, Duration::from_secs(30)).await;
        }
    }
    let left = house.leased().len();
    let sent = senders.stop().await;
    let store = house.store();
    let leads = all_is_well(&house, &store, &sent).await;
    let refused = sent.refused.lock().unwrap().clone();
    println!(
        "{} ordered restarts of one of two under load: {} acknowledged, {leads} leads, {} that \
         neither took at the first try; not ready first {said_so} times; tries answered otherwise \
         {refused:?}; jobs under a lease at the end {left}",
        2 * rounds,
        sent.count(),
        sent.unserved.load(Ordering::Relaxed),
    );
    assert_eq!(sent.unserved.load(Ordering::Relaxed), 0);
    assert_eq!(said_so, 2 * rounds, "it says that it is not ready while it still answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_published_on_one_is_used_by_the_other() {
    if !house::is_there("a_rulebook_published_on_one_is_used_by_the_other") {
        return;
    }
    let house = House::start().await;
    let version = async |place: usize| {
        let (_, said) = house.readiness(place).await.expect("it answers");
        said["rulebook"].as_u64().expect("a version")
    };
    assert_eq!((version(0).await, version(1).await), (1, 1), "the same files are one version");
    let file = house.replicas[0].folder.path().join("rulebook.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut longest = Duration::ZERO;
    for round in 2..6 {
        std::fs::write(&file, format!("{text}\n# round {round}\n")).unwrap();
        while version(0).await < round {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let published = Instant::now();
        while version(1).await < round {
            assert!(published.elapsed() < Duration::from_secs(10), "it never came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        longest = longest.max(published.elapsed());
    }
    println!(
        "a rulebook published by one process is used by the other after {} ms",
        longest.as_millis()
    );
    assert!(longest <= Duration::from_secs(2), "{longest:?}");
}
