//! The store on PostgreSQL 15 and newer: several replicas on one database, none of them special.
//!
//! Read in this order: `accept`, `decide`, `overlay`, `commit`, `job`, `claim`, `settle` (the road
//! of a lead), then `order`, `rulebook`, `token`, `sweep`, `list`, `story`, `tally`, `backup` (all
//! functions on a transaction), then `line` (what comes in shares its commits), `pools`, `tx` and
//! `value` (connections), `options`, `tls`, `open`, `migrate`, `wakes`.
//!
//! Guarantees: the contract of [`Store`], for all replicas together. Statements are unnamed and
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
mod job;
mod line;
mod list;
mod migrate;
mod open;
mod options;
mod order;
mod overlay;
mod pools;
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
mod wakes;

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use tokio::sync::{broadcast, oneshot};

use self::{
    decide::Decider, front::Front, line::Line, open::Found, pools::Pools, threads::Threads, tx::Tx,
    wakes::Wakes,
};
use super::{
    Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter, JobFilter,
    JobOrder, Keep, LeadFilter, LeadRow, LeadStory, NewRulebook, Page, RulebookRow, Store,
    StoreError, StoreResult, Swept, Tally, TokenOrder, TokenRow, Wake, agree::Change,
};
use crate::model::{
    alert::{Bloat, RaisedAlert},
    event::{Accepted, Event, NewEvent},
    id::EventId,
    job::{JobRow, Settled, Settlement},
    plan::Decided,
    team::Team,
    time::Time,
};

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
const LONG_MAX: Duration = Duration::from_secs(600);

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

