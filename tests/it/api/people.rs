//! Away and back through the API: the rotation follows at once, the rulebook stays.

use handoff::{clock::Clock as _, model::time::Span};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Caller, caller, patient};
use crate::harness::{NOON, Plant};

/// Fills by so many new people, and who got each.
async fn owners(plant: &Plant, prefix: &str, count: usize) -> Vec<String> {
    let mut owners = Vec::new();
    for number in 0..count {
        plant.clock.advance(Span(1));
        let lead = plant.fill(&format!("{prefix}{number}@linden.example"), &[]).await;
        owners.push(lead.owner.unwrap());
    }
    owners
}

async fn away(ops: &Caller<'_>, rep: &str, order: Value) {
    let (status, answer) = ops.post(&format!("/reps/{rep}/away"), order).await;
    assert_eq!(status, 202, "{answer}");
    ops.plant.decided().await;
}

async fn rep(ops: &Caller<'_>, id: &str) -> Value {
    let list = ops.get("/reps").await;
    let reps = list["reps"].as_array().unwrap().clone();
    reps.into_iter().find(|rep| rep["rep"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_gets_nothing_until_the_time_is_over_and_then_no_flood() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    assert_eq!(owners(&plant, "a", 2).await, ["ada", "bob"]);
    away(&ops, "ada", json!({ "for": "2h" })).await;
    let until = plant.clock.now().plus(Span::hours(2));
    assert_eq!(rep(&ops, "ada").await["away"][0]["until"], until.0);
    assert_eq!(owners(&plant, "b", 4).await, ["bob"; 4]);
    plant.clock.advance_to(until.minus(Span(2)));
    assert_eq!(owners(&plant, "c", 1).await, ["bob"], "a millisecond before");
    let back = owners(&plant, "d", 4).await;
    assert_eq!(
        back.iter().filter(|owner| *owner == "ada").count(),
        2,
        "neither flood nor fast: {back:?}"
    );
    assert_eq!(rep(&ops, "ada").await["away"], json!([]));
    let versions = ops.get("/rulebooks").await;
    assert_eq!(versions["rulebooks"].as_array().unwrap().len(), 1, "{versions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn back_ends_every_absence_at_once_and_a_pause_counts_as_one() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    let until = NOON.plus(Span::days(5));
    away(&ops, "ada", json!({ "until": until.0 })).await;
    away(&ops, "ada", json!({ "absence": "paused", "for": "1h" })).await;
    let ada = rep(&ops, "ada").await;
    assert_eq!(ada["away"].as_array().unwrap().len(), 2, "{ada}");
    assert_eq!((&ada["away"][1]["absence"], &ada["open_leads"]), (&json!("paused"), &json!(0)));
    assert_eq!(owners(&plant, "a", 2).await, ["bob", "bob"]);
    plant.clock.advance(Span::hours(2));
    assert_eq!(owners(&plant, "b", 1).await, ["bob"], "the longer absence holds");
    assert_eq!(ops.call(Method::POST, "/reps/ada/back", None).await.0, 202);
    plant.decided().await;
    assert!(owners(&plant, "c", 2).await.contains(&"ada".to_owned()));
    away(&ops, "ada", json!({ "absence": "paused" })).await;
    assert_eq!(owners(&plant, "d", 2).await, ["bob", "bob"], "a pause without an end is for today");
    plant.clock.advance(Span::days(1));
    assert!(owners(&plant, "e", 2).await.contains(&"ada".to_owned()));
    let event = ops.get("/events?source=handoff:api&max=1").await;
    assert_eq!(event["events"][0]["actor"], "ops", "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_that_makes_no_sense_is_refused_with_advice() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    for (body, advice) in [
        (json!({ "until": NOON.0 }), "over already"),
        (json!({ "until": NOON.0 / 1000 + 3600 }), "milliseconds"),
        (json!({ "for": "0s" }), "over already"),
        (json!({ "for": "2 hours" }), "30s, 5m"),
        (json!({ "for": "2h", "until": NOON.0 + 1 }), "not both"),
        (json!({ "absence": "asleep" }), "`out` or `paused`"),
        (json!({ "form": NOON.0 }), "unknown field `form`"),
    ] {
        let said = ops.refused("/reps/ada/away", body.clone(), 400).await;
        assert!(said.contains(advice), "{body}: {said}");
    }
    ops.refused("/reps/nobody/away", json!({}), 404).await;
    ops.refused("/reps/nobody/back", json!({}), 404).await;
    away(&ops, "ada", json!({ "until": NOON.0 + 2 })).await;
    assert_eq!(owners(&plant, "a", 1).await, ["bob"], "a millisecond is an absence too");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_may_begin_later_and_holds_from_then_to_its_end() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    let (from, until) = (NOON.plus(Span::hours(1)), NOON.plus(Span::hours(2)));
    away(&ops, "ada", json!({ "from": from.0, "until": until.0 })).await;
    assert!(owners(&plant, "a", 2).await.contains(&"ada".to_owned()), "not yet");
    plant.clock.advance_to(from);
    assert_eq!(owners(&plant, "b", 2).await, ["bob", "bob"]);
    plant.clock.advance_to(until);
    assert!(owners(&plant, "c", 2).await.contains(&"ada".to_owned()), "not any more");
    for order in [json!({ "from": until.0, "until": from.0 }), json!({ "absence": "deactivated" })]
    {
        ops.refused("/reps/ada/away", order, 400).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_says_what_somebody_was_entitled_to_got_and_gave_back() {
    let plant = Plant::start(patient()).await;
    let ops = caller(&plant, "ops").await;
    owners(&plant, "old", 3).await;
    plant.clock.advance(Span::days(20));
    let since = plant.clock.now();
    let before = rep(&ops, "ada").await["turns"]["inbound"].clone();
    owners(&plant, "a", 4).await;
    away(&ops, "ada", json!({ "for": "1h" })).await;
    owners(&plant, "b", 3).await;
    let whole = ops.get(&format!("/reps/ada/statement?since={}", since.0)).await;
    let of_pool = &whole["statement"]["pools"]["inbound"];
    assert_eq!((&of_pool["got"], &of_pool["skipped"]["away"]), (&json!(2), &json!(3)), "{whole}");
    assert_eq!(of_pool["entitled"], json!(2.0));
    assert_eq!(whole["statement"]["unanswered"], json!(2));
    let now = &whole["turns_now"]["inbound"];
    let got = now["received"].as_u64().unwrap() - before["received"].as_u64().unwrap();
    assert_eq!(got, 2, "it agrees with the rotation");
    let none = ops.get("/reps/ada/statement?since=0&until=1").await;
    assert_eq!(none["statement"]["got"], json!(0));
    let (status, _) = ops.call(Method::GET, "/reps/nobody/statement?since=0", None).await;
    assert_eq!(status, 404);
}
