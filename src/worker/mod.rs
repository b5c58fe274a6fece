//! The loops: decide, write, tell, ask, exchange, sweep, audit, sample, calendar, watch, reload,
//! schedule, shadow, reroute, replica, mirror, observe.
//!
//! Every loop has the same shape: do one step, which says when there is more; then wait for a
//! wake-up or that instant. A wake-up carries no information, the state does: polling is for
//! truth, waking only for speed. The steps are plain async functions, so that tests and
//! simulations call them one by one.
//!
//! Guarantees: whatever a step learns is settled or accepted before it forgets it; a stop lets
//! every step that is under way end. Does not know: any concrete store, CRM or channel.

mod answers;
pub mod ask;
pub mod audit;
pub mod beside;
pub mod calendar;
mod consult;
pub mod decide;
pub mod exchange;
mod gate;
mod hasten;
pub mod mirror;
pub mod observe;
pub mod reload;
pub mod replica;
pub mod reroute;
pub mod run;
pub mod sample;
pub mod schedule;
pub mod shadow;
pub mod sweep;
pub mod tell;
pub mod wake;
pub mod watch;
pub mod write;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use arc_swap::ArcSwap;

use crate::{
    clock::{Clock, JumpWatch},
    crm::Crm,
    decide::Reach,
    model::{job::JobKind, replica::Replica, time::Span},
    notify::{Channel, link::LinkKey},
    rulebook::Rulebook,
    store::Store,
    telemetry::Metrics,
};

pub use self::gate::DestinationGate;
use self::{
    beside::Shadow, calendar::Calendars, mirror::Accounts, replica::Presence, reroute::Runs,
    wake::Wakes, watch::Lookout,
};

/// A destination with what holds it back: its gate is shared by all of its workers.
pub struct Guarded<T: ?Sized> {
    /// The destination.
    pub to: Arc<T>,
    /// Limits, Retry-After and the circuit, for the whole connection.
    pub gate: DestinationGate,
}

/// Whether the wall clock can be believed.
#[derive(Debug)]
pub struct Jumps {
    /// Sees jumps.
    pub watch: JumpWatch,
    /// Until then, by the clock that only grows, re-assignments and pages wait.
    pub unsure_until: Span,
}

impl Jumps {
    /// It can be, from now on.
    #[must_use]
    pub fn new(clock: &dyn Clock) -> Self {
        Self { watch: JumpWatch::new(clock), unsure_until: Span::ZERO }
    }
}

/// How links in messages are made.
#[derive(Clone, Debug)]
pub struct Links {
    /// Where people reach us.
    pub base: url::Url,
    /// What signs them.
    pub key: Arc<LinkKey>,
    /// How long they are good for.
    pub life: Span,
}

/// Everything the loops stand on.
pub struct Worker {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The rulebook in force.
    pub book: ArcSwap<Rulebook>,
    /// The mirror of accounts.
    pub accounts: Accounts,
    /// What is connected.
    pub reach: Reach,
    /// CRM connections by name.
    pub crms: BTreeMap<String, Guarded<dyn Crm>>,
    /// Channels by name.
    pub channels: BTreeMap<String, Guarded<dyn Channel>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Wake-ups between loops.
    pub wakes: Arc<Wakes>,
    /// How links in messages are made.
    pub links: Links,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// For how long work is leased: above the longest call.
    pub lease: Span,
    /// Shape of the sources, to read a stored fill.
    pub read: Arc<ReadFill>,
    /// How long raw bodies of decided fills are kept.
    pub keep: Span,
    /// People's calendar feeds.
    pub calendars: Calendars,
    /// What the daemon found out about itself.
    pub lookout: Lookout,
    /// Compares the wall clock with the one that only grows.
    pub jumps: std::sync::Mutex<Jumps>,
    /// Who this process is among those that work on the store.
    pub replica: Replica,
    /// Who else is there.
    pub presence: Presence,
    /// A draft that decides beside.
    pub shadow: Shadow,
    /// Re-routing runs.
    pub runs: Runs,
    /// Nothing new is begun.
    pub stopping: std::sync::atomic::AtomicBool,
    /// Whether another replica was deciding when it was last looked.
    pub is_elsewhere: std::sync::atomic::AtomicBool,
}

/// Reads a stored fill: source, content type and bytes become JSON, or the reason why not.
pub type ReadFill =
    dyn Fn(&str, Option<&str>, &[u8]) -> Result<serde_json::Value, String> + Send + Sync;

impl Worker {
    /// Wakes whoever does this kind of work for this lane.
    pub fn wake(&self, kind: JobKind, lane: &str) {
        self.wakes.job(kind, lane);
    }

    /// Begins nothing any more, and gives back what was claimed and not begun.
    pub fn wind_down(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
