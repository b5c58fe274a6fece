//! A transaction on one connection of a pool.
//!
//! Guarantees: what fails in it is never committed, also when a caller went on after an error; a
//! transaction that is dropped half-way takes its connection with it, so that the server ends it;
//! limits hold for this transaction alone (`SET LOCAL`), and nothing else is left on the
//! connection.
//! Does not know: what is done in it.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Object, Pool, PoolError};
use tokio_postgres::Row;

use super::value::{Text, Values};
use crate::store::{StoreError, StoreResult};

/// A transaction.
pub struct Tx {
    /// None once it is over.
    conn: Option<Object>,
    has_failed: AtomicBool,
}

impl Tx {
    /// Takes a connection and begins with this statement (`BEGIN` and limits).
    pub async fn begin(pool: &Pool, begin: &str) -> StoreResult<Self> {
        let tx = Self::unbegun(pool).await?;
        tx.batch(begin).await?;
        Ok(tx)
    }

    /// Takes a connection on which nothing was begun yet.
    pub async fn unbegun(pool: &Pool) -> StoreResult<Self> {
        let conn = pool.get().await.map_err(not_to_be_had)?;
        Ok(Self { conn: Some(conn), has_failed: AtomicBool::new(false) })
    }

    fn conn(&self) -> StoreResult<&Object> {
        self.conn.as_ref().ok_or_else(|| StoreError::Busy("the transaction is over".to_owned()))
    }

    fn noted<T>(&self, answer: Result<T, tokio_postgres::Error>) -> StoreResult<T> {
        answer.map_err(|error| {
            self.has_failed.store(true, Ordering::Relaxed);
            StoreError::from(error)
        })
    }

    /// The rows of a statement.
    pub async fn query(&self, sql: &str, values: Values<'_>) -> StoreResult<Vec<Row>> {
        let bound: Vec<_> = values.iter().map(|value| value.bound()).collect();
        self.noted(self.conn()?.query_typed(sql, &bound).await)
    }

    /// The first row of a statement, if it has one.
    pub async fn first(&self, sql: &str, values: Values<'_>) -> StoreResult<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// How many rows a statement changed.
    pub async fn execute(&self, sql: &str, values: Values<'_>) -> StoreResult<u64> {
        let bound: Vec<_> = values.iter().map(|value| value.bound()).collect();
        self.noted(self.conn()?.execute_typed(sql, &bound).await)
    }

    /// Several statements without values, at once.
    pub async fn batch(&self, sql: &str) -> StoreResult<()> {
        self.noted(self.conn()?.batch_execute(sql).await)
    }

    /// Makes it durable. After an error the outcome may be unknown: it is busy then.
    pub async fn commit(mut self) -> StoreResult<()> {
        if self.has_failed.load(Ordering::Relaxed) {
            self.roll_back().await;
            return Err(StoreError::Corrupt("a statement of the transaction failed".to_owned()));
        }
        self.batch("COMMIT").await?;
        self.conn = None;
        Ok(())
    }

    /// Undoes it.
    pub async fn roll_back(&mut self) {
        if self.batch("ROLLBACK").await.is_ok() {
            self.conn = None;
        }
    }

    /// Commits what went well and undoes what did not.
    pub async fn end<T>(mut self, done: StoreResult<T>) -> StoreResult<T> {
        match done {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// It was ended by a statement of the caller's own.
    pub fn ended(mut self) {
        if !self.has_failed.load(Ordering::Relaxed) {
            self.conn = None;
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            // Nobody knows what it was doing: closed, and another is made when it is needed.
            drop(Object::take(conn));
        }
    }
}

/// Why there is no connection.
pub fn not_to_be_had(error: PoolError) -> StoreError {
    match error {
        // It was good when the store was opened, and may be again.
        PoolError::Backend(error) => match error.into() {
            StoreError::Refused(why) => StoreError::Busy(why),
            error => error,
        },
        PoolError::Timeout(_) => StoreError::Busy(
            "no connection to PostgreSQL was to be had in time: it is tried again".to_owned(),
        ),
        error => StoreError::Busy(format!("no connection to PostgreSQL: {error}")),
    }
}

/// A value of a row.
pub fn get<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r Row,
    place: usize,
) -> StoreResult<T> {
    Ok(row.try_get(place)?)
}

/// A text of a row.
pub fn get_text(row: &Row, place: usize) -> StoreResult<String> {
    Ok(get::<Text<'static>>(row, place)?.into_string())
}

/// A text of a row that may be missing.
pub fn get_maybe(row: &Row, place: usize) -> StoreResult<Option<String>> {
    Ok(get::<Option<Text<'static>>>(row, place)?.map(Text::into_string))
}
