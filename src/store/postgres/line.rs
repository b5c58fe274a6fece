//! The waiting line of what comes in, and the commits that it shares.
//!
//! Guarantees: the line is bounded; past that a request is answered busy at once, and no request is
//! without an answer for longer than five seconds. Everything that waits is stored by one statement
//! and one commit; two such groups may be under way at once. Nobody is answered before the commit.
//! A request that cannot be stored is answered alone.
//! Does not know: what a body means.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, Receiver, error::TrySendError},
        oneshot,
    },
    time::{interval, timeout},
};

use super::{accept::Given, error, pools::Pools, stopped, wakes::Wakes};
use crate::{
    model::event::{Accepted, NewEvent},
    store::{StoreError, StoreResult, Wake},
};

/// Requests that may wait, unless it is said otherwise.
const LINE_MAX: usize = 4096;
/// Rows and bytes of one group, beside at least one request.
const ROWS_MAX: usize = 512;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Groups that may be under way at once: while one commits, the next is written.
const GROUPS: usize = 2;
/// How long a group may take.
const GROUP_MAX: Duration = Duration::from_millis(2_400);
/// A tick of the line's own clock, and how many of them a request may wait for its group.
const TICK: Duration = Duration::from_millis(100);
const TICKS_MAX: u64 = 22;

/// A request.
struct Ask {
    events: Vec<NewEvent>,
    reply: oneshot::Sender<StoreResult<Vec<Accepted>>>,
    /// When it came.
    tick: u64,
}

/// The way to the task.
pub struct Line {
    sender: mpsc::Sender<Ask>,
    ticks: Arc<AtomicU64>,
}

impl Line {
    /// Starts the task.
    pub fn start(pools: Pools, wakes: Arc<Wakes>, line_max: usize) -> Self {
        let line_max = if line_max == 0 { LINE_MAX } else { line_max };
        let (sender, asks) = mpsc::channel(line_max);
        let ticks = Arc::new(AtomicU64::new(0));
        tokio::spawn(tick(Arc::clone(&ticks)));
        tokio::spawn(serve(asks, pools, wakes, Arc::clone(&ticks)));
        Self { sender, ticks }
    }

    /// Puts a request in the line.
    pub fn send(
        &self,
        events: Vec<NewEvent>,
        reply: oneshot::Sender<StoreResult<Vec<Accepted>>>,
    ) -> StoreResult<()> {
        let ask = Ask { events, reply, tick: self.ticks.load(Ordering::Relaxed) };
        self.sender.try_send(ask).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy("the waiting line is full".to_owned()),
            TrySendError::Closed(_) => stopped(),
        })
    }
}

async fn tick(ticks: Arc<AtomicU64>) {
    let mut pace = interval(TICK);
    loop {
        pace.tick().await;
        ticks.fetch_add(1, Ordering::Relaxed);
    }
}

/// Group after group, until the last sender is gone.
async fn serve(mut asks: Receiver<Ask>, pools: Pools, wakes: Arc<Wakes>, ticks: Arc<AtomicU64>) {
    let ways = Arc::new(Semaphore::new(GROUPS));
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(ask) => ask,
            None => match asks.recv().await {
                Some(ask) => ask,
                None => return,
            },
        };
        // What comes while both are under way shares the next one's commit.
        let Ok(way) = Arc::clone(&ways).acquire_owned().await else { return };
        let now = ticks.load(Ordering::Relaxed);
        let (mut group, mut rows, mut bytes) = (Vec::new(), 0, 0);
        let mut ask = Some(first);
        while let Some(one) = ask {
            if now.saturating_sub(one.tick) > TICKS_MAX {
                let _ = one.reply.send(Err(late()));
            } else {
                let (more, size) = (one.events.len(), size_of(&one));
                if !group.is_empty() && (rows + more > ROWS_MAX || bytes + size > BYTES_MAX) {
                    next = Some(one);
                    break;
                }
                (rows, bytes) = (rows + more, bytes + size);
                group.push(one);
            }
            ask = asks.try_recv().ok();
        }
        if group.is_empty() {
            continue;
        }
        let (pools, wakes) = (pools.clone(), Arc::clone(&wakes));
        tokio::spawn(async move {
            let _way = way;
            answer(group, &pools, &wakes).await;
        });
    }
}

fn size_of(ask: &Ask) -> usize {
    ask.events.iter().map(|event| event.body.len()).sum()
}

fn late() -> StoreError {
    StoreError::Busy("PostgreSQL did not answer in time: send it again".to_owned())
}

/// Stores a group and answers each of its requests.
async fn answer(group: Vec<Ask>, pools: &Pools, wakes: &Wakes) {
    let whole = timeout(GROUP_MAX, async {
        match store(&group, pools).await {
            // Somebody's request cannot be stored: each by itself, then.
            Err(StoreError::Corrupt(_) | StoreError::Refused(_)) if group.len() > 1 => {
                let mut each = Vec::with_capacity(group.len());
                for one in group.chunks(1) {
                    each.push(
                        store(one, pools).await.map(|all| all.into_iter().flatten().collect()),
                    );
                }
                each
            }
            Ok(all) => all.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); group.len()],
        }
    });
    let answers = whole.await.unwrap_or_else(|_| vec![Err(late()); group.len()]);
    let is_new = |answer: &StoreResult<Vec<Accepted>>| {
        answer.as_ref().is_ok_and(|all| all.iter().any(|one| !one.is_duplicate))
    };
    if answers.iter().any(is_new) {
        wakes.say(Wake::Events);
    }
    for (ask, answer) in group.into_iter().zip(answers) {
        let _ = ask.reply.send(answer.map_err(error::in_a_write)); // whoever asked may have gone
    }
}

/// Stores a group: begin, statement and commit are sent at once.
async fn store(group: &[Ask], pools: &Pools) -> StoreResult<Vec<Vec<Accepted>>> {
    let given = Given::of(group.iter().flat_map(|ask| &ask.events));
    let tx = pools.intake().await?;
    let (begun, stored, committed) =
        tokio::join!(biased; tx.batch(pools.begin()), given.store(&tx), tx.batch("COMMIT"));
    begun?;
    let stored = stored?;
    committed?;
    let mut answers = given.answer(&tx, stored).await?.into_iter();
    tx.ended();
    Ok(group.iter().map(|ask| answers.by_ref().take(ask.events.len()).collect()).collect())
}
