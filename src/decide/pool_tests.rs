//! What a pool does with a lead, beside whose turn it is.

use super::{
    explain,
    sample::{World, book, member, pool},
};
use crate::{
    model::{
        job::Why,
        lead::{State, Waiting},
        news::{Absence, Act, News},
        team::Away,
        time::Span,
    },
    rulebook::{Cap, IfNobody, Member, Per, Pool, RotationKind, Rulebook, Who},
};

fn inner(pool: &str, weight: f64) -> Member {
    Member { who: Who::Pool(pool.to_owned()), weight, caps: Vec::new() }
}

pub(super) fn with(change: impl FnOnce(&mut Rulebook)) -> World {
    let mut book = book();
    change(&mut book);
    World::new(book)
}

pub(super) fn inbound(book: &mut Rulebook) -> &mut Pool {
    book.pools.get_mut("inbound").unwrap()
}

pub(super) fn out(world: &mut World, rep: &str) {
    let away =
        Away { absence: Absence::Out, from: world.now, until: None, is_from_calendar: false };
    world.team.away.insert(rep.to_owned(), vec![away]);
}

pub(super) fn given(world: &mut World, leads: usize) -> Vec<String> {
    (0..leads)
        .map(|_| {
            world.now = world.now.plus(Span::seconds(1));
            world.another()
        })
        .collect()
}

pub(super) fn count(given: &[String], rep: &str) -> usize {
    given.iter().filter(|one| *one == rep).count()
}

pub(super) fn sentence(world: &World, plan: &crate::model::plan::Plan) -> String {
    explain::sentence(&world.book, plan.decision.as_ref().unwrap())
}

fn on_it(world: &mut World, rep: &str) -> crate::model::plan::Plan {
    let lead = world.lead().uuid;
    world.news(News::Acted { lead, rep: rep.to_owned(), act: Act::OnIt })
}

// Caps of a pool.

#[test]
fn a_pools_cap_counts_all_its_members_and_ends_with_the_period() {
    let mut world = with(|book| {
        let pool = inbound(book);
        pool.caps = vec![Cap { leads: 4, per: Per::Hour }];
        pool.if_nobody = IfNobody::Wait(Span::hours(8));
    });
    let first = given(&mut world, 6);
    assert_eq!(first.iter().filter(|rep| rep.is_empty()).count(), 2, "{first:?}");
    assert!(matches!(world.lead().waiting, Some(Waiting::Somebody { .. })));
    world.now = world.now.plus(Span::hours(1));
    assert_eq!(count(&given(&mut world, 4), ""), 0);
    assert_eq!(world.team.rotations["inbound"].given.hour.leads, 4);
}

#[test]
fn a_cap_by_open_leads_of_a_pool_is_one_of_all_its_members() {
    let mut world = with(|book| {
        let pool = inbound(book);
        pool.caps = vec![Cap { leads: 3, per: Per::Open }];
        pool.if_nobody = IfNobody::Wait(Span::hours(8));
    });
    assert_eq!(count(&given(&mut world, 3), ""), 0);
    let plan = {
        world.lead = None;
        world.fill("more@linden.example", None)
    };
    assert_eq!(world.lead().state, State::Waiting);
    let why = explain::decision(&world.book, plan.decision.as_ref().unwrap(), "website", None);
    assert!(why.candidates.iter().all(|one| one.standing == "the pool has 3 open leads: its cap"));
}

#[test]
fn a_member_may_have_several_caps_and_the_first_reached_holds() {
    let mut world = with(|book| {
        let pool = inbound(book);
        pool.members[0].caps =
            vec![Cap { leads: 1, per: Per::Hour }, Cap { leads: 3, per: Per::Day }];
    });
    for (hour, want) in [(0, 1), (1, 1), (2, 1), (3, 0)] {
        let of_ada = count(&given(&mut world, 9), "ada");
        assert_eq!(of_ada, want, "hour {hour}");
        world.now = world.now.plus(Span::hours(1));
    }
}

