//! Time in a simulation: one true time, and a wall clock for each replica that may be wrong.
//!
//! Guarantees: nothing but the schedule moves a hand; the monotonic reading of a replica is the
//! true time since it began. Does not know: who looks.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use handoff::{
    clock::{Boxed, Clock},
    model::time::{Span, Time},
};

use crate::harness::NOON;

/// A difference above this is a jump.
const JUMP: Span = Span::seconds(5);
/// How long nothing is decided by a clock that was set.
const UNSURE: Span = Span::minutes(1);
/// Long before anything.
const NEVER: i64 = i64::MIN / 2;

/// The true time: milliseconds since the simulation began. Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct True(Arc<AtomicI64>);

impl True {
    /// Milliseconds since the beginning.
    pub fn ms(&self) -> i64 {
        self.0.load(Relaxed)
    }

    /// The instant: what a clock that is right shows, and what judges leases between replicas.
    pub fn now(&self) -> Time {
        NOON.plus(Span(self.ms()))
    }

    /// Time passes.
    pub fn pass(&self, span: Span) {
        self.0.fetch_add(span.0, Relaxed);
    }
}

/// The clock of one replica's machine.
#[derive(Debug)]
pub struct WallClock {
    time: True,
    /// By how much it is ahead of the true time.
    ahead: AtomicI64,
    /// By how much it is ahead when nobody sets it.
    skew: Span,
    /// By how much it was ahead when the replica compared its readings last.
    compared: AtomicI64,
    /// When the replica saw, by comparing, that it had been set.
    seen_at: AtomicI64,
}

impl WallClock {
    /// Ahead by so much.
    pub fn new(time: &True, skew: Span) -> Self {
        let [ahead, compared] = [skew.0; 2].map(AtomicI64::new);
        Self { time: time.clone(), ahead, skew, compared, seen_at: AtomicI64::new(NEVER) }
    }

    /// Somebody sets it, forward or back.
    pub fn jump(&self, by: Span) {
        self.ahead.fetch_add(by.0, Relaxed);
    }

    /// Somebody puts it right.
    pub fn put_right(&self) {
        self.ahead.store(self.skew.0, Relaxed);
    }

    /// By how much it is ahead.
    fn ahead(&self) -> Span {
        Span(self.ahead.load(Relaxed))
    }

    /// Why its time is not to be believed now, if it is not.
    pub fn doubt(&self) -> Option<&'static str> {
        let since = self.time.ms() - self.seen_at.load(Relaxed);
        if (self.ahead().0 - self.compared.load(Relaxed)).abs() > JUMP.0 {
            Some("after the clock was set, and nobody looked")
        } else if since < UNSURE.0 {
            Some("less than a minute after the clock was seen to be set")
        } else {
            None
        }
    }

    /// A process that begins now believes the clock as it finds it.
    pub fn believe(&self) {
        self.compared.store(self.ahead().0, Relaxed);
        self.seen_at.store(NEVER, Relaxed);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Time {
        self.time.now().plus(self.ahead())
    }

    fn monotonic(&self) -> Span {
        Span(self.time.ms())
    }

    /// Nobody but who looks for a jump compares the two.
    fn both(&self) -> (Time, Span) {
        let ahead = self.ahead().0;
        if (ahead - self.compared.swap(ahead, Relaxed)).abs() > JUMP.0 {
            self.seen_at.store(self.time.ms(), Relaxed);
        }
        (self.now(), self.monotonic())
    }

    fn sleep_until(&self, _at: Time) -> Boxed<'_, ()> {
        Box::pin(pending()) // no step sleeps; the loops do, and the schedule stands in for them
    }

    fn sleep(&self, _span: Span) -> Boxed<'_, ()> {
        Box::pin(pending())
    }
}
