//! Corners of the road: owners met, evidence of long ago, leads that wait, clocks that begin anew.

use super::sample::{NOON, World, book, rep};
use crate::model::{
    field::Fields,
    lead::{State, Waiting},
    news::{Absence, Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
    team::Away,
    time::Span,
};
use crate::rulebook::{
    IfUnknown, Rule, Sla, Target, Then,
    condition::{self, Field, Schema, Type},
};

fn met(world: &mut World, owner: &str) {
    let lead = world.lead().uuid;
    let (destination, owner) = ("hubspot".to_owned(), owner.to_owned());
    world.news(News::OwnerMet { lead, destination, owner, is_move: false });
}

fn answer(world: &mut World) {
    let lead = world.lead().uuid;
    let act = Act::Answered { outcome: Outcome::Nurture };
    world.news(News::Acted { lead, rep: "ada".into(), act });
}

#[test]
fn an_owner_met_who_has_left_does_not_get_the_lead() {
    let mut book = book();
    book.reps.get_mut("konrad").unwrap().has_left = true;
    let mut world = World::new(book);
    world.fill("eva@linden.example", None);
    met(&mut world, "owner-konrad");
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
}

#[test]
fn an_owner_met_who_is_away_does_not_get_the_lead() {
    let mut world = World::new(book());
    let away = Away { absence: Absence::Out, from: NOON, until: None, is_from_calendar: false };
    world.team.away.insert("konrad".into(), vec![away]);
    world.fill("eva@linden.example", None);
    met(&mut world, "owner-konrad");
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
}

#[test]
fn an_outside_owner_is_forgotten_when_the_crm_shows_one_of_ours() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    met(&mut world, "stranger");
    met(&mut world, "owner-konrad");
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    assert_eq!(world.lead().outside_owner, None, "else the CRM never hears of an owner again");
}

#[test]
fn an_operators_hand_over_ends_the_rule_of_an_outside_owner() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    met(&mut world, "stranger");
    let lead = world.lead().uuid;
    world.news(News::Reassign { lead, to: "grace".into(), why: None });
    assert_eq!(world.lead().outside_owner, None);
}

#[test]
fn old_evidence_does_not_answer_a_reopened_lead() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", Some("content"));
    world.now = world.now.plus(Span::minutes(1));
    let lead = world.lead().uuid;
    let response =
        Response { kind: ResponseKind::Call, at: world.now, by: None, evidence: Some("c1".into()) };
    world.news(News::Responded { lead, response: response.clone() });
    assert_eq!(world.lead().state, State::Answered);
    world.now = world.now.plus(Span::days(2));
    world.fill("eva@linden.example", Some("demo"));
    assert_eq!(world.lead().state, State::Assigned);
    world.news(News::Responded { lead, response });
    assert_eq!(world.lead().state, State::Assigned, "the same evidence counts once");
}

fn waiting_book() -> crate::rulebook::Rulebook {
    let mut book = book();
    let schema =
        Schema::builder().with(Field::new("lead.employees", Type::Number)).build().unwrap();
    let when = condition::cel("lead.employees > 10", &schema).unwrap();
    let rule = Rule {
        id: "big".into(),
        when,
        if_unknown: IfUnknown::Wait { wait: Span::seconds(60), then_hold: false },
        then: Then::Assign { to: Target::Rep("konrad".into()), if_unavailable: None },
        sla: "hot".into(),
        sticky: None,
    };
    book.rules.insert(0, rule);
    let empty = crate::rulebook::Rulebook::empty(schema);
    (book.lookups, book.schema) = (empty.lookups, empty.schema);
    book
}