// Pools within pools.

#[test]
fn a_pool_within_a_pool_takes_turns_like_one_and_its_own_rotation_decides() {
    let mut world = with(|book| {
        let two = pool("two", vec![member("grace"), member("konrad")]);
        book.pools.insert("two".into(), two);
        inbound(book).members = vec![member("ada"), inner("two", 2.0)];
    });
    let given = given(&mut world, 30);
    for rep in ["ada", "grace", "konrad"] {
        assert_eq!(count(&given, rep), 10, "{rep}");
    }
    let lead = world.lead();
    let of_two = lead.owner.as_deref() != Some("ada");
    assert_eq!(lead.through.len(), usize::from(of_two));
    assert_eq!(world.team.rotations["inbound"].turns["two"].received, 20);
}

#[test]
fn a_turn_goes_back_in_every_pool_that_it_came_through() {
    let mut world = with(|book| {
        book.pools.insert("two".into(), pool("two", vec![member("grace"), member("konrad")]));
        inbound(book).members = vec![inner("two", 1.0)];
    });
    let had = world.another();
    let lead = world.lead().uuid;
    world.news(News::Reassign { lead, to: "mary".into(), why: None });
    let turn = |pool: &str, member: &str| world.team.rotations[pool].turns[member];
    assert_eq!((turn("two", &had).owed, turn("inbound", "two").owed), (1.0, 1.0));
    assert_eq!(world.team.rotations["two"].given.day.leads, 0);
    assert_eq!((world.lead().pool.as_ref(), world.lead().through.len()), (None, 0));
}

#[test]
fn a_hand_over_within_the_inner_pool_leaves_the_turn_of_the_outer_one() {
    let mut world = with(|book| {
        book.pools.insert("two".into(), pool("two", vec![member("grace"), member("konrad")]));
        inbound(book).members = vec![inner("two", 1.0), member("ada")];
    });
    let first = world.another();
    assert_eq!(first, "grace");
    while world.lead().owner.as_deref() == Some("grace") {
        world.review();
    }
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    let turns = &world.team.rotations["inbound"].turns["two"];
    assert_eq!((turns.received, turns.owed), (1, 0.0));
    assert_eq!(world.lead().through, ["inbound"]);
}

#[test]
fn a_pool_within_a_pool_with_nobody_there_is_passed_over() {
    let mut world = with(|book| {
        book.pools.insert("two".into(), pool("two", vec![member("grace"), member("konrad")]));
        inbound(book).members = vec![inner("two", 1.0), member("ada")];
    });
    out(&mut world, "grace");
    out(&mut world, "konrad");
    assert_eq!(count(&given(&mut world, 4), "ada"), 4);
    assert_eq!(world.team.rotations["inbound"].turns["two"].skipped.away, 4);
}

// Whoever had them before.

fn sticky_world() -> World {
    with(|book| {
        inbound(book).sticky = Some(Span::days(90));
        book.same_lead_within = Span::days(1);
    })
}

#[test]
fn whoever_had_the_person_before_gets_the_next_lead_of_theirs_until_it_expires() {
    for (days, want) in [(89, true), (91, false)] {
        let mut world = sticky_world();
        world.fill("eva@linden.example", None);
        let had = world.lead().owner.clone();
        world.earlier = world.lead.take();
        world.now = world.now.plus(Span::days(days));
        let plan = world.fill("eva@linden.example", None);
        assert_eq!(world.lead().owner == had, want, "{days} days later");
        let said = sentence(&world, &plan);
        assert_eq!(said.contains("had this person before"), want, "{said}");
    }
}

