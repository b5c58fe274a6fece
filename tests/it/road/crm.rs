//! The CRM in trouble, and people who work in it.

use handoff::{
    demo::crm::Fault,
    model::{lead::State, time::Span},
};

use crate::harness::{Config, Plant, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_is_down_for_a_minute_loses_nothing_and_owners_are_told_all_the_while() {
    let plant = Plant::start(Config::default()).await;
    plant.crm.set_down(true);
    for number in 0..30 {
        plant.fill(&format!("p{number}@linden.example"), &[]).await;
    }
    until("everybody was told", || async {
        let told = plant.store.tally(handoff::clock::Clock::now(&plant.clock)).await.unwrap();
        told.jobs
            .iter()
            .filter(|(name, _)| name.starts_with("tell"))
            .all(|(_, jobs)| jobs.open == 0)
    })
    .await;
    for _ in 0..6 {
        plant.clock.advance(Span::seconds(10));
        tokio::task::yield_now().await;
    }
    assert!(plant.crm.records().is_empty());
    plant.crm.set_down(false);
    until("every lead is in the CRM", || async {
        plant.clock.advance(Span::seconds(5));
        plant.running().worker.wakes.all_jobs();
        plant.crm.records().len() == 30
    })
    .await;
    plant.idle().await;
    for lead in plant.leads().await {
        assert_eq!(plant.crm.with_key(&lead.uuid.to_string()), 1);
    }
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_after_the_write_makes_no_second_record() {
    let plant = Plant::start(Config::default()).await;
    plant.crm.script([Fault::ResetAfter]);
    let lead = plant.fill("eva@linden.example", &[]).await;
    until("the lead is in the CRM with its owner", || async {
        plant.clock.advance(Span::seconds(5));
        plant.running().worker.wakes.all_jobs();
        let records = plant.crm.records();
        records.first().is_some_and(|record| !record.text("hubspot_owner_id").is_empty())
    })
    .await;
    assert_eq!(plant.crm.with_key(&lead.uuid.to_string()), 1);
    assert_eq!(plant.crm.records().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_humans_owner_in_the_crm_is_kept() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let record = plant.crm.records()[0].id.clone();
    plant.crm.give_by_hand(&record, &plant.crm.owner("bob"));
    // The next write meets the human's owner.
    plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    until("our owner follows", || async {
        plant.lead_of("eva@linden.example").await.unwrap().owner.as_deref() == Some("bob")
    })
    .await;
    plant.idle().await;
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), plant.crm.owner("bob"));
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_was_there_before_us_is_met_and_kept() {
    let plant = Plant::start(Config::default()).await;
    let bob = plant.crm.owner("bob");
    plant.crm.add("contact", &[("email", "eva@linden.example"), ("hubspot_owner_id", &bob)]);
    plant.fill("eva@linden.example", &[]).await;
    until("our owner follows", || async {
        plant.lead_of("eva@linden.example").await.unwrap().owner.as_deref() == Some("bob")
    })
    .await;
    plant.idle().await;
    assert_eq!(plant.crm.records().len(), 1, "no second record of the same person");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crm_is_asked_first_and_its_answer_decides() {
    let config = Config { asks: true, ..Config::default() };
    let rule =
        "[[rule]]\nid = \"existing\"\nif.person = \"known\"\nassign_to = \"person.owner\"\n\n";
    let rulebook = config.rulebook.replacen("[[rule]]", &format!("{rule}[[rule]]"), 1);
    let plant = Plant::start(Config { rulebook, ..config }).await;
    let bob = plant.crm.owner("bob");
    plant.crm.add("contact", &[("email", "eva@linden.example"), ("hubspot_owner_id", &bob)]);
    plant.fill("eva@linden.example", &[]).await;
    let lead = plant.in_state("eva@linden.example", State::Assigned).await;
    assert_eq!((lead.owner.as_deref(), lead.rule.as_deref()), (Some("bob"), Some("existing")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_does_not_answer_delays_a_lead_by_no_more_than_the_deadline() {
    let plant = Plant::start(Config { asks: true, ..Config::default() }).await;
    plant.crm.set_down(true);
    let lead = plant.fill("eva@linden.example", &[]).await;
    assert_eq!(lead.state, State::Waiting);
    plant.clock.advance(Span::seconds(2));
    plant.running().worker.wakes.decide();
    plant.in_state("eva@linden.example", State::Assigned).await;
}
