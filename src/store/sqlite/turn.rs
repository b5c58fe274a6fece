//! A turn: everything that waits, in one transaction, with one sync.
//!
//! Guarantees: nobody is answered `Ok` before the commit returned. One request that cannot be done
//! is answered alone and the turn is made again without it. A failed write or sync fails the whole
//! turn and every one after it: what is on disk is uncertain then.
//! Does not know: threads, and who waits (see `line.rs`).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{books::Books, decide};
use crate::store::{Batch, BatchDone, StoreError, StoreResult};

/// When the log has so many pages (64 MB) it is brought into the database.
const CHECKPOINT_PAGES: i64 = 16_000;
/// How many turns pass between two looks at the log's length.
const CHECKPOINT_LOOK: u64 = 8;

/// One request that waits for a turn.
pub trait Ask: Send {
    /// How much of a turn it takes, in rows.
    fn weight(&self) -> usize;
    /// Whether it decides, and so shares turns with what comes in.
    fn is_deciding(&self) -> bool {
        false
    }
    /// Does it; may be called again after a rollback. `room` is how many steps may be decided. A
    /// refusal is an answer; an error here ends the turn.
    fn run(&mut self, tx: &Connection, books: &mut Books, room: usize) -> StoreResult<()>;
    /// It is on disk: answers, or goes on in another turn.
    fn answer(self: Box<Self>) -> Option<Box<dyn Ask>>;
    /// It is not on disk.
    fn fail(self: Box<Self>, error: StoreError);
}

