//! Action links: what is pressed is done once, and looking changes nothing.

use handoff::{
    model::{
        id::Seq,
        lead::{Lead, State},
        news::Outcome,
        time::Span,
    },
    notify::link::Grant,
    store::{DecisionFilter, EventFilter},
};
use reqwest::{Response, StatusCode};

use super::{HOSTILE, act_token, get, guarded, text, token};
use crate::harness::{Config, Plant};

async fn press(plant: &Plant, token: &str, form: &str) -> Response {
    let url = plant.url(&format!("/act/{token}"));
    plant.http.post(url).body(form.to_owned()).send().await.unwrap()
}

async fn said(plant: &Plant, token: &str, form: &str) -> String {
    let answer = press(plant, token, form).await;
    assert_eq!(answer.status(), StatusCode::OK, "{form}");
    guarded(&answer);
    answer.text().await.unwrap()
}

/// Everything that could change: events and decisions.
async fn trail(plant: &Plant) -> (usize, usize) {
    let events = EventFilter { max: 500, ..EventFilter::default() };
    let decisions = DecisionFilter { after: Some(Seq(0)), max: 500 };
    (
        plant.store.events(events).await.unwrap().rows.len(),
        plant.store.decisions(decisions).await.unwrap().rows.len(),
    )
}

async fn fresh(plant: &Plant) -> Lead {
    plant.lead_of("eva@linden.example").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_link_changes_nothing_however_often_and_however_late() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    plant.idle().await;
    let before = (trail(&plant).await, fresh(&plant).await);
    let token = act_token(&plant, &lead);
    for _ in 0..2 {
        let page = text(&plant, &format!("/act/{token}"), "").await;
        assert!(page.contains("Eva Linden") && page.contains("on_it"), "{page}");
        let head = plant.http.head(plant.url(&format!("/act/{token}"))).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
    }
    assert_eq!((trail(&plant).await, fresh(&plant).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_or_damaged_link_says_so_and_does_nothing() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let token = act_token(&plant, &lead);
    let before = trail(&plant).await;
    let damaged = format!("{}A", &token[..token.len() - 1]);
    assert_eq!(press(&plant, &damaged, "act=answered").await.status(), StatusCode::NOT_FOUND);
    plant.clock.advance(Span::days(7));
    for answer in [
        press(&plant, &token, "act=answered").await,
        get(&plant, &format!("/act/{token}"), "").await,
    ] {
        assert_eq!(answer.status(), StatusCode::GONE);
        guarded(&answer);
        let page = answer.text().await.unwrap();
        assert!(page.contains("has expired") && page.contains("newest message"), "{page}");
    }
    let events = trail(&plant).await.0;
    assert_eq!(events, before.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_it_holds_the_ladder_and_says_until_when() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let page = said(&plant, &act_token(&plant, &lead), "act=on_it").await;
    let until = fresh(&plant).await.ladder.unwrap().on_it_until.expect("it is held");
    assert!(page.contains("Noted: you are on it. We hold the ladder until"), "{page}");
    assert!(page.contains(&format!("data-at=\"{}\"", until.0)), "{page}");
    assert!(!page.contains("value=\"on_it\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_is_one_event() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let token = act_token(&plant, &lead);
    let form = format!("act=on_it&seen={}", lead.revision.0);
    let before = trail(&plant).await.0;
    let (one, two) = tokio::join!(press(&plant, &token, &form), press(&plant, &token, &form));
    assert_eq!((one.status(), two.status()), (StatusCode::OK, StatusCode::OK));
    said(&plant, &token, &form).await;
    assert_eq!(trail(&plant).await.0, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_stops_the_clock_with_its_outcome() {
    let not_a_fit = Outcome::NotAFit { why: "too small: <b>two</b> people".into() };
    for (form, outcome) in [
        ("act=answered", Outcome::Qualified),
        ("act=nurture", Outcome::Nurture),
        ("act=not_a_fit&reason=too+small&words=%3Cb%3Etwo%3C%2Fb%3E+people", not_a_fit),
    ] {
        let plant = Plant::start(Config::default()).await;
        let lead = plant.fill("eva@linden.example", &[]).await;
        let page = said(&plant, &act_token(&plant, &lead), form).await;
        assert!(page.contains("The clock has stopped"), "{page}");
        assert!(!page.contains("<b>two"), "{page}");
        let lead = plant.in_state("eva@linden.example", State::Answered).await;
        assert_eq!(lead.outcome, Some(outcome));
        plant.books_balance().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn out_today_hands_the_lead_on_and_brings_no_new_ones() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let (owner, other) = (lead.owner.clone().unwrap(), "bob");
    let page = said(&plant, &act_token(&plant, &lead), "act=out_today").await;
    assert!(page.contains("Noted: you are out"), "{page}");
    assert!(page.contains("Bob Noyce has this lead now"), "{page}");
    for number in 0..3 {
        let lead = plant.fill(&format!("p{number}@linden.example"), &[]).await;
        assert_eq!(lead.owner.as_deref(), Some(other));
    }
    assert_eq!(owner, "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_refused_with_a_reason_goes_to_somebody_else_and_the_turn_comes_again() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    assert_eq!(lead.owner.as_deref(), Some("ada"));
    let token = act_token(&plant, &lead);
    let page = text(&plant, &format!("/act/{token}"), "").await;
    assert!(page.contains("Not one for me"), "{page}");
    let answer = press(&plant, &token, "act=refused&words=+").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "without a reason");
    let page = said(&plant, &token, "act=refused&words=my+brother").await;
    assert!(page.contains("Bob Noyce has this lead now"), "{page}");
    assert!(!page.contains("Not one for me"), "it is hers no more: {page}");
    plant.decided().await;
    assert_eq!(fresh(&plant).await.owner.as_deref(), Some("bob"));
    let turn = plant.store.team().await.unwrap().rotations["inbound"].turns["ada"];
    assert_eq!((turn.received, turn.owed.round() as i64), (0, 1), "{turn:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_without_a_lead_says_out_once_a_day() {
    let plant = Plant::start(Config::default()).await;
    plant.decided().await;
    let token = token(&plant, &Grant::OutToday { rep: "ada".into() });
    let before = trail(&plant).await.0;
    assert!(text(&plant, &format!("/act/{token}"), "").await.contains("Out today?"));
    assert_eq!(trail(&plant).await.0, before);
    for _ in 0..2 {
        assert!(said(&plant, &token, "act=out_today").await.contains("Noted: you are out"));
    }
    assert_eq!(trail(&plant).await.0, before + 1);
    plant.decided().await;
    assert!(plant.store.team().await.unwrap().away.contains_key("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reps_own_page_lists_their_leads_with_links_that_work() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[("name", "Eva Linden")]).await;
    plant.fill("noah@espe.example", &[("name", "Noah Espe")]).await;
    let token = token(&plant, &Grant::Board { rep: "ada".into() });
    let page = text(&plant, &format!("/act/{token}"), "").await;
    assert!(page.contains("Eva Linden") && !page.contains("Noah Espe"), "{page}");
    let link = page.split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(text(&plant, &format!("/act/{link}"), "").await.contains("Eva Linden"));
    assert_eq!(press(&plant, &token, "act=answered").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_another_site_is_refused() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let token = act_token(&plant, &lead);
    let before = trail(&plant).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let url = plant.url(&format!("/act/{token}"));
        let sent = plant.http.post(url).header(name, value).body("act=answered").send().await;
        assert_eq!(sent.unwrap().status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(trail(&plant).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_read_up_to_its_limit() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let token = act_token(&plant, &lead);
    let filled = |length: usize| format!("act=on_it&pad={}", "x".repeat(length - 14));
    let over = press(&plant, &token, &filled(8 * 1024 + 1)).await;
    assert_eq!(over.status(), StatusCode::BAD_REQUEST);
    assert_eq!(press(&plant, &token, &filled(8 * 1024)).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_typed_is_escaped_on_action_pages() {
    let plant = Plant::start(Config::default()).await;
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        let email = format!("p{number}@linden.example");
        let lead = plant.fill(&email, &[("name", hostile), ("company", hostile)]).await;
        let token = act_token(&plant, &lead);
        for page in [
            text(&plant, &format!("/act/{token}"), "").await,
            said(&plant, &token, "act=on_it").await,
        ] {
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
            assert!(!page.contains("<svg/onload") && !page.contains("' onmouseover="), "{page}");
            assert!(!page.contains('\u{202e}'));
        }
    }
}
