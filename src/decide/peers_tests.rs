//! What went wrong in other routers does not here: one test each, named after it.

use super::sample::{World, book, member};
use crate::{
    model::{
        lead::State,
        news::{Absence, News},
        plan::What,
        team::{Away, Rotation},
        time::{Span, Time},
    },
    rulebook::{
        Clock, Files, IfNobody, RotationKind, Rulebook, Setup, Target, Then, calendar::Hours,
    },
};

fn given(world: &mut World, leads: usize) -> Vec<String> {
    (0..leads)
        .map(|_| {
            world.now = world.now.plus(Span::seconds(1));
            world.another()
        })
        .collect()
}

fn count(given: &[String], rep: &str) -> usize {
    given.iter().filter(|one| *one == rep).count()
}

fn out(world: &mut World, rep: &str, until: Option<Time>) {
    let away = Away { absence: Absence::Out, from: world.now, until, is_from_calendar: false };
    world.team.away.insert(rep.to_owned(), vec![away]);
}

fn inbound(world: &mut World) -> &mut crate::rulebook::Pool {
    world.book.pools.get_mut("inbound").unwrap()
}

fn at(text: &str) -> Time {
    Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn odoo_a_lead_older_than_seven_days_was_never_picked_up() {
    let mut world = World::new(book());
    inbound(&mut world).if_nobody = IfNobody::Wait(Span::days(60));
    let (opened, back) = (world.now, world.now.plus(Span::days(8)));
    for rep in ["ada", "grace", "konrad"] {
        out(&mut world, rep, Some(back));
    }
    assert_eq!(world.another(), "");
    while world.lead().state == State::Waiting {
        world.review();
    }
    let waited = world.now.since(opened);
    assert!(waited >= Span::days(8) && waited <= Span(Span::days(8).0 + Span::minutes(5).0));
}

#[test]
fn odoo_those_who_were_created_first_got_everything() {
    for rotation in [RotationKind::Balanced, RotationKind::RoundRobin, RotationKind::LeastOpen] {
        let mut world = World::new(book());
        inbound(&mut world).rotation = rotation;
        let given = given(&mut world, 30);
        for rep in ["ada", "grace", "konrad"] {
            assert_eq!(count(&given, rep), 10, "{rotation:?} {rep}");
        }
    }
}

#[test]
fn odoo_a_holiday_left_a_hole_that_came_back_every_thirty_days() {
    let mut world = World::new(book());
    let back = world.now.plus(Span::days(5));
    out(&mut world, "ada", Some(back));
    for day in 0..90 {
        let of_ada = count(&given(&mut world, 6), "ada");
        let want = if day < 5 { 0 } else { 2 };
        assert!(of_ada.abs_diff(want) <= usize::from(day >= 5), "day {day}: {of_ada}");
        world.now = world.now.plus(Span::days(1)).minus(Span::seconds(6));
    }
}

#[test]
fn odoo_a_weight_of_zero_crashed_the_assignment() {
    let text = include_str!("../../config/rulebook.toml").replace("weight = 0.5", "weight = 0");
    let found = Rulebook::compile(&Files::new(text), &Setup::default(), 1).unwrap_err();
    assert!(found.iter().any(|one| one.message.contains("a weight of 0 is no share")), "{found:?}");
}

#[test]
fn suitecrm_every_session_had_a_rotation_of_its_own() {
    let mut first = World::new(book());
    let mut all = given(&mut first, 10);
    // Another process that knows what was written, and nothing else.
    let rows: Vec<(String, Rotation)> = first
        .team
        .rotations
        .iter()
        .map(|(pool, rotation)| {
            let text = serde_json::to_string(rotation).unwrap();
            (pool.clone(), serde_json::from_str(&text).unwrap())
        })
        .collect();
    let mut second = World::new(book());
    second.team.rotations = rows.into_iter().collect();
    second.now = first.now;
    all.extend(given(&mut second, 20));
    for rep in ["ada", "grace", "konrad"] {
        assert_eq!(count(&all, rep), 10, "{rep}");
    }
}

#[test]
fn suitecrm_after_the_last_one_left_the_list_the_first_was_passed_over() {
    let mut world = World::new(book());
    inbound(&mut world).rotation = RotationKind::RoundRobin;
    given(&mut world, 2); // grace was last
    inbound(&mut world).members = vec![member("ada"), member("konrad"), member("mary")];
    assert_eq!(given(&mut world, 4), ["ada", "konrad", "mary", "ada"]);
}

#[test]
fn suitecrm_of_those_who_were_equally_busy_only_one_counted() {
    let mut world = World::new(book());
    inbound(&mut world).rotation = RotationKind::LeastOpen;
    world.team.open = ["ada", "grace", "konrad"].map(|rep| (rep.to_owned(), 4)).into();
    let mut first = given(&mut world, 3);
    first.sort();
    assert_eq!(first, ["ada", "grace", "konrad"]);
}

#[test]
fn suitecrm_people_who_had_left_went_on_getting_leads() {
    let mut world = World::new(book());
    world.book.reps.get_mut("grace").unwrap().has_left = true;
    assert_eq!(count(&given(&mut world, 12), "grace"), 0);
    for rep in ["ada", "konrad"] {
        out(&mut world, rep, None);
    }
    assert_eq!(count(&given(&mut world, 4), "grace"), 0, "nobody is there but she");
}

#[test]
fn espocrm_two_leads_at_the_same_instant_went_to_the_same_person() {
    let mut world = World::new(book());
    let together: Vec<String> = (0..3).map(|_| world.another()).collect();
    assert_eq!(together, ["ada", "grace", "konrad"]);
}

#[test]
fn espocrm_a_manual_re_assignment_shifted_the_rotation() {
    let mut world = World::new(book());
    inbound(&mut world).rotation = RotationKind::RoundRobin;
    assert_eq!(world.another(), "ada");
    let lead = world.lead().uuid;
    world.news(News::Reassign { lead, to: "konrad".into(), why: None });
    // Konrad's turn comes when it would have come, and ada's is owed.
    let next = given(&mut world, 4);
    assert_eq!(next.iter().position(|rep| rep == "konrad"), Some(2), "{next:?}");
    assert_eq!(count(&next, "ada"), 2);
}

#[test]
fn espocrm_a_lead_that_never_went_through_the_pool_shifted_the_rotation() {
    let mut world = World::new(book());
    inbound(&mut world).rotation = RotationKind::RoundRobin;
    assert_eq!(world.another(), "ada");
    let pool = world.book.rules[0].then.clone();
    world.book.rules[0].then =
        Then::Assign { to: Target::Rep("konrad".into()), if_unavailable: None };
    assert_eq!(world.another(), "konrad");
    world.book.rules[0].then = pool;
    assert_eq!(given(&mut world, 2), ["grace", "konrad"]);
}

fn clocked(zone: &str, open: &str) -> World {
    let mut book = book();
    let open = [("mon-fri".to_owned(), vec![open.to_owned()])];
    book.hours.insert("desk".into(), Hours::compile(zone, &open, Vec::new()).unwrap());
    let sla = book.slas.get_mut("hot").unwrap();
    (sla.clock, sla.respond_within) = (Clock::Hours("desk".into()), Span::hours(1));
    World::new(book)
}

fn deadline(world: &World) -> Time {
    world.lead().ladder.as_ref().unwrap().deadline
}

#[test]
fn frappe_a_lead_of_saturday_afternoon_was_due_on_monday_afternoon() {
    let mut world = clocked("UTC", "09:00-17:00");
    world.now = at("2026-07-04T15:00:00Z"); // a Saturday
    world.another();
    assert_eq!(deadline(&world), at("2026-07-06T10:00:00Z"));
}

#[test]
fn frappe_a_policy_knew_no_time_zone() {
    for (zone, due) in [("Asia/Tokyo", "2026-07-06T01:00:00Z"), ("UTC", "2026-07-06T10:00:00Z")] {
        let mut world = clocked(zone, "09:00-17:00");
        world.now = at("2026-07-04T15:00:00Z");
        world.another();
        assert_eq!(deadline(&world), at(due), "{zone}");
    }
}

#[test]
fn frappe_nobody_looked_whether_an_untouched_lead_had_become_late() {
    let mut world = World::new(book());
    world.another();
    let due = deadline(&world);
    let mut seen = Vec::new();
    while world.now < due {
        let plan = world.review();
        seen.extend(plan.decision.map(|decision| decision.what));
    }
    assert_eq!(seen, [What::Reminded, What::Escalated]);
    assert_eq!(world.team.late.values().sum::<i64>(), 1);
}

#[test]
fn leadsquared_passing_over_the_owner_before_favoured_those_early_in_the_alphabet() {
    let mut world = World::new(book());
    let mut seconds = Vec::new();
    for _ in 0..60 {
        world.now = world.now.plus(Span::minutes(1));
        world.another();
        // The CRM refuses it for this lead, so it goes to somebody else.
        let (lead, rep) = (world.lead().uuid, world.lead().owner.clone().unwrap());
        world.news(News::OwnerInvalid { lead, destination: "hubspot".into(), rep: rep.clone() });
        seconds.push(world.lead().owner.clone().unwrap());
        world.news(News::Back { rep });
    }
    let got = ["ada", "grace", "konrad"].map(|rep| count(&seconds, rep));
    let (most, least) = (got.iter().max().unwrap(), got.iter().min().unwrap());
    assert!(most - least <= 2, "{got:?}");
}

#[test]
fn leadsquared_leads_in_bulk_were_miscounted() {
    let mut world = World::new(book());
    let all: Vec<String> = (0..3_000).map(|_| world.another()).collect();
    for rep in ["ada", "grace", "konrad"] {
        assert_eq!(count(&all, rep), 1_000);
        assert_eq!(world.team.rotations["inbound"].turns[rep].received, 1_000);
    }
}

#[test]
fn salesforce_flow_a_timer_stood_still_when_whoever_started_it_was_deactivated() {
    let mut world = World::new(book());
    assert_eq!(world.another(), "ada");
    world.book.reps.get_mut("ada").unwrap().has_left = true;
    let (opened, mut what) = (world.now, Vec::new());
    while world.now < opened.plus(Span::minutes(10)) {
        what.extend(world.review().decision.map(|decision| decision.what));
    }
    assert_eq!(what.last(), Some(&What::Reassigned), "{what:?}");
    assert_ne!(world.lead().owner.as_deref(), Some("ada"));
}
