//! The store: its contract in words.
//!
//! About fifteen verbs in the words of the domain, each one transaction inside, so no transaction
//! type leaks out. `Arc<dyn Store>`, so that a test can wrap it to inject faults. Each sentence of
//! the contract below has a case of the same name in `tests/it/store/`, run on every database.
//!
//! Guarantees: what a verb answers `Ok` is on disk. Time is always passed in; SQL never asks.
//! `decide` alone writes leads, turns and absences; `settle` alone writes links and notices.
//! Does not know: rulebooks' meaning, destinations, or how to decide.

pub mod agree;
mod books;
mod columns;
pub mod copy;
pub mod imported;
mod keeping;
pub mod mirror;
pub mod paper;
mod plan;
pub mod postgres;
pub mod read;
pub mod room;
pub mod sqlite;
mod unfilled;

use std::{future::Future, path::Path, pin::Pin, sync::Arc};

use crate::model::{
    alert::{Bloat, RaisedAlert},
    event::{Accepted, Event, NewEvent},
    id::{EventId, Seq},
    imported::Imported,
    job::{Claimed, JobKind, Settled, Settlement},
    plan::{Decide, Decided, Step},
    record::RecordRow,
    team::Team,
    time::{Span, Time},
};

pub use imported::{ImportDone, ImportKey, ImportOrder, ImportStanding};
pub use mirror::{MirrorDone, MirrorOrder, MirrorRow};
pub use paper::{Amend, Amended, Paper, Papers, Published, Terms};
pub use read::{
    Audit, DecisionFilter, EventFilter, JobFilter, LeadFilter, LeadRow, LeadStory, Page,
    RecordFilter, RulebookRow, Tally, TokenRow,
};

/// A boxed future, so that the trait is object-safe.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What went wrong in a store, in the classes that a caller treats differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not now: the disk is full, the waiting line is full, or the database is busy. Answer 503.
    #[error("the store cannot take it now: {0}")]
    Busy(String),
    /// A read took longer than it may and was stopped. Answer 503 with the sentence.
    #[error("{0}")]
    TooLong(String),
    /// A write or sync failed: what is on disk is uncertain. The process must end.
    #[error("the store failed: {0}")]
    Fatal(String),
    /// What was read back is impossible.
    #[error("the store holds something impossible: {0}")]
    Corrupt(String),
    /// The request makes no sense to the store (no such row, or a conflict that a person sees).
    #[error("{0}")]
    Refused(String),
}

/// A result of the store.
pub type StoreResult<T> = Result<T, StoreError>;

/// A batch to decide.
pub struct Batch {
    /// The instant of the batch.
    pub now: Time,
    /// What to decide, in order. The store re-checks that each event is still under way.
    pub steps: Vec<Step>,
    /// How many due reviews to decide after them.
    pub reviews_max: usize,
    /// The pure function.
    pub decide: Arc<Decide>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchDone {
    /// The decisions made, in order.
    pub decided: Vec<Decided>,
    /// How many reviews were decided.
    pub reviews: usize,
    /// By how much each of them was late.
    pub late: Vec<Span>,
    /// Steps whose decision panicked or was impossible, and why: their events got a try more.
    pub failed: Vec<(EventId, String)>,
    /// Jobs are due now for these lanes.
    pub woken: Vec<(JobKind, String)>,
    /// When the next review is due, if any is open.
    pub next_review: Option<Time>,
    /// Another replica is deciding now: what is not among the above was left to it. Look again
    /// soon, since it may have died over it.
    pub is_elsewhere: bool,
}

/// What another replica says that it did. Nothing depends on it being heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// There may be events to decide.
    Events,
    /// There may be due jobs.
    Jobs,
    /// There may be another rulebook.
    Rulebook,
}

/// What a claim asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What kind.
    pub kind: JobKind,
    /// Which lane (see [`crate::model::job::lane`]).
    pub lane: String,
    /// Now.
    pub now: Time,
    /// At most so many.
    pub max: usize,
    /// For so long.
    pub lease: Span,
}

/// What a claim got.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimDone {
    /// The jobs, the most urgent first.
    pub jobs: Vec<Claimed>,
    /// When the next job of this lane is due, if there is one.
    pub next_due: Option<Time>,
}

/// How the API and the command line change jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOrder {
    /// Due now, attempts counted anew; a dead job lives again.
    Retry,
    /// Dead by an operator's word; one that is dead already counts as given up no more.
    Bury,
    /// Due now if it waits for another try; attempts stay as they are.
    Hasten,
}

/// The store.
pub trait Store: Send + Sync {
    /// Puts events on disk and a job to decide them; answers when they are synced.
    /// *A second delivery changes nothing and gets the first one's id.*
    /// *All events that wait share one sync.*
    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>>;

    /// Events under way that came after this one, oldest first, at most `max`; fewer, when their
    /// bodies are large.
    fn undecided_after(&self, after: EventId, max: usize) -> Boxed<'_, StoreResult<Vec<Event>>>;

    /// Events under way, oldest first, at most `max`.
    fn undecided(&self, max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        self.undecided_after(EventId(0), max)
    }