/// A verb, done at once.
pub struct Verb<T, F> {
    weight: usize,
    work: F,
    result: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Verb<T, F>
where
    F: FnMut(&Connection, &mut Books) -> StoreResult<T>,
{
    /// A request that does `work` and sends the result to `reply`. Work refuses before it writes.
    pub fn new(weight: usize, reply: oneshot::Sender<StoreResult<T>>, work: F) -> Self {
        Self { weight, work, result: None, reply }
    }
}

impl<T, F> Ask for Verb<T, F>
where
    T: Send,
    F: FnMut(&Connection, &mut Books) -> StoreResult<T> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, tx: &Connection, books: &mut Books, _room: usize) -> StoreResult<()> {
        self.result = match (self.work)(tx, books) {
            result @ (Ok(_) | Err(StoreError::Refused(_))) => Some(result),
            Err(error) => return Err(error),
        };
        Ok(())
    }

    fn answer(self: Box<Self>) -> Option<Box<dyn Ask>> {
        if let Some(result) = self.result {
            let _ = self.reply.send(result); // whoever asked may have gone
        }
        None
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// A batch that is being decided, a part in each turn.
pub struct Deciding {
    batch: Batch,
    /// Steps that are on disk.
    steps: usize,
    /// Reviews that may still be decided.
    reviews: usize,
    done: BatchDone,
    /// What this turn did: steps, reviews left, answers.
    part: Option<(usize, usize, BatchDone)>,
    reply: oneshot::Sender<StoreResult<BatchDone>>,
}

impl Deciding {
    /// A request to decide a batch.
    pub fn new(batch: Batch, reply: oneshot::Sender<StoreResult<BatchDone>>) -> Self {
        let reviews = batch.reviews_max;
        Self { batch, steps: 0, reviews, done: BatchDone::default(), part: None, reply }
    }

    fn has_more(&self) -> bool {
        self.steps < self.batch.steps.len() || self.reviews > 0
    }
}

impl Ask for Deciding {
    fn weight(&self) -> usize {
        0
    }

    fn is_deciding(&self) -> bool {
        true
    }

    fn run(&mut self, tx: &Connection, books: &mut Books, room: usize) -> StoreResult<()> {
        let mut done = BatchDone::default();
        let rest = self.batch.steps.get(self.steps..).unwrap_or_default();
        let steps = rest.get(..room).unwrap_or(rest);
        decide::steps(tx, books, &self.batch, steps, &mut done)?;
        let is_last = steps.len() == rest.len();
        let mut reviews = self.reviews;
        let room = room.saturating_sub(steps.len()).min(reviews);
        if is_last && room > 0 {
            let decided = decide::reviews(tx, books, &self.batch, room, &mut done)?;
            reviews = if decided < room { 0 } else { reviews - decided };
        }
        if is_last && reviews == 0 {
            done.next_review = super::job::next_review(tx)?;
        }
        self.part = Some((self.steps + steps.len(), reviews, done));
        Ok(())
    }

    fn answer(mut self: Box<Self>) -> Option<Box<dyn Ask>> {
        if let Some((steps, reviews, part)) = self.part.take() {
            (self.steps, self.reviews) = (steps, reviews);
            self.done.decided.extend(part.decided);
            self.done.reviews += part.reviews;
            self.done.failed.extend(part.failed);
            for woken in part.woken {
                if !self.done.woken.contains(&woken) {
                    self.done.woken.push(woken);
                }
            }
            self.done.next_review = part.next_review;
        }
        if self.has_more() {
            return Some(self);
        }
        let _ = self.reply.send(Ok(self.done));
        None
    }

    fn fail(self: Box<Self>, error: StoreError) {
        // What earlier turns decided stands; the rest is still under way and will be asked again.
        let is_partly_done = self.steps > 0 || self.reviews < self.batch.reviews_max;
        let stands = is_partly_done && !matches!(error, StoreError::Fatal(_));
        let _ = self.reply.send(if stands { Ok(self.done) } else { Err(error) });
    }
}

/// The connection that writes, and the memory beside it.
pub struct Core {
    conn: Connection,
    books: Books,
    failed: Option<StoreError>,
    commits: Arc<AtomicU64>,
    /// Kept for as long as the connection: no other process may open the database meanwhile.
    _lock: Option<std::fs::File>,
}

impl Core {
    /// Takes over an open, migrated connection.
    pub fn new(conn: Connection, lock: Option<std::fs::File>) -> StoreResult<Self> {
        let books = Books::load(&conn)?;
        Ok(Self { conn, books, failed: None, commits: Arc::default(), _lock: lock })
    }

    /// How many transactions were committed, to see how many requests share one.
    pub fn commits(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.commits)
    }

    /// The connection, for reads between turns.
    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    /// Does what is asked, all in one transaction; gives back what needs another turn.
    pub fn turn(&mut self, mut asks: Vec<Box<dyn Ask>>, room: usize) -> Vec<Box<dyn Ask>> {
        while !asks.is_empty() {
            let (culprit, error) = match self.failed.clone() {
                Some(failed) => (None, failed),
                None => match self.attempt(&mut asks, room) {
                    Ok(()) => return asks.into_iter().filter_map(Ask::answer).collect(),
                    Err((culprit, error)) => (culprit, self.roll_back(error)),
                },
            };
            match culprit {
                Some(culprit) if matches!(error, StoreError::Corrupt(_)) => {
                    asks.remove(culprit).fail(error);
                }
                _ => asks.drain(..).for_each(|ask| ask.fail(error.clone())),
            }
        }
        Vec::new()
    }

    fn attempt(
        &mut self,
        asks: &mut [Box<dyn Ask>],
        room: usize,
    ) -> Result<(), (Option<usize>, StoreError)> {
        let run = |sql: &str| -> StoreResult<()> {
            self.conn.prepare_cached(sql)?.execute([])?;
            Ok(())
        };
        run("BEGIN IMMEDIATE").map_err(|error| (None, error))?;
        for (place, ask) in asks.iter_mut().enumerate() {
            ask.run(&self.conn, &mut self.books, room).map_err(|error| (Some(place), error))?;
        }
        self.books.write(&self.conn).map_err(|error| (None, error))?;
        run("COMMIT").map_err(|error| (None, error))?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Undoes the turn, and brings the memory back to what the rows say.
    fn roll_back(&mut self, error: StoreError) -> StoreError {
        let undo = || -> StoreResult<Books> {
            if !self.conn.is_autocommit() {
                self.conn.execute_batch("ROLLBACK")?;
            }
            Books::load(&self.conn)
        };
        if let StoreError::Fatal(_) = error {
            self.failed = Some(error.clone());
            let _ = undo(); // the process ends; the next one reads what is really there
            return error;
        }
        match undo() {
            Ok(books) => {
                self.books = books;
                error
            }
            Err(
                StoreError::Fatal(why)
                | StoreError::Corrupt(why)
                | StoreError::Refused(why)
                | StoreError::Busy(why),
            ) => {
                let error = StoreError::Fatal(format!("a turn could not be undone: {why}"));
                self.failed = Some(error.clone());
                error
            }
        }
    }

    /// Brings the log into the database when it is long. SQLite's own automatic checkpoint does
    /// the same but swallows its errors, and a sync that failed there must not be forgotten.
    pub fn checkpoint(&mut self) {
        if self.failed.is_some()
            || !self.commits.load(Ordering::Relaxed).is_multiple_of(CHECKPOINT_LOOK)
        {
            return;
        }
        let run = |sql: &str| -> StoreResult<i64> {
            Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(1))?)
        };
        let outcome = run("PRAGMA wal_checkpoint(NOOP)").and_then(|pages| {
            if pages < CHECKPOINT_PAGES { Ok(pages) } else { run("PRAGMA wal_checkpoint(PASSIVE)") }
        });
        if let Err(error @ StoreError::Fatal(_)) = outcome {
            self.failed = Some(error);
        }
    }
}
