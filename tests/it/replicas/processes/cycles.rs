//! One replica killed, frozen or cut off under load, again and again: nothing acknowledged is lost,
//! the other one takes over, and whoever comes back does nothing late.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{
    super::{
        house::{self, House, LEASE},
        senders::{Senders, Sent},
    },
    all_is_well,
};
use crate::road::many::either;
use tokio::time::Instant;

const LEASED: Duration = Duration::from_secs(LEASE);
/// How long the other one may take beyond the lease.
const GRACE: Duration = Duration::from_secs(2);

/// No request to a replica that runs takes longer, in milliseconds.
const HANGS: u64 = 5_000;

/// What a cycle saw.
#[derive(Default)]
struct Seen {
    /// Jobs that were in the victim's hands.
    taken_over: usize,
    /// Calls to the CRM after its lease was over.
    stale: usize,
    /// The longest time until the other one had its work.
    longest: Duration,
}

/// Waits until jobs that the victim held are held by it no more; the survivor's own are gone in a
/// moment, and what is left after that is the victim's.
async fn taken_over(house: &House, at: Instant, seen: &mut Seen) {
    let mut held = house.leased();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let still = |held: &BTreeSet<(i64, i64)>| -> BTreeSet<(i64, i64)> {
        held.intersection(&house.leased()).copied().collect()
    };
    held = still(&held);
    seen.taken_over += held.len();
    while !held.is_empty() {
        assert!(at.elapsed() < LEASED + GRACE * 3, "nobody takes over {held:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        held = still(&held);
        if held.is_empty() {
            seen.longest = seen.longest.max(at.elapsed());
        }
    }
}

/// Kills it, and starts it again when its work is done by the other.
async fn killed(house: &mut House, victim: usize, seen: &mut Seen) {
    let at = Instant::now();
    house.replicas[victim].signal("-KILL");
    house.replicas[victim].ended();
    taken_over(house, at, seen).await;
    house.launch(victim);
    house.until_ready(victim, Duration::from_secs(30)).await;
}

/// Freezes it for longer than its lease; when it goes on, it can claim nothing, so that every call
/// that it makes then is one of before.
async fn frozen(house: &mut House, victim: usize, seen: &mut Seen, sent: &Sent) {
    let at = Instant::now();
    let port = house.replicas[victim].port;
    sent.turn(port);
    house.replicas[victim].signal("-STOP");
    taken_over(house, at, seen).await;
    tokio::time::sleep((LEASED + Duration::from_millis(200)).saturating_sub(at.elapsed())).await;
    house.replicas[victim].link.cut();
    let before = house.writes_of(victim);
    house.replicas[victim].signal("-CONT");
    sent.turn(port);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    seen.stale += house.writes_of(victim) - before;
    house.replicas[victim].link.mend();
    house.until_ready(victim, Duration::from_secs(30)).await;
}

/// Cuts it off from the database for longer than its lease.
async fn cut_off(house: &mut House, victim: usize, seen: &mut Seen) {
    let at = Instant::now();
    house.replicas[victim].link.cut();
    taken_over(house, at, seen).await;
    tokio::time::sleep((LEASED + Duration::from_millis(200)).saturating_sub(at.elapsed())).await;
    let before = house.writes_of(victim);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    seen.stale += house.writes_of(victim) - before;
    house.replicas[victim].link.mend();
    house.until_ready(victim, Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_frozen_or_cut_off_loses_its_work_to_the_other() {
    if !house::is_there("a_replica_that_is_killed_frozen_or_cut_off_loses_its_work_to_the_other") {
        return;
    }
    let mut house = House::start().await;
    // Calls that take a while: there is always work in somebody's hands.
    house.crm.set_delay(150);
    let ports = [house.replicas[0].port, house.replicas[1].port];
    let senders = Senders::start(ports, 12, u64::MAX, 5, Duration::from_millis(20));
    let cycles = either(6, 25);
    let mut seen = Seen::default();
    for cycle in 0..cycles {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let victim = cycle / 3 % 2;
        match cycle % 3 {
            0 => killed(&mut house, victim, &mut seen).await,
            1 => frozen(&mut house, victim, &mut seen, &senders.sent).await,
            _ => cut_off(&mut house, victim, &mut seen).await,
        }
    }
    let sent = senders.stop().await;
    let longest = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let (running, halted) = (longest(&sent.longest_ms), longest(&sent.frozen_ms));
    house.crm.set_delay(0);
    let store = house.store();
    let leads = all_is_well(&house, &store, &sent).await;
    println!(
        "{cycles} cycles of kill, freeze and cut (lease {LEASE} s) under load: {} acknowledged, 0 \
         lost, {leads} leads with one record and one owner each; {} jobs taken over, the last of a \
         cycle after at most {:.1} s; {} calls by the stale one; the longest request to one that \
         runs took {running} ms, to one that is frozen {halted} ms",
        sent.count(),
        seen.taken_over,
        seen.longest.as_secs_f64(),
        seen.stale,
    );
    assert!(seen.taken_over > 0, "the faults hit somebody's work");
    assert_eq!(seen.stale, 0);
    assert!(halted > running, "a frozen one was asked too");
    assert!(running <= HANGS, "a request hung for {running} ms");
    assert!(seen.longest <= LEASED + GRACE, "{:?}", seen.longest);
}
