//! The road of one lead, step by step: opened, reminded, late, handed over, paged, answered.

use super::sample::{NOON, World, book};
use crate::model::{
    event::Fate,
    job::{JobKind, Why},
    lead::{State, Waiting},
    news::{Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
    plan::What,
    time::Span,
};

fn what(plan: &crate::model::plan::Plan) -> Option<What> {
    plan.decision.as_ref().map(|decision| decision.what)
}

#[test]
fn a_fill_opens_a_lead_with_an_owner_and_a_clock() {
    let mut world = World::new(book());
    let plan = world.fill("eva@linden.example", Some("demo"));
    assert_eq!(plan.fate, Some(Fate::Opened));
    let lead = world.lead();
    assert_eq!((lead.state, lead.owner.as_deref()), (State::Assigned, Some("ada")));
    assert_eq!(lead.ladder.as_ref().unwrap().deadline, NOON.plus(Span::minutes(5)));
    assert_eq!(world.told(), ["email:ada"]);
    assert!(world.jobs.iter().any(|job| job.kind == JobKind::Write));
    assert_eq!(world.review, Some(NOON.plus(Span::minutes(3))));
}

#[test]
fn the_ladder_goes_its_way_until_somebody_answers() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    assert_eq!(what(&world.review()), Some(What::Reminded));
    assert_eq!(world.told(), ["email:ada"]);
    assert_eq!(what(&world.review()), Some(What::Escalated));
    assert_eq!(world.now, NOON.plus(Span::minutes(5)));
    assert_eq!(world.told(), ["alerts", "email:ada"]);
    assert_eq!(what(&world.review()), Some(What::Reassigned));
    assert_eq!(world.now, NOON.plus(Span::minutes(10)));
    let lead = world.lead();
    assert_eq!(
        (lead.owner.as_deref(), lead.had.as_slice()),
        (Some("grace"), &["ada".to_owned()][..])
    );
    assert_eq!(world.told(), ["email:ada", "email:grace", "email:mary"]);
    // A new clock for the new owner; the page keeps the first deadline.
    assert_eq!(what(&world.review()), Some(What::Reminded));
    assert_eq!(what(&world.review()), Some(What::Escalated));
    assert_eq!(world.now, NOON.plus(Span::minutes(15)));
    assert_eq!(what(&world.review()), Some(What::Reassigned));
    assert_eq!(world.now, NOON.plus(Span::minutes(20)));
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
}

#[test]
fn a_page_keeps_the_first_deadline_repeats_and_is_closed_by_the_answer() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let mut pages = Vec::new();
    for _ in 0..20 {
        if world.review.is_none() {
            break;
        }
        let plan = world.review();
        if plan.jobs.iter().any(|job| job.why == Some(Why::Page)) {
            pages.push(world.now.since(NOON));
        }
    }
    assert_eq!(pages, [20, 30, 40].map(Span::minutes), "deadline 5 + 15, then every 10");
    let lead = world.lead().uuid;
    let response = Response { kind: ResponseKind::Call, at: world.now, by: None, evidence: None };
    let plan = world.news(News::Responded { lead, response });
    assert!(plan.jobs.iter().any(|job| job.why == Some(Why::PageOver)));
    assert_eq!((world.lead().state, world.review), (State::Answered, None));
}

#[test]
fn after_an_outage_only_the_newest_due_step_fires() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    world.review = Some(NOON.plus(Span::minutes(6)));
    let plan = world.review();
    assert_eq!(what(&plan), Some(What::Escalated));
    assert_eq!(plan.decision.unwrap().why["skipped_as_late"], serde_json::json!([0]));
    assert_eq!(world.lead().ladder.as_ref().unwrap().steps_done, 2);
}

#[test]
fn on_it_buys_a_bounded_time_and_then_the_ladder_goes_on() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    world.news(News::Acted { lead, rep: "ada".into(), act: Act::OnIt });
    assert_eq!(world.review, Some(NOON.plus(Span::minutes(15))));
    let plan = world.review();
    assert_eq!(what(&plan), Some(What::Reassigned), "the newest due step");
}

#[test]
fn on_it_by_somebody_else_changes_nothing() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let plan = world.news(News::Acted { lead, rep: "konrad".into(), act: Act::OnIt });
    assert_eq!(plan.lead, None);
}

#[test]
fn an_outcome_ends_the_ladder_and_flows_to_the_crm() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let outcome = Outcome::NotAFit { why: "student".into() };
    let plan = world.news(News::Acted {
        lead,
        rep: "ada".into(),
        act: Act::Answered { outcome: outcome.clone() },
    });
    assert_eq!(what(&plan), Some(What::Answered));
    assert_eq!(world.lead().outcome, Some(outcome));
    assert!(plan.jobs.iter().any(|job| job.kind == JobKind::Write));
}

#[test]
fn the_same_person_joins_and_the_owner_hears_of_it() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", Some("content"));
    world.now = world.now.plus(Span::minutes(1));
    let plan = world.fill("eva@linden.example", Some("content"));
    assert_eq!(plan.fate, Some(Fate::Joined));
    assert_eq!(world.lead().fills, 2);
    assert_eq!(world.told(), ["email:ada"]);
    assert_eq!(plan.jobs.iter().find_map(|job| job.why), Some(Why::FilledAgain));
}

