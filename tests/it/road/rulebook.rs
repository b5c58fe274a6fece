//! The rulebook while the daemon runs: a change is published, a mistake changes nothing.

use handoff::model::time::Span;

use crate::harness::{Config, Plant, until};

fn text(plant: &Plant) -> String {
    String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap()
}

fn write(plant: &Plant, text: String) {
    plant.files.lock().unwrap().main = text.into_bytes();
    plant.clock.advance(Span::seconds(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_never_replaces_a_good_rulebook() {
    let plant = Plant::start(Config::default()).await;
    let good = text(&plant);
    write(&plant, good.replace("pool: inbound", "pool: nowhere"));
    plant.fill("eva@linden.example", &[]).await;
    assert_eq!(plant.running().worker.book.load().version, 1);
    write(&plant, good.replace("respond_within = \"5m\"", "respond_within = \"7m\""));
    until("the next version is in force", || async {
        plant.running().worker.book.load().version == 2
    })
    .await;
    let lead = plant.fill("ben@linden.example", &[]).await;
    let ladder = lead.ladder.unwrap();
    assert_eq!(ladder.deadline.since(ladder.started_at), Span::minutes(7));
    let versions = plant.store.rulebooks(None).await.unwrap();
    assert_eq!(versions.iter().map(|row| row.version).collect::<Vec<_>>(), [2, 1]);
}
