//! The road through a real socket: a signed fill becomes an owned lead in the CRM, its owner is
//! told, and it escalates when nobody answers.

mod backtest;
mod crm;
mod escalation;
mod i11_timers;
mod i12_jumps;
mod i13_zones;
mod i14_touch;
mod i15_poison;
mod i16_outage;
mod i21_publishes;
mod i9_effects;
mod intake;
pub mod many;
mod observe;
mod people;
mod pile;
mod rulebook;
mod unchanged;

use handoff::model::{lead::State, time::Span};

use super::harness::{Config, NOON, Plant};

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_fill_becomes_an_owned_lead_in_the_crm_and_its_owner_is_told() {
    let plant = Plant::start(Config::default()).await;
    let lead =
        plant.fill("eva@linden.example", &[("company", "Linden"), ("country", "Germany")]).await;
    assert_eq!((lead.state, lead.owner.as_deref()), (State::Assigned, Some("ada")));
    assert_eq!(lead.fields.text("country"), Some("DE"));
    assert_eq!(lead.ladder.as_ref().expect("a clock").deadline, NOON.plus(Span::minutes(5)));
    plant.idle().await;
    let records = plant.crm.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].text("email"), "eva@linden.example");
    assert_eq!(records[0].text("hubspot_owner_id"), plant.crm.owner("ada"));
    assert_eq!(plant.mails_to("ada@").len(), 1);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_go_round_and_each_lead_is_in_the_crm_once() {
    let plant = Plant::start(Config::default()).await;
    for number in 0..20 {
        plant.fill(&format!("p{number}@linden.example"), &[]).await;
    }
    plant.idle().await;
    let leads = plant.leads().await;
    for rep in ["ada", "bob"] {
        assert_eq!(leads.iter().filter(|lead| lead.owner.as_deref() == Some(rep)).count(), 10);
    }
    for lead in &leads {
        assert_eq!(plant.crm.with_key(&lead.uuid.to_string()), 1);
    }
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_joins_the_lead_that_is_there() {
    let plant = Plant::start(Config::default()).await;
    let first = plant.fill("eva@linden.example", &[("form", "ebook")]).await;
    let second = plant.fill("Eva@Linden.Example", &[("form", "demo")]).await;
    assert_eq!(first.uuid, second.uuid);
    assert_eq!((second.fills, second.intent.as_deref()), (2, Some("demo")));
    plant.idle().await;
    assert_eq!(plant.crm.records().len(), 1);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_sets_aside_is_counted_apart_and_told_to_nobody() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("sam@campus.example", &[("persona", "student")]).await;
    assert_eq!((lead.state, lead.set_aside.as_deref()), (State::SetAside, Some("nurture")));
    plant.idle().await;
    assert!(plant.mail.mails().all().is_empty());
    plant.books_balance().await;
}
