//! The store on PostgreSQL 15 and newer: several replicas on one database, none of them special.
//!
//! Read in this order: `verbs`, then `accept`, `decide`, `overlay`, `commit`, `job`, `claim`, `settle` (the road
//! of a lead), then `order`, `rulebook`, `paper`, `token`, `sweep`, `list`, `story`, `tally`, `backup` (all
//! functions on a transaction), then `line` (what comes in shares its commits), `pools`, `tx` and
//! `value` (connections), `options`, `tls`, `open`, `migrate`, `wakes`.
//!
//! Guarantees: the contract of [`Store`](crate::store::Store), for all replicas together. Statements are unnamed and
//! nothing is kept on a connection, so that a pooler in transaction mode may be between. A lost
//! connection is busy and never fatal; no verb but those that say so takes longer than five
//! seconds. Leases alone are judged by the database's clock.
//! Does not know: the time, rulebooks, destinations, other replicas.

mod accept;
mod agree;
mod alert;
mod backup;
mod bloat;
mod books;
mod claim;
mod commit;
mod copy;
mod decide;
mod error;
mod front;
mod imported;
mod job;
mod line;
mod list;
mod migrate;
mod mirror;
mod open;
mod options;
mod order;
mod overlay;
mod paper;
mod pools;
mod record;
mod rows;
mod rulebook;
mod settle;
mod story;
mod sweep;
mod tally;
mod team;
mod threads;
mod tls;
mod token;
mod tx;
mod unfilled;
mod value;
mod verbs;
mod wakes;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use self::{
    decide::Decider, front::Front, line::Line, open::Found, pools::Pools, threads::Threads, tx::Tx,
    wakes::Wakes,
};
use super::{Boxed, StoreError, StoreResult};

pub use self::{
    copy::PostgresSide,
    options::{Leases, Options},
    pools::Sizes,
    tls::TlsMode,
};

/// How long a verb may take; then it is busy, and what it did may stand.
const VERB_MAX: Duration = Duration::from_millis(4_800);
/// How long a part of a batch may take to be decided.
const DECIDE_MAX: Duration = Duration::from_secs(20);
/// How long those may take that read everything.
const LONG_MAX: Duration = Duration::from_mins(10);

/// The store on PostgreSQL. A request is under way as soon as its verb is called, awaited or not.
pub struct PostgresStore {
    pools: Pools,
    found: Found,
    line: Line,
    decider: Decider,
    wakes: Arc<Wakes>,
    front: Front,
    /// Held while the books are recounted.
    auditing: Arc<tokio::sync::Mutex<()>>,
    threads: Threads,
}

impl PostgresStore {
    /// Opens the database, and makes or upgrades the schema.
    ///
    /// # Errors
    /// Busy: it cannot be reached. Refused: it cannot be used, with advice.
    pub fn open(options: &Options) -> StoreResult<Self> {
        let threads = Threads::start()?;
        let asked = options.clone();
        let (pools, found, wakes, line, decider) =
            threads.wait(async move { parts(&asked).await })?;
        let (front, auditing) = (Front::default(), Arc::default());
        Ok(Self { pools, found, line, decider, wakes, front, auditing, threads })
    }

    /// Does work on the store's own threads, within a time.
    fn run<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl Future<Output = StoreResult<T>> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        self.threads.run(within, work)
    }

    /// Does work in a transaction that writes.
    fn write<T: Send + 'static>(
        &self,
        work: impl for<'a> FnOnce(&'a Tx) -> Boxed<'a, StoreResult<T>> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        let pools = self.pools.clone();
        self.run(VERB_MAX, async move {
            let tx = pools.write().await?;
            let done = work(&tx).await;
            tx.end(done).await.map_err(error::in_a_write)
        })
    }

    /// Reads one snapshot for a page.
    fn read<T: Send + 'static>(
        &self,
        work: impl for<'a> FnOnce(&'a Tx) -> Boxed<'a, StoreResult<T>> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        let pools = self.pools.clone();
        self.run(VERB_MAX, async move {
            let tx = pools.read().await?;
            let done = work(&tx).await;
            tx.end(done).await
        })
    }
}

/// Everything that an open store is made of, but for its threads.
async fn parts(options: &Options) -> StoreResult<(Pools, Found, Arc<Wakes>, Line, Decider)> {
    let (config, tls) = options.config()?;
    let opening = async {
        let client = open::connect(&config, &tls).await?;
        let found = open::look(&client, options).await?;
        migrate::migrate(&client).await?;
        Ok(found)
    };
    let found = opening.await.map_err(|error| open::unreachable(&config, error))?;
    let pools = Pools::new(&config, &tls, options.sizes, found.commits)?;
    let wakes = Wakes::new();
    tokio::spawn(Arc::clone(&wakes).talk(pools.clone()));
    if !options.is_deaf {
        tokio::spawn(Arc::clone(&wakes).listen(config, tls));
    }
    let line = Line::start(pools.clone(), Arc::clone(&wakes), options.line_max);
    let decider = Decider::start(pools.clone(), Arc::clone(&wakes));
    Ok((pools, found, wakes, line, decider))
}

/// Waits for the answer to what was sent.
fn answered<'a, T: Send + 'a>(
    sent: StoreResult<()>,
    answer: oneshot::Receiver<StoreResult<T>>,
) -> Boxed<'a, StoreResult<T>> {
    Box::pin(async move {
        sent?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    })
}

fn stopped() -> StoreError {
    StoreError::Busy("the store is being closed".to_owned())
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.pools.close();
    }
}
