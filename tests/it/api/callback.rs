//! What HubSpot pushes at `/crm/hubspot`: signed, or refused; people's choices kept, our own
//! writes not mistaken for theirs.

use handoff::{
    clock::Clock as _,
    model::{lead::State, time::Span},
    store::EventFilter,
};
use serde_json::{Value, json};

use crate::harness::{Config, Plant, callback};

/// A change of a contact as HubSpot tells it.
fn change(record: &str, property: &str, value: &str, source: &str, at: i64) -> Value {
    json!({
        "eventId": at, "subscriptionId": 1, "portalId": 1, "appId": 1, "occurredAt": at,
        "subscriptionType": "object.propertyChange", "attemptNumber": 0,
        "objectId": record.parse::<u64>().expect("a number"), "objectTypeId": "0-1",
        "propertyName": property, "propertyValue": value, "changeSource": source,
    })
}

fn headers(plant: &Plant, body: &str) -> Vec<(String, String)> {
    callback().sign("POST", &plant.url("/crm/hubspot"), body.as_bytes(), plant.clock.now(), "")
}

async fn post(plant: &Plant, path: &str, body: &str, headers: &[(String, String)]) -> (u16, Value) {
    let mut request = plant.http.post(plant.url(path)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

/// Sends changes, signed; answers how many were noted.
async fn push(plant: &Plant, changes: &[Value]) -> Value {
    let body = json!(changes).to_string();
    let (status, answer) = post(plant, "/crm/hubspot", &body, &headers(plant, &body)).await;
    assert_eq!(status, 200, "{answer}");
    plant.decided().await;
    plant.idle().await;
    answer["noted"].clone()
}

async fn events(plant: &Plant) -> usize {
    let filter = EventFilter { max: 500, ..EventFilter::default() };
    plant.store.events(filter).await.unwrap().rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_set_by_a_person_is_kept_and_an_echo_of_ours_changes_nothing() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    let (ada, bob) = (plant.crm.owner("ada"), plant.crm.owner("bob"));
    let at = plant.clock.now().0;
    let echo = change(&record, "hubspot_owner_id", &ada, "INTEGRATION", at);
    assert_eq!(push(&plant, &[echo]).await, 0);
    assert_eq!(events(&plant).await, 1, "an echo is not even an event");

    plant.clock.advance(Span::minutes(1));
    plant.crm.give_by_hand(&record, &bob);
    let moved = change(&record, "hubspot_owner_id", &bob, "CRM_UI", plant.clock.now().0);
    assert_eq!(push(&plant, std::slice::from_ref(&moved)).await, 1);
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!((lead.owner.as_deref(), lead.state), (Some("bob"), State::Assigned));
    assert_eq!(plant.mails_to("bob@").len(), 1, "who has it now hears of it");
    let writes = |plant: &Plant| plant.crm.records()[0].owners.len();
    let (before, told) = (writes(&plant), plant.mail.mails().all().len());
    // HubSpot delivers again, and tells of what we wrote in turn.
    let echo = change(&record, "hubspot_owner_id", &bob, "INTEGRATION", plant.clock.now().0);
    for _ in 0..3 {
        push(&plant, &[moved.clone(), echo.clone()]).await;
    }
    assert_eq!(plant.lead_of("eva@linden.example").await.unwrap().revision, lead.revision);
    assert_eq!((writes(&plant), plant.mail.mails().all().len()), (before, told), "no loop");
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), bob);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whom_the_rulebook_does_not_know_is_left_alone_and_told_once() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    plant.crm.give_by_hand(&record, "4711");
    let moved = change(&record, "hubspot_owner_id", "4711", "CRM_UI", plant.clock.now().0);
    for _ in 0..2 {
        push(&plant, std::slice::from_ref(&moved)).await;
    }
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!((lead.owner.as_deref(), lead.outside_owner.as_deref()), (Some("ada"), Some("4711")));
    assert_eq!(plant.chat.posts().all().len(), 1, "people hear of it, once");
    plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    plant.idle().await;
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), "4711");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_status_set_by_a_person_is_a_response_and_one_from_before_the_lead_is_not() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    let now = plant.clock.now();
    let status = |at: i64, by: &str| change(&record, "hs_lead_status", "CONNECTED", by, at);
    push(&plant, &[status(now.0 + 1, "AUTOMATION_PLATFORM")]).await;
    push(&plant, &[status(now.0 - 60_000, "CRM_UI")]).await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(lead.state, State::Assigned, "neither is somebody's answer to this lead");
    plant.clock.advance(Span::minutes(1));
    assert_eq!(push(&plant, &[status(now.0 + 30_000, "CRM_UI")]).await, 1);
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(
        (lead.state, lead.answered_at),
        (State::Answered, Some(now.plus(Span::seconds(30))))
    );
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_stale_or_for_nobody_is_refused_and_leaves_nothing() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    let bob = plant.crm.owner("bob");
    let at = plant.clock.now().0;
    let body = json!([change(&record, "hubspot_owner_id", &bob, "CRM_UI", at)]).to_string();
    let good = headers(&plant, &body);
    let elsewhere = callback().sign(
        "POST",
        &plant.url("/crm/salesforce"),
        body.as_bytes(),
        plant.clock.now(),
        "",
    );
    let forged: Vec<_> = good
        .iter()
        .map(|(name, value)| (name.clone(), value.replace(|c: char| c.is_ascii_uppercase(), "A")))
        .collect();
    for (path, body, headers) in [
        ("/crm/hubspot", body.as_str(), Vec::new()),
        ("/crm/hubspot", body.as_str(), forged),
        ("/crm/hubspot", body.as_str(), elsewhere),
        ("/crm/hubspot", "[]", good.clone()),
        ("/crm/hubspot?x=1", body.as_str(), good.clone()),
        ("/crm/salesforce", body.as_str(), good.clone()),
        ("/crm/nobody", body.as_str(), good.clone()),
    ] {
        let (status, answer) = post(&plant, path, body, &headers).await;
        assert_eq!((status, &answer["title"]), (401, &json!("not verified")), "{path}");
    }
    plant.clock.advance(Span(Span::minutes(5).0 + 1));
    assert_eq!(post(&plant, "/crm/hubspot", &body, &good).await.0, 401, "stale");
    plant.decided().await;
    assert_eq!(events(&plant).await, 1);
    assert_eq!(plant.lead_of("eva@linden.example").await.unwrap().owner.as_deref(), Some("ada"));
    let page = plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(r#"source="crm:hubspot",answer="refused""#), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_ours_and_a_shape_that_is_unknown_are_passed_over() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let at = plant.clock.now().0;
    let bob = plant.crm.owner("bob");
    let stranger = change("99999999", "hubspot_owner_id", &bob, "CRM_UI", at);
    let strange = [json!(null), json!(7), json!({ "subscriptionType": 1 }), json!([[]])];
    assert_eq!(push(&plant, &[stranger]).await, 0);
    assert_eq!(push(&plant, &strange).await, 0);
    assert_eq!(push(&plant, &[]).await, 0);
    for body in ["", "{", "\u{0}", "\"text\""] {
        let (status, answer) = post(&plant, "/crm/hubspot", body, &headers(&plant, body)).await;
        assert_eq!((status, &answer["noted"]), (200, &json!(0)), "{body:?}");
    }
    assert_eq!(events(&plant).await, 1);
}
