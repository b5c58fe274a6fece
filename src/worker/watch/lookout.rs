//! What the watch remembers between two looks.
//!
//! Guarantees: totals come in, streaks come out; of what a restart forgets nothing is said until it
//! was seen again. Does not know: the store, channels, the clock.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use crate::{
    clock::{Clock, JumpWatch},
    decide::watch::{
        REFUSALS, Source,
        ledger::Ledger,
        streak::{Health, Held, Streak},
    },
    model::{
        alert::{Bloat, Limits, RaisedAlert},
        time::{Span, Time},
    },
    telemetry::Traffic,
    worker::{
        Jumps,
        audit::Audited,
        decide::{JUMP, UNSURE_FOR},
        sample::Replayed,
    },
};

/// A paused connection is tried once a minute: between two tries it is none the better.
const BETWEEN_TRIES: Span = Span::seconds(90);

/// How many bytes are free on the store's disk; none if there is no disk or nobody knows.
pub type Free = dyn Fn() -> Option<u64> + Send + Sync;

/// What the watch stands on.
pub struct Lookout {
    /// From when on things are worth an alert.
    pub limits: Limits,
    /// The sources of the settings.
    pub sources: Vec<String>,
    /// Looks at the store's disk.
    pub free: Box<Free>,
    review_late: AtomicI64,
    /// Another replica watches for all.
    is_idle: AtomicBool,
    audited: Mutex<Option<Audited>>,
    replayed: Mutex<Replayed>,
    /// Calls by destination: with at least one success, and without.
    calls: Mutex<BTreeMap<String, (u64, u64)>>,
    state: tokio::sync::Mutex<State>,
}

impl Lookout {
    /// Has seen nothing yet.
    #[must_use]
    pub fn new(limits: Limits, sources: Vec<String>, free: Box<Free>) -> Self {
        Self {
            limits,
            sources,
            free,
            review_late: AtomicI64::new(0),
            is_idle: AtomicBool::new(false),
            audited: Mutex::default(),
            replayed: Mutex::default(),
            calls: Mutex::default(),
            state: tokio::sync::Mutex::default(),
        }
    }

    /// A review was decided so late.
    pub fn reviewed(&self, late: Span) {
        self.review_late.fetch_max(late.0, Ordering::Relaxed);
    }

    /// The worst since the last look.
    pub(super) fn worst_review(&self) -> Span {
        Span(self.review_late.swap(0, Ordering::Relaxed))
    }

    /// Whether another replica watches, recounts and sweeps for all.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_idle.load(Ordering::Relaxed)
    }

    pub(super) fn idle(&self, is_idle: bool) {
        self.is_idle.store(is_idle, Ordering::Relaxed);
    }

    /// A destination was called, and took something or nothing.
    pub fn called(&self, name: &str, is_good: bool) {
        let mut calls = lock(&self.calls);
        let (good, bad) = calls.entry(name.to_owned()).or_default();
        *(if is_good { good } else { bad }) += 1;
    }

    pub(super) fn calls(&self) -> BTreeMap<String, (u64, u64)> {
        lock(&self.calls).clone()
    }

    /// What the last recount found; none before the first.
    pub fn audited(&self) -> Option<Audited> {
        lock(&self.audited).clone()
    }

    /// A recount was made.
    pub fn keep_audit(&self, audited: Audited) {
        *lock(&self.audited) = Some(audited);
    }

    /// What decisions made again have come to.
    pub fn replayed(&self) -> Replayed {
        lock(&self.replayed).clone()
    }

    /// Decisions were made again.
    pub fn keep_replayed(&self, replayed: Replayed) {
        *lock(&self.replayed) = replayed;
    }

    pub(super) async fn state(&self) -> tokio::sync::MutexGuard<'_, State> {
        self.state.lock().await
    }

    /// The alerts that are raised now.
    pub async fn raised(&self) -> Vec<RaisedAlert> {
        self.state.lock().await.ledger.raised().cloned().collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What goes on at a source.
#[derive(Debug, Default)]
struct Hearing {
    refused: Streak,
    old_secret: Held,
    last: Traffic,
    heard_at: Option<Time>,
}

/// What goes on, and what was said of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    /// Whether what was kept has been taken over.
    pub(super) is_loaded: bool,
    /// When the late leads were last counted.
    pub(super) counted_late_at: Option<Time>,
    /// How often a destination could not be told, and when to try again.
    pub(super) retries: BTreeMap<String, (u32, Time)>,
    /// What the store's database has not cleared away, when it was last read.
    pub(super) bloat: Option<Bloat>,
    kept: Vec<RaisedAlert>,
    hearing: BTreeMap<String, Hearing>,
    failing: Streak,
    held: BTreeMap<String, (Held, u64)>,
    spoken: BTreeMap<String, Streak>,
    jumps: Option<Jumps>,
    /// Whether it is ours to tell, where several replicas watch.
    pub(super) turn: Turn,
}

