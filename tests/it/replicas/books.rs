//! A rulebook that one publishes is used by the other within two seconds.

use std::time::Duration;

use handoff::{rulebook::Files, store::RulebookRow};

use super::Pair;
use crate::harness::{Config, RULEBOOK, until};

fn with(pair: &Pair, note: &str) -> Files {
    let text = RULEBOOK
        .replace("OWNER_ADA", &pair.plant.crm.owner("ada"))
        .replace("OWNER_BOB", &pair.plant.crm.owner("bob"));
    Files::new(format!("{text}\n# {note}\n"))
}

async fn versions(pair: &Pair) -> Vec<RulebookRow> {
    pair.plant.store.rulebooks(None).await.unwrap()
}

fn in_force(pair: &Pair) -> [u32; 2] {
    pair.workers().map(|one| one.book.load().version)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_publishes_the_other_uses_within_two_seconds() {
    let pair = Pair::start(Config::default(), true).await;
    assert_eq!((versions(&pair).await.len(), in_force(&pair)), (1, [1, 1]), "the same files");
    let mut longest = Duration::ZERO;
    for round in 2..7 {
        let (front, files) = (&pair.second.front, with(&pair, &format!("round {round}")));
        let new = handoff::store::NewRulebook {
            document: files.to_json().unwrap(),
            author: "mary".to_owned(),
            message: String::new(),
            at: front.clock.now(),
        };
        let version = front.store.publish(new).await.unwrap();
        (front.take_book)(std::sync::Arc::new(front.compile(&files, version).unwrap()));
        let began = tokio::time::Instant::now();
        until("the first uses it", || async { in_force(&pair) == [round, round] }).await;
        longest = longest.max(began.elapsed());
    }
    println!("published on one, used by the other after at most {} ms", longest.as_millis());
    assert!(longest <= Duration::from_secs(2), "{longest:?}");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_are_published_once_and_others_win_visibly() {
    let pair = Pair::start(Config::default(), true).await;
    *pair.plant.files.lock().unwrap() = with(&pair, "both see this");
    until("both use it", || async { in_force(&pair) == [2, 2] }).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(versions(&pair).await.len(), 2, "published once");
    // Somebody publishes over the API: files that did not change do not take it back.
    let files = with(&pair, "by hand");
    let front = &pair.second.front;
    let new = handoff::store::NewRulebook {
        document: files.to_json().unwrap(),
        author: "mary".to_owned(),
        message: String::new(),
        at: front.clock.now(),
    };
    front.store.publish(new).await.unwrap();
    until("both use it", || async { in_force(&pair) == [3, 3] }).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(in_force(&pair), [3, 3]);
    pair.stop().await;
}
