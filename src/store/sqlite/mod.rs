//! The store on SQLite: one file, one writer.
//!
//! Read in this order: `verbs`, then `accept`, `decide`, `commit`, `job`, `claim`, `settle` (the road of a lead),
//! then `order`, `rulebook`, `paper`, `token`, `mirror`, `imported`, `sweep`, `list`, `story`, `tally`, `backup` (all plain
//! functions on a connection), then `ask` and `turn` (one transaction), `line` and `readers` (threads).
//!
//! Guarantees: the contract of [`Store`](crate::store::Store); one process at a time; after a restart every lease is
//! free. With a file, writes go through one thread that shares each sync among all who wait, and
//! reads have connections of their own; in memory everything happens on the caller's thread, in
//! the order of the calls, which is what a simulation needs.
//! Does not know: the time, rulebooks, destinations.

mod accept;
mod agree;
mod alert;
mod ask;
mod backup;
mod books;
mod claim;
mod commit;
mod copy;
mod decide;
mod error;
mod imported;
mod job;
mod line;
mod list;
mod migrate;
mod mirror;
mod open;
mod order;
mod paper;
mod readers;
mod record;
mod rows;
mod rulebook;
mod settle;
mod story;
mod sweep;
mod tally;
mod team;
mod token;
mod turn;
mod unfilled;
mod verbs;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    ask::{Ask, Verb},
    books::Books,
    line::Line,
    readers::Readers,
    turn::Core,
};
use super::{Boxed, StoreError, StoreResult};

pub use copy::SqliteSide;
pub use line::Pace;
pub use mirror::read_beside as read_mirror_beside;
pub use open::IN_USE;

/// The store on SQLite. A request is in the line as soon as its verb is called, awaited or not.
pub struct SqliteStore {
    way: Way,
    commits: Arc<AtomicU64>,
    /// Held while the books are recounted.
    auditing: Arc<tokio::sync::Mutex<()>>,
    free_min: Option<u64>,
}

/// How requests reach the database.
enum Way {
    /// Through threads, to a file. The readers end first, so that the writer closes the file.
    File { readers: Readers, deciding: Readers, line: Line, path: PathBuf },
    /// At once, in memory.
    Inline(Box<Mutex<Core>>),
}

impl SqliteStore {
    /// Opens the database, or makes it; refuses if another process has it.
    pub fn open(path: &Path) -> StoreResult<Self> {
        Self::open_with(path, true, Pace::default())
    }

    /// Opens a database that must be there, under the same lock, for commands that need no daemon.
    pub fn open_offline(path: &Path) -> StoreResult<Self> {
        Self::open_with(path, false, Pace::default())
    }

    /// Opens the database with another pace of the writer.
    pub fn open_with(path: &Path, may_create: bool, pace: Pace) -> StoreResult<Self> {
        let (mut conn, lock) = open::writer(path, may_create)?;
        migrate::migrate(&mut conn)?;
        open::free_leases(&conn)?;
        open::sync_folder(path)?;
        let core = Core::new(conn, Some(lock))?;
        let commits = core.commits();
        let readers = Readers::start(path, readers::THREADS, readers::READ_MAX)?;
        // What is to be decided is read apart: slow pages do not hold it up.
        let deciding = Readers::start(path, 1, readers::READ_MAX)?;
        let line = Line::start(core, pace)?;
        let way = Way::File { readers, deciding, line, path: path.to_owned() };
        Ok(Self { way, commits, auditing: Arc::default(), free_min: None })
    }

    /// An empty store in memory that does everything on the caller's thread.
    pub fn open_in_memory() -> StoreResult<Self> {
        migrate::check_version(rusqlite::version_number())?;
        let mut conn = open::memory()?;
        migrate::migrate(&mut conn)?;
        let core = Core::new(conn, None)?;
        let commits = core.commits();
        let way = Way::Inline(Box::new(Mutex::new(core)));
        Ok(Self { way, commits, auditing: Arc::default(), free_min: None })
    }

    /// With another limit of free bytes below which it is not [`ready`](crate::store::Store::ready); `None` is
    /// the default of the room that is looked at.
    #[must_use]
    pub fn with_free_min(self, free_min: Option<u64>) -> Self {
        Self { free_min, ..self }
    }

    /// What is wrong with the file, read page by page: the first twenty damages, none if all is
    /// well. It may take a second for some hundred megabytes, and is meant for a store that nobody
    /// serves. Bytes of a text that were flipped are not seen: SQLite keeps no sums of them.
    ///
    /// # Errors
    /// It cannot be read at all.
    pub fn damage(&self) -> StoreResult<Vec<String>> {
        match &self.way {
            Way::File { path, .. } => open::reader(path).and_then(|conn| backup::damage(&conn)),
            Way::Inline(core) => {
                backup::damage(core.lock().unwrap_or_else(PoisonError::into_inner).conn())
            }
        }
    }

    /// How many transactions were committed since it was opened: under load many requests share
    /// one.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Sends a verb to the writer.
    fn write<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnMut(&Connection, &mut Books) -> StoreResult<T> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        let (reply, answer) = oneshot::channel();
        answered(self.send(Box::new(Verb::new(weight, reply, work))), answer)
    }

    fn send(&self, ask: Box<dyn Ask>) -> StoreResult<()> {
        match &self.way {
            Way::File { line, .. } => line.send(ask),
            Way::Inline(core) => {
                let mut core = core.lock().unwrap_or_else(PoisonError::into_inner);
                let mut asks = vec![ask];
                while !asks.is_empty() {
                    asks = core.turn(asks, usize::MAX);
                }
                Ok(())
            }
        }
    }

    /// Sends a read to a reader; it sees one snapshot.
    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        self.read_by(|readers, _| readers, work)
    }

    fn read_by<T: Send + 'static>(
        &self,
        which: for<'a> fn(&'a Readers, &'a Readers) -> &'a Readers,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> Boxed<'_, StoreResult<T>> {
        let (reply, answer) = oneshot::channel();
        let read = move |conn: &Connection| {
            let snapshot = conn.unchecked_transaction().map_err(StoreError::from);
            // Whoever asked may have gone.
            let _ = reply.send(snapshot.and_then(|snapshot| work(&snapshot)));
        };
        let sent = match &self.way {
            Way::File { readers, deciding, .. } => which(readers, deciding).send(Box::new(read)),
            Way::Inline(core) => {
                read(core.lock().unwrap_or_else(PoisonError::into_inner).conn());
                Ok(())
            }
        };
        answered(sent, answer)
    }
}

/// Does what takes long and must not hold up the readers, on a thread of its own.
fn apart<'a, T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> Boxed<'a, StoreResult<T>> {
    let (reply, answer) = oneshot::channel();
    let started = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = reply.send(work()); // whoever asked may have gone
    });
    let started = started
        .map(|_| ())
        .map_err(|error| StoreError::Busy(format!("no thread for {name}: {error}")));
    answered(started, answer)
}

/// Waits for the answer to what was sent.
fn answered<'a, T: Send + 'a>(
    sent: StoreResult<()>,
    answer: oneshot::Receiver<StoreResult<T>>,
) -> Boxed<'a, StoreResult<T>> {
    Box::pin(async move {
        sent?;
        answer.await.unwrap_or_else(|_| Err(line::stopped()))
    })
}
