//! When nobody answers: reminder, late, hand-over, page, answer; and what ends it.

use handoff::model::{
    lead::State,
    news::{Act, News, Outcome, Response, ResponseKind},
    time::Span,
};

use crate::harness::{Config, Plant};

async fn news(plant: &Plant, news: News) {
    let event = handoff::model::event::NewEvent {
        kind: handoff::model::event::EventKind::News,
        source: "handoff:test".to_owned(),
        delivery: format!("{news:?}"),
        received_at: handoff::clock::Clock::now(&plant.clock),
        content_type: None,
        actor: Some("test".to_owned()),
        body: serde_json::to_vec(&news).unwrap(),
    };
    plant.store.accept(vec![event]).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ladder_reminds_hands_over_pages_and_ends_with_the_answer() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.after(Span::minutes(3)).await;
    assert_eq!(plant.mails_to("ada@").len(), 2, "told and reminded");
    plant.after(Span::minutes(2)).await;
    assert_eq!(plant.mails_to("ada@").len(), 3, "late");
    assert_eq!(plant.chat.posts().all().len(), 1, "the channel hears that it is late");
    plant.after(Span::minutes(5)).await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(
        (lead.owner.as_deref(), lead.had.as_slice()),
        (Some("bob"), &["ada".to_owned()][..])
    );
    assert_eq!(plant.mails_to("mary@").len(), 1, "the manager hears of it");
    assert_eq!(plant.mails_to("bob@").len(), 1);
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), plant.crm.owner("bob"));
    for _ in 0..5 {
        plant.after(Span::minutes(2)).await;
    }
    let pages = |action: &str| {
        let posts = plant.chat.posts().all();
        let pages = posts.iter().filter(|post| post.json()["event_action"] == action);
        pages.map(|post| post.json()["dedup_key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(pages("trigger").len(), 1);
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    let at = handoff::clock::Clock::now(&plant.clock);
    let response = Response { kind: ResponseKind::Call, at, by: None, evidence: Some("c1".into()) };
    news(&plant, News::Responded { lead: lead.uuid, response }).await;
    let lead = plant.in_state("eva@linden.example", State::Answered).await;
    assert_eq!(pages("resolve"), pages("trigger"), "the page is closed under the same key");
    let told = plant.mail.mails().all().len();
    plant.after(Span::hours(2)).await;
    assert_eq!(plant.mail.mails().all().len(), told, "after the answer nobody is told anything");
    assert_eq!(plant.lead_of("eva@linden.example").await.unwrap().owner, lead.owner);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_of_an_hour_each_step_is_told_once_at_most() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    plant.after(Span::hours(1)).await;
    assert!(plant.mails_to("ada@").len() <= 2, "{:?}", plant.mails_to("ada@"));
    let story = plant.store.lead(plant.leads().await[0].uuid).await.unwrap().unwrap();
    let skipped =
        story.decisions.iter().any(|one| one.decision.why.contains_key("skipped_as_late"));
    assert!(skipped, "{:?}", story.decisions);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_it_holds_the_ladder_for_a_bounded_time() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    news(&plant, News::Acted { lead: lead.uuid, rep: "ada".into(), act: Act::OnIt }).await;
    plant.after(Span::minutes(14)).await;
    assert_eq!(plant.mails_to("ada@").len(), 1);
    plant.after(Span::minutes(2)).await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(lead.owner.as_deref(), Some("bob"), "{lead:?}");
    assert_eq!(plant.mails_to("bob@").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stronger_fill_reopens_an_answered_lead_with_its_owner_and_a_new_clock() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("form", "ebook")]).await;
    let act = Act::Answered { outcome: Outcome::Nurture };
    news(&plant, News::Acted { lead: lead.uuid, rep: "ada".into(), act }).await;
    plant.after(Span::days(1)).await;
    let again = plant.fill("eva@linden.example", &[("form", "demo")]).await;
    assert_eq!((again.uuid, again.state), (lead.uuid, State::Assigned));
    assert_eq!(again.owner.as_deref(), Some("ada"));
    assert!(again.ladder.unwrap().deadline > lead.ladder.unwrap().deadline);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_one_message() {
    let plant = Plant::start(Config::default()).await;
    // The mail server is away, so that the pile grows; then everything is said at once.
    for number in 0..12 {
        let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
        assert_eq!(plant.post(&body, &format!("msg_{number}")).await.0, 200);
    }
    plant.idle().await;
    let mails = plant.mail.mails().all().len();
    assert!((2..=12).contains(&mails), "at least one to each, never more than one a lead: {mails}");
}
