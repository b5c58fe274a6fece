//! Health and metrics: what is promised in the README is on the page, and nothing else is.

use std::collections::BTreeSet;

use handoff::{
    clock::Clock as _,
    demo::crm::Fault,
    model::{
        lead::{Lead, State},
        news::{News, Response, ResponseKind},
        time::Span,
    },
};

use crate::harness::{Config, Plant, desk, until};

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
    let cells = readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells
        .filter(|cell| cell.starts_with("`handoff_") || cell.starts_with("`process_"))
        .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`').to_owned()))
        .collect()
}

/// Somebody calls.
async fn answer(plant: &Plant, lead: &Lead, number: usize) {
    let at = plant.clock.now();
    let response = Response { kind: ResponseKind::Call, at, by: None, evidence: None };
    let news = News::Responded { lead: lead.uuid, response };
    plant.store.accept(vec![desk::news(number, at, &news)]).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.idle().await;
}

/// Waits until these lines are on the page.
async fn shows(plant: &Plant, lines: &[&str]) {
    until(&format!("the page shows {lines:?}"), || async {
        plant.clock.advance(Span::seconds(10));
        plant.running().worker.wakes.all_jobs();
        let page = page(plant).await;
        lines.iter().all(|line| page.lines().any(|found| found == *line))
    })
    .await;
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
    let lead = plant.fill("una@linden.example", &[]).await;
    answer(&plant, &lead, 1).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn leads_past_their_deadline_show_and_answers_count_as_in_time_or_not() {
    let plant = Plant::start(Config::default()).await;
    let prompt = plant.fill("eva@linden.example", &[]).await;
    answer(&plant, &prompt, 1).await;
    plant.fill("ben@birke.example", &[]).await;
    plant.idle().await;
    shows(&plant, &["handoff_answered_total{in_time=\"yes\"} 1", "handoff_leads_late 0"]).await;
    plant.after(Span::minutes(6)).await;
    shows(&plant, &["handoff_leads_late 1"]).await;
    let late = plant.lead_of("ben@birke.example").await.expect("it is there");
    answer(&plant, &late, 2).await;
    plant.in_state("ben@birke.example", State::Answered).await;
    let both = ["yes", "no"].map(|word| format!("handoff_answered_total{{in_time=\"{word}\"}} 1"));
    shows(&plant, &["handoff_leads_late 0", &both[0], &both[1]]).await;
    shows(&plant, &["handoff_since_arrival_seconds_count{stage=\"answered\"} 2"]).await;
}
