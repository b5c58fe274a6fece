//! Fairness in pools within pools, beside members at caps, with shares that are no whole numbers.

use proptest::prelude::*;

use super::{
    pool_tests::{inbound, out, with},
    sample::{World, member, pool, rep},
};
use crate::{
    model::{news::News, time::Span},
    rulebook::{Cap, Member, Per, RotationKind, Who},
};

const NAMES: [&str; 6] = ["ada", "grace", "konrad", "otto", "rosa", "emmy"];

fn people(world: &mut World) {
    for name in NAMES {
        world.book.reps.entry(name.to_owned()).or_insert_with(|| rep(name));
    }
}

fn shared(id: &str, weight: u32) -> Member {
    Member { weight: f64::from(weight) / 4.0, ..member(id) }
}

/// A lead, given at once.
fn lead(world: &mut World) -> Result<String, TestCaseError> {
    world.now = world.now.plus(Span::seconds(1));
    let owner = world.another();
    prop_assert!(!owner.is_empty(), "a lead waited");
    Ok(owner)
}

/// The widest difference of `(received + owed) / weight` in a pool, in turns of the lightest.
fn spread(world: &World, id: &str, is_compared: impl Fn(&str) -> bool) -> f64 {
    let pool = &world.book.pools[id];
    let Some(rotation) = world.team.rotations.get(id) else { return 0.0 };
    let compared = || pool.members.iter().filter(|one| is_compared(one.id()));
    let share = |one: &Member| {
        let turn = rotation.turns.get(one.id()).copied().unwrap_or_default();
        (f64::from(turn.received) + turn.owed) / one.weight
    };
    let most = compared().map(share).fold(f64::NEG_INFINITY, f64::max);
    let least = compared().map(share).fold(f64::INFINITY, f64::min);
    let turn = compared().map(|one| 1.0 / one.weight).fold(0.0, f64::max);
    if most < least { 0.0 } else { (most - least) / turn }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// In the pool around and in each pool within it, at every instant, whatever is moved by hand.
    #[test]
    fn pools_within_pools_differ_by_one_turn_of_the_lightest_on_every_level(
        outer in proptest::collection::vec(1_u32..=20, 3),
        inner in proptest::collection::vec(1_u32..=20, 4),
        moved in proptest::collection::vec(proptest::bool::weighted(0.3), 1..120),
    ) {
        let mut world = with(|_| {});
        people(&mut world);
        let two = vec![shared("ada", inner[0]), shared("grace", inner[1])];
        let three = vec![shared("konrad", inner[2]), shared("otto", inner[3])];
        world.book.pools.insert("two".into(), pool("two", two));
        world.book.pools.insert("three".into(), pool("three", three));
        let within = |id: &str, weight: u32| Member {
            who: Who::Pool(id.into()),
            weight: f64::from(weight) / 4.0,
            caps: Vec::new(),
        };
        inbound(&mut world.book).members =
            vec![within("two", outer[0]), shared("rosa", outer[1]), within("three", outer[2])];
        for is_moved in moved {
            lead(&mut world)?;
            if is_moved {
                let lead = world.lead().uuid;
                world.news(News::Reassign { lead, to: "mary".into(), why: None });
            }
            for id in ["inbound", "two", "three"] {
                let found = spread(&world, id, |_| true);
                prop_assert!(found <= 1.0 + 1e-6, "{}: {}", id, found);
            }
        }
    }

    /// Those at no cap stay even among themselves while others reach theirs and come back, day
    /// after day; nobody gets more than the cap; and no lead waits.
    #[test]
    fn members_at_no_cap_stay_even_while_others_reach_theirs(
        weights in proptest::collection::vec(1_u32..=20, 6),
        caps in proptest::collection::vec(1_u32..=4, 3),
        days in proptest::collection::vec(0_usize..30, 1..6),
        late in 0_usize..100,
    ) {
        let mut world = with(|_| {});
        people(&mut world);
        let mut members: Vec<Member> =
            NAMES.iter().zip(&weights).map(|(name, weight)| shared(name, *weight)).collect();
        for (one, cap) in members.iter_mut().zip(&caps) {
            one.caps = vec![Cap { leads: *cap, per: Per::Day }];
        }
        // Emmy joins later: she is compared with nobody, and gets no more than her share.
        let emmy = members.pop().unwrap();
        let all: f64 = members.iter().map(|one| one.weight).sum::<f64>() + emmy.weight;
        inbound(&mut world.book).members = members;
        let (mut given, mut since) = (0, None);
        for leads in days {
            let mut today = std::collections::BTreeMap::<String, u32>::new();
            for _ in 0..leads {
                if given == late {
                    inbound(&mut world.book).members.push(emmy.clone());
                    since = Some(given);
                }
                given += 1;
                *today.entry(lead(&mut world)?).or_default() += 1;
                let found = spread(&world, "inbound", |id| id == "otto" || id == "rosa");
                prop_assert!(found <= 1.0 + 1e-6, "{}", found);
            }
            for (name, cap) in NAMES.iter().zip(&caps) {
                prop_assert!(today.get(*name).copied().unwrap_or(0) <= *cap);
            }
            world.now = world.now.plus(Span::days(1)).minus(Span::seconds(leads as i64));
        }
        if let Some(since) = since {
            let turn = world.team.rotations["inbound"].turns.get("emmy").copied().unwrap_or_default();
            let uncapped = all - NAMES.iter().zip(&weights).take(3)
                .map(|(_, weight)| f64::from(*weight) / 4.0).sum::<f64>();
            // At most the share of those who are at no cap, and a turn.
            let most = (given - since) as f64 * emmy.weight / uncapped + 2.0;
            let lightest = weights.iter().map(|one| 4.0 / f64::from(*one)).fold(0.0, f64::max);
            prop_assert!(f64::from(turn.received) <= most + lightest * emmy.weight, "{turn:?}");
        }
    }

    /// Nobody has two leads more open than somebody else who is there, whoever answers what.
    #[test]
    fn least_open_never_gives_to_somebody_with_more_to_do(
        answers in proptest::collection::vec(0_usize..8, 1..60),
        gone in 0_usize..4,
    ) {
        let mut world = with(|book| inbound(book).rotation = RotationKind::LeastOpen);
        people(&mut world);
        inbound(&mut world.book).members = NAMES.iter().take(4).map(|name| member(name)).collect();
        out(&mut world, NAMES[gone]);
        for (at, answer) in answers.iter().enumerate() {
            if at == 20 {
                world.team.away.clear();
            }
            let open = |world: &World, name: &str| world.team.open_of(name);
            let there = |world: &World, name: &str| !world.team.away.contains_key(name);
            let least = NAMES.iter().take(4).filter(|name| there(&world, name));
            let least = least.map(|name| open(&world, name)).min().unwrap();
            let owner = lead(&mut world)?;
            prop_assert_eq!(open(&world, &owner), least + 1, "{}", owner);
            if let Some(name) = NAMES.iter().take(4).nth(*answer) {
                let count = world.team.open.entry((*name).to_owned()).or_default();
                *count = (*count - 1).max(0);
            }
        }
    }
}
