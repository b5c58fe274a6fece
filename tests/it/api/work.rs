//! Events and jobs through the API: what an operator sees and mends.

use handoff::{demo::crm::Fault, model::time::Span};
use reqwest::Method;
use serde_json::{Value, json};

use super::caller;
use crate::harness::{Config, Plant, until};

const NOBODY: &str = "0197c1d2-0000-7000-8000-000000000000";

fn rows<'a>(page: &'a Value, name: &str) -> &'a Vec<Value> {
    page[name].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_that_cannot_be_read_is_shown_and_redone_after_the_mapping_is_mended() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    plant.fill("ben@linden.example", &[]).await;
    for number in 0..3 {
        let body = format!(r#"{{"data":{{"contact":"p{number}@linden.example"}}}}"#);
        assert_eq!(plant.post(&body, &format!("msg_{number}")).await.0, 200);
    }
    plant.decided().await;
    let list = ops.get("/events?fate=rejected&source=website&max=2").await;
    assert_eq!(rows(&list, "events").len(), 2);
    assert!(!list.to_string().contains("linden.example"), "a list holds no bodies: {list}");
    let more = ops.get(&format!("/events?fate=rejected&max=2&before={}", list["next"])).await;
    assert_eq!(rows(&more, "events").len(), 1);
    let id = more["events"][0]["event"].as_str().unwrap();
    let event = ops.get(&format!("/events/{id}")).await;
    assert_eq!((&event["source"], &event["delivery"]), (&json!("website"), &json!("msg_0")));
    assert_eq!(event["body"], r#"{"data":{"contact":"p0@linden.example"}}"#);
    assert!(event["reason"].as_str().unwrap().contains("no email"), "{event}");
    for path in [format!("/events/{NOBODY}"), "/events/1".to_owned()] {
        assert_eq!(ops.call(Method::GET, &path, None).await.0, 404, "{path}");
    }
    for query in ["?fate=lost", "?kind=fill"] {
        assert_eq!(ops.call(Method::GET, &format!("/events{query}"), None).await.0, 400, "{query}");
    }
    for (body, advice) in [
        (json!({}), "name `events` by id, or a `fate`"),
        (json!({ "source": "website" }), "name `events` by id, or a `fate`"),
        (json!({ "all": true }), "unknown field `all`"),
    ] {
        let said = ops.refused("/events/redo", body, 400).await;
        assert!(said.contains(advice), "{said}");
    }

    let text = String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap();
    let mended = format!("{text}\n[[mapping]]\nsource = \"website\"\nemail = \"$.data.contact\"\n");
    let draft = json!({ "files": { "rulebook.toml": mended }, "message": "read contact" });
    assert_eq!(ops.post("/rulebooks", draft).await.0, 201);
    let redone = ops.post("/events/redo", json!({ "events": [id, NOBODY] })).await;
    assert_eq!(redone, (200, json!({ "redone": 1 })));
    plant.decided().await;
    let again = ops.get(&format!("/events/{id}")).await;
    assert_eq!((&again["fate"], &again["event"]), (&json!("opened"), &json!(id)), "{again}");
    let rest = ops.post("/events/redo", json!({ "fate": "rejected", "source": "website" })).await;
    assert_eq!(rest, (200, json!({ "redone": 2 })));
    plant.decided().await;
    let opened = ops.post("/events/redo", json!({ "fate": "opened" })).await;
    assert_eq!(opened, (200, json!({ "redone": 0 })), "what was decided stays decided");
    assert_eq!(rows(&ops.get("/leads").await, "leads").len(), 4);
    plant.idle().await;
    let books = ops.get("/books").await;
    assert_eq!((&books["balances"], &books["books"]["accepted"]), (&json!(true), &json!(4)));
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_the_crm_refuses_is_a_dead_job_until_somebody_retries_it() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    // The batch is refused, so is the lead alone, and whatever else is tried.
    plant.crm.script([Fault::Status(400); 6]);
    let lead = plant.fill("eva@linden.example", &[]).await;
    until("the write is dead", || async {
        !rows(&ops.get("/jobs?dead=true").await, "jobs").is_empty()
    })
    .await;
    let dead = ops.get("/jobs?dead=true&kind=write").await;
    let job = &dead["jobs"][0];
    assert_eq!(
        (&job["lead"], &job["destination"]),
        (&json!(lead.uuid), &json!("hubspot")),
        "{job}"
    );
    assert!(job["reason"].as_str().unwrap().contains("refused"), "{job}");
    assert!(!dead.to_string().contains("linden"), "{dead}");
    plant.after(Span::days(2)).await;
    assert!(plant.crm.records().is_empty(), "a dead job is not done again by itself");
    for (path, body, status) in [
        ("/jobs/retry", json!({}), 400),
        ("/jobs/retry", json!({ "jobs": "all" }), 400),
        ("/jobs/forget", json!({ "jobs": [1] }), 404),
    ] {
        ops.refused(path, body, status).await;
    }
    let retry = json!({ "jobs": [job["id"], 999_999] });
    assert_eq!(ops.post("/jobs/retry", retry.clone()).await, (200, json!({ "changed": 1 })));
    until("it is mended there, and the lead is in the CRM", || async {
        if !rows(&ops.get("/jobs?dead=true").await, "jobs").is_empty() {
            ops.post("/jobs/retry", retry.clone()).await;
        }
        plant.crm.records().len() == 1
    })
    .await;
    plant.idle().await;
    assert!(rows(&ops.get("/jobs?dead=true").await, "jobs").is_empty());
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buried_job_is_shown_and_not_done_and_a_review_cannot_be_buried() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    plant.crm.set_down(true);
    plant.fill("eva@linden.example", &[]).await;
    until("the write has failed once and the owner was told", || async {
        let open = ops.get("/jobs?dead=false").await;
        let jobs = rows(&open, "jobs");
        let failed = |job: &Value| job["attempts"] == 1 && job["is_leased"] == false;
        jobs.len() == 2 && jobs.iter().any(failed)
    })
    .await;
    let all = ops.get("/jobs").await;
    let ids: Vec<&Value> = rows(&all, "jobs").iter().map(|job| &job["id"]).collect();
    assert_eq!(ids.len(), 2, "the write and the review: {all}");
    let buried = ops.post("/jobs/bury", json!({ "jobs": ids })).await;
    assert_eq!(buried, (200, json!({ "changed": 1 })));
    plant.crm.set_down(false);
    plant.after(Span::minutes(4)).await;
    assert!(plant.crm.records().is_empty());
    assert_eq!(plant.mails_to("ada@").len(), 2, "the review goes on");
    let dead = ops.get("/jobs?dead=true").await;
    assert_eq!(dead["jobs"][0]["reason"], "buried by an operator");
    let retry = json!({ "jobs": [dead["jobs"][0]["id"]] });
    assert_eq!(ops.post("/jobs/retry", retry).await.0, 200);
    until("the lead is in the CRM", || async {
        plant.clock.advance(Span::seconds(1));
        plant.running().worker.wakes.all_jobs();
        plant.crm.records().len() == 1
    })
    .await;
}
