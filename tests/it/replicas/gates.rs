//! Limits, pauses and the circuit of a destination hold for two daemons together.

use std::{sync::Arc, time::Duration};

use handoff::{
    clock::Clock as _,
    crm::{Answers, Boxed, Caps, Crm, Find, Found, Owner, OwnerSet, Put, PutDone, Seen, SetOwner},
    demo::crm::Fault,
    model::{
        event::{EventKind, NewEvent},
        failure::Failure,
        time::{Span, Time},
    },
    outbound::gate::Limits,
    store::Store,
};

use super::Pair;
use crate::harness::{Config, Tune, until};

/// A CRM that takes one lead at a time, so that each lead is a step of its own.
struct Narrow(Arc<dyn Crm>);

impl Crm for Narrow {
    fn caps(&self) -> Caps {
        Caps { put_max: 1, find_max: 1, ..self.0.caps() }
    }
    fn put(&self, leads: Vec<Put>, now: Time) -> Boxed<'_, Answers<PutDone>> {
        self.0.put(leads, now)
    }
    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> Boxed<'_, Answers<OwnerSet>> {
        self.0.set_owner(owners, now)
    }
    fn find(&self, people: Vec<Find>, now: Time) -> Boxed<'_, Answers<Found>> {
        self.0.find(people, now)
    }
    fn owners(&self, now: Time) -> Boxed<'_, Result<Vec<Owner>, Failure>> {
        self.0.owners(now)
    }
    fn calls(&self) -> u64 {
        self.0.calls()
    }
    fn whoami(&self, now: Time) -> Boxed<'_, Result<String, Failure>> {
        self.0.whoami(now)
    }
    fn read_callback(&self, body: &[u8]) -> Vec<Seen> {
        self.0.read_callback(body)
    }
}

async fn pair(limits: Limits) -> Pair {
    let tune: Tune = Arc::new(|parts| {
        let part = parts.crms.get_mut("hubspot").unwrap();
        part.crm = Arc::new(Narrow(Arc::clone(&part.crm)));
    });
    Pair::start(Config { limits, tune: Some(tune), ..Config::default() }, true).await
}

/// Accepts so many new people, as the website's webhooks would.
async fn accept(store: &dyn Store, from: usize, count: usize) {
    let now = handoff::clock::SystemClock::new().now();
    let fill = |number: usize| NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery: format!("msg_{number}"),
        received_at: now,
        content_type: Some("application/json".to_owned()),
        actor: None,
        body: format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#).into_bytes(),
    };
    store.accept((from..from + count).map(fill).collect()).await.unwrap();
}

const PER_SECOND: u32 = 30;
/// Calls of a step that nothing was known of before: by key, by address, an upsert, owners …
const CALLS_A_STEP: u32 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_keep_the_pace_of_one() {
    let limits = Limits { per_second: PER_SECOND, burst: PER_SECOND, ..Limits::default() };
    let pair = pair(limits).await;
    accept(pair.plant.store.as_ref(), 0, 400).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let arrivals = pair.plant.crm.stats().arrivals;
    let begun = arrivals.iter().position(|count| *count > 0).unwrap();
    let arrivals = &arrivals[begun..];
    let made: Vec<u64> = pair.workers().iter().map(|one| one.crms["hubspot"].to.calls()).collect();
    // Each worker of each daemon may be in one step that is not paid for yet.
    let ahead = 4 * CALLS_A_STEP;
    for tenths in 1..=arrivals.len() {
        let most = PER_SECOND * (tenths as u32 + 1) / 10 + PER_SECOND + ahead;
        for window in arrivals.windows(tenths) {
            let calls: u32 = window.iter().sum();
            assert!(calls <= most, "{calls} of {most} in {tenths} tenths: {arrivals:?}");
        }
    }
    let (all, seconds) = (arrivals.iter().sum::<u32>(), arrivals.len() as u32 / 10);
    println!(
        "two daemons, {PER_SECOND} calls a second and as many at once: {all} calls in {seconds} s \
         ({} and {})",
        made[0], made[1]
    );
    assert!(all >= PER_SECOND * seconds * 8 / 10, "the pace is used: {all} in {seconds} s");
    assert!(made.iter().all(|calls| *calls > 20), "both called: {made:?}");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_one_was_asked_for_holds_the_other() {
    let pair = pair(Limits { per_second: 200, burst: 200, ..Limits::default() }).await;
    let crm = &pair.plant.crm;
    accept(pair.plant.store.as_ref(), 0, 20).await;
    until("both have called", || async {
        pair.workers().iter().all(|one| one.crms["hubspot"].to.calls() > 0)
            || crm.records().len() == 20
    })
    .await;
    let before = crm.stats().faulted;
    crm.script([Fault::RetryAfter(429, 4)]);
    accept(pair.plant.store.as_ref(), 100, 20).await;
    until("one was told to wait", || async { crm.stats().faulted > before }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let early = crm.stats().requests;
    accept(pair.plant.store.as_ref(), 200, 20).await;
    for worker in pair.workers() {
        worker.wakes.decide();
        worker.wakes.all_jobs();
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let late = crm.stats().requests;
    let now = handoff::clock::SystemClock::new().now();
    let held = pair.workers().map(|one| one.crms["hubspot"].gate.is_held(now));
    println!("Retry-After 4 s to one of two: {} calls between 1 s and 3.5 s", late - early);
    assert_eq!((late - early, held), (0, [true, true]));
    until("all are written afterwards", || async { crm.records().len() == 60 }).await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_that_one_opened_is_probed_by_one() {
    let limits =
        Limits { per_second: 500, burst: 500, opens_after: 5, probe_after: Span::seconds(2) };
    let pair = pair(limits).await;
    let crm = &pair.plant.crm;
    crm.set_down(true);
    accept(pair.plant.store.as_ref(), 0, 60).await;
    let both_held = || {
        let now = handoff::clock::SystemClock::new().now();
        pair.workers().iter().all(|one| one.crms["hubspot"].gate.is_held(now))
    };
    until("both know that it is down", || async { both_held() }).await;
    let opened = crm.stats().requests;
    // Probes two seconds after it opened, and four after that.
    tokio::time::sleep(Duration::from_millis(7_500)).await;
    let probes = crm.stats().requests - opened;
    let in_flight = crm.stats().in_flight_max;
    crm.set_down(false);
    until("all are written afterwards", || async { crm.records().len() == 60 }).await;
    println!(
        "down for two daemons: open after {opened} calls, then {probes} probes in 7.5 s (alone, \
         each would make two); at most {in_flight} calls at once"
    );
    assert!((1..=2).contains(&probes), "{probes}");
    pair.stop().await;
}
