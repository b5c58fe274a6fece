//! A replica: a worker as the daemon makes it, and its steps under way.
//!
//! Guarantees: a crash throws away everything that is in memory: steps, gates, what was seen of
//! the clock. The store and the destinations stay. Does not know: the schedule.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, atomic::AtomicBool},
};

use arc_swap::ArcSwap;
use handoff::{
    clock::{Clock, JumpWatch},
    decide::Reach,
    intake::form,
    model::{alert, replica::Replica as Process, time::Span},
    notify::link::LinkKey,
    outbound::gate::Limits,
    rulebook::Rulebook,
    store::Store,
    telemetry::Metrics,
    worker::{
        DestinationGate, Guarded, Jumps, Links, Worker, calendar::Calendars, mirror::Accounts,
        replica::Presence, wake::Wakes, watch::Lookout,
    },
};

use super::{
    channels, crm,
    house::{Here, House},
    mutations::{self, Mutation},
    step::{Came, Kind, Under},
    store::Seen,
};

/// For how long work is leased.
pub const LEASE: Span = Span::minutes(1);
/// How long raw bodies of decided fills are kept.
const KEEP: Span = Span::hours(2);
const LIMITS: Limits =
    Limits { per_second: 1000, burst: 1000, opens_after: 3, probe_after: Span::seconds(2) };

/// What a replica is made of, again after each crash.
pub struct Ground {
    pub house: Arc<House>,
    pub store: Arc<dyn Store>,
    pub crm: Arc<crm::Model>,
    pub mutation: Option<Mutation>,
}

/// One replica.
pub struct Replica {
    pub number: usize,
    pub worker: Arc<Worker>,
    pub steps: BTreeMap<Kind, Under>,
}

impl Replica {
    /// Starts on what is there.
    pub fn start(number: usize, ground: &Ground, book: Arc<Rulebook>) -> Self {
        static METRICS: OnceLock<Arc<Metrics>> = OnceLock::new();
        static KEY: OnceLock<Arc<LinkKey>> = OnceLock::new();
        let house = &ground.house;
        house.clocks[number].believe();
        let clock: Arc<dyn Clock> = Arc::<super::clock::WallClock>::clone(&house.clocks[number]);
        let names = vec![crm::NAME.to_owned()];
        let store = mutations::store(ground.mutation, &ground.store);
        let store = Seen { inner: store, house: Arc::clone(house), replica: number };
        // Leases are shared, gates are not: each replica finds out by itself.
        let gate = |name: &str| DestinationGate::new(name.to_owned(), LIMITS, false);
        let to = mutations::crm(ground.mutation, &ground.crm);
        let guarded = Guarded { to, gate: gate(crm::NAME) };
        let channel = |name: &'static str| {
            let keeps_lease = ground.mutation != Some(Mutation::LateCall);
            let line = channels::Line { house: Arc::clone(house), name, keeps_lease };
            let to = mutations::channel(ground.mutation, line);
            (name.to_owned(), Guarded { to, gate: gate(name) })
        };
        let worker = Worker {
            accounts: Accounts::default(),
            store: Arc::new(store),
            book: ArcSwap::new(book),
            reach: Reach { crms: names.clone(), asks: names, time_is_unsure: false, observe: None },
            crms: BTreeMap::from([(crm::NAME.to_owned(), guarded)]),
            channels: channels::NAMES.map(channel).into(),
            clock: Arc::clone(&clock),
            wakes: Arc::new(Wakes::default()),
            shadow: handoff::worker::beside::Shadow::default(),
            runs: handoff::worker::reroute::Runs::default(),
            links: Links {
                base: url::Url::parse("https://handoff.example/").expect("an address"),
                key: Arc::clone(
                    KEY.get_or_init(|| Arc::new(LinkKey::new(&[[7_u8; 32]]).expect("a key"))),
                ),
                life: Span::days(2),
            },
            metrics: Arc::clone(METRICS.get_or_init(|| Arc::new(Metrics::new("sqlite")))),
            lease: LEASE,
            read: Arc::new(|_, content_type, body| form::document(content_type, body)),
            keep: KEEP,
            calendars: Calendars::new(Vec::new()),
            lookout: Lookout::new(
                alert::Limits { tell: false, ..alert::Limits::default() },
                Vec::new(),
                Box::new(|| None),
            ),
            is_elsewhere: AtomicBool::new(false),
            replica: Process {
                name: format!("replica {number}"),
                incarnation: "simulated".to_owned(),
                version: "simulated".to_owned(),
            },
            presence: Presence::default(),
            stopping: AtomicBool::new(false),
            jumps: Mutex::new(Jumps {
                watch: JumpWatch::new(clock.as_ref()),
                unsure_until: Span::ZERO,
            }),
        };
        Self { number, worker: Arc::new(worker), steps: BTreeMap::new() }
    }

    /// A step begins, or goes on, for at most so many seams. Answers how it ended, if it did, and
    /// whether it was taken any further at all.
    pub fn go(&mut self, kind: Kind, seams: usize, ground: &Ground, number: &mut usize) -> Went {
        let worker = &self.worker;
        let step = self.steps.entry(kind).or_insert_with(|| {
            *number += 1;
            Under::begin(kind, *number, Arc::clone(worker))
        });
        ground.house.clocks[self.number].looked_at(matches!(kind, Kind::Decide));
        for _ in 0..seams {
            ground.house.state().here = Here { replica: self.number, step: Some(step.number) };
            match step.poll(&ground.house.waits) {
                Came::Seam => {}
                Came::Waits => return Went::Waits,
                Came::Ended(end) => {
                    self.steps.remove(&kind);
                    return match end {
                        Ok(is_some) => Went::Ended { is_some },
                        Err(handoff::store::StoreError::Fatal(_)) => Went::Fatal,
                        Err(_) => Went::Ended { is_some: false },
                    };
                }
            }
        }
        Went::Seam
    }
}

/// How far a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    Seam,
    Waits,
    Ended {
        is_some: bool,
    },
    /// The store is not to be trusted: the process must end.
    Fatal,
}
