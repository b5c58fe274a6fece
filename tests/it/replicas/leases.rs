//! A holder that is frozen in the middle of its work finds its lease over and does nothing more.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use handoff::{
    clock::ManualClock,
    crm::{Answers, Boxed, Caps, Crm, Find, Found, Owner, OwnerSet, Put, PutDone, Seen, SetOwner},
    model::{
        failure::Failure,
        time::{Span, Time},
    },
};

use crate::harness::{Config, Plant, Tune, shared::Shared, until};

/// A CRM whose holder is frozen for a minute after the fields were written.
struct Freezing {
    inner: Arc<dyn Crm>,
    clock: ManualClock,
    /// What cuts the holder off at the same moment, so that it claims nothing anew.
    way: Arc<Mutex<Option<Arc<Shared>>>>,
    is_armed: AtomicBool,
    /// What became of the owners.
    owners: Arc<Mutex<Vec<Result<OwnerSet, Failure>>>>,
}

impl Crm for Freezing {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn put(&self, leads: Vec<Put>, now: Time) -> Boxed<'_, Answers<PutDone>> {
        Box::pin(async move {
            let done = self.inner.put(leads, now).await;
            if self.is_armed.swap(false, Ordering::Relaxed) {
                if let Some(way) = &*self.way.lock().unwrap() {
                    way.is_cut.store(true, Ordering::Relaxed);
                }
                self.clock.advance(Span::seconds(60));
            }
            done
        })
    }

    fn set_owner(&self, owners: Vec<SetOwner>, now: Time) -> Boxed<'_, Answers<OwnerSet>> {
        Box::pin(async move {
            let done = self.inner.set_owner(owners, now).await;
            self.owners.lock().unwrap().extend(done.clone());
            done
        })
    }

    fn find(&self, people: Vec<Find>, now: Time) -> Boxed<'_, Answers<Found>> {
        self.inner.find(people, now)
    }

    fn owners(&self, now: Time) -> Boxed<'_, Result<Vec<Owner>, Failure>> {
        self.inner.owners(now)
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }

    fn whoami(&self, now: Time) -> Boxed<'_, Result<String, Failure>> {
        self.inner.whoami(now)
    }

    fn read_callback(&self, body: &[u8]) -> Vec<Seen> {
        self.inner.read_callback(body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_frozen_for_a_minute_writes_nothing_more() {
    let owners: Arc<Mutex<Vec<Result<OwnerSet, Failure>>>> = Arc::default();
    let way: Arc<Mutex<Option<Arc<Shared>>>> = Arc::default();
    let clock: Arc<Mutex<Option<ManualClock>>> = Arc::default();
    let (told, cut, hand) = (Arc::clone(&owners), Arc::clone(&way), Arc::clone(&clock));
    let tune: Tune = Arc::new(move |parts| {
        let shared = Shared::new(&parts.store);
        *cut.lock().unwrap() = Some(Arc::clone(&shared));
        parts.store = shared;
        let manual = ManualClock::at(crate::harness::NOON);
        *hand.lock().unwrap() = Some(manual.clone());
        parts.clock = Arc::new(manual.clone());
        parts.lease = Span::minutes(1);
        let part = parts.crms.get_mut("hubspot").unwrap();
        part.crm = Arc::new(Freezing {
            inner: Arc::clone(&part.crm),
            clock: manual,
            way: Arc::clone(&cut),
            is_armed: AtomicBool::new(true),
            owners: Arc::clone(&told),
        });
    });
    let mut plant = Plant::start(Config { tune: Some(tune), ..Config::default() }).await;
    let body = r#"{"data":{"email":"eva@linden.example"}}"#;
    assert_eq!(plant.post(body, "msg_1").await.0, 200);
    until("the frozen attempt has ended", || async { !owners.lock().unwrap().is_empty() }).await;
    let record = plant.crm.records().remove(0);
    assert_eq!(*owners.lock().unwrap(), [Err(Failure::TooLate)], "nothing was sent");
    assert!(record.owners.is_empty(), "and nothing arrived: {record:?}");
    // Reachable again, another attempt looks first and ends the work.
    let way = way.lock().unwrap().clone().unwrap();
    way.is_cut.store(false, Ordering::Relaxed);
    let clock = clock.lock().unwrap().clone().unwrap();
    until("the owner is set", || async {
        clock.advance(Span::seconds(1));
        plant.running().worker.wakes.all_jobs();
        plant.crm.records().iter().any(|record| !record.owners.is_empty())
    })
    .await;
    assert_eq!(plant.crm.records().len(), 1, "no twin");
    println!("frozen for 60 s under a lease of 60 s: 0 calls after it, then 1 record, 1 owner");
    plant.stop().await;
}
