//! What a rotation promises, held against random pools, weights and absences.

use proptest::prelude::*;

use super::sample::{World, book, member};
use crate::{
    model::{
        lead::Lead,
        news::{Absence, News},
        team::Away,
        time::{Span, Time},
    },
    rulebook::{Cap, Per, RotationKind},
};

fn away(world: &mut World, rep: &str, until: Option<Time>) {
    let one = Away { absence: Absence::Out, from: world.now, until, is_from_calendar: false };
    world.team.away.insert(rep.to_owned(), vec![one]);
}

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

#[test]
fn turns_go_round_evenly() {
    let given = given(&mut World::new(book()), 30);
    for rep in ["ada", "grace", "konrad"] {
        assert_eq!(count(&given, rep), 10, "{rep}");
    }
}

#[test]
fn who_returns_from_leave_gets_neither_a_flood_nor_a_fast() {
    let mut world = World::new(book());
    let end = world.now.plus(Span::hours(1));
    away(&mut world, "ada", Some(end));
    assert_eq!(count(&given(&mut world, 40), "ada"), 0);
    world.now = end;
    let after = given(&mut world, 30);
    assert_eq!(count(&after, "ada"), 10);
    assert!(count(&after[..6], "ada") <= 2, "{:?}", &after[..6]);
}

#[test]
fn a_turn_given_back_comes_again() {
    let mut world = World::new(book());
    given(&mut world, 3);
    let desk =
        super::Desk { book: &world.book, reach: &world.reach, team: &world.team, now: world.now };
    let lead = Lead { pool: Some("inbound".to_owned()), ..world.lead().clone() };
    let mut back = Vec::new();
    super::turns::give_back(desk, &lead, "grace", 0, &mut back);
    world.team.apply(&back);
    let after = given(&mut world, 4);
    assert_eq!(after[0], "grace");
    assert_eq!(count(&after, "grace"), 2);
}

#[test]
fn round_robin_keeps_the_order_of_the_document() {
    let mut book = book();
    book.pools.get_mut("inbound").unwrap().rotation = RotationKind::RoundRobin;
    let mut world = World::new(book);
    assert_eq!(given(&mut world, 4), ["ada", "grace", "konrad", "ada"]);
    let until = world.now.plus(Span::hours(1));
    away(&mut world, "grace", Some(until));
    assert_eq!(given(&mut world, 3), ["konrad", "ada", "konrad"]);
}

#[test]
fn least_open_goes_to_whoever_has_least_to_do() {
    let mut book = book();
    book.pools.get_mut("inbound").unwrap().rotation = RotationKind::LeastOpen;
    let mut world = World::new(book);
    world.team.open =
        [("ada".to_owned(), 5), ("grace".to_owned(), 2), ("konrad".to_owned(), 4)].into();
    assert_eq!(world.another(), "grace");
    assert_eq!(world.another(), "grace");
}

#[test]
fn a_cap_holds_at_the_limit_and_ends_with_the_day() {
    let mut book = book();
    let pool = book.pools.get_mut("inbound").unwrap();
    pool.members = vec![member("ada"), member("grace")];
    pool.members[0].caps = vec![Cap { leads: 2, per: Per::Day }];
    let mut world = World::new(book);
    let today = given(&mut world, 10);
    assert_eq!(count(&today, "ada"), 2);
    world.now = world.now.plus(Span::days(1));
    let tomorrow = given(&mut world, 3);
    assert!(count(&tomorrow, "ada") >= 1, "{tomorrow:?}");
}

#[test]
fn out_today_is_an_event_and_back_ends_it() {
    let mut world = World::new(book());
    let (from, until) = (world.now, world.now.plus(Span::hours(8)));
    world.news(News::Away { rep: "ada".into(), absence: Absence::Out, from, until: Some(until) });
    assert_eq!(count(&given(&mut world, 6), "ada"), 0);
    world.news(News::Back { rep: "ada".into() });
    assert_eq!(count(&given(&mut world, 6), "ada"), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// For members equally available the difference of received / weight is never above one turn
    /// of the lightest, and no lead waits.
    #[test]
    fn standings_differ_by_at_most_one_turn_of_the_lightest(
        weights in proptest::collection::vec(1_u8..=5, 2..6),
        leads in 1_usize..80,
    ) {
        let mut book = book();
        let names = ["ada", "grace", "konrad", "mary", "otto"];
        for name in names {
            book.reps.insert(name.to_owned(), super::sample::rep(name));
        }
        let members = weights.iter().zip(names).map(|(weight, name)| {
            let mut one = member(name);
            one.weight = f64::from(*weight);
            one
        });
        book.pools.get_mut("inbound").unwrap().members = members.collect();
        let mut world = World::new(book);
        let given = given(&mut world, leads);
        prop_assert_eq!(given.iter().filter(|rep| rep.is_empty()).count(), 0);
        let shares: Vec<f64> = weights
            .iter()
            .zip(names)
            .map(|(weight, name)| count(&given, name) as f64 / f64::from(*weight))
            .collect();
        let lightest = weights.iter().map(|weight| 1.0 / f64::from(*weight)).fold(0.0, f64::max);
        let most = shares.iter().copied().fold(0.0, f64::max);
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert!(most - least <= lightest + 1e-9, "{:?} {:?}", weights, shares);
    }

    /// Whatever the absences, nobody who returns gets more than their share of any window.
    #[test]
    fn absences_cause_no_flood(
        spells in proptest::collection::vec((0_usize..3, 1_usize..15), 1..10),
    ) {
        let names = ["ada", "grace", "konrad"];
        let mut world = World::new(book());
        for (who, leads) in spells {
            world.team.away.clear();
            away(&mut world, names[who], None);
            given(&mut world, leads);
            world.team.away.clear();
            let window = given(&mut world, 9);
            for name in names {
                prop_assert!(count(&window, name) <= 5, "{} {:?}", name, window);
                prop_assert!(count(&window, name) >= 2, "{} {:?}", name, window);
            }
        }
    }
}