#[test]
fn whoever_had_the_company_before_gets_a_colleague_of_theirs() {
    let mut world = sticky_world();
    world.fill("eva@linden.example", None);
    let had = world.lead().owner.clone();
    world.company = world.lead.take();
    world.now = world.now.plus(Span::hours(1));
    let plan = world.fill("max@linden.example", None);
    assert_eq!(world.lead().owner, had);
    assert!(sentence(&world, &plan).contains("had this company before"));
    // It was a turn: the next ones go to the others.
    world.company = None;
    let next = given(&mut world, 4);
    assert_eq!(count(&next, had.as_deref().unwrap()), 0, "{next:?}");
}

#[test]
fn an_absence_or_a_departure_overrides_who_had_them_and_the_decision_says_so() {
    for is_gone in [false, true] {
        let mut world = sticky_world();
        world.fill("eva@linden.example", None);
        world.earlier = world.lead.take();
        world.now = world.now.plus(Span::days(30));
        if is_gone {
            world.book.reps.get_mut("ada").unwrap().has_left = true;
        } else {
            out(&mut world, "ada");
        }
        let plan = world.fill("eva@linden.example", None);
        assert_eq!(world.lead().owner.as_deref(), Some("grace"));
        let said = sentence(&world, &plan);
        assert!(said.contains("ada had this person before, but"), "{said}");
    }
}

#[test]
fn who_had_them_is_asked_in_a_pool_within_the_pool_too() {
    let mut world = with(|book| {
        book.pools.insert("two".into(), pool("two", vec![member("grace"), member("konrad")]));
        inbound(book).members = vec![member("ada"), inner("two", 1.0)];
        book.rules[0].sticky = Some(Span::days(90));
        book.same_lead_within = Span::days(1);
    });
    given(&mut world, 1);
    world.lead = None;
    world.fill("eva@linden.example", None);
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    world.earlier = world.lead.take();
    world.now = world.now.plus(Span::days(30));
    world.fill("eva@linden.example", None);
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
}

// Offers.

fn claim_world(if_nobody: IfNobody) -> World {
    with(|book| {
        let pool = inbound(book);
        pool.rotation = RotationKind::Claim;
        pool.claim_within = Span::minutes(3);
        pool.if_nobody = if_nobody;
    })
}

#[test]
fn an_offer_goes_to_everybody_there_and_the_first_who_says_on_it_has_the_lead() {
    let mut world = claim_world(IfNobody::AssignAnyway);
    out(&mut world, "ada");
    let plan = world.fill("eva@linden.example", None);
    assert_eq!(world.told(), ["email:grace", "email:konrad"]);
    assert!(world.jobs.iter().all(|job| job.why == Some(Why::Offered)));
    assert_eq!(world.lead().state, State::Waiting);
    assert!(sentence(&world, &plan).contains("offered"), "{}", sentence(&world, &plan));
    world.now = world.now.plus(Span::seconds(40));
    let plan = on_it(&mut world, "konrad");
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    assert!(plan.dropped.iter().any(|(_, to)| to == "email:grace"));
    assert!(world.lead().ladder.as_ref().unwrap().on_it_until.is_some());
    assert_eq!(
        sentence(&world, &plan).split(';').next(),
        Some("konrad took it, one other was asked")
    );
    // Whoever comes second changes nothing.
    assert!(on_it(&mut world, "grace").decision.is_none());
    assert_eq!(world.lead().owner.as_deref(), Some("konrad"));
    assert_eq!(world.team.rotations["inbound"].turns["konrad"].received, 1);
}

#[test]
fn who_was_not_asked_cannot_take_an_offer() {
    let mut world = claim_world(IfNobody::AssignAnyway);
    world.fill("eva@linden.example", None);
    assert!(on_it(&mut world, "mary").decision.is_none());
    assert_eq!(world.lead().state, State::Waiting);
}

#[test]
fn an_offer_that_nobody_takes_ends_in_the_rotation() {
    let mut world = claim_world(IfNobody::AssignAnyway);
    world.fill("eva@linden.example", None);
    let until = world.now.plus(Span::minutes(3));
    while world.lead().state == State::Waiting {
        world.review();
    }
    assert_eq!((world.now, world.lead().owner.as_deref()), (until, Some("ada")));
}