    /// Decides a batch, one lead after the other, each seeing what those before it changed.
    /// *Every decision gets the next number, without a gap.*
    /// *An event that is no longer under way is passed over.*
    /// *A step that panics costs its event a try and harms no other; after five it is dead.*
    /// *A due review is decided and replaced by its plan's.*
    fn decide(&self, batch: Batch) -> Boxed<'_, StoreResult<BatchDone>>;

    /// Leases due jobs of one lane, smallest rank first, then the oldest; ranks are few. Tells to
    /// one destination come together, within the limit.
    /// *A leased job is not given twice before its lease ends.*
    /// *A claim after a lapsed lease says that the last attempt is uncertain.*
    /// *A claim after attempts were counted anew says that the last one is uncertain*: it may have
    /// been done, and only its answer lost.
    fn claim(&self, claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>>;

    /// Ends attempts, with what they left behind and the news they brought.
    /// *A lost lease cannot settle.*
    /// *A job settled at an older revision than wanted is due again*, when the newer plan said.
    /// *A finished job is deleted.*
    fn settle(
        &self,
        settlements: Vec<Settlement>,
        now: Time,
    ) -> Boxed<'_, StoreResult<Vec<Settled>>>;

    /// Retries, buries or hastens jobs, by their rows; answers how many. A review is never buried
    /// and never hastened.
    fn order(&self, jobs: Vec<i64>, order: JobOrder, now: Time) -> Boxed<'_, StoreResult<usize>>;

    /// Puts rejected or dead events under way again, by public id; answers how many. A fill whose
    /// body is swept stays as it is.
    /// *A redone event keeps its id and its place in the books.*
    fn redo(&self, events: Vec<uuid::Uuid>) -> Boxed<'_, StoreResult<usize>>;

    /// Makes the next rulebook version; equal text to the current one makes none.
    /// *Versions are numbered from one without a gap and never changed.*
    fn publish(&self, rulebook: NewRulebook) -> Boxed<'_, StoreResult<u32>> {
        let published = self.publish_on(rulebook, Terms::default());
        Box::pin(async move {
            match published.await? {
                Published::As(version) | Published::NotLatest(version) => Ok(version),
                Published::Ended => Err(StoreError::Corrupt("no paper was to end".to_owned())),
            }
        })
    }

    /// The same on terms: the newest version is compared in the transaction that makes the next.
    /// *Of two publishers with one base one is told that it is not the latest.*
    /// *A rulebook that ends a paper is published once.*
    fn publish_on(&self, rulebook: NewRulebook, terms: Terms) -> Boxed<'_, StoreResult<Published>>;

    /// Papers: several without their bodies, or one with it.
    fn papers(&self, which: Papers) -> Boxed<'_, StoreResult<Vec<Paper>>>;

    /// Changes a paper by a pure function of its head; it is on disk when this answers.
    /// *One amendment of a paper follows the other.*
    fn amend(&self, name: String, change: Arc<Amend>) -> Boxed<'_, StoreResult<()>>;

    /// Removes what is past its keep: raw bodies of decided events, and nothing that is open.
    fn sweep(&self, keep: Keep, now: Time) -> Boxed<'_, StoreResult<Swept>>;

    /// Adds or revokes API tokens.
    fn tokens(&self, order: TokenOrder) -> Boxed<'_, StoreResult<Vec<TokenRow>>>;

