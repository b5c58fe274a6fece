//! The store on SQLite: one file, one writer.
//!
//! Read in this order: `accept`, `decide`, `commit`, `job`, `claim`, `settle` (the road of a lead),
//! then `order`, `rulebook`, `paper`, `token`, `mirror`, `sweep`, `list`, `story`, `tally`, `backup` (all plain
//! functions on a connection), then `ask` and `turn` (one transaction), `line` and `readers` (threads).
//!
//! Guarantees: the contract of [`Store`]; one process at a time; after a restart every lease is
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
    ask::{Ask, Deciding, Verb},
    books::Books,
    line::Line,
    readers::Readers,
    turn::Core,
};
use super::{
    Amend, Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
    JobFilter, JobOrder, Keep, LeadFilter, LeadRow, LeadStory, MirrorDone, MirrorOrder, MirrorRow,
    NewRulebook, Page, Paper, Papers, Published, RecordFilter, RulebookRow, Store, StoreError,
    StoreResult, Swept, Tally, Terms, TokenOrder, TokenRow, agree::Change, room::Room,
};
use crate::model::{
    alert::RaisedAlert,
    event::{Accepted, Event, NewEvent},
    id::{EventId, Seq},
    job::{JobRow, Settled, Settlement},
    plan::Decided,
    record::RecordRow,
    team::Team,
    time::Time,
};

pub use copy::SqliteSide;
pub use line::Pace;

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

    /// With another limit of free bytes below which it is not [`ready`](Store::ready); `None` is
    /// the default of [`Room::check`].
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

