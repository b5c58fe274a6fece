//! Wake-ups between loops: only for speed, never for truth.
//!
//! What other processes on the store say is heard too.
//!
//! Guarantees: a wake-up that comes before the wait is not lost.
//! Does not know: what there is to do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{
    Notify,
    broadcast::{self, error::RecvError},
};

use crate::{model::job::JobKind, store::Wake};

/// All wake-ups.
#[derive(Default)]
pub struct Wakes {
    decide: Arc<Notify>,
    rulebook: Arc<Notify>,
    gates: Arc<Notify>,
    papers: Arc<Notify>,
    shadow: Arc<Notify>,
    reroute: Arc<Notify>,
    jobs: Mutex<HashMap<(JobKind, String), Arc<Notify>>>,
    changed: tokio::sync::watch::Sender<i64>,
}

impl Wakes {
    /// There may be something to decide.
    pub fn decide(&self) {
        self.decide.notify_one();
    }

    /// What the reloading loop waits on.
    #[must_use]
    pub fn for_rulebook(&self) -> Arc<Notify> {
        Arc::clone(&self.rulebook)
    }

    /// Hears other processes until the store is closed.
    pub async fn hear(&self, mut heard: broadcast::Receiver<Wake>) {
        loop {
            match heard.recv().await {
                Ok(Wake::Events) => self.decide(),
                Ok(Wake::Jobs) => self.all_jobs(),
                Ok(Wake::Rulebook) => {
                    self.rulebook.notify_one();
                    self.papers();
                }
                // What was said meanwhile may have been anything.
                Err(RecvError::Lagged(_)) => {
                    self.decide();
                    self.all_jobs();
                    self.rulebook.notify_one();
                    self.papers();
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// A gate has news for the others.
    pub fn gates(&self) {
        self.gates.notify_one();
    }

    /// What the exchanging loop waits on.
    #[must_use]
    pub fn for_gates(&self) -> Arc<Notify> {
        Arc::clone(&self.gates)
    }

    /// There may be a due job of this kind in this lane.
    pub fn job(&self, kind: JobKind, lane: &str) {
        self.for_job(kind, lane).notify_one();
    }

    /// What the loop about papers waits on: what was scheduled.
    #[must_use]
    pub fn for_papers(&self) -> Arc<Notify> {
        Arc::clone(&self.papers)
    }

    /// What the shadow's loop waits on.
    #[must_use]
    pub fn for_shadow(&self) -> Arc<Notify> {
        Arc::clone(&self.shadow)
    }

    /// What the re-routing loop waits on.
    #[must_use]
    pub fn for_reroute(&self) -> Arc<Notify> {
        Arc::clone(&self.reroute)
    }

    /// Papers may have changed.
    fn papers(&self) {
        self.papers.notify_one();
        self.shadow.notify_one();
        self.reroute.notify_one();
    }

    /// There may be due work everywhere.
    pub fn all_jobs(&self) {
        self.papers();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        for notify in jobs.values() {
            notify.notify_one();
        }
    }

    /// What the deciding loop waits on.
    #[must_use]
    pub fn for_decide(&self) -> Arc<Notify> {
        Arc::clone(&self.decide)
    }

    /// What a lane's loop waits on.
    #[must_use]
    pub fn for_job(&self, kind: JobKind, lane: &str) -> Arc<Notify> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(jobs.entry((kind, lane.to_owned())).or_default())
    }

    /// Live pages look again: something was decided, up to this number.
    pub fn decided(&self, seq: i64) {
        self.changed.send_if_modified(|last| {
            let is_newer = seq > *last;
            *last = (*last).max(seq);
            is_newer
        });
    }

    /// What live pages wait on: the last decision's number.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<i64> {
        self.changed.subscribe()
    }
}
