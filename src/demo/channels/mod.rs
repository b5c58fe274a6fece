//! Stand-ins for the places where messages arrive: a chat, a pager, a webhook receiver, a mail
//! server.
//!
//! Guarantees: they listen on this machine only and forget everything when they are dropped.
//! Does not know: what real ones do beyond what is written here. They are stand-ins, for the demo
//! and for tests of our own side; they prove nothing about Slack, PagerDuty or a mail server.

pub mod posts;
pub mod smtp;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

/// What has arrived, in order, and a way to wait for more.
#[derive(Debug)]
pub struct Arrivals<T> {
    all: Mutex<Vec<T>>,
    more: Notify,
}

impl<T> Default for Arrivals<T> {
    fn default() -> Self {
        Self { all: Mutex::default(), more: Notify::new() }
    }
}

impl<T: Clone> Arrivals<T> {
    /// Adds one and wakes who waits.
    pub fn push(&self, one: T) {
        lock(&self.all).push(one);
        self.more.notify_waiters();
    }

    /// All so far.
    pub fn all(&self) -> Vec<T> {
        lock(&self.all).clone()
    }

    /// All, as soon as there are `count` of them, or what there is after `patience`.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Vec<T> {
        let enough = async {
            loop {
                // Asked for before looking, so that no arrival falls between.
                let more = self.more.notified();
                let all = self.all();
                if all.len() >= count {
                    return all;
                }
                more.await;
            }
        };
        tokio::time::timeout(patience, enough).await.unwrap_or_else(|_| self.all())
    }
}

/// A stand-in goes on when one of its threads has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
