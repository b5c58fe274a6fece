//! What a gate does, case by case.

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

#[test]
fn a_step_of_several_calls_is_paid_for_by_those_after_it() {
    let limits = Limits { per_second: 10, burst: 2, ..Limits::default() };
    let mut gate = Gate::new(limits);
    let mut calls = 0;
    let mut steps = 0;
    for ms in 0..10_000 {
        if gate.admit(Time(ms)) == Admit::Go {
            steps += 1;
            calls += 3;
            gate.report(Time(ms), None);
            gate.made(calls);
        }
    }
    assert!((100..=106).contains(&calls), "{calls} calls in ten seconds, {steps} steps");
}

#[test]
fn a_park_is_kept_and_then_the_pace_grows() {
    let mut gate = Gate::new(limits(80, 80));
    assert!(goes(&mut gate, 0));
    let throttled = Failure::Throttled { until: Time(5_000), scope: "burst" };
    gate.report(Time(0), Some(&throttled));
    assert_eq!(gate.admit(Time(4_999)), Admit::NotBefore(Time(5_000)));
    let in_second =
        |gate: &mut Gate, from: i64| (from..from + 1000).filter(|now| goes(gate, *now)).count();
    let early = in_second(&mut gate, 5_000);
    assert!((1..=11).contains(&early), "{early}");
    let late = (6..20).map(|second| in_second(&mut gate, second * 1000)).last().unwrap();
    assert!((75..=81).contains(&late), "{late}");
}

#[test]
fn an_absurd_park_ends_within_the_hour_even_if_the_clock_jumps_back() {
    let mut gate = Gate::new(limits(10, 1));
    let never = Failure::Throttled { until: Time(i64::MAX), scope: "daily" };
    gate.report(Time(0), Some(&never));
    assert_eq!(gate.admit(Time(0)), Admit::NotBefore(Time(3_600_000)));
    let day_before = -86_400_000;
    assert_eq!(gate.admit(Time(day_before)), Admit::NotBefore(Time(day_before + 3_600_000)));
}

#[test]
fn one_answered_item_keeps_the_circuit_closed() {
    let mut gate = Gate::new(limits(1000, 1000));
    let refused = Failure::Refused { why: "bad".into() };
    for _ in 0..10 {
        gate.report_batch(Time(0), [Some(&busy()), None, Some(&busy())]);
        gate.report_batch(Time(0), [Some(&busy()), Some(&refused)]);
    }
    assert!(gate.is_closed());
    for _ in 0..3 {
        gate.report_batch(Time(0), [Some(&busy()), Some(&Failure::MaybeDone)]);
    }
    assert!(!gate.is_closed());
}

#[test]
fn a_refused_credential_is_tried_once_a_minute() {
    let mut gate = Gate::new(limits(1000, 1000));
    gate.report(Time(0), Some(&Failure::AuthLost { why: "401".into() }));
    assert_eq!(gate.admit(Time(1)), Admit::NotBefore(Time(60_000)));
}

#[test]
fn a_circuit_opens_probes_once_and_closes() {
    let mut gate = Gate::new(limits(1000, 1000));
    for _ in 0..3 {
        assert!(goes(&mut gate, 0));
        gate.report(Time(0), Some(&busy()));
    }
    assert_eq!(gate.admit(Time(1)), Admit::NotBefore(Time(2_000)));
    assert!(goes(&mut gate, 2_000));
    assert!((2_000..2_100).all(|now| !goes(&mut gate, now)), "one probe at a time");
    gate.report(Time(2_100), Some(&Failure::MaybeDone));
    assert_eq!(gate.admit(Time(2_100)), Admit::NotBefore(Time(6_100)), "doubled");
    assert!(goes(&mut gate, 6_100));
    assert!(!gate.take_came_back());
    gate.report(Time(6_200), None);
    assert!(gate.is_closed());
    assert_eq!([(); 2].map(|()| gate.take_came_back()), [true, false], "said once");
    gate.report(Time(6_300), None);
    assert!(!gate.take_came_back());
}

#[test]
fn a_probe_that_never_reports_does_not_block_for_ever() {
    let mut gate = Gate::new(limits(1000, 1000));
    (0..3).for_each(|_| gate.report(Time(0), Some(&busy())));
    assert!(goes(&mut gate, 2_000));
    assert_eq!(gate.admit(Time(2_001)), Admit::NotBefore(Time(32_000)));
    assert!(goes(&mut gate, 32_000));
    assert!(!goes(&mut gate, 32_001));
}
