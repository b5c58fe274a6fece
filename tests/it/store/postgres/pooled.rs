//! Behind a pooler in transaction mode: two replicas, each transaction on whatever session is free.

use std::collections::BTreeSet;

use handoff::store::{NewRulebook, postgres::Options};

use super::*;
use crate::harness::postgres::pooler::{self, Pooler};

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_in_transaction_mode_the_road_is_the_same() {
    if !pooler::is_there("behind_a_pooler_in_transaction_mode_the_road_is_the_same") {
        return;
    }
    let database = Database::empty();
    let pooler = Pooler::start(database.server);
    let options = Options { url: pooler.url(&database.name), ..database.options() };
    // The schema, too, is made through it.
    let stores: Vec<_> = (0..2).map(|_| Arc::new(PostgresStore::open(&options).unwrap())).collect();

    let mut calls = Vec::new();
    for n in 0..240 {
        // Every fourth delivery goes to both.
        for (place, store) in stores.iter().enumerate() {
            if n % 2 == place as i64 || n % 4 == 0 {
                let store = Arc::clone(store);
                calls.push(tokio::spawn(async move { store.accept(vec![fill(n)]).await }));
            }
        }
    }
    let mut fresh = 0;
    for call in calls {
        fresh += usize::from(!call.await.unwrap().unwrap()[0].is_duplicate);
    }
    assert_eq!(fresh, 240);

    let mut roads = Vec::new();
    for store in &stores {
        let store = Arc::clone(store);
        roads.push(tokio::spawn(async move {
            let decided = decide_with(&store, wanting(WRITE)).await;
            (decided, work(&store, 7).await)
        }));
    }
    let (mut decided, mut written) = (0, 0);
    for road in roads {
        let (more, done) = road.await.unwrap();
        (decided, written) = (decided + more, written + done);
    }
    written += work(&stores[0], 50).await; // what the other one decided last
    assert_eq!((decided, written), (240, 240));

    let rulebook = NewRulebook {
        document: "{}".into(),
        author: "ada".into(),
        message: "first".into(),
        at: T0,
    };
    assert_eq!(stores[0].publish(rulebook.clone()).await, Ok(1));
    assert_eq!(stores[1].publish(rulebook).await, Ok(1), "the same text");
    assert_eq!(stores[1].ready().await, Ok(()));
    let page = stores[1].decisions(handoff::store::DecisionFilter { after: None, max: 500 });
    let seqs: BTreeSet<i64> = page.await.unwrap().rows.iter().map(|one| one.seq.0).collect();
    assert_eq!(seqs, (1..=240).collect());
    let audit = stores[0].audit(T0).await.unwrap();
    assert_eq!(audit.differences(), [""; 0]);
}
