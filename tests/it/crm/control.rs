//! A stand-in that is told from outside what to do wrong, as a load generator or an operator does.

use handoff::demo::crm::{Kind, StandIn, TOKEN};
use serde_json::{Value, json};

async fn post(url: &str, body: &Value) -> u16 {
    let call = reqwest::Client::new().post(url).bearer_auth(TOKEN).body(body.to_string());
    call.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_stand_in_obeys_from_outside_and_counts_what_it_saw() {
    let there = StandIn::start(Kind::Hubspot).expect("a port");
    let url = |path: &str| format!("{}{path}", there.url);
    let write = url("crm/objects/2026-09/contacts/batch/upsert");
    let person = |n: u32| {
        json!({ "inputs": [{
            "id": format!("k{n}"), "idProperty": "handoff_id",
            "properties": { "handoff_id": format!("k{n}"), "email": format!("p{n}@linden.example"),
                            "hubspot_owner_id": there.owner("ada") },
        }] })
    };
    assert_eq!(post(&write, &person(1)).await, 200);
    let order = json!({ "down": false, "lean": true, "delay_ms": 1,
                        "script": [{ "status": 500 }, { "retry_after": [429, 3] }, "none"] });
    assert_eq!(post(&url("_control"), &order).await, 204);
    for wanted in [500, 429, 200] {
        assert_eq!(post(&write, &person(2)).await, wanted);
    }
    assert_eq!(post(&url("_control"), &json!({ "down": true })).await, 204);
    assert_eq!(post(&write, &person(3)).await, 503);
    assert_eq!(post(&url("_control"), &json!({ "dwon": false })).await, 400);

    let stats = reqwest::get(url("_stats")).await.expect("an answer").text().await.expect("a body");
    let stats: Value = serde_json::from_str(&stats).expect("JSON");
    for (name, wanted) in
        [("people", 2), ("owned", 2), ("requests", 5), ("faulted", 3), ("in_flight", 0)]
    {
        assert_eq!(stats[name], wanted, "{name} of {stats}");
    }
    assert_eq!(stats["calls"], json!({ "upsert": 5 }));
    let arrivals: u64 =
        stats["arrivals"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(arrivals, 5);
    assert_eq!(there.requests().len(), 1, "a lean one keeps no request");
    let mut appeared = Vec::new();
    there.people(|person| appeared.push((person.email.to_owned(), person.appeared_us)));
    assert_eq!(appeared[0].0, "p1@linden.example");
    assert!(appeared[0].1 < appeared[1].1 && appeared[1].1 <= there.now_us());
}