#[test]
fn facts_that_come_while_a_rule_waits_are_kept() {
    let mut world = World::new(waiting_book());
    world.reach.asks = vec!["hubspot".into(), "salesforce".into()];
    world.fill("eva@linden.example", None);
    world.review();
    assert!(matches!(world.lead().waiting, Some(Waiting::Fact { .. })), "{:?}", world.lead());
    let lead = world.lead().uuid;
    let person = KnownRecord { record: "9".into(), name: None, owner: None };
    let known = Known { person: Some(person), ..Known::default() };
    world.news(News::Facts { lead, destination: "hubspot".into(), known });
    assert!(world.lead().known.contains_key("hubspot"), "what the CRM said is lost");
}

#[test]
fn fetched_fields_that_come_while_a_rule_waits_are_kept() {
    let mut world = World::new(waiting_book());
    world.fill("eva@linden.example", None);
    let lead = world.lead().uuid;
    let mut fields = Fields::default();
    fields.put_text("company", "Linden");
    world.news(News::Fetched { lead, fields });
    assert_eq!(world.lead().fields.text("company"), Some("Linden"));
}

#[test]
fn an_answered_lead_given_on_by_hand_has_a_new_clock_for_pages_too() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    answer(&mut world);
    world.now = world.now.plus(Span::days(2));
    let lead = world.lead().uuid;
    world.news(News::Reassign { lead, to: "grace".into(), why: None });
    assert_eq!(world.review, Some(world.now.plus(Span::minutes(3))), "the 60% reminder, no page");
}

#[test]
fn who_gets_an_answered_lead_in_the_crm_has_no_turn_to_give_back() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", Some("content"));
    answer(&mut world);
    met(&mut world, "owner-grace");
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    world.fill("eva@linden.example", Some("demo"));
    let (lead, act) = (world.lead().uuid, Act::Refused { why: "my sister".into() });
    world.news(News::Acted { lead, rep: "grace".into(), act });
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    let turns = &world.team.rotations["inbound"].turns;
    assert!(turns.get("grace").is_none_or(|turn| turn.owed < 0.1), "{turns:?}");
}

#[test]
fn a_reopened_lead_may_be_handed_on_again() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", Some("content"));
    while world.lead().had.len() < 2 {
        world.review();
    }
    answer(&mut world);
    world.fill("eva@linden.example", Some("demo"));
    assert!(world.lead().had.is_empty(), "{:?}", world.lead().had);
}

#[test]
fn a_reopened_lead_has_the_clock_of_what_it_asks_for_now() {
    let mut book = book();
    let schema = Schema::builder().with(Field::new("lead.intent", Type::Text)).build().unwrap();
    let slow =
        Sla { id: "slow".into(), respond_within: Span::hours(24), ..book.slas["hot"].clone() };
    book.slas.insert("slow".into(), slow);
    let when = condition::cel("lead.intent == 'content'", &schema).unwrap();
    book.rules.insert(
        0,
        Rule {
            id: "content".into(),
            when,
            if_unknown: IfUnknown::Skip,
            then: Then::Assign { to: Target::Pool("inbound".into()), if_unavailable: None },
            sla: "slow".into(),
            sticky: None,
        },
    );
    let empty = crate::rulebook::Rulebook::empty(schema);
    (book.lookups, book.schema) = (empty.lookups, empty.schema);
    let mut world = World::new(book);
    world.fill("eva@linden.example", Some("content"));
    assert_eq!(world.lead().ladder.as_ref().unwrap().sla, "slow");
    answer(&mut world);
    world.fill("eva@linden.example", Some("demo"));
    assert_eq!(world.lead().ladder.as_ref().unwrap().sla, "hot");
}

#[test]
fn a_lead_held_for_an_operator_is_looked_at_again() {
    let mut book = book();
    for id in ["ada", "grace", "konrad"] {
        book.reps.insert(id.into(), crate::rulebook::Rep { has_left: true, ..rep(id) });
    }
    let mut world = World::new(book);
    world.fill("eva@linden.example", None);
    assert!(matches!(world.lead().waiting, Some(Waiting::Operator { .. })));
    assert!(world.review.is_some(), "a mended rulebook must find it");
}
