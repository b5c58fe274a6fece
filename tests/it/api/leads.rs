//! Leads through the API: lists, one, why, responses, hand-overs.

use handoff::model::{lead::State, time::Span};
use reqwest::Method;
use serde_json::{Value, json};

use super::caller;
use crate::harness::{Config, NOON, Plant};

const NOBODY: &str = "0197c1d2-0000-7000-8000-000000000000";

fn emails(list: &Value) -> Vec<String> {
    let leads = list["leads"].as_array().unwrap();
    leads.iter().map(|lead| lead["fields"]["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_listed_filtered_and_paged_without_a_gap_or_a_double() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    for number in 0..7 {
        plant.fill(&format!("p{number}@linden.example"), &[]).await;
    }
    plant.fill("sam@campus.example", &[("persona", "student")]).await;
    let (mut all, mut next) = (Vec::new(), String::new());
    for _ in 0..5 {
        let page = ops.get(&format!("/leads?max=3{next}")).await;
        all.extend(emails(&page));
        // A lead that comes in between is not on the pages behind.
        plant.fill(&format!("late{}@linden.example", all.len()), &[]).await;
        match page["next"].as_i64() {
            Some(before) => next = format!("&before={before}"),
            None => break,
        }
    }
    let wanted: Vec<String> = std::iter::once("sam@campus.example".to_owned())
        .chain((0..7).rev().map(|number| format!("p{number}@linden.example")))
        .collect();
    assert_eq!(all, wanted);
    let aside = ops.get("/leads?state=set_aside").await;
    assert_eq!(emails(&aside), ["sam@campus.example"]);
    let ada = ops.get("/leads?owner=ada&state=assigned&max=500").await;
    assert!(ada["leads"].as_array().unwrap().iter().all(|lead| lead["owner"] == "ada"), "{ada}");
    assert!(emails(&ops.get("/leads?late=true").await).is_empty());
    plant.clock.advance(Span::minutes(6));
    let late = emails(&ops.get("/leads?late=true&max=9999").await);
    assert!(late.contains(&"p0@linden.example".to_owned()), "{late:?}");
    assert!(!late.contains(&"sam@campus.example".to_owned()), "nobody is late with it: {late:?}");
    for (query, advice) in [
        ("?states=new", "unknown field `states`"),
        ("?state=new", "set_aside"),
        ("?max=many", "digit"),
        ("?late=perhaps", "`true` or `false`"),
    ] {
        let (status, problem) = ops.call(Method::GET, &format!("/leads{query}"), None).await;
        let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
        assert!(status == 400 && detail.contains(advice), "{query}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lead_shows_its_story_and_says_why() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let lead = plant.fill("eva@linden.example", &[("company", "Linden"), ("form", "demo")]).await;
    plant.idle().await;
    let story = ops.get(&format!("/leads/{}", lead.uuid)).await;
    assert_eq!(story["lead"]["owner"], "ada");
    assert_eq!(story["lead"]["opened_at"], NOON.0);
    assert_eq!(story["links"]["hubspot"]["owner"], plant.crm.owner("ada"));
    assert_eq!(story["notices"][0]["destination"], "email:ada", "{story}");
    assert_eq!(story["decisions"].as_array().unwrap().len(), 1, "{story}");
    assert!(!story["timeline"].as_array().unwrap().is_empty(), "{story}");
    let why = ops.get(&format!("/leads/{}/why", lead.uuid)).await.to_string();
    for word in ["everyone", "inbound", "ada", "bob", "students"] {
        assert!(why.contains(word), "{word} in {why}");
    }
    for path in [format!("/leads/{NOBODY}"), format!("/leads/{NOBODY}/why"), "/leads/1".into()] {
        let (status, problem) = ops.call(Method::GET, &path, None).await;
        assert_eq!(status, 404, "{path}: {problem}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_ends_the_ladder_and_says_who_recorded_it() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.clock.advance(Span::minutes(1));
    let path = format!("/leads/{}/responses", lead.uuid);
    for (body, advice) in [
        (json!({}), "missing field `kind`"),
        (json!({ "kind": "call", "when": 1 }), "unknown field `when`"),
        (json!({ "kind": "smoke" }), "unknown variant `smoke`"),
        (json!({ "kind": "call", "at": NOON.0 / 1000 }), "before the lead came in"),
        (json!({ "kind": "call", "at": NOON.0 * 1000 }), "in the future"),
    ] {
        let said = ops.refused(&path, body.clone(), 400).await;
        assert!(said.contains(advice), "{body}: {said}");
    }
    let nobodys = format!("/leads/{NOBODY}/responses");
    ops.refused(&nobodys, json!({ "kind": "call" }), 404).await;
    let at = NOON.plus(Span::seconds(30));
    let body = json!({ "kind": "call", "at": at.0, "by": "ada", "evidence": "call-1" });
    let (status, answer) = ops.post(&path, body).await;
    assert_eq!(status, 202, "{answer}");
    let lead = plant.in_state("eva@linden.example", State::Answered).await;
    assert_eq!(lead.answered_at, Some(at));
    let event = ops.get(&format!("/events/{}", answer["event"].as_str().unwrap())).await;
    assert_eq!((&event["actor"], &event["fate"]), (&json!("ops"), &json!("noted")), "{event}");
    let told = plant.mail.mails().all().len();
    plant.after(Span::hours(3)).await;
    assert_eq!(plant.mail.mails().all().len(), told, "nobody is reminded after the answer");
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_the_lead_came_back_does_not_end_its_new_clock() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let lead = plant.fill("eva@linden.example", &[("form", "ebook")]).await;
    let path = format!("/leads/{}/responses", lead.uuid);
    let call = json!({ "kind": "call", "at": NOON.0, "evidence": "call-1" });
    ops.post(&path, call.clone()).await;
    plant.in_state("eva@linden.example", State::Answered).await;
    plant.after(Span::hours(1)).await;
    plant.fill("eva@linden.example", &[("form", "demo")]).await;
    plant.in_state("eva@linden.example", State::Assigned).await;
    // The same call is reported again: it answers the first fill, not the second.
    ops.post(&path, call).await;
    plant.decided().await;
    assert_eq!(plant.lead_of("eva@linden.example").await.unwrap().state, State::Assigned);
    ops.post(&path, json!({ "kind": "call", "evidence": "call-2" })).await;
    plant.in_state("eva@linden.example", State::Answered).await;
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_moves_the_lead_with_a_new_clock_and_both_hear_of_it() {
    let plant = Plant::start(Config::default()).await;
    let ops = caller(&plant, "ops").await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.clock.advance(Span::minutes(2));
    let path = format!("/leads/{}/reassign", lead.uuid);
    for body in [json!({ "to": "nobody" }), json!({}), json!({ "to": "bob", "because": "x" })] {
        assert!(!ops.refused(&path, body, 400).await.is_empty());
    }
    ops.refused(&format!("/leads/{NOBODY}/reassign"), json!({ "to": "bob" }), 404).await;
    let (status, _) = ops.post(&path, json!({ "to": "bob", "why": "Ada is ill" })).await;
    assert_eq!(status, 202);
    plant.decided().await;
    plant.idle().await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!((lead.owner.as_deref(), &lead.had[..]), (Some("bob"), &["ada".to_owned()][..]));
    assert_eq!(lead.ladder.unwrap().deadline, NOON.plus(Span::minutes(7)));
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), plant.crm.owner("bob"));
    assert_eq!((plant.mails_to("ada@").len(), plant.mails_to("bob@").len()), (2, 1));
    let why = ops.get(&format!("/leads/{}", lead.uuid)).await["timeline"].to_string();
    assert!(why.contains("ops") && why.contains("Ada is ill"), "{why}");
    plant.books_balance().await;
}