#[test]
fn an_offer_that_nobody_takes_goes_on_to_the_next_pool_and_is_not_made_again() {
    let mut world = claim_world(IfNobody::Pool("last".into()));
    let mut last = pool("last", vec![member("mary")]);
    last.if_nobody = IfNobody::Wait(Span::hours(2));
    world.book.pools.insert("last".into(), last);
    out(&mut world, "mary");
    world.fill("eva@linden.example", None);
    let mut offers = 0;
    for _ in 0..6 {
        world.review();
        offers += world.jobs.iter().filter(|job| job.why == Some(Why::Offered)).count();
    }
    assert_eq!(offers, 0, "it was made once");
    assert!(
        matches!(&world.lead().waiting, Some(Waiting::Somebody { pool, .. }) if pool == "last")
    );
    // As long as nobody has it, whoever was asked may still take it.
    on_it(&mut world, "grace");
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
}

#[test]
fn somebody_who_comes_back_while_an_offer_stands_is_asked_too() {
    let mut world = claim_world(IfNobody::AssignAnyway);
    world.book.pools.get_mut("inbound").unwrap().claim_within = Span::hours(1);
    out(&mut world, "ada");
    world.fill("eva@linden.example", None);
    world.team.away.clear();
    world.review();
    assert_eq!(world.told(), ["email:ada"]);
}

// Nobody is available.

#[test]
fn escalate_tells_and_pages_at_once_holds_and_goes_on_when_somebody_is_there() {
    let mut world = with(|book| {
        inbound(book).if_nobody = IfNobody::Escalate { page: Some("oncall".into()) };
    });
    for rep in ["ada", "grace", "konrad"] {
        out(&mut world, rep);
    }
    let plan = world.fill("eva@linden.example", None);
    assert_eq!(world.told(), ["alerts", "oncall"]);
    assert!(sentence(&world, &plan).contains("people were told"));
    // Held, quietly, and said again after a day.
    let start = world.now;
    let mut told = Vec::new();
    while world.now < start.plus(Span::hours(25)) {
        world.review();
        if !world.jobs.is_empty() {
            told.push(Span(world.now.since(start).0 / 3_600_000 * 3_600_000));
        }
    }
    assert!(!told.is_empty() && told.iter().all(|at| *at == Span::hours(24)), "{told:?}");
    world.team.away.clear();
    world.review();
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
    assert_eq!(world.lead().paged, ["oncall"], "closed by the answer");
}

#[test]
fn turns_that_go_past_a_pool_on_their_way_to_the_next_are_counted() {
    let mut world = with(|book| {
        book.pools.insert("last".into(), pool("last", vec![member("mary")]));
        let pool = inbound(book);
        pool.if_nobody = IfNobody::Pool("last".into());
        pool.members = vec![member("ada"), member("grace")];
        pool.members[1].caps = vec![Cap { leads: 1, per: Per::Day }];
    });
    out(&mut world, "ada");
    assert_eq!(given(&mut world, 3), ["grace", "mary", "mary"]);
    let turns = &world.team.rotations["inbound"].turns;
    assert_eq!((turns["ada"].skipped.away, turns["grace"].skipped.at_cap), (3, 2));
}

#[test]
fn what_everybody_was_entitled_to_adds_up_to_what_was_given() {
    let mut world = World::new(book());
    given(&mut world, 4);
    out(&mut world, "ada");
    given(&mut world, 6);
    let turns = &world.team.rotations["inbound"].turns;
    let entitled: f64 = turns.values().map(|turn| turn.entitled).sum();
    assert!((entitled - 10.0).abs() < 1e-9, "{entitled}");
    assert!((turns["ada"].entitled - 4.0 / 3.0).abs() < 1e-9);
    assert_eq!(turns["ada"].skipped.away, 6);
}