    /// One filtered, paged read per noun.
    fn leads(&self, filter: LeadFilter) -> Boxed<'_, StoreResult<Page<LeadRow>>>;
    /// Everything about one lead, for its timeline.
    fn lead(&self, lead: uuid::Uuid) -> Boxed<'_, StoreResult<Option<LeadStory>>>;
    /// Jobs.
    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<crate::model::job::JobRow>>>;
    /// Events.
    fn events(&self, filter: EventFilter) -> Boxed<'_, StoreResult<Page<Event>>>;
    /// Decisions, in order.
    fn decisions(&self, filter: DecisionFilter) -> Boxed<'_, StoreResult<Page<Decided>>>;
    /// Decisions with what they saw and moved, byte for byte, in order.
    fn records(&self, filter: RecordFilter) -> Boxed<'_, StoreResult<Page<RecordRow>>>;
    /// People as they were after the last decision at or before this one after which they were
    /// kept. *The first decision with a record after one without has people kept before it.*
    fn checkpoint(&self, at: Seq) -> Boxed<'_, StoreResult<Option<(Seq, Team)>>>;
    /// What decisions stand on beside their rulebook, by its hash.
    fn basis(&self, hash: i64) -> Boxed<'_, StoreResult<Option<String>>>;
    /// Rulebook versions, newest first; with their text when one is asked for.
    fn rulebooks(&self, version: Option<u32>) -> Boxed<'_, StoreResult<Vec<RulebookRow>>>;
    /// The state of people: turns, absences, loads.
    fn team(&self) -> Boxed<'_, StoreResult<Team>>;
    /// The books: fates of fills, states of leads, jobs by kind and lane.
    fn tally(&self, now: Time) -> Boxed<'_, StoreResult<Tally>>;
    /// The books beside a count of the rows, both of one snapshot. It may take a second for each
    /// million of rows and holds up nobody; only one is made at a time.
    fn audit(&self, now: Time) -> Boxed<'_, StoreResult<Audit>>;
    /// The books counted anew from the rows.
    fn recount(&self, now: Time) -> Boxed<'_, StoreResult<Tally>> {
        Box::pin(async move { Ok(self.audit(now).await?.recounted) })
    }
    /// The alerts that are raised, or over and not told to everybody: those that are kept, or all
    /// of them replaced by these.
    fn alerts(&self, replace: Option<Vec<RaisedAlert>>)
    -> Boxed<'_, StoreResult<Vec<RaisedAlert>>>;

    /// Changes the mirror of accounts. *An account that comes again is changed, not doubled.* *What
    /// one origin brings touches no other's.* *What a run did not bring is retired when it says so.*
    fn mirror(&self, _order: MirrorOrder) -> Boxed<'_, StoreResult<MirrorDone>> {
        Box::pin(async { Err(StoreError::Refused("this store keeps no accounts".to_owned())) })
    }
    /// Accounts of the mirror by origin and id, behind this pair, at most
    /// [`ACCOUNTS_MAX`](mirror::ACCOUNTS_MAX).
    fn accounts(
        &self,
        _after: Option<(String, String)>,
        _max: usize,
    ) -> Boxed<'_, StoreResult<Vec<MirrorRow>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// A number that is another one after each change of the mirror; zero for one that was never
    /// filled. It costs little to ask every second.
    fn mirror_version(&self) -> Boxed<'_, StoreResult<u64>> {
        Box::pin(async { Ok(0) })
    }

    /// Changes the imported leads. *A lead that is imported again is changed, not doubled.* *What is
    /// imported stands in no book.*
    fn import(&self, _order: ImportOrder) -> Boxed<'_, StoreResult<ImportDone>> {
        Box::pin(async {
            Err(StoreError::Refused("this store keeps no imported leads".to_owned()))
        })
    }
    /// Imported leads in the order of their keys, behind this one, at most
    /// [`IMPORTED_MAX`](imported::IMPORTED_MAX).
    fn imported(&self, _after: ImportKey, _max: usize) -> Boxed<'_, StoreResult<Vec<Imported>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// How many imported leads there are, of which time, from where and whose.
    fn import_standing(&self) -> Boxed<'_, StoreResult<ImportStanding>> {
        Box::pin(async { Ok(ImportStanding::default()) })
    }

    /// Whether other processes may work on it at the same time.
    fn is_shared(&self) -> bool {
        false
    }
    /// Changes a small document, which all processes on this store share, by a pure function of
    /// what it says and of the store's own clock: where the store has none, `now` is it.
    /// *One change of a document follows the other.* *A document that is left alone stays as it is.*
    /// Losing the last change in a crash is no harm.
    fn agree(
        &self,
        name: String,
        change: Arc<agree::Change>,
        now: Time,
    ) -> Boxed<'_, StoreResult<()>>;
    /// The number of the newest rulebook; zero if there is none.
    fn newest_rulebook(&self) -> Boxed<'_, StoreResult<u32>> {
        Box::pin(async {
            Ok(self.rulebooks(None).await?.first().map_or(0, |newest| newest.version))
        })
    }

    /// Whether it can write now, and has room to go on. *Nearly full is not ready, and still takes
    /// what comes.*
    fn ready(&self) -> Boxed<'_, StoreResult<()>>;
    /// What a 2xx means with this store, for people: what is true of the event then.
    fn promise(&self) -> String {
        "the event is synced to this machine's disk (SQLite, synchronous=FULL)".to_owned()
    }
    /// What other replicas say from now on, if there can be others. Some of it may be lost.
    fn wakes(&self) -> Option<tokio::sync::broadcast::Receiver<Wake>> {
        None
    }
    /// What the database has not cleared away; none where that cannot happen.
    fn bloat(&self) -> Boxed<'_, StoreResult<Option<Bloat>>> {
        Box::pin(async { Ok(None) })
    }
    /// A consistent copy into a new file, while everything goes on.
    fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>>;
}

/// The author of rulebooks that came from the files.
pub const FROM_FILE: &str = "file";

/// A rulebook about to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRulebook {
    /// The whole document: every file by its name, the tables included, as JSON.
    pub document: String,
    /// Who published it.
    pub author: String,
    /// Why.
    pub message: String,
    /// When.
    pub at: Time,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Raw bodies of decided fills.
    pub bodies: Span,
    /// At most so many rows in one sweep.
    pub rows_max: usize,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Bodies emptied.
    pub bodies: usize,
}

/// What to do with API tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenOrder {
    /// Keep this one.
    Create(TokenRow),
    /// No longer valid, by name; answers those that were.
    Revoke {
        /// Its name.
        name: String,
        /// When.
        at: Time,
    },
    /// All of them.
    List,
}
