//! Drafts, what is scheduled, what changed, and going back: over the API of whole daemons.

use handoff::model::{
    time::{Span, Time},
    version::{DRAFTS_MAX, SCHEDULED_MAX},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Caller, caller, on_postgres};
use crate::{
    harness::{Config, NOON, Plant, until},
    replicas::Pair,
};

fn text(plant: &Plant) -> String {
    String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap()
}

fn with(plant: &Plant, span: &str) -> Value {
    let text =
        text(plant).replace("respond_within = \"5m\"", &format!("respond_within = \"{span}\""));
    json!({ "rulebook.toml": text })
}

fn in_force(plant: &Plant) -> u32 {
    plant.running().worker.book.load().version
}

async fn publish(ops: &Caller<'_>, span: &str, more: Value) -> (u16, Value) {
    let mut body = json!({ "files": with(ops.plant, span), "message": format!("{span} now") });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    ops.post("/rulebooks", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_kept_compared_published_and_gone() {
    let mut plant = Plant::start(Config::default()).await;
    {
        let ops = caller(&plant, "ops").await;
        let save = json!({ "files": with(&plant, "7m"), "message": "longer", "revision": 0 });
        let (status, saved) = ops.post("/drafts/longer", save.clone()).await;
        assert_eq!((status, &saved["revision"], &saved["based_on"]), (200, &json!(1), &json!(1)));
        let said = ops.refused("/drafts/longer", save, 409).await;
        assert!(said.contains("ops saved revision 1 meanwhile"), "{said}");
        // Work that is not done is kept all the same, with its mistakes.
        let files = json!({ "rulebook.toml": "[[rule" });
        let (status, broken) = ops.post("/drafts/broken", json!({ "files": files })).await;
        assert!(status == 200 && broken["findings"][0]["line"].is_u64(), "{broken}");
        assert_eq!(ops.post("/rulebooks", json!({ "draft": "broken" })).await.0, 422);
        for name in ["12", "live", "a.b"] {
            let path = format!("/drafts/{name}");
            ops.refused(&path, json!({ "files": { "rulebook.toml": "" } }), 400).await;
        }
    }
    plant.stop().await;
    plant.begin().await;
    let ops = caller(&plant, "later").await;
    let list = ops.get("/drafts").await;
    let names: Vec<&str> = list["drafts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["broken", "longer"], "they survive a restart");
    let diff = ops.get("/rulebooks/live/diff/longer").await;
    assert_eq!(diff["changes"][0]["says"], "sla hot: respond_within changed from 5m to 7m");
    assert_eq!(ops.get("/rulebooks/1/diff/live").await["same"], true);
    for path in ["/rulebooks/1/diff/nobody", "/rulebooks/1/diff/9", "/drafts/nobody"] {
        assert_eq!(ops.call(Method::GET, path, None).await.0, 404, "{path}");
    }
    assert_eq!(ops.post("/rulebooks", json!({ "draft": "longer" })).await.0, 201);
    let first = &ops.get("/rulebooks").await["rulebooks"][0];
    assert_eq!((&first["message"], &first["author"]), (&json!("longer"), &json!("later")));
    assert_eq!(ops.call(Method::GET, "/drafts/longer", None).await.0, 404, "it is a version now");
    // The other draft was made from version 1.
    let (status, saved) = ops.post("/drafts/broken", json!({ "files": with(&plant, "8m") })).await;
    assert_eq!((status, &saved["based_on"], &saved["mistakes"]), (200, &json!(1), &json!(0)));
    let said = ops.refused("/rulebooks", json!({ "draft": "broken" }), 409).await;
    assert!(said.contains("version 2 is in force"), "{said}");
    assert_eq!(ops.call(Method::DELETE, "/drafts/broken", None).await.0, 200);
    assert_eq!(ops.call(Method::DELETE, "/drafts/broken", None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_says_what_each_version_changed_and_a_rollback_is_a_new_version() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    for span in ["7m", "8m", "9m"] {
        assert_eq!(publish(&ops, span, json!({})).await.0, 201);
    }
    let (status, answer) = ops
        .post("/rulebooks", json!({ "rollback_to": 2, "message": "too long", "based_on": 4 }))
        .await;
    assert_eq!((status, answer), (201, json!({ "version": 5 })));
    let history = ops.get("/rulebooks?changes=true&max=2").await;
    let rows = history["rulebooks"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["message"], "rollback to version 2: too long");
    assert_eq!(rows[0]["summary"], "sla hot: respond_within changed from 9m to 7m");
    assert_eq!((&rows[1]["version"], &history["next"]), (&json!(4), &json!(4)));
    let rest = ops.get("/rulebooks?changes=true&before=4").await;
    let versions: Vec<u64> = rest["rulebooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["version"].as_u64().unwrap())
        .collect();
    assert_eq!((versions, &rest["next"]), (vec![3, 2, 1], &Value::Null));
    assert_eq!(ops.get("/rulebooks/2/diff/5").await["same"], true);
    ops.refused("/rulebooks", json!({ "rollback_to": 3, "based_on": 4 }), 409).await;
    assert_eq!(ops.post("/rulebooks", json!({ "rollback_to": 9 })).await.0, 404);
    let lead = plant.fill("eva@linden.example", &[]).await;
    let ladder = lead.ladder.unwrap();
    assert_eq!(ladder.deadline.since(ladder.started_at), Span::minutes(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_publish_on_one_base_in_one_instant_one_is_first() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let spans: Vec<String> = (6..14).map(|minutes| format!("{minutes}m")).collect();
    let all = spans.iter().map(|span| publish(&ops, span, json!({ "based_on": 1 })));
    let all = futures_util::future::join_all(all).await;
    let statuses = |wanted: u16| all.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((statuses(201), statuses(409)), (1, 7), "{all:?}");
    assert_eq!(in_force(&plant), 2);
}

fn at(minutes: i64) -> Time {
    NOON.plus(Span::minutes(minutes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_rulebook_is_in_force_from_its_instant_on_once_on_all_replicas() {
    let pair = Pair::start(Config::default(), false).await;
    let plant = &pair.plant;
    let ops = caller(plant, "ops").await;
    let (status, said) = publish(&ops, "7m", json!({ "at": at(30) })).await;
    assert_eq!((status, &said["scheduled"]["based_on"]), (202, &json!(1)), "{said}");
    let (_, taken_back) = publish(&ops, "8m", json!({ "at": at(10) })).await;
    let id = taken_back["scheduled"]["id"].as_str().unwrap();
    let list = ops.get("/schedule").await;
    assert_eq!(list["scheduled"].as_array().unwrap().len(), 2);
    assert_eq!(list["scheduled"][0]["id"], id, "the soonest first");
    assert_eq!(ops.call(Method::DELETE, &format!("/schedule/{id}"), None).await.0, 200);
    assert_eq!(ops.call(Method::DELETE, &format!("/schedule/{id}"), None).await.0, 404);
    for wrong in [at(0), at(-1), at(60 * 24 * 400)] {
        assert_eq!(publish(&ops, "9m", json!({ "at": wrong })).await.0, 400);
    }
    plant.clock.advance(Span(Span::minutes(30).0 - 1));
    plant.running().worker.wakes.all_jobs();
    plant.fill("eva@linden.example", &[]).await;
    assert_eq!(pair.workers().map(|one| one.book.load().version), [1, 1], "not a moment earlier");
    plant.clock.advance(Span(1));
    for worker in pair.workers() {
        worker.wakes.all_jobs();
    }
    until("both use it", || async {
        plant.clock.advance(Span(200));
        pair.workers().map(|one| one.book.load().version) == [2, 2]
    })
    .await;
    let list = ops.get("/rulebooks").await;
    let rows = list["rulebooks"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["author"]), (2, &json!("ops")), "published once: {list}");
    assert_eq!(ops.get("/schedule").await["scheduled"], json!([]));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_rulebook_whose_base_moved_on_is_refused_and_alarmed_until_it_is_taken_back() {
    let mut plant = Plant::start(Config::default()).await;
    let id = {
        let ops = caller(&plant, "ops").await;
        let (_, said) = publish(&ops, "7m", json!({ "at": at(30) })).await;
        assert_eq!(publish(&ops, "8m", json!({})).await.0, 201);
        said["scheduled"]["id"].as_str().unwrap().to_owned()
    };
    // Its time comes while nobody is there.
    plant.stop().await;
    plant.clock.advance(Span::hours(1));
    plant.begin().await;
    let ops = caller(&plant, "later").await;
    until("it is refused", || async {
        ops.get("/schedule").await["scheduled"][0]["refused"].is_string()
    })
    .await;
    let refused = ops.get("/schedule").await["scheduled"][0]["refused"].clone();
    let refused = refused.as_str().unwrap();
    assert!(refused.contains("made from version 1, and version 2 is in force"), "{refused}");
    assert_eq!(in_force(&plant), 2);
    let raised = || async {
        plant.clock.advance(Span::seconds(5));
        let page =
            plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap();
        page.contains("handoff_alert{alert=\"rulebook-refused\"} 1")
    };
    until("people hear of it", raised).await;
    assert_eq!(ops.call(Method::DELETE, &format!("/schedule/{id}"), None).await.0, 200);
    until("it is over", || async { !raised().await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_decision_is_asked_about_by_another_version_and_by_a_draft() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let path = format!("/leads/{}/why", lead.uuid);
    let own = ops.get(&path).await;
    assert_eq!(ops.get(&format!("{path}?version=1")).await["headline"], own["headline"]);
    assert_eq!(ops.call(Method::GET, &format!("{path}?version=9"), None).await.0, 404);
    assert_eq!(ops.call(Method::GET, &format!("{path}?seq=99"), None).await.0, 404);
    let (status, by_draft) = ops.post(&path, json!({ "files": other(&plant) })).await;
    assert_eq!((status, &by_draft["stored_rulebook"]), (200, &json!(1)), "{by_draft}");
    assert_eq!((&by_draft["rulebook"], &by_draft["stored"]), (&json!(0), &own["headline"]));
    let said = by_draft.to_string();
    assert!(said.contains("linden") && said.contains("to Bob Noyce"), "{said}");
    let broken = json!({ "files": { "rulebook.toml": "[[rule]]" } });
    let (status, said) = ops.post(&path, broken).await;
    assert_eq!(status, 422, "{said}");
    assert!(said.to_string().contains("nothing was decided with it"), "{said}");
    assert_eq!(ops.get(&path).await, own, "nothing was changed by asking");
    assert_eq!(plant.leads().await[0].owner, lead.owner);
}

fn other(plant: &Plant) -> Value {
    let first = "[[rule]]\nid = \"students\"";
    let bob = "[[rule]]\nid = \"linden\"\nwhen = 'lead.email.endsWith(\"@linden.example\")'\nassign_to = \"rep: bob\"\n\n";
    let text = text(plant);
    assert!(text.contains(first), "the rulebook of the harness has changed");
    json!({ "rulebook.toml": text.replace(first, &format!("{bob}{first}")) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_decides_beside_counts_what_differs_and_writes_nothing() {
    beside(Config::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_decides_beside_on_postgresql_too() {
    if let Some(config) = on_postgres("shadow", Config::default()) {
        beside(config).await;
    }
}

async fn beside(config: Config) {
    let mut plant = Plant::start(config).await;
    {
        let ops = caller(&plant, "ops").await;
        assert_eq!(ops.call(Method::GET, "/shadow", None).await.0, 404);
        let (status, said) = ops.post("/drafts/linden", json!({ "files": other(&plant) })).await;
        assert_eq!((status, &said["mistakes"]), (200, &json!(0)), "{said}");
        assert_eq!(ops.post("/shadow", json!({ "draft": "linden" })).await.0, 201);
        let said = ops.refused("/shadow", json!({ "draft": "linden" }), 409).await;
        assert!(said.contains("stop it first"), "{said}");
    }
    let compared = async |plant: &Plant, count: u64| {
        let ops = caller(plant, &format!("ops{count}")).await;
        until("it is counted", || async {
            plant.clock.advance(Span::seconds(2));
            ops.get("/shadow").await["compared"] == count
        })
        .await;
        ops.get("/shadow").await
    };
    // The run is taken up with the next look: what comes before is not compared.
    until("it runs", || async {
        plant.clock.advance(Span::seconds(1));
        plant.running().worker.wakes.all_jobs();
        plant.running().worker.shadow.is_on()
    })
    .await;
    let one = plant.fill("eva@linden.example", &[]).await;
    let two = plant.fill("tom@ash.example", &[]).await;
    let report = compared(&plant, 2).await;
    let (one, two) = (one.owner.unwrap(), two.owner.unwrap());
    assert_eq!((one.as_str(), two.as_str()), ("ada", "bob"), "as the one in force says");
    assert_eq!((&report["differ"], &report["failed"]), (&json!(2), &json!(0)), "{report}");
    assert_eq!(report["kinds"], json!({ "pool": 1, "turn": 1 }), "ada's turn is not used up");
    let example = &report["examples"][0];
    assert_eq!(example["shadow"], "to bob by rule linden, sla hot", "{report}");
    // It goes on after a restart, and nothing of it was written or told.
    plant.stop().await;
    plant.begin().await;
    until("it runs again", || async { plant.running().worker.shadow.is_on() }).await;
    plant.fill("ida@linden.example", &[]).await;
    let report = compared(&plant, 3).await;
    assert_eq!(report["draft"], "linden");
    plant.idle().await;
    let story = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(story.owner.as_deref(), Some("ada"));
    let page = plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("handoff_shadow_total{outcome=\"same\"}"), "{page}");
    plant.books_balance().await;
    let ops = caller(&plant, "last").await;
    assert_eq!(ops.call(Method::DELETE, "/shadow", None).await.0, 200);
    assert_eq!(ops.call(Method::DELETE, "/shadow", None).await.0, 404);
    until("it runs no more", || async {
        plant.clock.advance(Span::seconds(1));
        !plant.running().worker.shadow.is_on()
    })
    .await;
    plant.fill("uwe@linden.example", &[]).await;
    assert_eq!(ops.get("/shadow").await["compared"], 3, "the report stays as it was");
    assert_eq!(ops.post("/shadow", json!({ "draft": "linden" })).await.0, 201, "another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_scheduled_rulebooks_are_bounded_at_the_limit_and_one_past_it() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let empty = json!({ "files": { "rulebook.toml": "" } });
    for n in 0..DRAFTS_MAX {
        assert_eq!(ops.post(&format!("/drafts/d{n}"), empty.clone()).await.0, 200, "{n}");
    }
    let said = ops.refused("/drafts/more", empty.clone(), 409).await;
    assert!(said.contains("100 drafts: delete some first"), "{said}");
    assert_eq!(ops.post("/drafts/d7", empty.clone()).await.0, 200, "one that is there");
    assert_eq!(ops.call(Method::DELETE, "/drafts/d7", None).await.0, 200);
    assert_eq!(ops.post("/drafts/more", empty).await.0, 200);
    for n in 0..SCHEDULED_MAX as i64 {
        assert_eq!(publish(&ops, "7m", json!({ "at": at(30 + n) })).await.0, 202, "{n}");
    }
    let (status, said) = publish(&ops, "7m", json!({ "at": at(10) })).await;
    assert!(status == 409 && said.to_string().contains("take some back"), "{status} {said}");
    assert_eq!(ops.get("/schedule").await["scheduled"].as_array().unwrap().len(), SCHEDULED_MAX);
}
