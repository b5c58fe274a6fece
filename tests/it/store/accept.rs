//! Accept: what is stored once, and what comes back.

use handoff::model::{event::Fate, id::event_uuid};

use super::fixture::*;

pub async fn a_second_delivery_changes_nothing_and_gets_the_first_ones_id(db: Db) {
    let first = db.accept(vec![fill(1)]).await.unwrap()[0];
    assert_eq!(first.uuid, event_uuid(t(1), "typeform", "delivery-1"));
    let mut again = fill(1);
    again.received_at = t(5_000);
    again.body = b"another body".to_vec();
    let second = db.accept(vec![again]).await.unwrap()[0];
    assert!(second.is_duplicate && !first.is_duplicate);
    assert_eq!(second.uuid, first.uuid);
    let events = db.undecided(10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].arrived, fill(1));
}

pub async fn the_same_delivery_twice_in_one_call_is_one_event(db: Db) {
    let both = db.accept(vec![fill(1), fill(1)]).await.unwrap();
    assert_eq!(both.iter().map(|one| one.is_duplicate).collect::<Vec<_>>(), [false, true]);
    assert_eq!(both[0].uuid, both[1].uuid);
    assert_eq!(db.tally(T0).await.unwrap().accepted, 1);
}

pub async fn the_same_delivery_of_two_sources_is_two_events(db: Db) {
    let mut other = fill(1);
    other.source = "hubspot".into();
    let both = db.accept(vec![fill(1), other]).await.unwrap();
    assert!(!both[1].is_duplicate);
    assert_ne!(both[0].uuid, both[1].uuid);
}

pub async fn events_under_way_come_oldest_first(db: Db) {
    accept(&db, (1..=5).map(fill).collect()).await;
    let deliveries = |events: Vec<handoff::model::event::Event>| {
        events.into_iter().map(|event| event.arrived.delivery).collect::<Vec<_>>()
    };
    let three = deliveries(db.undecided(3).await.unwrap());
    assert_eq!(three, ["delivery-1", "delivery-2", "delivery-3"]);
    let first = db.undecided(1).await.unwrap();
    decide_steps(&db, T0, first.iter().map(step).collect(), plain()).await;
    assert_eq!(deliveries(db.undecided(1).await.unwrap()), ["delivery-2"]);
}

pub async fn what_arrived_reads_back_to_the_byte(db: Db) {
    let mut odd = fill(1);
    odd.body = (0..=255).collect();
    odd.content_type = None;
    let mut empty = fill(2);
    empty.body = Vec::new();
    let back = news(3, &handoff::model::news::News::Back { rep: "ada".into() });
    accept(&db, vec![odd.clone(), empty.clone(), back.clone()]).await;
    let events = db.undecided(10).await.unwrap();
    for (event, sent) in events.iter().zip([odd, empty, back]) {
        assert_eq!(event.arrived, sent);
        assert_eq!((event.fate, event.tries, &event.reason), (Fate::Underway, 0, &None));
    }
    assert_eq!(events.len(), 3);
}