/// Whether it is ours to tell.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// It was at the last look.
    pub(super) is_ours: bool,
    /// Since when nobody can be asked, by the clock that only grows.
    pub(super) unasked_since: Option<Span>,
}

impl State {
    pub(super) fn take(&mut self, kept: Vec<RaisedAlert>) {
        self.ledger.take(kept.clone());
        self.kept = shapes(kept);
        self.is_loaded = true;
    }

    /// What another replica kept, in the place of what was known here.
    pub(super) fn take_instead(&mut self, kept: Vec<RaisedAlert>) {
        self.ledger = Ledger::default();
        self.take(kept);
    }

    /// What is to be kept, if it differs from what is.
    pub(super) fn changed(&self) -> Option<Vec<RaisedAlert>> {
        let rows = self.ledger.rows();
        (self.is_loaded && shapes(rows.clone()) != self.kept).then_some(rows)
    }

    pub(super) fn kept(&mut self) {
        self.kept = shapes(self.ledger.rows());
    }

    /// A source was heard last then.
    pub(super) fn heard(&mut self, source: &str, at: Time) {
        let hearing = self.hearing.entry(source.to_owned()).or_default();
        hearing.heard_at = Some(hearing.heard_at.map_or(at, |heard| heard.max(at)));
    }

    pub(super) fn note_sources<'a>(
        &mut self,
        traffic: impl Iterator<Item = (&'a str, Traffic)>,
        limits: &Limits,
        now: Time,
    ) {
        let (mut verified, mut failed) = (0, 0);
        for (name, traffic) in traffic {
            verified += traffic.verified;
            failed += traffic.failed;
            let hearing = self.hearing.entry(name.to_owned()).or_default();
            hearing.refused.note(now, traffic.verified, traffic.refused);
            let is_old = traffic.old_secret > hearing.last.old_secret;
            hearing.old_secret.note(now, is_old, limits.old_secret);
            if traffic.verified > hearing.last.verified {
                hearing.heard_at = Some(now);
            }
            hearing.last = traffic;
        }
        self.failing.note(now, verified, failed);
    }

    pub(super) fn note_crms<'a>(
        &mut self,
        held: impl Iterator<Item = (&'a str, bool)>,
        calls: &BTreeMap<String, (u64, u64)>,
        now: Time,
    ) {
        for (name, is_held) in held {
            let good = calls.get(name).map_or(0, |(good, _)| *good);
            let (held, before) = self.held.entry(name.to_owned()).or_default();
            if good > *before {
                held.end();
            }
            *before = good;
            held.note(now, is_held, BETWEEN_TRIES);
        }
    }

    pub(super) fn note_channels<'a>(
        &mut self,
        names: impl Iterator<Item = &'a String>,
        calls: &BTreeMap<String, (u64, u64)>,
        now: Time,
    ) {
        for name in names {
            let (good, bad) = calls.get(name).copied().unwrap_or_default();
            self.spoken.entry(name.clone()).or_default().note(now, good, bad);
        }
    }

    /// Whether the wall clock was set within the last minute. The deciding step sees jumps for
    /// itself: a look here must not take one away from it.
    pub(super) fn is_time_unsure(&mut self, clock: &dyn Clock) -> bool {
        let monotonic = clock.monotonic();
        let jumps = self.jumps.get_or_insert_with(|| Jumps {
            watch: JumpWatch::new(clock),
            unsure_until: Span::ZERO,
        });
        if jumps.watch.look(clock).0.abs() > JUMP.0 {
            jumps.unsure_until = Span(monotonic.0.saturating_add(UNSURE_FOR.0));
        }
        monotonic < jumps.unsure_until
    }

    pub(super) fn crms(&self, limits: &Limits, now: Time) -> BTreeMap<String, Health> {
        let all = self.held.iter();
        all.map(|(name, (held, _))| (name.clone(), held.health(now, limits.held))).collect()
    }

    pub(super) fn channels(&self, limits: &Limits, now: Time) -> BTreeMap<String, Health> {
        let all = self.spoken.iter();
        all.map(|(name, streak)| (name.clone(), streak.health(now, limits.held, 1))).collect()
    }

    pub(super) fn sources(&self, limits: &Limits, now: Time) -> BTreeMap<String, Source> {
        let one = |hearing: &Hearing| Source {
            refused: hearing.refused.health(now, limits.refused, REFUSALS),
            silent_for: hearing.heard_at.map(|at| now.since(at)),
            old_secret: hearing.old_secret.health(now, limits.old_secret),
        };
        self.hearing.iter().map(|(name, hearing)| (name.clone(), one(hearing))).collect()
    }

    pub(super) fn failing(&self, limits: &Limits, now: Time) -> Health {
        self.failing.health(now, limits.refused, 1)
    }
}

/// Without what was found, which changes at every look: it is not worth a write.
fn shapes(mut rows: Vec<RaisedAlert>) -> Vec<RaisedAlert> {
    for row in &mut rows {
        row.says.clear();
    }
    rows
}
