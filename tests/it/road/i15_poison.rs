//! I15: one bad event or one dead target harms no other.

use std::sync::Arc;

use handoff::{
    clock::Clock as _,
    demo::channels::posts::Reply,
    model::{event::Fate, plan::Input, time::Span},
    store::{Batch, BatchDone, Boxed, EventFilter, Store, StoreResult, Tally, Wrapped},
};

use super::many::{either, pass};
use crate::harness::{Config, Plant, until};

/// A store in which deciding a fill of the form `poison` panics.
struct Poisoned(Arc<dyn Store>);

impl Wrapped for Poisoned {
    fn within(&self) -> &dyn Store {
        &*self.0
    }

    fn decide(&self, mut batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        let inner = Arc::clone(&batch.decide);
        batch.decide = Arc::new(move |snapshot, step, now| {
            if let Input::Fill(draft) = &step.input {
                assert!(draft.fields.text("form") != Some("poison"), "poison");
            }
            inner(snapshot, step, now)
        });
        self.0.decide(batch)
    }
}

/// How long each of these took from its post to its decision, sorted, in milliseconds.
async fn decided_within(plant: &Plant, count: usize, poison: usize, from: usize) -> Vec<u128> {
    let mut took = Vec::new();
    for number in from..from + count {
        let form = if poison > 0 && number % poison == 0 { "poison" } else { "demo" };
        let deep = "[".repeat(200);
        let body = match form {
            // One in three cannot even be read.
            "poison" if number % 3 == 0 => format!(r#"{{"data":{deep}"#),
            form => {
                format!(r#"{{"data":{{"email":"p{number}@linden.example","form":"{form}"}}}}"#)
            }
        };
        let began = tokio::time::Instant::now();
        assert_eq!(plant.post(&body, &format!("msg_{number}")).await.0, 200);
        if form == "demo" {
            let email = format!("p{number}@linden.example");
            until("it is decided", || async {
                plant
                    .leads_newest(5)
                    .await
                    .iter()
                    .any(|one| one.fields.text("email") == Some(&email))
            })
            .await;
            took.push(began.elapsed().as_micros());
        }
    }
    took.sort_unstable();
    took
}

fn p99(sorted: &[u128]) -> u128 {
    sorted[sorted.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread")]
async fn i15_poison_events_and_a_dead_target_harm_no_other() {
    // The panics are meant: only those of this kind are kept quiet.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"poison") {
            usual(panic);
        }
    }));
    let folder = tempfile::tempdir().unwrap();
    let config = Config { store: Some(folder.path().join("handoff.db")), ..Config::default() };
    let mut plant = Plant::start(config).await;
    plant.stop().await;
    plant.store = Arc::new(Poisoned(Arc::clone(&plant.store)));
    plant.begin().await;
    let count = either(300, 3_000);
    let normal = decided_within(&plant, count, 0, 0).await;
    // From here on one in a hundred is poison, and chat and pager take nothing.
    (0..100_000).for_each(|_| plant.chat.plan(Reply { status: 500, ..Reply::default() }));
    plant.clock.advance(Span::minutes(5));
    let harmed = decided_within(&plant, count, 100, 100_000).await;
    let poison = (100_000..100_000 + count).filter(|number| number % 100 == 0).count();
    let fates = |tally: &Tally| (tally.fates["dead"], tally.fates["rejected"]);
    until("poison is dead or rejected", || async {
        pass(&plant, Span::seconds(5));
        let tally = plant.store.tally(plant.clock.now()).await.unwrap();
        let (dead, rejected) = fates(&tally);
        dead + rejected == poison as i64
    })
    .await;
    until("everybody was told by mail, and the CRM has all", || async {
        let tally = plant.store.tally(plant.clock.now()).await.unwrap();
        let open = |name: &str| tally.jobs.get(name).map_or(0, |jobs| jobs.open);
        open("tell:email") == 0 && open("write:hubspot") == 0
    })
    .await;
    let _usual = std::panic::take_hook();
    let dead = plant
        .store
        .events(EventFilter { fate: Some(Fate::Dead), max: 500, ..EventFilter::default() })
        .await
        .unwrap()
        .rows;
    assert!(!dead.is_empty() && dead.iter().all(|event| event.tries == 5), "{dead:?}");
    let tally = plant.store.tally(plant.clock.now()).await.unwrap();
    let chat = plant.chat.posts().all().len();
    println!(
        "I15: p99 to the decision {} us normally, {} us with 1 % poison ({} dead after five \
         tries, {} unreadable) and a dead channel ({chat} calls in vain)",
        p99(&normal),
        p99(&harmed),
        fates(&tally).0,
        fates(&tally).1,
    );
    assert!(chat > 0, "the dead channel was tried");
    let limit = (2 * p99(&normal)).max(50_000);
    assert!(p99(&harmed) <= limit, "{} against {}", p99(&harmed), p99(&normal));
    plant.books_balance().await;
}
