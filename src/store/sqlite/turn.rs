//! A turn: everything that waits, in one transaction, with one sync.
//!
//! Guarantees: nobody is answered `Ok` before the commit returned. One request that cannot be done
//! is answered alone and the turn is made again without it. A failed write or sync fails the whole
//! turn and every one after it: what is on disk is uncertain then.
//! Does not know: threads, and what is asked.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rusqlite::Connection;

use super::{
    ask::Ask,
    books::{self, Books},
    open,
};
use crate::store::{StoreError, StoreResult};

/// When the log has so many pages (64 MB) it is brought into the database.
const CHECKPOINT_PAGES: i64 = 16_000;
/// How many turns pass between two looks at the log's length.
const CHECKPOINT_LOOK: u64 = 8;

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
        let books = books::load(&conn)?;
        open::bring_in_at_close(&conn, true);
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
                    if !asks.get_mut(culprit).is_some_and(|ask| ask.be_careful()) {
                        asks.remove(culprit).fail(error);
                    }
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
        books::write(&mut self.books, &self.conn).map_err(|error| (None, error))?;
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
            books::load(&self.conn)
        };
        if let StoreError::Fatal(_) = error {
            let _ = undo(); // the process ends; the next one reads what is really there
            return self.fail(error);
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
                | StoreError::Busy(why)
                | StoreError::TooLong(why),
            ) => self.fail(StoreError::Fatal(format!("a turn could not be undone: {why}"))),
        }
    }

    /// Nothing is written from here on, not even when the database is closed.
    fn fail(&mut self, error: StoreError) -> StoreError {
        open::bring_in_at_close(&self.conn, false);
        self.failed = Some(error.clone());
        error
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
            self.fail(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::{self, Receiver};

    use super::*;
    use crate::{
        model::{
            event::{Accepted, EventKind, NewEvent},
            time::Time,
        },
        store::sqlite::{accept, ask::Verb, migrate, tally},
    };

    type Answer<T> = Receiver<StoreResult<T>>;

    fn core() -> Core {
        let mut conn = open::memory().unwrap();
        migrate::migrate(&mut conn).unwrap();
        Core::new(conn, None).unwrap()
    }

    fn accepting(delivery: &str, bytes: usize) -> (Box<dyn Ask>, Answer<Vec<Accepted>>) {
        let event = NewEvent {
            kind: EventKind::Fill,
            source: "typeform".into(),
            delivery: delivery.into(),
            received_at: Time(0),
            content_type: None,
            actor: None,
            body: vec![b'x'; bytes],
        };
        let (reply, answer) = oneshot::channel();
        let work = move |tx: &Connection, books: &mut Books| {
            accept::accept(tx, books, std::slice::from_ref(&event))
        };
        (Box::new(Verb::new(1, reply, work)), answer)
    }

    fn failing(error: StoreError) -> (Box<dyn Ask>, Answer<()>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Verb::new(1, reply, move |_, _| Err(error.clone()))), answer)
    }

    fn accepted(core: &Core) -> i64 {
        let tally = tally::tally(core.conn(), Time(0)).unwrap();
        assert_eq!(tally, tally::recount(core.conn(), Time(0)).unwrap());
        tally.accepted
    }

    #[test]
    fn a_request_that_cannot_be_done_is_answered_alone() {
        for (error, commits) in
            [(StoreError::Refused("no".into()), 1), (StoreError::Corrupt("odd".into()), 1)]
        {
            let mut core = core();
            let (one, mut first) = accepting("1", 1);
            let (bad, mut refused) = failing(error.clone());
            let (two, mut second) = accepting("2", 1);
            assert!(core.turn(vec![one, bad, two], 1).is_empty());
            assert_eq!(refused.try_recv().unwrap(), Err(error));
            assert!(first.try_recv().unwrap().is_ok() && second.try_recv().unwrap().is_ok());
            assert_eq!(accepted(&core), 2);
            assert_eq!(core.commits.load(Ordering::Relaxed), commits);
        }
    }

    #[test]
    fn after_a_fatal_error_nobody_is_answered_ok_ever_again() {
        let mut core = core();
        let (one, mut first) = accepting("1", 1);
        let (bad, _) = failing(StoreError::Fatal("sync".into()));
        core.turn(vec![one, bad], 1);
        assert!(matches!(first.try_recv().unwrap(), Err(StoreError::Fatal(_))));
        let (two, mut second) = accepting("2", 1);
        core.turn(vec![two], 1);
        assert!(matches!(second.try_recv().unwrap(), Err(StoreError::Fatal(_))));
        assert_eq!(accepted(&core), 0);
    }

    #[test]
    fn a_full_disk_is_busy_and_passes_when_there_is_room_again() {
        let mut core = core();
        let pages: i64 =
            core.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let limit = |core: &Core, pages: i64| {
            core.conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        limit(&core, pages + 20);
        let (small, mut kept) = accepting("1", 10);
        core.turn(vec![small], 1);
        assert!(kept.try_recv().unwrap().is_ok());
        let (small, mut with_it) = accepting("2", 10);
        let (large, mut busy) = accepting("3", 1_000_000);
        core.turn(vec![small, large], 1);
        for answer in [busy.try_recv().unwrap(), with_it.try_recv().unwrap()] {
            let Err(StoreError::Busy(why)) = answer else { panic!("busy: {answer:?}") };
            assert!(why.contains("full"), "{why}");
        }
        assert_eq!(accepted(&core), 1);
        limit(&core, 1_000_000);
        let (large, mut kept) = accepting("3", 1_000_000);
        core.turn(vec![large], 1);
        assert!(kept.try_recv().unwrap().is_ok());
        assert_eq!(accepted(&core), 2);
    }
}
