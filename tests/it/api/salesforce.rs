//! Salesforce behind the whole service: leads with owners, people's choices, bad days.

use handoff::{
    demo::crm::{Fault, Kind, OUR_USER},
    model::{lead::State, time::Span},
};
use serde_json::Value;

use super::patient;
use crate::harness::{Config, Plant, until};

fn config() -> Config {
    Config { crm: Kind::Salesforce, ..Config::default() }
}

/// Moves the clock on by steps until this holds.
async fn in_time(plant: &Plant, step: Span, what: &str, holds: impl Fn() -> bool) {
    until(what, || async {
        plant.clock.advance(step);
        plant.running().worker.wakes.all_jobs();
        holds()
    })
    .await;
}

fn owner(plant: &Plant) -> String {
    plant.crm.records().first().map(|lead| lead.text("OwnerId").to_owned()).unwrap_or_default()
}

/// Whether every write, and every part of a composite that writes, turned off the org's rules.
fn is_without_rules(plant: &Plant) -> bool {
    let says_false = |headers: Option<&Value>| {
        headers.and_then(Value::as_object).is_some_and(|headers| {
            let of = |(name, value): (&String, &Value)| {
                name.eq_ignore_ascii_case("sforce-auto-assign") && value == "FALSE"
            };
            headers.iter().any(of)
        })
    };
    plant.crm.requests().iter().filter(|one| !one.path.ends_with("/token")).all(|one| {
        let own = one.headers.get("sforce-auto-assign").is_some_and(|value| value == "FALSE");
        let parts = one.body["compositeRequest"].as_array().cloned().unwrap_or_default();
        let writes = parts.iter().filter(|part| part["method"] != "GET");
        let parts_do = writes.clone().all(|part| says_false(part.get("httpHeaders")));
        let is_read = one.method == "GET" || (!parts.is_empty() && writes.count() == 0);
        is_read || own || (!parts.is_empty() && parts_do)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_becomes_a_lead_with_its_owner_and_the_orgs_rules_stay_out() {
    let plant = Plant::start(config()).await;
    let more = [("company", "Linden"), ("first_name", "Eva"), ("last_name", "Novak")];
    let lead = plant.fill("eva@linden.example", &more).await;
    plant.idle().await;
    let records = plant.crm.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].text("Email"), "eva@linden.example");
    assert_eq!(records[0].text("Handoff_Id__c"), lead.uuid.to_string());
    let owners: Vec<&str> = records[0].owners.iter().map(|write| write.owner.as_str()).collect();
    assert_eq!(owners, [OUR_USER, &plant.crm.owner("ada")], "and never the org's own choice");
    assert!(is_without_rules(&plant), "{:?}", plant.crm.requests());
    plant.fill("eva@linden.example", &[("phone", "+49 221 123456")]).await;
    plant.idle().await;
    assert_eq!((plant.crm.records().len(), owner(&plant)), (1, plant.crm.owner("ada")));
    assert!(
        !plant.crm.requests().iter().any(|one| {
            one.path.contains("linden")
                || one.query.iter().any(|(_, value)| value.contains("linden"))
        }),
        "no address of a person in a URL"
    );
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_set_by_a_person_is_kept() {
    let plant = Plant::start(config()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    let bob = plant.crm.owner("bob");
    plant.crm.give_by_hand(&record, &bob);
    plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    until("our owner follows", || async {
        plant.lead_of("eva@linden.example").await.unwrap().owner.as_deref() == Some("bob")
    })
    .await;
    plant.idle().await;
    assert_eq!(owner(&plant), bob);
    assert!(is_without_rules(&plant));
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_rows_errors_resets_and_expired_sessions_make_it_late_and_never_double() {
    let faults = [
        vec![Fault::Lock],
        vec![Fault::None, Fault::Lock],
        vec![Fault::None, Fault::None, Fault::Lock],
        vec![Fault::Status(503)],
        vec![Fault::Status(500), Fault::Status(502)],
        vec![Fault::RetryAfter(429, 30)],
        vec![Fault::Status(403)],
        vec![Fault::Expire],
        vec![Fault::ResetBefore],
        vec![Fault::ResetAfter],
        vec![Fault::None, Fault::ResetAfter],
        vec![Fault::None, Fault::None, Fault::ResetAfter],
    ];
    for fault in faults {
        let plant = Plant::start(Config { crm: Kind::Salesforce, ..patient() }).await;
        plant.crm.script(fault.clone());
        let lead = plant.fill("eva@linden.example", &[]).await;
        let ada = plant.crm.owner("ada");
        let what = format!("the lead has its owner after {fault:?}");
        in_time(&plant, Span::minutes(1), &what, || owner(&plant) == ada).await;
        assert_eq!(plant.crm.records().len(), 1, "{fault:?}");
        assert_eq!(plant.crm.with_key(&lead.uuid.to_string()), 1, "{fault:?}");
        assert!(is_without_rules(&plant), "{fault:?}");
        let later = plant.lead_of("eva@linden.example").await.unwrap();
        assert_eq!((later.state, later.owner.as_deref()), (State::Assigned, Some("ada")));
        plant.books_balance().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_own_in_the_crm_loses_the_lead_to_somebody_who_can() {
    let rulebook = Config::default().rulebook.replace("OWNER_ADA", "005000000000777AAA");
    let plant = Plant::start(Config { rulebook, ..config() }).await;
    plant.fill("eva@linden.example", &[]).await;
    let bob = plant.crm.owner("bob");
    in_time(&plant, Span::seconds(1), "bob has it", || owner(&plant) == bob).await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!((lead.owner.as_deref(), &lead.had[..]), (Some("bob"), &["ada".to_owned()][..]));
    let heard = || plant.chat.posts().all().len();
    in_time(&plant, Span::seconds(1), "people hear that an owner is refused", || heard() > 0).await;
    assert_eq!(heard(), 1, "and hear it once");
    plant.books_balance().await;
}
