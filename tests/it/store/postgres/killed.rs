//! Sessions that are ended and a server that crashes, under load: what was acknowledged stays, once,
//! and nobody waits for long.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Instant,
};

use handoff::store::{EventFilter, postgres::Options};
use uuid::Uuid;

use super::*;
use crate::harness::postgres::{Server, Stop};

/// Nobody waits for longer than this.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// What senders saw.
#[derive(Default)]
struct Seen {
    kept: Vec<Uuid>,
    busy: usize,
    slowest: Duration,
}

/// Sends deliveries, each until it is taken, until told to end.
async fn send(store: Arc<PostgresStore>, next: Arc<AtomicI64>, end: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while !end.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        loop {
            let asked = Instant::now();
            let answer = store.accept(vec![fill(n)]).await;
            seen.slowest = seen.slowest.max(asked.elapsed());
            match answer {
                Ok(kept) => {
                    seen.kept.push(kept[0].uuid);
                    break;
                }
                Err(StoreError::Busy(_)) => {
                    seen.busy += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("busy, or kept: {error:?}"),
            }
        }
    }
    seen
}

/// Senders that run beside a fault.
struct Senders {
    end: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<Seen>>,
}

impl Senders {
    fn start(store: &Arc<PostgresStore>, many: usize) -> Self {
        let (next, end) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
        let one = |_| tokio::spawn(send(Arc::clone(store), Arc::clone(&next), Arc::clone(&end)));
        Self { tasks: (0..many).map(one).collect(), end }
    }

    async fn end(self) -> Seen {
        self.end.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for task in self.tasks {
            let seen = task.await.unwrap();
            all.kept.extend(seen.kept);
            all.busy += seen.busy;
            all.slowest = all.slowest.max(seen.slowest);
        }
        all
    }
}

/// Everything that is stored.
async fn stored(store: &PostgresStore) -> Vec<Uuid> {
    let mut filter = EventFilter { max: 500, ..EventFilter::default() };
    let mut all = Vec::new();
    loop {
        let page = store.events(filter.clone()).await.unwrap();
        all.extend(page.rows.iter().map(|event| event.uuid));
        match page.next {
            Some(next) => filter.before = Some(next),
            None => return all,
        }
    }
}

/// Nothing acknowledged is lost, nothing is twice, and the books balance.
async fn nothing_is_lost(store: &PostgresStore, seen: &Seen) {
    let all = stored(store).await;
    let once: BTreeSet<&Uuid> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "nothing is stored twice");
    let lost = seen.kept.iter().filter(|uuid| !once.contains(uuid)).count();
    assert_eq!(lost, 0);
    assert_eq!(store.audit(T0).await.unwrap().differences(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_ended_lose_nothing_and_hold_up_nobody() {
    needs_postgres!("sessions_that_are_ended_lose_nothing_and_hold_up_nobody");
    let database = Database::new();
    let store = Arc::new(PostgresStore::open(&database.options()).unwrap());
    let senders = Senders::start(&store, 8);
    let mut ended = 0;
    for _ in 0..60 {
        ended += database.server.end_sessions(&database.name);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = senders.end().await;
    nothing_is_lost(&store, &seen).await;
    println!(
        "sessions ended {ended}: acknowledged {}, busy {}, lost 0, doubled 0, slowest answer {:?}",
        seen.kept.len(),
        seen.busy,
        seen.slowest
    );
    assert!(ended > 30 && seen.kept.len() > 100, "{ended} ended, {} kept", seen.kept.len());
    assert!(seen.slowest < ANSWER_MAX, "{:?}", seen.slowest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_under_load_loses_nothing_and_is_used_again_at_once() {
    needs_postgres!("a_server_that_crashes_under_load_loses_nothing_and_is_used_again_at_once");
    let server = Arc::new(Server::start());
    let name = server.create();
    let store = Arc::new(PostgresStore::open(&Options::new(server.url(&name))).unwrap());
    let senders = Senders::start(&store, 8);
    let mut back = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let stopped = Arc::clone(&server);
        tokio::task::spawn_blocking(move || stopped.stop(Stop::Immediate)).await.unwrap();
        let meanwhile = store.ready().await;
        assert!(matches!(meanwhile, Err(StoreError::Busy(_))), "{meanwhile:?}");
        let started = Arc::clone(&server);
        tokio::task::spawn_blocking(move || started.start_again()).await.unwrap();
        let begun = Instant::now();
        while store.ready().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "not ready again");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        back.push(begun.elapsed());
    }
    let seen = senders.end().await;
    nothing_is_lost(&store, &seen).await;
    println!(
        "crashes 3: acknowledged {}, busy {}, lost 0, doubled 0, slowest answer {:?}, ready after {back:?}",
        seen.kept.len(),
        seen.busy,
        seen.slowest
    );
    assert!(seen.busy > 0 && seen.kept.len() > 50, "{} busy, {} kept", seen.busy, seen.kept.len());
    assert!(seen.slowest < ANSWER_MAX, "{:?}", seen.slowest);
    assert!(server.log().contains("was not properly shut down"), "it really crashed");
}
