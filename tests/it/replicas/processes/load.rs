//! I7: half of the deliveries to each of two replicas, some to both: one lead, one owner, one turn
//! and one record each.

use std::time::Duration;

use super::{
    super::{
        house::{self, House},
        senders::Senders,
    },
    all_is_well,
};
use crate::road::many::either;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn i7_two_replicas_share_the_leads_without_a_double_owner() {
    if !house::is_there("i7_two_replicas_share_the_leads_without_a_double_owner") {
        return;
    }
    let house = House::start().await;
    house.crm.set_lean(true);
    let count = either(20_000, 100_000);
    let ports = [house.replicas[0].port, house.replicas[1].port];
    let began = Instant::now();
    let senders = Senders::start(ports, 32, count as u64, 5, Duration::ZERO);
    let sent = senders.done().await;
    let took_in = began.elapsed();
    let store = house.store();
    let leads = all_is_well(&house, &store, &sent).await;
    let took = began.elapsed();
    let team = handoff::store::Store::team(&store).await.unwrap();
    let turns: Vec<u32> =
        team.rotations["inbound"].turns.values().map(|turn| turn.received).collect();
    let calls = house.crm.stats();
    println!(
        "I7: {count} leads, half to each of two replicas, 5 % to both: {} acknowledged in {:.1} s, \
         all written after {:.1} s; {leads} leads, 0 double owners, turns {turns:?}, {} records, {} \
         calls to the CRM",
        sent.count(),
        took_in.as_secs_f64(),
        took.as_secs_f64(),
        calls.people,
        calls.requests,
    );
    assert_eq!((leads, sent.count()), (count, count));
    assert_eq!(sent.twice.load(std::sync::atomic::Ordering::Relaxed), 0, "one event each");
    assert_eq!(turns.iter().sum::<u32>() as usize, count, "turns are leads given");
    assert!(turns.iter().max().unwrap() - turns.iter().min().unwrap() <= 1, "{turns:?}");
    assert_eq!(calls.people, count);
}
