//! What holds for a gate that several processes share, whatever they do and however far apart
//! their clocks are.

use proptest::prelude::*;

use super::*;

/// Three processes, their clocks, and the document between them.
struct House {
    limits: Limits,
    gates: Vec<Gate>,
    document: Option<String>,
    now: i64,
}

impl House {
    fn new(per_second: u32, burst: u32) -> Self {
        let limits = Limits { per_second, burst, opens_after: 3, probe_after: Span::seconds(2) };
        let gates = (0..3).map(|_| Gate::new(limits).shared()).collect();
        Self { limits, gates, document: None, now: 1_000_000 }
    }

    /// The clock of one of them: they disagree by minutes.
    fn clock(&self, who: usize) -> Time {
        Time(self.now + [0, 120_000, -90_000][who])
    }

    fn exchange(&mut self, who: usize, is_asking: bool) -> bool {
        let now = self.clock(who);
        let said = self.gates[who].say(is_asking, now);
        let (text, known) =
            Gate::agree(self.limits, self.document.as_deref(), &said, Time(self.now));
        self.document = text.or(self.document.take());
        self.gates[who].know(&known, &said, now)
    }

    /// As a step does it: asks, exchanges if it must, asks again.
    fn goes(&mut self, who: usize) -> bool {
        let now = self.clock(who);
        if self.gates[who].admit(now) == Admit::Exchange {
            self.exchange(who, true);
        }
        self.gates[who].admit(now) == Admit::Go
    }

    fn report(&mut self, who: usize, failure: Option<&Failure>) {
        let now = self.clock(who);
        self.gates[who].report(now, failure);
    }
}

fn busy() -> Failure {
    Failure::Busy { after: None, why: "503".into() }
}

#[test]
fn a_pause_that_one_was_asked_for_holds_all() {
    let mut house = House::new(40, 40);
    assert!(house.goes(0) && house.goes(1));
    let until = house.clock(0).plus(Span::seconds(5));
    house.report(0, Some(&Failure::Throttled { until, scope: "burst" }));
    assert!(!house.goes(0), "at once where it was heard");
    assert!(house.gates[0].has_news());
    house.exchange(0, false);
    house.exchange(1, false);
    for who in [0, 1, 2] {
        assert!(!house.goes(who));
        assert!(house.gates[who].is_held(house.clock(who)) || who == 2);
    }
    house.now += 4_999;
    assert!(!house.goes(0) && !house.goes(1) && !house.goes(2));
    house.now += 2;
    assert!(
        (0..400).any(|_| {
            house.now += 5;
            house.goes(2)
        }),
        "it ends for all"
    );
}

#[test]
fn an_open_circuit_is_probed_by_one_among_all_and_closed_by_that_one() {
    let mut house = House::new(1000, 1000);
    for who in [0, 1, 2] {
        assert!(house.goes(who));
        house.report(who, Some(&busy()));
        house.exchange(who, false);
    }
    for who in [0, 1] {
        house.exchange(who, false);
    }
    assert!(!house.goes(0) && !house.goes(1), "three failures in a row, one of each");
    house.now += 2_001;
    let probes: Vec<usize> = (0..30).filter(|turn| house.goes(turn % 3)).collect();
    assert_eq!(probes.len(), 1, "{probes:?}");
    let first = probes[0] % 3;
    house.report(first, None);
    assert!(house.gates[first].take_came_back());
    house.exchange(first, false);
    let other = (first + 1) % 3;
    assert!(house.exchange(other, false), "the others are told that they may go on");
    assert!(house.gates[other].is_closed());
}

#[test]
fn a_probe_that_is_not_made_is_somebody_elses() {
    let mut house = House::new(1000, 1000);
    (0..3).for_each(|_| house.report(0, Some(&busy())));
    house.exchange(0, false);
    house.now += 2_001;
    assert!(house.goes(0));
    let now = house.clock(0);
    house.gates[0].release(now);
    assert!(!house.goes(1), "nobody knows yet");
    house.exchange(0, false);
    house.now += 501;
    assert!(house.goes(1));
}

