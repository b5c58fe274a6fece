//! Fairness, held against random pools, weights, absences, caps and turns given back.

use proptest::prelude::*;

use super::sample::{World, book, member, rep};
use crate::{
    model::{
        lead::Lead,
        news::{Absence, News},
        team::Away,
        time::Span,
    },
    rulebook::{Cap, Per, RotationKind},
};

const NAMES: [&str; 6] = ["ada", "grace", "konrad", "otto", "rosa", "emmy"];

/// What happens in a pool.
#[derive(Clone, Debug)]
enum Step {
    /// So many leads come.
    Leads(usize),
    /// A member goes away, or comes back.
    Toggle(usize),
    /// A lead given earlier is taken from whoever has it, by hand.
    GiveBack(usize),
    /// Time passes.
    Minutes(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_usize..12).prop_map(Step::Leads),
        2 => (0_usize..6).prop_map(Step::Toggle),
        2 => (0_usize..50).prop_map(Step::GiveBack),
        1 => (1_i64..200).prop_map(Step::Minutes),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A pool of these weights; every member has the cap, if there is one.
fn world(weights: &[u8], cap: Option<u32>) -> World {
    let mut book = book();
    for name in NAMES {
        book.reps.insert(name.to_owned(), rep(name));
    }
    let members = weights.iter().zip(NAMES).map(|(weight, name)| {
        let mut one = member(name);
        one.weight = f64::from(*weight);
        one.caps = cap.map(|leads| Cap { leads, per: Per::Hour }).into_iter().collect();
        one
    });
    book.pools.get_mut("inbound").unwrap().members = members.collect();
    World::new(book)
}

struct Run {
    world: World,
    leads: Vec<Lead>,
    /// Members who were never away.
    steady: Vec<bool>,
    given: usize,
}

impl Run {
    fn new(world: World, members: usize) -> Self {
        Self { world, leads: Vec::new(), steady: vec![true; members], given: 0 }
    }

    fn step(&mut self, step: &Step, members: usize) -> Result<(), TestCaseError> {
        match step {
            Step::Leads(leads) => {
                for _ in 0..*leads {
                    self.lead()?;
                }
            }
            Step::Toggle(who) if who % members != 0 => {
                let who = who % members;
                let rep = NAMES[who];
                self.steady[who] = false;
                if self.world.team.away.remove(rep).is_none() {
                    let away = Away {
                        absence: Absence::Out,
                        from: self.world.now,
                        until: None,
                        is_from_calendar: false,
                    };
                    self.world.team.away.insert(rep.to_owned(), vec![away]);
                }
            }
            Step::GiveBack(which) if !self.leads.is_empty() => {
                let lead = self.leads.swap_remove(which % self.leads.len());
                let uuid = lead.uuid;
                self.world.lead = Some(lead);
                self.world.news(News::Reassign { lead: uuid, to: "mary".into(), why: None });
                self.world.lead = None;
            }
            // One is always there, and what nobody has is not given back.
            Step::Toggle(_) | Step::GiveBack(_) => {}
            Step::Minutes(minutes) => {
                self.world.now = self.world.now.plus(Span::minutes(*minutes));
            }
        }
        Ok(())
    }

    /// A lead is given at once whenever somebody can take it.
    fn lead(&mut self) -> Result<String, TestCaseError> {
        self.world.now = self.world.now.plus(Span::seconds(1));
        let owner = self.world.another();
        prop_assert!(!owner.is_empty(), "a lead waited");
        self.leads.extend(self.world.lead.take());
        self.given += 1;
        Ok(owner)
    }

