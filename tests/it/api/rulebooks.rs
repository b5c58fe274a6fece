//! Rulebooks through the API: good, bad, out of date, the same, tried; and over a restart.

use handoff::model::time::Span;
use reqwest::Method;
use serde_json::{Value, json};

use super::caller;
use crate::harness::{Config, Plant, until};

fn text(plant: &Plant) -> String {
    String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap()
}

fn draft(text: &str) -> Value {
    json!({ "files": { "rulebook.toml": text }, "message": "by a test" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_rulebook_is_the_next_version_and_decides_the_next_lead() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let longer = text(&plant).replace("respond_within = \"5m\"", "respond_within = \"7m\"");
    let mut tried = draft(&longer);
    tried["dry_run"] = json!(true);
    assert_eq!(ops.post("/rulebooks", tried).await, (200, json!({ "would_publish": true })));
    assert_eq!(ops.get("/rulebooks").await["in_force"], 1, "a trial publishes nothing");
    let mut based = draft(&longer);
    based["based_on"] = json!(1);
    assert_eq!(ops.post("/rulebooks", based.clone()).await, (201, json!({ "version": 2 })));
    let lead = plant.fill("eva@linden.example", &[]).await;
    let ladder = lead.ladder.unwrap();
    assert_eq!(ladder.deadline.since(ladder.started_at), Span::minutes(7));
    let list = ops.get("/rulebooks").await;
    assert_eq!((&list["in_force"], &list["rulebooks"][0]["author"]), (&json!(2), &json!("ops")));
    assert_eq!(list["rulebooks"][0]["message"], "by a test");
    let shown = ops.get("/rulebooks/2").await;
    let document: Value = serde_json::from_str(shown["document"].as_str().unwrap()).unwrap();
    assert_eq!(document["rulebook.toml"], longer);
    for path in ["/rulebooks/3", "/rulebooks/0", "/rulebooks/two"] {
        assert_eq!(ops.call(Method::GET, path, None).await.0, 404, "{path}");
    }
    // Somebody else was first.
    let said = ops.refused("/rulebooks", based, 409).await;
    assert!(said.contains("version 2 is in force"), "{said}");
    let (status, same) = ops.post("/rulebooks", draft(&longer)).await;
    assert_eq!((status, &same["version"]), (200, &json!(2)), "the same text makes no version");
    assert_eq!(ops.get("/rulebooks").await["rulebooks"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_rulebook_is_refused_with_every_place_and_the_good_one_stays() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let broken = text(&plant)
        .replace("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbuond\"")
        .replace("respond_within = \"5m\"", "respond_within = \"5 minutes\"");
    let line = |mark: &str| 1 + broken.lines().position(|line| line.contains(mark)).unwrap();
    for is_trial in [false, true] {
        let mut order = draft(&broken);
        order["dry_run"] = json!(is_trial);
        let (status, problem) = ops.post("/rulebooks", order).await;
        assert_eq!(status, 422, "{problem}");
        let findings = problem["findings"].as_array().unwrap();
        for mark in ["inbuond", "5 minutes"] {
            let found = findings.iter().find(|one| one["line"] == line(mark));
            let found = found.unwrap_or_else(|| panic!("{mark}: {problem}"));
            assert_eq!(found["file"], "rulebook.toml");
            assert!(found["column"].as_u64().unwrap() > 5, "{found}");
            let said = format!("{} {}", found["message"], found["mend"]);
            assert!(said.contains("did you mean") || said.contains("write"), "{found}");
        }
    }
    for (body, advice) in [
        (json!({}), "missing field `files`"),
        (json!({ "files": {} }), "rulebook.toml"),
        (json!({ "files": { "rulebook.toml": 1 } }), "string"),
        (json!({ "files": { "rulebook.toml": "" }, "force": true }), "unknown field `force`"),
    ] {
        let said = ops.refused("/rulebooks", body, 400).await;
        assert!(said.contains(advice), "{said}");
    }
    let (status, _) = ops.post("/rulebooks", draft("not = [toml")).await;
    assert_eq!(status, 422);
    let list = ops.get("/rulebooks").await;
    assert_eq!((&list["in_force"], list["rulebooks"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(plant.fill("eva@linden.example", &[]).await.owner.as_deref(), Some("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_from_the_api_survives_restarts_until_the_file_changes() {
    let mut plant = Plant::start(Config::default()).await;
    let file = text(&plant);
    let with = |span: &str| {
        file.replace("respond_within = \"5m\"", &format!("respond_within = \"{span}\""))
    };
    // A token may be called anything, also what versions from the file are signed with.
    for (name, span, version) in [("ops", "7m", 2), ("file", "8m", 3)] {
        let ops = caller(&plant, name).await;
        let answer = ops.post("/rulebooks", draft(&with(span))).await;
        assert_eq!(answer, (201, json!({ "version": version })));
    }
    for _ in 0..2 {
        plant.stop().await;
        plant.begin().await;
        assert_eq!(plant.running().worker.book.load().version, 3, "the file has not changed");
    }
    plant.clock.advance(Span::seconds(3));
    plant.fill("eva@linden.example", &[]).await;
    assert_eq!(plant.running().worker.book.load().version, 3);
    plant.stop().await;
    plant.files.lock().unwrap().main = with("9m").into_bytes();
    plant.begin().await;
    assert_eq!(plant.running().worker.book.load().version, 4, "it changed while nobody watched");
    plant.files.lock().unwrap().main = with("10m").into_bytes();
    plant.clock.advance(Span::seconds(3));
    until("the change is in force", || async { plant.running().worker.book.load().version == 5 })
        .await;
}