#[test]
fn what_could_not_be_said_is_said_later() {
    let mut house = House::new(10, 10);
    (0..3).for_each(|_| house.report(0, Some(&busy())));
    let now = house.clock(0);
    let said = house.gates[0].say(false, now);
    assert!(!said.is_silent() && !house.gates[0].has_news());
    house.gates[0].unsaid(said);
    house.exchange(0, false);
    house.exchange(1, false);
    assert!(!house.gates[1].is_closed());
}

#[test]
fn a_look_alone_changes_no_document() {
    let mut house = House::new(10, 10);
    house.goes(0);
    let before = house.document.clone();
    house.now += 5_000;
    house.exchange(1, false);
    assert_eq!(house.document, before);
}

#[test]
fn a_pause_outlives_the_process_that_was_asked_for_it() {
    let limits = Limits::default();
    let mut before = Gate::new(limits);
    assert_eq!(before.to_keep(Time(0)), None);
    let until = Time(60_000);
    before.report(Time(0), Some(&Failure::Throttled { until, scope: "daily" }));
    let kept = before.to_keep(Time(0)).unwrap();
    let mut after = Gate::new(limits);
    after.resume(&kept, Time(10_000));
    assert_eq!(after.admit(Time(10_000)), Admit::NotBefore(until));
    let mut open = Gate::new(limits);
    (0..5).for_each(|_| open.report(Time(0), Some(&busy())));
    let mut after = Gate::new(limits);
    after.resume(&open.to_keep(Time(0)).unwrap(), Time(1_000));
    assert!(!after.is_closed());
    assert_eq!(after.admit(Time(2_000)), Admit::Go);
    assert!(matches!(after.admit(Time(2_001)), Admit::NotBefore(_)), "one probe");
}

/// One thing that happens to one of them.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Call(usize),
    Bad(usize),
    Throttled(usize, i64),
    Look(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..700_i64).prop_map(Step::Wait),
        12 => (0..3_usize).prop_map(Step::Call),
        1 => (0..3_usize).prop_map(Step::Bad),
        1 => (0..3_usize, 0..3_000_i64).prop_map(|(who, ms)| Step::Throttled(who, ms)),
        2 => (0..3_usize).prop_map(Step::Look),
    ]
}

proptest! {
    #[test]
    fn together_no_window_sees_more_than_pace_and_burst(
        per_second in 1..60_u32, more in 0..20_u32, steps in prop::collection::vec(step(), 1..400),
    ) {
        let burst = per_second / 4 + 1 + more;
        let mut house = House::new(per_second, burst);
        let mut sent = Vec::new();
        for step in steps {
            match step {
                Step::Wait(ms) => house.now += ms,
                Step::Call(who) => if house.goes(who) {
                    sent.push(house.now);
                    house.report(who, None);
                },
                Step::Bad(who) => if house.goes(who) {
                    sent.push(house.now);
                    house.report(who, Some(&busy()));
                },
                Step::Throttled(who, ms) => if house.goes(who) {
                    sent.push(house.now);
                    let until = house.clock(who).plus(Span(ms));
                    house.report(who, Some(&Failure::Throttled { until, scope: "burst" }));
                },
                Step::Look(who) => { house.exchange(who, false); }
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
    fn who_owes_calls_waits_for_all(per_second in 4..60_u32) {
        let mut house = House::new(per_second, per_second);
        let (mut calls, mut own) = (0_u64, [0_u64; 3]);
        let begun = house.now;
        while house.now < begun + 20_000 {
            for who in [0, 1, 2] {
                if house.goes(who) {
                    calls += 3;
                    own[who] += 3;
                    house.report(who, None);
                    let made = own[who];
                    house.gates[who].made(made);
                }
            }
            house.now += 7;
        }
        // Each may be one step of three calls ahead.
        let most = u64::from(per_second) * 21 + 9;
        prop_assert!(calls <= most && calls * 2 > most, "{calls} of {most}");
    }
}