#[test]
fn after_the_window_the_same_person_is_a_new_lead() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let first = world.lead().uuid;
    world.now = world.now.plus(Span::days(30)).plus(Span(1));
    assert_eq!(world.fill("eva@linden.example", None).fate, Some(Fate::Opened));
    assert_ne!(world.lead().uuid, first);
}

#[test]
fn a_stronger_fill_reopens_an_answered_lead_with_a_new_clock() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", Some("content"));
    let lead = world.lead().uuid;
    let outcome = Outcome::Nurture;
    world.news(News::Acted { lead, rep: "ada".into(), act: Act::Answered { outcome } });
    world.now = world.now.plus(Span::days(2));
    assert_eq!(what(&world.fill("eva@linden.example", Some("content"))), Some(What::Joined));
    assert_eq!(world.lead().state, State::Answered);
    assert_eq!(what(&world.fill("eva@linden.example", Some("demo"))), Some(What::Reopened));
    let lead = world.lead();
    assert_eq!((lead.state, lead.owner.as_deref()), (State::Assigned, Some("ada")));
    assert_eq!(lead.ladder.as_ref().unwrap().deadline, world.now.plus(Span::minutes(5)));
}

#[test]
fn the_crm_is_asked_first_and_its_silence_is_bounded() {
    let mut world = World::new(book());
    world.reach.asks = vec!["hubspot".to_owned()];
    world.fill("eva@linden.example", None);
    assert!(matches!(world.lead().waiting, Some(Waiting::Facts { .. })));
    assert_eq!(world.review, Some(NOON.plus(Span::seconds(2))));
    assert_eq!(what(&world.review()), Some(What::Routed));
    assert_eq!(world.lead().state, State::Assigned);
}

#[test]
fn facts_that_come_late_never_reroute_in_silence() {
    let mut world = World::new(book());
    world.reach.asks = vec!["hubspot".to_owned()];
    world.fill("eva@linden.example", None);
    world.review();
    let lead = world.lead().uuid;
    let person = KnownRecord { record: "9".into(), name: None, owner: Some("owner-grace".into()) };
    let known = Known { person: Some(person), ..Known::default() };
    let plan = world.news(News::Facts { lead, destination: "hubspot".into(), known });
    assert_eq!(what(&plan), Some(What::Noted));
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
}

#[test]
fn before_a_lead_is_taken_away_the_crm_is_asked_and_an_answer_there_counts() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    world.reach.asks = vec!["hubspot".to_owned()];
    world.review();
    world.review();
    let plan = world.review();
    assert_eq!(what(&plan), Some(What::Asked));
    assert_eq!(world.review, Some(world.now.plus(Span::seconds(5))));
    let lead = world.lead().uuid;
    let response = Response {
        kind: ResponseKind::Email,
        at: world.now,
        by: None,
        evidence: Some("e1".into()),
    };
    let known = Known { response: Some(response), ..Known::default() };
    world.news(News::Facts { lead, destination: "hubspot".into(), known });
    assert_eq!(world.lead().state, State::Answered);
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
}

#[test]
fn without_news_the_hand_over_goes_ahead_at_the_deadline() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    world.reach.asks = vec!["hubspot".to_owned()];
    world.review();
    world.review();
    world.review();
    assert_eq!(what(&world.review()), Some(What::Reassigned));
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
}

#[test]
fn a_humans_choice_of_owner_in_the_crm_is_kept() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let owner = "owner-konrad".to_owned();
    let plan =
        world.news(News::OwnerMet { lead, destination: "hubspot".into(), owner, is_move: true });
    assert_eq!(what(&plan), Some(What::OwnerKept));
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    assert_eq!(world.told(), ["email:ada", "email:konrad"]);
}

#[test]
fn an_owner_there_whom_nobody_knows_here_is_left_alone_and_people_hear_of_it() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let news = News::OwnerMet {
        lead,
        destination: "hubspot".into(),
        owner: "stranger".into(),
        is_move: true,
    };
    world.news(news.clone());
    assert_eq!(world.lead().outside_owner.as_deref(), Some("stranger"));
    assert_eq!(world.told(), ["alerts"]);
    assert_eq!(world.news(news).lead, None, "only once");
}

#[test]
fn an_owner_whom_the_crm_refuses_is_replaced() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let news = News::OwnerInvalid { lead, destination: "hubspot".into(), rep: "ada".into() };
    assert_eq!(what(&world.news(news)), Some(What::Reassigned));
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    assert!(world.told().contains(&"alerts"));
}

#[test]
fn out_today_from_a_link_hands_the_lead_to_somebody_free() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    world.news(News::Acted { lead, rep: "ada".into(), act: Act::OutToday });
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    assert!(world.team.away["ada"][0].holds(world.now));
}

#[test]
fn a_lead_is_handed_on_no_more_often_than_the_ladder_allows() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let mut owners = vec![world.lead().owner.clone()];
    while world.review.is_some() {
        world.review();
        owners.push(world.lead().owner.clone());
    }
    owners.dedup();
    assert_eq!(owners.len(), 3, "{owners:?}");
}

#[test]
fn while_the_time_is_unsure_nobody_loses_a_lead() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    world.reach.time_is_unsure = true;
    world.review();
    world.review();
    let plan = world.review();
    assert_eq!(plan.lead, None);
    assert_eq!(world.review, Some(world.now), "it stays due");
}
