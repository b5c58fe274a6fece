//! Health and metrics: what is promised in the README is on the page, and nothing else is.

use std::collections::BTreeSet;

use handoff::{demo::crm::Fault, model::time::Span};

use crate::harness::{Config, Plant, until};

/// The names on a page of metrics, those of histograms without their suffixes.
fn names(page: &str) -> BTreeSet<String> {
    let histograms: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" histogram"))
        .collect();
    page.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let name = line.split(['{', ' ']).next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .filter(|base| histograms.contains(base));
            base.unwrap_or(name).to_owned()
        })
        .collect()
}

/// The names in the README's table.
fn promised() -> BTreeSet<String> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `handoff_")?.split('`').next())
        .map(|rest| format!("handoff_{rest}"))
        .collect()
}

async fn page(plant: &Plant) -> String {
    plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promised_metric_is_on_the_page_and_every_one_there_is_promised() {
    let plant = Plant::start(Config::default()).await;
    plant.crm.script([Fault::Status(503)]);
    plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    plant.fill("ben@linden.example", &[("firma", "Linden")]).await;
    plant.post("{}", "msg_x").await;
    plant.http.post(plant.url("/in/website")).send().await.unwrap();
    plant.after(Span::minutes(6)).await;
    until("every promised metric is there", || async {
        plant.clock.advance(Span::seconds(10));
        plant.running().worker.wakes.all_jobs();
        names(&page(&plant).await).is_superset(&promised())
    })
    .await;
    assert_eq!(names(&page(&plant).await), promised());
    assert!(page(&plant).await.ends_with("# EOF\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_that_it_lives_and_can_store() {
    let plant = Plant::start(Config::default()).await;
    let get = async |path: &str| plant.http.get(plant.url(path)).send().await.unwrap();
    assert_eq!(get("/health/live").await.status(), 200);
    let ready = get("/health/ready").await;
    assert_eq!(ready.status(), 200);
    let text = ready.text().await.unwrap();
    assert!(text.contains("\"ready\":true") && text.contains("\"rulebook\":1"), "{text}");
    let metrics = get("/metrics").await;
    assert!(
        metrics.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics")
    );
}
