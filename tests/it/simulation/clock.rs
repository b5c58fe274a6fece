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
    /// When it was set the last time.
    set_at: AtomicI64,
    /// By how much it was ahead before somebody began to set it.
    believed: AtomicI64,
    /// By how much it is ahead when nobody sets it.
    skew: Span,
}

impl WallClock {
    /// Ahead by so much.
    pub fn new(time: &True, ahead: Span) -> Self {
        let set_at = AtomicI64::new(i64::MIN / 2);
        let skew = ahead;
        let [ahead, believed] = [skew.0; 2].map(AtomicI64::new);
        Self { time: time.clone(), ahead, set_at, believed, skew }
    }

    /// Somebody sets it, forward or back.
    pub fn jump(&self, by: Span) {
        if self.steady_for() >= Span::minutes(1) {
            self.believed.store(self.ahead().0, Relaxed);
        }
        self.ahead.fetch_add(by.0, Relaxed);
        self.set_at.store(self.time.ms(), Relaxed);
    }

    /// Somebody puts it right.
    pub fn put_right(&self) {
        let by = self.skew.0 - self.ahead().0;
        if by != 0 {
            self.jump(Span(by));
        }
    }

    /// By how much it is ahead.
    pub fn ahead(&self) -> Span {
        Span(self.ahead.load(Relaxed))
    }

    /// Whether it shows something else than before it was set.
    pub fn is_off(&self) -> bool {
        self.ahead().0 != self.believed.load(Relaxed)
    }

    /// For how long it has run undisturbed.
    pub fn steady_for(&self) -> Span {
        Span(self.time.ms() - self.set_at.load(Relaxed))
    }

    /// A process that begins now believes the clock as it finds it.
    pub fn believe(&self) {
        self.set_at.store(i64::MIN / 2, Relaxed);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Time {
        self.time.now().plus(self.ahead())
    }

    fn monotonic(&self) -> Span {
        Span(self.time.ms())
    }

    fn sleep_until(&self, _at: Time) -> Boxed<'_, ()> {
        Box::pin(pending()) // no step sleeps; the loops do, and the schedule stands in for them
    }

    fn sleep(&self, _span: Span) -> Boxed<'_, ()> {
        Box::pin(pending())
    }
}
