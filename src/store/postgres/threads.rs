//! The store's own threads: a connection must not end with the runtime of whoever used it first.
//!
//! Guarantees: what is asked of them is under way at once, awaited or not, and ends within its time.
//! When they are dropped, what is under way is told so and answered busy.
//! Does not know: what is done on them.

use std::{future::Future, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
    time::timeout,
};

use super::stopped;
use crate::store::{Boxed, StoreError, StoreResult};

/// The threads.
pub struct Threads {
    /// Ends what is under way.
    closing: watch::Sender<bool>,
    /// None once they are dropped.
    runtime: Option<Runtime>,
}

impl Threads {
    /// Starts them.
    pub fn start() -> StoreResult<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Busy(format!("no threads for the store: {error}")))?;
        Ok(Self { closing: watch::Sender::new(false), runtime: Some(runtime) })
    }

    /// Does work and blocks for it, which is right for whoever opens a store.
    pub fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = StoreResult<T>> + Send + 'static,
    ) -> StoreResult<T> {
        let Some(runtime) = &self.runtime else { return Err(stopped()) };
        let (reply, answer) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let _ = reply.send(work.await); // whoever asked waits for it
        });
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Does work within a time.
    pub fn run<'a, T: Send + 'static>(
        &self,
        within: Duration,
        work: impl Future<Output = StoreResult<T>> + Send + 'static,
    ) -> Boxed<'a, StoreResult<T>> {
        let Some(runtime) = &self.runtime else { return Box::pin(async { Err(stopped()) }) };
        let mut closing = self.closing.subscribe();
        let task = runtime.spawn(async move {
            tokio::select! {
                // First: once the threads end there is no time to wait by.
                biased;
                _ = closing.changed() => Ok(Err(stopped())),
                done = timeout(within, work) => done,
            }
        });
        Box::pin(async move {
            match task.await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) => Err(StoreError::Busy(
                    "PostgreSQL did not answer in time: it is tried again".to_owned(),
                )),
                Err(error) if error.is_panic() => {
                    Err(StoreError::Corrupt("the store failed inside handoff".to_owned()))
                }
                Err(_) => Err(stopped()),
            }
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.closing.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