impl Store for PostgresStore {
    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        let (reply, answer) = oneshot::channel();
        answered(self.line.send(events, reply), answer)
    }

    fn undecided_after(&self, after: EventId, max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        let pools = self.pools.clone();
        self.run(VERB_MAX, async move {
            let tx = pools.read_for_work().await?;
            let found = accept::undecided(&tx, after, max).await;
            tx.end(found).await
        })
    }

    fn decide(&self, batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        let (reply, answer) = oneshot::channel();
        answered(self.decider.send(batch, reply), answer)
    }

    fn claim(&self, claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        let (leases, front, pools) = (self.found.leases, self.front.clone(), self.pools.clone());
        self.run(VERB_MAX, async move {
            claim::claim(&pools, leases, &front, &claim).await.map_err(error::in_a_write)
        })
    }

    fn settle(
        &self,
        settlements: Vec<Settlement>,
        _now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        let brings_news = settlements.iter().any(|settlement| !settlement.news.is_empty());
        let (pools, wakes) = (self.pools.clone(), Arc::clone(&self.wakes));
        self.run(VERB_MAX, async move {
            let settled = settle::settle(&pools, &settlements).await.map_err(error::in_a_write)?;
            if brings_news {
                wakes.say(Wake::Events);
            }
            Ok(settled)
        })
    }

    fn order(&self, jobs: Vec<i64>, order: JobOrder, now: Time) -> Boxed<'_, StoreResult<usize>> {
        let pools = self.pools.clone();
        self.run(VERB_MAX, async move {
            order::order(&pools, &jobs, order, now).await.map_err(error::in_a_write)
        })
    }

    fn redo(&self, events: Vec<uuid::Uuid>) -> Boxed<'_, StoreResult<usize>> {
        self.write(move |tx| Box::pin(async move { order::redo(tx, &events).await }))
    }

    fn publish(&self, rulebook: NewRulebook) -> Boxed<'_, StoreResult<u32>> {
        let published =
            self.write(move |tx| Box::pin(async move { rulebook::publish(tx, &rulebook).await }));
        let wakes = Arc::clone(&self.wakes);
        Box::pin(async move {
            let version = published.await?;
            wakes.say(Wake::Rulebook);
            Ok(version)
        })
    }

    fn sweep(&self, keep: Keep, now: Time) -> Boxed<'_, StoreResult<Swept>> {
        self.write(move |tx| Box::pin(async move { sweep::sweep(tx, keep, now).await }))
    }

    fn tokens(&self, order: TokenOrder) -> Boxed<'_, StoreResult<Vec<TokenRow>>> {
        match order {
            TokenOrder::List => {
                self.read(|tx| Box::pin(async move { token::list(tx, None).await }))
            }
            order => self.write(move |tx| Box::pin(async move { token::tokens(tx, &order).await })),
        }
    }

    fn leads(&self, filter: LeadFilter) -> Boxed<'_, StoreResult<Page<LeadRow>>> {
        self.read(move |tx| Box::pin(async move { list::leads(tx, &filter).await }))
    }

    fn lead(&self, lead: uuid::Uuid) -> Boxed<'_, StoreResult<Option<LeadStory>>> {
        self.read(move |tx| Box::pin(async move { story::story(tx, lead).await }))
    }

    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<JobRow>>> {
        self.read(move |tx| Box::pin(async move { list::jobs(tx, &filter).await }))
    }

    fn events(&self, filter: EventFilter) -> Boxed<'_, StoreResult<Page<Event>>> {
        self.read(move |tx| Box::pin(async move { list::events(tx, &filter).await }))
    }

    fn decisions(&self, filter: DecisionFilter) -> Boxed<'_, StoreResult<Page<Decided>>> {
        self.read(move |tx| Box::pin(async move { list::decisions(tx, &filter).await }))
    }

    fn rulebooks(&self, version: Option<u32>) -> Boxed<'_, StoreResult<Vec<RulebookRow>>> {
        self.read(move |tx| Box::pin(async move { rulebook::rulebooks(tx, version).await }))
    }

    fn team(&self) -> Boxed<'_, StoreResult<Team>> {
        self.read(|tx| Box::pin(team::load(tx)))
    }

    fn tally(&self, now: Time) -> Boxed<'_, StoreResult<Tally>> {
        self.read(move |tx| Box::pin(tally::tally(tx, now)))
    }

    fn audit(&self, now: Time) -> Boxed<'_, StoreResult<Audit>> {
        let Ok(turn) = Arc::clone(&self.auditing).try_lock_owned() else {
            let why = "the books are being recounted already: ask again in a moment".to_owned();
            return Box::pin(async { Err(StoreError::Busy(why)) });
        };
        let pools = self.pools.clone();
        self.run(LONG_MAX, async move {
            let _turn = turn;
            let tx = pools.read_long().await?;
            let counted = tally::audit(&tx, now).await;
            tx.end(counted).await
        })
    }

    fn alerts(
        &self,
        replace: Option<Vec<RaisedAlert>>,
    ) -> Boxed<'_, StoreResult<Vec<RaisedAlert>>> {
        match replace {
            None => self.read(|tx| Box::pin(alert::list(tx))),
            Some(standing) => {
                self.write(move |tx| Box::pin(async move { alert::replace(tx, &standing).await }))
            }
        }
    }

    fn ready(&self) -> Boxed<'_, StoreResult<()>> {
        self.write(|tx| Box::pin(sweep::pulse(tx)))
    }

    fn bloat(&self) -> Boxed<'_, StoreResult<Option<Bloat>>> {
        self.read(|tx| Box::pin(async move { bloat::bloat(tx).await.map(Some) }))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn agree(&self, name: String, change: Arc<Change>, now: Time) -> Boxed<'_, StoreResult<()>> {
        let leases = self.found.leases;
        self.write(move |tx| {
            Box::pin(async move { agree::agree(tx, leases, &name, &*change, now).await })
        })
    }

    fn promise(&self) -> String {
        self.found.promise.clone()
    }

    fn wakes(&self) -> Option<broadcast::Receiver<Wake>> {
        Some(self.wakes.heard())
    }

    fn backup<'a>(&'a self, _file: &'a Path) -> Boxed<'a, StoreResult<()>> {
        Box::pin(async move { backup::backup() })
    }
}