    /// (received + owed) / weight of a member.
    fn share(&self, who: usize, weights: &[u8]) -> f64 {
        let rotation = &self.world.team.rotations["inbound"];
        let turn = rotation.turns.get(NAMES[who]).copied().unwrap_or_default();
        (f64::from(turn.received) + turn.owed) / f64::from(weights[who])
    }
}

fn lightest(weights: &[u8]) -> f64 {
    weights.iter().map(|weight| 1.0 / f64::from(*weight)).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Among those who were always there the difference of shares is never above one turn of the
    /// lightest, whatever the others did and whatever was given back; and no lead waited.
    #[test]
    fn members_equally_available_differ_by_at_most_one_turn_of_the_lightest(
        weights in proptest::collection::vec(1_u8..=5, 2..=6),
        steps in steps(),
    ) {
        let mut run = Run::new(world(&weights, None), weights.len());
        for step in &steps {
            run.step(step, weights.len())?;
            let shares: Vec<f64> = (0..weights.len())
                .filter(|who| run.steady[*who] && run.given > 0)
                .map(|who| run.share(who, &weights))
                .collect();
            let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert!(
                shares.is_empty() || most - least <= lightest(&weights) + 1e-6,
                "{weights:?} {shares:?} after {step:?}"
            );
        }
        if run.given > 0 {
            let turns = &run.world.team.rotations["inbound"].turns;
            let entitled: f64 = turns.values().map(|turn| turn.entitled).sum();
            prop_assert!((entitled - run.given as f64).abs() < 1e-6, "{entitled} of {}", run.given);
        }
    }

    /// After any absences, once everybody is there, each gets their share of every window: no
    /// flood and no fast.
    #[test]
    fn after_any_leave_everybody_gets_their_share_of_any_window(
        weights in proptest::collection::vec(1_u8..=5, 2..=6),
        steps in steps(),
        window in 1_usize..60,
    ) {
        let mut run = Run::new(world(&weights, None), weights.len());
        for step in steps.iter().filter(|step| !matches!(step, Step::GiveBack(_))) {
            run.step(step, weights.len())?;
        }
        run.world.team.away.clear();
        let all: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        let mut got = vec![0_usize; weights.len()];
        for turn in 1..=window {
            let owner = run.lead()?;
            let who = NAMES.iter().position(|name| *name == owner).unwrap();
            got[who] += 1;
            for (who, count) in got.iter().enumerate() {
                let share = *count as f64 / f64::from(weights[who]);
                let fair = turn as f64 / all;
                prop_assert!(
                    (share - fair).abs() <= 2.0 * lightest(&weights) + 1e-6,
                    "{} got {count} of {turn}: {weights:?} {got:?}", NAMES[who]
                );
            }
        }
    }

    /// A cap takes nobody's share for later: when it ends, it is as after a leave. While nobody is
    /// at a cap, no lead waits.
    #[test]
    fn who_was_at_the_cap_is_not_flooded_afterwards(
        weights in proptest::collection::vec(1_u8..=5, 2..=5),
        burst in 1_usize..40,
        cap in 1_u32..6,
    ) {
        let mut world = world(&weights, None);
        world.book.pools.get_mut("inbound").unwrap().members[0].caps =
            vec![Cap { leads: cap, per: Per::Hour }];
        let mut run = Run::new(world, weights.len());
        for _ in 0..burst {
            run.lead()?;
        }
        let day = Span::days(1);
        run.world.now = run.world.now.plus(day);
        run.world.book.pools.get_mut("inbound").unwrap().members[0].caps.clear();
        let all: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        let mut first = 0_usize;
        for turn in 1..=20_usize {
            first += usize::from(run.lead()? == NAMES[0]);
            let fair = turn as f64 / all;
            let share = first as f64 / f64::from(weights[0]);
            prop_assert!((share - fair).abs() <= 2.0 * lightest(&weights) + 1e-6, "{first} of {turn}");
        }
    }

    /// What is owed is paid, in the circle too, and never by more than every other turn.
    #[test]
    fn turns_given_back_are_paid_without_a_flood(
        circle in any::<bool>(),
        back in 1_usize..6,
    ) {
        let mut world = world(&[1, 1, 1], None);
        if circle {
            world.book.pools.get_mut("inbound").unwrap().rotation = RotationKind::RoundRobin;
        }
        let mut run = Run::new(world, 3);
        for _ in 0..18 {
            run.lead()?;
        }
        let of_grace: Vec<usize> = (0..run.leads.len())
            .rev()
            .filter(|at| run.leads[*at].owner.as_deref() == Some("grace"))
            .take(back)
            .collect();
        for at in of_grace {
            run.step(&Step::GiveBack(at), 3)?;
        }
        let owed = run.world.team.rotations["inbound"].turns["grace"].owed;
        prop_assert!((owed - back as f64).abs() < 1e-9, "{}", owed);
        let mut got = Vec::new();
        for _ in 0..60 {
            got.push(run.lead()?);
        }
        let turns = &run.world.team.rotations["inbound"].turns;
        prop_assert!(turns["grace"].owed.abs() < 1e-9);
        prop_assert!(turns["grace"].received.abs_diff(turns["ada"].received) <= 1, "{:?}", got);
        for window in got.windows(3) {
            let of_grace = window.iter().filter(|rep| *rep == "grace").count();
            prop_assert!(of_grace <= 2, "{window:?} of {got:?}");
        }
    }

    /// A new weight counts from the next turn on: nobody fasts or is flooded for what was before.
    #[test]
    fn a_changed_weight_counts_from_then_on(before in 1_u8..=5, after in 1_u8..=5) {
        let mut run = Run::new(world(&[before, 1, 1], None), 3);
        for _ in 0..90 {
            run.lead()?;
        }
        run.world.book.pools.get_mut("inbound").unwrap().members[0].weight = f64::from(after);
        let mut got = 0;
        for _ in 0..(usize::from(after) + 2) * 10 {
            got += usize::from(run.lead()? == "ada");
        }
        let want = usize::from(after) * 10;
        prop_assert!(got.abs_diff(want) <= usize::from(after) + 1, "{got} instead of {want}");
    }
}