impl Store for SqliteStore {
    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        self.write(events.len(), move |tx, books| accept::accept(tx, books, &events))
    }

    fn undecided_after(&self, after: EventId, max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        self.read_by(|_, deciding| deciding, move |conn| accept::undecided(conn, after, max))
    }

    fn decide(&self, batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        let (reply, answer) = oneshot::channel();
        answered(self.send(Box::new(Deciding::new(batch, reply))), answer)
    }

    fn claim(&self, claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        self.write(claim.max, move |tx, _| claim::claim(tx, &claim))
    }

    fn settle(
        &self,
        settlements: Vec<Settlement>,
        _now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        self.write(settlements.len(), move |tx, books| settle::settle(tx, books, &settlements))
    }

    fn order(&self, jobs: Vec<i64>, order: JobOrder, now: Time) -> Boxed<'_, StoreResult<usize>> {
        self.write(jobs.len(), move |tx, _| order::order(tx, &jobs, order, now))
    }

    fn redo(&self, events: Vec<uuid::Uuid>) -> Boxed<'_, StoreResult<usize>> {
        self.write(events.len(), move |tx, books| order::redo(tx, books, &events))
    }

    fn publish_on(&self, rulebook: NewRulebook, terms: Terms) -> Boxed<'_, StoreResult<Published>> {
        self.write(1, move |tx, _| rulebook::publish(tx, &rulebook, &terms))
    }

    fn papers(&self, which: Papers) -> Boxed<'_, StoreResult<Vec<Paper>>> {
        self.read(move |conn| paper::papers(conn, &which))
    }

    fn amend(&self, name: String, change: Arc<Amend>) -> Boxed<'_, StoreResult<()>> {
        self.write(1, move |tx, _| paper::amend(tx, &name, &*change))
    }

    fn sweep(&self, keep: Keep, now: Time) -> Boxed<'_, StoreResult<Swept>> {
        self.write(keep.rows_max, move |tx, _| sweep::sweep(tx, keep, now))
    }

    fn tokens(&self, order: TokenOrder) -> Boxed<'_, StoreResult<Vec<TokenRow>>> {
        match order {
            TokenOrder::List => self.read(|conn| token::list(conn, None)),
            order => self.write(1, move |tx, _| token::tokens(tx, &order)),
        }
    }

    fn leads(&self, filter: LeadFilter) -> Boxed<'_, StoreResult<Page<LeadRow>>> {
        self.read(move |conn| list::leads(conn, &filter))
    }

    fn lead(&self, lead: uuid::Uuid) -> Boxed<'_, StoreResult<Option<LeadStory>>> {
        self.read(move |conn| story::story(conn, lead))
    }

    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<JobRow>>> {
        self.read(move |conn| list::jobs(conn, &filter))
    }

    fn events(&self, filter: EventFilter) -> Boxed<'_, StoreResult<Page<Event>>> {
        self.read(move |conn| list::events(conn, &filter))
    }

    fn decisions(&self, filter: DecisionFilter) -> Boxed<'_, StoreResult<Page<Decided>>> {
        self.read(move |conn| list::decisions(conn, &filter))
    }

    fn records(&self, filter: RecordFilter) -> Boxed<'_, StoreResult<Page<RecordRow>>> {
        self.read(move |conn| record::records(conn, &filter))
    }

    fn checkpoint(&self, at: Seq) -> Boxed<'_, StoreResult<Option<(Seq, Team)>>> {
        self.read(move |conn| record::checkpoint(conn, at))
    }

    fn basis(&self, hash: i64) -> Boxed<'_, StoreResult<Option<String>>> {
        self.read(move |conn| record::basis(conn, hash))
    }

    fn rulebooks(&self, version: Option<u32>) -> Boxed<'_, StoreResult<Vec<RulebookRow>>> {
        self.read(move |conn| rulebook::rulebooks(conn, version))
    }

    fn team(&self) -> Boxed<'_, StoreResult<Team>> {
        self.read(team::load)
    }

    fn tally(&self, now: Time) -> Boxed<'_, StoreResult<Tally>> {
        self.read(move |conn| tally::tally(conn, now))
    }

    fn audit(&self, now: Time) -> Boxed<'_, StoreResult<Audit>> {
        let path = match &self.way {
            Way::File { path, .. } => path.clone(),
            Way::Inline(_) => return self.read(move |conn| tally::audit(conn, now)),
        };
        let Ok(turn) = Arc::clone(&self.auditing).try_lock_owned() else {
            let why = "the books are being recounted already: ask again in a moment".to_owned();
            return Box::pin(async { Err(StoreError::Busy(why)) });
        };
        apart("store-audit", move || {
            let _turn = turn;
            let conn = open::reader(&path)?;
            let snapshot = conn.unchecked_transaction()?;
            tally::audit(&snapshot, now)
        })
    }

    fn alerts(
        &self,
        replace: Option<Vec<RaisedAlert>>,
    ) -> Boxed<'_, StoreResult<Vec<RaisedAlert>>> {
        match replace {
            None => self.read(alert::list),
            Some(standing) => self.write(1, move |tx, _| alert::replace(tx, &standing)),
        }
    }

    fn mirror(&self, order: MirrorOrder) -> Boxed<'_, StoreResult<MirrorDone>> {
        self.write(1, move |tx, _| mirror::order(tx, &order))
    }

    fn accounts(
        &self,
        after: Option<(String, String)>,
        max: usize,
    ) -> Boxed<'_, StoreResult<Vec<MirrorRow>>> {
        self.read(move |conn| mirror::accounts(conn, after.as_ref(), max))
    }

    fn mirror_version(&self) -> Boxed<'_, StoreResult<u64>> {
        self.read(mirror::version)
    }

    fn agree(&self, name: String, change: Arc<Change>, now: Time) -> Boxed<'_, StoreResult<()>> {
        self.write(1, move |tx, _| agree::agree(tx, &name, &*change, now))
    }

    fn ready(&self) -> Boxed<'_, StoreResult<()>> {
        let written = self.write(1, |tx, _| sweep::pulse(tx));
        Box::pin(async move {
            written.await?;
            match &self.way {
                Way::File { path, .. } => Room::beside(path)?.check(self.free_min),
                Way::Inline(_) => Ok(()),
            }
        })
    }

    fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
        let (path, file) = match &self.way {
            Way::File { path, .. } => (path.clone(), file.to_owned()),
            Way::Inline(core) => {
                let core = core.lock().unwrap_or_else(PoisonError::into_inner);
                let copied = backup::backup(core.conn(), file);
                return Box::pin(async { copied });
            }
        };
        apart("store-backup", move || {
            open::reader(&path).and_then(|conn| backup::backup(&conn, &file))
        })
    }
}
