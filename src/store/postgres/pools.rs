//! The connections: a pool for what comes in, one for the work, one for pages.
//!
//! Guarantees: slow pages take no connection from intake, nor does the work; connections are made
//! when they are needed, so that a server that comes back is used at once. Every transaction has
//! limits of its own, since a pooler between may keep nothing else.
//! Does not know: what is asked over them.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::Config;

use super::{
    tls::Tls,
    tx::{Tx, not_to_be_had},
};
use crate::store::{StoreError, StoreResult};

/// How long a request waits for a free connection, and for a new one to be made.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How long a connection may take to be made.
pub const CONNECT_MAX: Duration = Duration::from_secs(2);

/// How many connections each pool may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// For what comes in.
    pub intake: usize,
    /// For deciding and acting.
    pub work: usize,
    /// For pages and lists.
    pub pages: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { intake: 3, work: 8, pages: 4 }
    }
}

/// The pools.
#[derive(Clone)]
pub struct Pools {
    intake: Pool,
    work: Pool,
    pages: Pool,
    /// How a transaction that writes begins.
    begin: String,
}

/// How a transaction of one snapshot begins, that reads for a page.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = '4500ms'; SET LOCAL lock_timeout = '2s'; \
     SET LOCAL idle_in_transaction_session_timeout = '5s'";
/// … and one that may take long and holds up nobody.
const BEGIN_LONG: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = '60s'";
/// Limits of a transaction that writes. A replica that stands still in the middle of one (frozen,
/// or cut off) must not hold its locks for longer.
const BEGIN_WRITE: &str = "BEGIN; SET LOCAL statement_timeout = '4s'; SET LOCAL lock_timeout = '2s'; \
     SET LOCAL idle_in_transaction_session_timeout = '5s'";

impl Pools {
    /// Pools that connect when they are used. `commits` is the setting of `synchronous_commit`
    /// that was found good: it is set in every transaction that writes, so that a later change of
    /// a default does not make a promise untrue.
    pub fn new(
        config: &Config,
        tls: &Tls,
        sizes: Sizes,
        commits: Option<&'static str>,
    ) -> StoreResult<Self> {
        let begin = match commits {
            Some(setting) => format!("{BEGIN_WRITE}; SET LOCAL synchronous_commit = {setting}"),
            None => BEGIN_WRITE.to_owned(),
        };
        Ok(Self {
            intake: pool(config, tls, sizes.intake)?,
            work: pool(config, tls, sizes.work)?,
            pages: pool(config, tls, sizes.pages)?,
            begin,
        })
    }

    /// A transaction that writes what came in.
    pub async fn intake(&self) -> StoreResult<Tx> {
        Tx::unbegun(&self.intake).await
    }

    /// How it begins: its statements are sent all at once.
    #[must_use]
    pub fn begin(&self) -> &str {
        &self.begin
    }

    /// The pool of the work, for a transaction whose first statements are sent at once.
    #[must_use]
    pub fn work(&self) -> &Pool {
        &self.work
    }

    /// A transaction of the work.
    pub async fn write(&self) -> StoreResult<Tx> {
        Tx::begin(&self.work, &self.begin).await
    }

    /// A transaction that reads one snapshot for a page.
    pub async fn read(&self) -> StoreResult<Tx> {
        Tx::begin(&self.pages, BEGIN_READ).await
    }

    /// A transaction that reads one snapshot for the work: pages do not hold it up.
    pub async fn read_for_work(&self) -> StoreResult<Tx> {
        Tx::begin(&self.work, BEGIN_READ).await
    }

    /// A transaction that reads one snapshot for as long as it takes.
    pub async fn read_long(&self) -> StoreResult<Tx> {
        Tx::begin(&self.pages, BEGIN_LONG).await
    }

    /// A statement outside any transaction.
    pub async fn alone(
        &self,
        sql: &str,
        bound: &[(&(dyn tokio_postgres::types::ToSql + Sync), tokio_postgres::types::Type)],
    ) -> StoreResult<()> {
        let conn = self.work.get().await.map_err(not_to_be_had)?;
        conn.query_typed(sql, bound).await?;
        Ok(())
    }

    /// Closes what is idle and makes nothing new.
    pub fn close(&self) {
        for pool in [&self.intake, &self.work, &self.pages] {
            pool.close();
        }
    }
}

fn pool(config: &Config, tls: &Tls, size: usize) -> StoreResult<Pool> {
    // A connection that was lost is seen when it is taken; asking it would cost a message each time.
    let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match tls {
        Tls::Off => Manager::from_config(config.clone(), tokio_postgres::NoTls, fast),
        Tls::On(connect) => Manager::from_config(config.clone(), connect.clone(), fast),
    };
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_MAX))
        .create_timeout(Some(CONNECT_MAX))
        .recycle_timeout(Some(CONNECT_MAX))
        .build()
        .map_err(|error| StoreError::Refused(format!("the pool cannot be made: {error}")))
}
