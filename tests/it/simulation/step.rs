//! Steps under way: the worker's futures, polled by hand.
//!
//! Guarantees: a step goes on only when the schedule says so, from one seam to the next; a step
//! that is dropped at a seam is a crash there. Nothing sleeps and no runtime is needed.
//! Does not know: what a step does.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use handoff::{
    store::{StoreError, StoreResult},
    worker::{Worker, decide::Worked},
};

use super::clock::True;

/// What a loop of a daemon does, one time round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Decide,
    Write(u8),
    Ask(u8),
    Tell(&'static str),
    Sweep,
    Audit,
}

impl Kind {
    /// Every loop of a replica; two at a time write and ask.
    pub const ALL: [Self; 10] = [
        Self::Decide,
        Self::Ask(0),
        Self::Ask(1),
        Self::Write(0),
        Self::Write(1),
        Self::Tell("email"),
        Self::Tell("alerts"),
        Self::Tell("oncall"),
        Self::Sweep,
        Self::Audit,
    ];

    fn begin(self, worker: Arc<Worker>) -> Pin<Box<dyn Future<Output = StoreResult<Worked>>>> {
        Box::pin(async move {
            match self {
                Self::Decide => worker.decide_once().await,
                Self::Write(_) => worker.write_once(super::crm::NAME).await,
                Self::Ask(_) => worker.ask_once(super::crm::NAME).await,
                Self::Tell(channel) => worker.tell_once(channel).await,
                Self::Sweep => worker.sweep_once().await,
                Self::Audit => worker.audit_once().await,
            }
        })
    }
}

/// A step under way.
pub struct Under {
    /// Its number, different for every step of a run.
    pub number: usize,
    /// It waits for an answer.
    pub is_waiting: bool,
    future: Pin<Box<dyn Future<Output = StoreResult<Worked>>>>,
}

/// How far a step came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// To its end.
    Ended(Result<bool, StoreError>),
    /// To a seam.
    Seam,
    /// To an answer that takes its time.
    Waits,
}

impl Under {
    /// Begins a step; nothing happens before the first poll.
    pub fn begin(kind: Kind, number: usize, worker: Arc<Worker>) -> Self {
        Self { number, is_waiting: false, future: kind.begin(worker) }
    }

    /// Goes on to the next seam.
    pub fn poll(&mut self, waits: &Waits) -> Came {
        waits.0.store(false, Relaxed);
        let polled = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.is_waiting = polled.is_pending() && waits.0.load(Relaxed);
        match polled {
            Poll::Ready(end) => Came::Ended(end.map(|worked| worked.done > 0)),
            Poll::Pending if self.is_waiting => Came::Waits,
            Poll::Pending => Came::Seam,
        }
    }
}

/// Says whether the last poll ended at an answer that takes its time, and when such answers come.
#[derive(Clone, Debug, Default)]
pub struct Waits(Arc<AtomicBool>, Arc<Mutex<BTreeSet<i64>>>);

impl Waits {
    /// The first answer that comes after this instant, and not after that one.
    pub fn next(&self, after: i64, until: i64) -> Option<i64> {
        if until <= after {
            return None; // no time passes
        }
        let instants = self.1.lock().expect("no panic in here");
        instants.range(after + 1..=until).next().copied()
    }
}

/// A seam: others may go on here, and a crash may happen.
pub async fn seam() {
    let mut is_over = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut is_over, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// An answer that takes until then.
pub async fn answer_at(ms: i64, time: &True, waits: &Waits) {
    waits.1.lock().expect("no panic in here").insert(ms);
    std::future::poll_fn(|_| {
        if time.ms() >= ms {
            return Poll::Ready(());
        }
        waits.0.store(true, Relaxed);
        Poll::Pending
    })
    .await;
}
