//! I21: every decision names exactly one rulebook version, and is made by it; a broken one is
//! never in force.

use std::collections::BTreeMap;

use handoff::model::time::{Span, Time};
use serde_json::{Value, json};

use super::many::{accept, decisions, either, leads};
use crate::{
    api::caller,
    harness::{Config, Dice, Plant},
};

fn text(plant: &Plant) -> String {
    String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn i21_publishes_under_load_are_never_mixed_and_broken_ones_never_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let store = Some(folder.path().join("handoff.db"));
    let plant = Plant::start(Config { store, ..Config::default() }).await;
    let ops = caller(&plant, "ops").await;
    // Every version has a span of its own, by which its decisions are known.
    let span = |version: u64| Span(Span::minutes(5).0 + version.cast_signed());
    let with = |version: u64, broken: bool| {
        let text = text(&plant)
            .replace("respond_within = \"5m\"", &format!("respond_within = \"{}\"", span(version)));
        if broken { text.replace("pool: inbound", "pool: nowhere") } else { text }
    };
    let (publishes, mut dice) = (either(200, 1_000) as u64, Dice::new(21));
    let (mut version, mut refused, mut people) = (1_u64, 0, 0);
    let mut spans: BTreeMap<u64, Span> = BTreeMap::from([(1, Span::minutes(5))]);
    for _ in 0..publishes {
        // Leads come all the while, and are decided while the next version is published.
        let some = people..people + dice.below(4) as usize;
        people = some.end;
        accept(&plant, some, |_| "demo").await;
        let broken = dice.percent(30);
        let files = json!({ "rulebook.toml": with(version + 1, broken) });
        let (status, said) = ops.post("/rulebooks", json!({ "files": files })).await;
        if broken {
            assert_eq!(status, 422, "{said}");
            refused += 1;
        } else {
            version += 1;
            assert_eq!((status, said), (201, json!({ "version": version })));
            spans.insert(version, span(version));
        }
    }
    plant.decided().await;
    let all = leads(plant.store.as_ref()).await;
    let (mut mixed, mut seen) = (0, BTreeMap::new());
    for decided in decisions(plant.store.as_ref()).await {
        let Some(deadline) = decided.decision.why.get("deadline") else { continue };
        let deadline: Time = serde_json::from_value::<Time>(Value::clone(deadline)).unwrap();
        let version = u64::from(decided.decision.rulebook);
        *seen.entry(version).or_insert(0) += 1;
        mixed += usize::from(spans.get(&version) != Some(&deadline.since(decided.decision.at)));
    }
    let in_force = plant.running().worker.book.load().version;
    println!(
        "I21: {publishes} publishes under load, {refused} broken and refused: {} decisions by {} \
         versions, {mixed} mixed; version {in_force} is in force",
        all.len(),
        seen.len(),
    );
    assert_eq!((all.len(), mixed), (people, 0));
    assert_eq!(seen.values().sum::<usize>(), people, "each names one");
    assert_eq!(u64::from(in_force), version);
    assert!(refused > publishes / 5 && seen.len() as u64 > publishes / 10);
    let newest = plant.store.rulebooks(None).await.unwrap();
    assert_eq!(newest.first().map(|row| u64::from(row.version)), Some(version));
}
