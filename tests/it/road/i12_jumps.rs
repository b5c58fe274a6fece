//! I12: a jump of the wall clock causes no early, repeated or mass notice; it is noticed within
//! a tick, and the ladders are held until the time is sure.

use handoff::{
    clock::Clock as _,
    model::{
        plan::What,
        time::{Span, Time},
    },
};

use super::many::{accept, counts, decisions, is_ladder, pass, pass_until, quiet};
use crate::harness::{Config, NOON, Plant, until};

const LEADS: usize = 40;
const TICK: Span = Span::seconds(5);

/// Whether the daemon takes the time for unsure now.
fn is_unsure(plant: &Plant) -> bool {
    plant.clock.monotonic() < plant.running().worker.jumps.lock().unwrap().unsure_until
}

/// Somebody sets the wall clock; answers how many ticks it took to be noticed.
async fn jump(plant: &Plant, span: Span) -> u32 {
    let before = plant.running().worker.jumps.lock().unwrap().unsure_until;
    plant.clock.set(plant.clock.now().plus(span));
    for tick in 0..5 {
        // A moment of real time, in which nobody wakes anybody.
        for _ in 0..100 {
            if plant.running().worker.jumps.lock().unwrap().unsure_until > before {
                return tick;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        plant.clock.advance(TICK);
    }
    panic!("a jump of {span} was not noticed within five ticks");
}

async fn fired(plant: &Plant) -> usize {
    let all = decisions(plant.store.as_ref()).await;
    all.iter().filter(|one| is_ladder(one.decision.what)).count()
}

async fn began() -> Plant {
    let plant = Plant::start(Config::default()).await;
    accept(&plant, 0..LEADS, |_| "demo").await;
    quiet(&plant).await;
    plant
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_a_clock_that_jumps_and_comes_back_starts_nothing_and_loses_nothing() {
    for span in [Span::hours(1), Span::days(1), Span::minutes(4), Span::minutes(11)] {
        let plant = began().await;
        let mut noticed = 0;
        // Forth and back, twice.
        for _ in 0..2 {
            for way in [span, Span(-span.0)] {
                noticed = noticed.max(jump(&plant, way).await);
                pass(&plant, TICK);
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                assert_eq!(fired(&plant).await, 0, "nothing is fired while the time is unsure");
            }
        }
        assert!(noticed <= 1, "{noticed} ticks");
        let passed = plant.clock.monotonic();
        assert_eq!(plant.clock.now(), NOON.plus(passed), "the clock is right again");
        // Every lead is reminded at its real time, once.
        pass_until(&plant, TICK, 60, "all were reminded", || async {
            fired(&plant).await >= LEADS
        })
        .await;
        let all = decisions(plant.store.as_ref()).await;
        let reminded: Vec<Time> = all
            .iter()
            .filter(|one| one.decision.what == What::Reminded)
            .map(|one| one.decision.at)
            .collect();
        let early = reminded.iter().filter(|at| **at < NOON.plus(Span::minutes(3))).count();
        let late = reminded.iter().map(|at| at.since(NOON.plus(Span::minutes(3))).0).max();
        println!(
            "I12: jumps of {span} forth and back: noticed within {noticed} ticks, {} reminders, \
             {early} early, the last {} s late",
            reminded.len(),
            late.unwrap_or(0) / 1000
        );
        assert_eq!((reminded.len(), early), (LEADS, 0));
        assert!(late.unwrap() <= 60_000, "held for a minute at most: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_a_clock_that_stays_ahead_is_believed_after_a_minute_and_fires_only_the_newest_steps() {
    let plant = began().await;
    jump(&plant, Span::hours(1)).await;
    for _ in 0..10 {
        pass(&plant, TICK);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        if is_unsure(&plant) {
            assert_eq!(fired(&plant).await, 0);
        }
    }
    assert!(is_unsure(&plant), "held for a minute");
    pass_until(&plant, TICK, 10, "believed", || async { !is_unsure(&plant) }).await;
    pass(&plant, Span::seconds(1));
    quiet(&plant).await;
    let mails = plant.mail.mails().all().len();
    println!(
        "I12: an hour ahead for good: {:?}, {mails} mails",
        counts(plant.store.as_ref()).await
    );
    assert_eq!(fired(&plant).await, LEADS, "one firing a lead, however many steps were over");
    assert!(mails < 3 * LEADS, "{mails}");
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_a_clock_set_back_is_noticed_by_an_idle_daemon_and_holds_up_no_work() {
    let plant = Plant::start(Config::default()).await;
    plant.crm.set_down(true);
    accept(&plant, 0..LEADS, |_| "demo").await;
    until("the CRM was tried in vain", || async { !plant.crm.requests().is_empty() }).await;
    let noticed = jump(&plant, Span::days(-1)).await;
    plant.crm.set_down(false);
    let before = plant.clock.monotonic();
    pass_until(&plant, TICK, 60, "all are in the CRM", || async {
        plant.crm.records().iter().filter(|one| !one.owners.is_empty()).count() == LEADS
    })
    .await;
    let took = Span(plant.clock.monotonic().0 - before.0);
    println!(
        "I12: a day back while the CRM was down: noticed within {noticed} ticks, written {took} after it was back"
    );
    assert!(noticed <= 1, "{noticed} ticks");
    assert!(took <= Span::minutes(2), "{took}");
    assert_eq!(fired(&plant).await, 0);
}
