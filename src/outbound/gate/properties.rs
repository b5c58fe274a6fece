//! What holds for a gate whatever happens to it.

use proptest::prelude::*;

use super::*;

fn busy() -> Failure {
    Failure::Busy { after: None, why: "503".into() }
}

fn limits(per_second: u32, burst: u32) -> Limits {
    Limits { per_second, burst, opens_after: 3, probe_after: Span::seconds(2) }
}

fn goes(gate: &mut Gate, now: i64) -> bool {
    gate.admit(Time(now)) == Admit::Go
}

/// One thing that happens to a gate.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Ask,
    Good,
    Bad,
    Throttled(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..3_000_i64).prop_map(Step::Wait),
        8 => Just(Step::Ask),
        3 => Just(Step::Good),
        2 => Just(Step::Bad),
        1 => (0..5_000_i64).prop_map(Step::Throttled),
    ]
}

proptest! {
    #[test]
    fn no_window_sees_more_than_its_pace_and_burst(
        per_second in 1..40_u32, burst in 1..20_u32, steps in prop::collection::vec(step(), 1..300),
    ) {
        let mut gate = Gate::new(limits(per_second, burst));
        let (mut now, mut sent, mut outstanding) = (0_i64, Vec::new(), 0_u32);
        for step in steps {
            match step {
                Step::Wait(ms) => now += ms,
                Step::Ask => {
                    let was_closed = gate.is_closed();
                    match gate.admit(Time(now)) {
                        Admit::Go if was_closed => { sent.push(now); outstanding += 1; }
                        Admit::Go => {
                            sent.push(now);
                            outstanding += 1;
                            prop_assert!(!goes(&mut gate, now), "a second probe");
                        }
                        Admit::NotBefore(at) => prop_assert!(at.0 > now),
                        Admit::Exchange => prop_assert!(false, "nobody shares it"),
                    }
                }
                _ if outstanding == 0 => {}
                Step::Good => { outstanding -= 1; gate.report(Time(now), None); }
                Step::Bad => { outstanding -= 1; gate.report(Time(now), Some(&busy())); }
                Step::Throttled(ms) => {
                    outstanding -= 1;
                    let until = Time(now + ms);
                    gate.report(Time(now), Some(&Failure::Throttled { until, scope: "burst" }));
                    if ms > 0 {
                        prop_assert_eq!(gate.admit(Time(now)), Admit::NotBefore(gate.state.parked_until));
                    }
                }
            }
        }
        for (first, from) in sent.iter().enumerate() {
            for (count, to) in sent[first..].iter().enumerate() {
                let most = (to - from) * i64::from(per_second) / 1000 + i64::from(burst) + 1;
                prop_assert!((count as i64) < most, "{} in {} ms", count + 1, to - from);
            }
        }
    }

    #[test]
    fn who_waits_as_told_gets_through(
        per_second in 1..40_u32, steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut gate = Gate::new(limits(per_second, 1));
        let mut now = 0_i64;
        for step in steps {
            match step {
                Step::Wait(ms) => now += ms,
                Step::Ask => { gate.admit(Time(now)); }
                Step::Good => gate.report(Time(now), None),
                Step::Bad => gate.report(Time(now), Some(&busy())),
                Step::Throttled(ms) => gate.report(
                    Time(now), Some(&Failure::Throttled { until: Time(now + ms), scope: "burst" })),
            }
        }
        let waits = (0..20).take_while(|_| match gate.admit(Time(now)) {
            Admit::NotBefore(at) => { now = at.0; true }
            Admit::Go | Admit::Exchange => false,
        }).count();
        prop_assert!(waits < 20);
    }

    #[test]
    fn nobody_is_trampled_after_an_outage(per_second in 8..200_u32, waiting in 100..2_000_u32) {
        let mut gate = Gate::new(limits(per_second, per_second));
        (0..3).for_each(|_| gate.report(Time(0), Some(&busy())));
        let (mut now, mut counts) = (2_000_i64, vec![0_u32; 12]);
        for _ in 0..waiting {
            while let Admit::NotBefore(at) = gate.admit(Time(now)) { now = at.0; }
            gate.report(Time(now), None);
            if let Some(count) = counts.get_mut(((now - 2_000) / 1000) as usize) { *count += 1; }
        }
        prop_assert!(counts[0] <= per_second / 8 + 2, "{counts:?}");
        prop_assert!(counts.iter().all(|count| *count <= per_second + 1), "{counts:?}");
    }
}
