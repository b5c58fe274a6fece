//! Bulk re-routing over the API of whole daemons: shown, done once, stopped, gone on with.

use handoff::{
    clock::Clock as _,
    model::{
        lead::{Lead, State},
        reroute::LEADS_MAX,
        time::Span,
    },
    replay::{Replay, Which},
    store::DecisionFilter,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, caller, on_postgres, patient};
use crate::{
    harness::{Config, Plant, until},
    replicas::Pair,
};

async fn leads(plant: &Plant, count: usize) -> Vec<Lead> {
    for n in 0..count {
        plant.fill(&format!("p{n}@linden.example"), &[]).await;
    }
    plant.leads().await
}

fn of<'l>(leads: &'l [Lead], rep: &str) -> Vec<&'l Lead> {
    leads.iter().filter(|lead| lead.owner.as_deref() == Some(rep)).collect()
}

/// Waits until a run is done; answers it.
async fn done(ops: &Caller<'_>, run: &str, stage: &str) -> Value {
    let path = format!("/reroutes/{run}");
    until("the run is over", || async {
        ops.plant.clock.advance(Span::seconds(1));
        let run = ops.get(&path).await;
        run["stage"] == stage && run["sent"] == run["seen"]
    })
    .await;
    ops.get(&path).await
}

/// How many decisions of this run there are.
async fn decisions(plant: &Plant, run: &str) -> usize {
    let filter = DecisionFilter { after: None, max: 500 };
    let all = plant.store.decisions(filter).await.unwrap().rows;
    all.iter().filter(|one| one.decision.why.get("reroute") == Some(&json!(run))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departed_reps_leads_go_to_others_as_shown_each_with_its_reason() {
    departed(patient()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departed_reps_leads_go_to_others_on_postgresql_too() {
    if let Some(config) = on_postgres("departed", patient()) {
        departed(config).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_bounded_at_the_limit_and_one_past_it_and_names_a_lead_once() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    let lead = leads(&plant, 1).await.remove(0).uuid;
    let mut wanted: Vec<Uuid> = (1..LEADS_MAX as u128).map(Uuid::from_u128).collect();
    wanted.push(lead);
    let wish = |leads: &[Uuid]| json!({ "select": { "leads": leads }, "to": { "rep": "mary" } });
    let (status, shown) = ops.post("/reroutes", wish(&wanted)).await;
    assert_eq!((status, &shown["total"]), (200, &json!(1)), "those that are not there are none");
    wanted.push(Uuid::from_u128(77));
    let said = ops.refused("/reroutes", wish(&wanted), 400).await;
    assert!(said.contains("more than 10000 leads: choose fewer"), "{said}");
    let (_, shown) = ops.post("/reroutes", wish(&[lead, lead])).await;
    assert_eq!(shown["total"], 1, "named twice, it is one: {shown}");
}

async fn departed(config: Config) {
    let plant = Plant::start(config).await;
    let ops = caller(&plant, "ops").await;
    let before = leads(&plant, 12).await;
    let adas = of(&before, "ada");
    assert_eq!(adas.len(), 6);
    // One was answered, of one ada says that she is on it.
    let answered = adas[0].uuid;
    let path = format!("/leads/{answered}/responses");
    assert_eq!(ops.post(&path, json!({ "kind": "call", "by": "ada" })).await.0, 202);
    plant.decided().await;
    let wish = json!({ "select": { "rep": "ada" }, "to": "rules", "why": "Ada has left" });
    let (status, shown) = ops.post("/reroutes", wish.clone()).await;
    assert_eq!((status, &shown["total"]), (200, &json!(5)), "{shown}");
    assert_eq!(shown["shown"]["moved"], json!({ "ada → bob": 5 }));
    assert_eq!(shown["examples"].as_array().unwrap().len(), 5);
    assert_eq!(of(&plant.leads().await, "ada").len(), 6, "nothing is done yet");
    let run = shown["id"].as_str().unwrap();
    ops.refused(&format!("/reroutes/{run}"), json!({ "leads": 6 }), 409).await;
    assert_eq!(ops.post(&format!("/reroutes/{run}"), json!({ "leads": 5 })).await.0, 202);
    let over = done(&ops, run, "done").await;
    assert_eq!(over["became"]["moved"], json!({ "ada → bob": 5 }), "{over}");
    ops.refused(&format!("/reroutes/{run}"), json!({}), 409).await;
    let after = plant.leads().await;
    assert_eq!(of(&after, "ada").iter().map(|lead| lead.uuid).collect::<Vec<_>>(), [answered]);
    assert_eq!(of(&after, "bob").len(), 11);
    let moved = adas[1].uuid;
    let story = ops.get(&format!("/leads/{moved}")).await;
    let last = story["decisions"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["by"], &last["why"]), (&json!("ops"), &json!("Ada has left")), "{last}");
    assert_eq!((&last["from"], &last["reroute"]), (&json!("ada"), &json!(run)));
    plant.idle().await;
    plant.books_balance().await;
    // Whoever asks years later gets the same.
    let mut replay = Replay::of(plant.store.as_ref());
    let report = replay.verify(&Which::default(), |_, _| {}).await.unwrap();
    assert!(report.same > 12 && report.differing == 0, "{report:?}");
    for (wrong, advice) in [
        (json!({ "select": {}, "to": "rules" }), "say which leads"),
        (json!({ "select": { "rep": "ada" }, "to": { "rep": "eve" } }), "no rep"),
        (json!({ "select": { "rep": "ada" }, "to": { "pool": "eve" } }), "no pool"),
        (
            json!({ "select": { "rep": "ada", "state": "answered" }, "to": "rules" }),
            "assigned or wait",
        ),
    ] {
        let said = ops.refused("/reroutes", wrong, 400).await;
        assert!(said.contains(advice), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_as_shown_is_refused_and_on_it_is_respected_unless_forced() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    leads(&plant, 8).await;
    let wish = json!({ "select": { "rep": "ada" }, "to": { "rep": "mary" } });
    let (_, shown) = ops.post("/reroutes", wish.clone()).await;
    let stale = shown["id"].as_str().unwrap();
    // Meanwhile somebody else moved one of the four.
    let first = of(&plant.leads().await, "ada")[0].uuid;
    let path = format!("/leads/{first}/reassign");
    assert_eq!(ops.post(&path, json!({ "to": "bob" })).await.0, 202);
    plant.decided().await;
    let said = ops.refused(&format!("/reroutes/{stale}"), json!({}), 409).await;
    assert!(said.contains("fare otherwise"), "{said}");
    // Ada says that she is on one.
    let held = of(&plant.leads().await, "ada")[0].uuid;
    let on_it = handoff::model::news::News::Acted {
        lead: held,
        rep: "ada".into(),
        act: handoff::model::news::Act::OnIt,
    };
    let event = handoff::model::event::NewEvent {
        kind: handoff::model::event::EventKind::News,
        source: "handoff:test".into(),
        delivery: "on-it".into(),
        received_at: plant.clock.now(),
        content_type: None,
        actor: None,
        body: serde_json::to_vec(&on_it).unwrap(),
    };
    plant.store.accept(vec![event]).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.decided().await;
    let (_, shown) = ops.post("/reroutes", wish.clone()).await;
    assert_eq!(shown["shown"]["kept"], json!({ "its owner is on it": 1 }), "{shown}");
    assert_eq!(shown["shown"]["moved"], json!({ "ada → mary": 2 }));
    let run = shown["id"].as_str().unwrap();
    assert_eq!(ops.post(&format!("/reroutes/{run}"), json!({})).await.0, 202);
    let over = done(&ops, run, "done").await;
    assert_eq!(over["became"], shown["shown"], "as it was shown");
    assert_eq!(decisions(&plant, run).await, 3, "the one that stays has its reason too");
    let mut force = wish;
    force["force"] = json!(true);
    let (_, shown) = ops.post("/reroutes", force).await;
    assert_eq!(shown["shown"]["moved"], json!({ "ada → mary": 1 }), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_stopped_goes_on_after_a_restart_and_is_done_once_on_several_replicas() {
    let mut pair = Pair::start(patient(), false).await;
    let count = 70;
    {
        let plant = &pair.plant;
        let all = (0..count).map(|n| {
            let body = json!({ "data": { "email": format!("p{n}@linden.example") } }).to_string();
            async move { assert_eq!(plant.post(&body, &format!("msg_{n}")).await.0, 200) }
        });
        futures_util::future::join_all(all).await;
        plant.decided().await;
        assert_eq!(plant.leads().await.len(), count);
    }
    let run = {
        let ops = caller(&pair.plant, "ops").await;
        let wish = json!({ "select": { "rule": "everyone" }, "to": { "rep": "mary" } });
        let (_, shown) = ops.post("/reroutes", wish).await;
        assert_eq!(shown["total"], count, "{shown}");
        let run = shown["id"].as_str().unwrap().to_owned();
        assert_eq!(ops.post(&format!("/reroutes/{run}"), json!({})).await.0, 202);
        until("some are sent", || async {
            ops.get(&format!("/reroutes/{run}")).await["sent"].as_u64() > Some(0)
        })
        .await;
        assert_eq!(ops.call(Method::DELETE, &format!("/reroutes/{run}"), None).await.0, 200);
        assert_eq!(ops.call(Method::DELETE, &format!("/reroutes/{run}"), None).await.0, 404);
        let stopped = done(&ops, &run, "stopped").await;
        let sent = stopped["sent"].as_u64().unwrap();
        assert!(sent > 0 && sent < count as u64, "{stopped}");
        for _ in 0..3 {
            pair.plant.clock.advance(Span::seconds(2));
            pair.plant.running().worker.wakes.all_jobs();
            pair.second.worker.wakes.all_jobs();
            pair.plant.decided().await;
        }
        assert_eq!(of(&pair.plant.leads().await, "mary").len() as u64, sent, "it stands still");
        run
    };
    pair.plant.stop().await;
    pair.plant.begin().await;
    let ops = caller(&pair.plant, "later").await;
    assert_eq!(ops.post(&format!("/reroutes/{run}"), json!({})).await.0, 202);
    let over = done(&ops, &run, "done").await;
    let moved: u64 = over["became"]["moved"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    let marys = of(&pair.plant.leads().await, "mary").len();
    println!("re-routed {moved} of {count} leads over a stop and a restart on two replicas");
    assert_eq!((moved as usize, marys), (count, count));
    assert_eq!(decisions(&pair.plant, &run).await, count, "each once");
    let all = pair.plant.leads().await;
    assert!(all.iter().all(|lead| lead.state == State::Assigned && lead.had.len() == 1));
    pair.plant.books_balance().await;
    pair.stop().await;
}
