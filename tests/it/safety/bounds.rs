//! Every bound has a test at it and one past it, and stands in the README.

use std::{fs, sync::Arc};

use handoff::{
    clock::Clock as _,
    intake::form,
    model::event::{EventKind, NewEvent},
    store::{
        EventFilter, JobFilter, LeadFilter, Store as _, StoreError,
        sqlite::{Pace, SqliteStore},
    },
};
use reqwest::Method;
use serde_json::json;

use super::{BODY, tuned};
use crate::{
    api::caller,
    architecture::source::root,
    harness::{Config, Plant},
};

/// A store whose line holds so many.
fn narrow(line_max: usize) -> (tempfile::TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let pace = Pace { line_max, ..Pace::default() };
    let path = folder.path().join("handoff.db");
    let store = SqliteStore::open_with(&path, true, pace).unwrap();
    (folder, Arc::new(store))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_waiting_line_answers_503_with_retry_after_and_loses_nothing() {
    let (_folder, store) = narrow(2);
    let shared = Arc::clone(&store);
    let plant = Arc::new(tuned(move |parts| parts.store = Arc::clone(&shared) as Arc<_>).await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let plant = Arc::clone(&plant);
        tasks.spawn(async move {
            let body = BODY.replace("eva", &format!("p{number}"));
            let headers = plant.signed(&body, &format!("msg_{number}"));
            let mut request = plant.http.post(plant.url("/in/website")).body(body);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let answer = request.send().await.expect("an answer");
            let again = answer.headers().contains_key("retry-after");
            (number, answer.status().as_u16(), again)
        });
    }
    let (mut taken, mut sent_away) = (0, Vec::new());
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            (_, 200, _) => taken += 1,
            (number, 503, true) => sent_away.push(number),
            other => panic!("{other:?}"),
        }
    }
    println!("a line of 2: {taken} taken, {} told to come again", sent_away.len());
    assert!(!sent_away.is_empty(), "the line was never full");
    // They come again, one after the other, and all are in.
    for number in sent_away {
        let body = BODY.replace("eva", &format!("p{number}"));
        let mut status = 0;
        while status != 200 {
            status = plant.post(&body, &format!("msg_{number}")).await.0;
            assert!(status == 200 || status == 503, "{status}");
        }
    }
    let events = store.events(EventFilter { max: 500, ..EventFilter::default() }).await.unwrap();
    assert_eq!(events.rows.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_api_holds_at_most_five_hundred_rows() {
    let plant = Plant::start(Config::default()).await;
    let now = plant.clock.now();
    let event = |number: usize| NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery: format!("m{number}"),
        received_at: now,
        content_type: None,
        actor: None,
        body: BODY.replace("eva", &format!("p{number}")).into_bytes(),
    };
    plant.store.accept((0..501).map(event).collect()).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.decided().await;
    let ops = caller(&plant, "ops").await;
    for (asked, rows) in [("", 50), ("0", 1), ("1", 1), ("500", 500), ("501", 500), ("99999", 500)]
    {
        for list in ["leads", "events"] {
            let query = if asked.is_empty() { String::new() } else { format!("?max={asked}") };
            let page = ops.get(&format!("/{list}{query}")).await;
            assert_eq!(page[list].as_array().unwrap().len(), rows, "{list} {asked}");
            assert!(page["next"].is_i64(), "there are more");
        }
    }
    for wrong in ["-1", "x", "1e3", "99999999999999999999999"] {
        let (status, _) = ops.call(Method::GET, &format!("/leads?max={wrong}"), None).await;
        assert_eq!(status, 400, "{wrong}");
    }
    // The store's own reads keep the same bound.
    let most = usize::MAX;
    let leads = plant.store.leads(LeadFilter { max: most, ..LeadFilter::default() }).await.unwrap();
    let jobs = plant.store.jobs(JobFilter { max: most, ..JobFilter::default() }).await.unwrap();
    assert!(leads.rows.len() <= 500 && jobs.rows.len() <= 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_beyond_its_bounds_is_refused_when_it_is_published() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let text = String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap();
    let padded = |bytes: usize| format!("{text}#{}", "x".repeat(bytes - text.len() - 1));
    let draft = |text: String| json!({ "files": { "rulebook.toml": text }, "dry_run": true });
    let four = 4 * 1024 * 1024;
    assert_eq!(ops.post("/rulebooks", draft(padded(four))).await.0, 200);
    let (status, problem) = ops.post("/rulebooks", draft(padded(four + 1))).await;
    assert_eq!(status, 422, "{problem}");
    let rules = |count: usize| {
        let one = |number: usize| {
            format!("[[rule]]\nid = \"r{number}\"\nif.country = \"DE\"\nset_aside = \"x\"\n\n")
        };
        let more = (0..count).map(one).collect::<Vec<_>>().concat();
        text.replacen("[[rule]]\n", &format!("{more}[[rule]]\n"), 1)
    };
    let (status, problem) = ops.post("/rulebooks", draft(rules(10_001))).await;
    assert_eq!(status, 422);
    assert!(problem.to_string().contains("too many"), "{problem}");
    // The body of the call itself.
    let sixteen = 16 * 1024 * 1024;
    let (status, _) = ops.post("/rulebooks", draft("x".repeat(sixteen))).await;
    assert_eq!(status, 413);
}

#[test]
fn a_document_at_its_bounds_is_read_and_one_past_is_refused() {
    let json = |text: &str| form::document(Some("application/json"), text.as_bytes()).is_ok();
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json(&deep(form::DEEPEST)) && !json(&deep(form::DEEPEST + 1)));
    let wide = |members: usize| format!("[{}1]", "1,".repeat(members - 1));
    assert!(json(&wide(form::MOST_MEMBERS)) && !json(&wide(form::MOST_MEMBERS + 1)));
    let long = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    assert!(json(&long(form::LONGEST_TEXT)) && !json(&long(form::LONGEST_TEXT + 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_five_thousand_items_is_so_many_events_and_one_more_is_one() {
    use handoff::intake::{Kind, Request};
    let scheme = super::scheme(Kind::HubspotV3, &["app-secret"]);
    let uri = "https://leads.acme.example/in/x";
    for (count, events) in [(5_000, 5_000), (5_001, 1)] {
        let body: String = {
            let all: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            format!("[{}]", all.join(","))
        };
        let now = crate::harness::NOON;
        let headers: Vec<(String, Vec<u8>)> = scheme
            .sign("POST", uri, body.as_bytes(), now, "m")
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect();
        let request = Request { method: "POST", uri, headers: &headers, body: body.as_bytes() };
        assert_eq!(scheme.verify(&request, now).unwrap().items().len(), events, "{count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_no_room_in_its_line_says_so_at_once() {
    let (_folder, store) = narrow(1);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..500_usize {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let event = NewEvent {
                kind: EventKind::Fill,
                source: "s".to_owned(),
                delivery: number.to_string(),
                received_at: crate::harness::NOON,
                content_type: None,
                actor: None,
                body: vec![b'x'; 1_000],
            };
            store.accept(vec![event]).await
        });
    }
    let mut busy = 0;
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            Ok(_) => {}
            Err(StoreError::Busy(why)) => {
                assert!(why.contains("line is full"), "{why}");
                busy += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(busy > 0, "the line was never full");
}

/// The table of bounds in the README has what the code has.
#[test]
fn every_bound_stands_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("\n## Bounds\n").nth(1).expect("a section Bounds");
    let section = section.split("\n## ").next().unwrap();
    for bound in [
        "`body_max`",
        "`body_within`",
        "`limits.connections`",
        "`limits.line`",
        "`per_second`",
        "5,000 events",
        "10,000 members",
        "64 levels",
        "64 KiB",
        "500 rows",
        "16 MiB",
        "4 MiB",
        "10,000 rules",
        "100,000 rows",
        "5 lines a second",
        "431",
        "415",
        "413",
        "408",
        "429",
        "503",
        "8 KiB",
        "256 open boards",
        "500 sessions",
        "1 MiB",
        "15 s",
    ] {
        assert!(section.contains(bound), "README.md, Bounds, lacks {bound}");
    }
}
