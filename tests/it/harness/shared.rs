//! A store that says that others work on it too, and that can be cut off from one of them.
//!
//! Guarantees: every verb is that of the store within, so that two daemons in one process stand on
//! the same rows. Does not know: what they do with it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use handoff::{
    model::{
        alert::RaisedAlert,
        event::{Accepted, Event, NewEvent},
        id::{EventId, Seq},
        job::{JobRow, Settled, Settlement},
        plan::Decided,
        record::RecordRow,
        team::Team,
        time::Time,
    },
    store::{
        Amend, Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
        JobFilter, JobOrder, Keep, LeadFilter, LeadRow, LeadStory, MirrorDone, MirrorOrder,
        MirrorRow, NewRulebook, Page, Paper, Papers, Published, RecordFilter, RulebookRow, Store,
        StoreError, StoreResult, Swept, Tally, Terms, TokenOrder, TokenRow, agree::Change,
    },
};

/// One process's way to a store that others share.
pub struct Shared {
    pub store: Arc<dyn Store>,
    /// Nothing gets through.
    pub is_cut: AtomicBool,
}

impl Shared {
    pub fn new(store: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store: Arc::clone(store), is_cut: AtomicBool::new(false) })
    }
}

/// Verbs that go through as they are.
macro_rules! through {
    ($($verb:ident($($name:ident: $what:ty),*) -> $answer:ty;)*) => {$(
        fn $verb(&self, $($name: $what),*) -> Boxed<'_, StoreResult<$answer>> {
            if self.is_cut.load(Ordering::Relaxed) {
                return Box::pin(async { Err(StoreError::Busy("cut off".to_owned())) });
            }
            self.store.$verb($($name),*)
        }
    )*};
}

impl Store for Shared {
    fn is_shared(&self) -> bool {
        true
    }

    fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
        self.store.backup(file)
    }

    through! {
        accept(events: Vec<NewEvent>) -> Vec<Accepted>;
        undecided_after(after: EventId, max: usize) -> Vec<Event>;
        decide(batch: Batch) -> BatchDone;
        claim(claim: Claim) -> ClaimDone;
        settle(settlements: Vec<Settlement>, now: Time) -> Vec<Settled>;
        order(jobs: Vec<i64>, order: JobOrder, now: Time) -> usize;
        redo(events: Vec<uuid::Uuid>) -> usize;
        publish_on(rulebook: NewRulebook, terms: Terms) -> Published;
        papers(which: Papers) -> Vec<Paper>;
        amend(name: String, change: Arc<Amend>) -> ();
        sweep(keep: Keep, now: Time) -> Swept;
        tokens(order: TokenOrder) -> Vec<TokenRow>;
        leads(filter: LeadFilter) -> Page<LeadRow>;
        lead(lead: uuid::Uuid) -> Option<LeadStory>;
        jobs(filter: JobFilter) -> Page<JobRow>;
        events(filter: EventFilter) -> Page<Event>;
        decisions(filter: DecisionFilter) -> Page<Decided>;
        records(filter: RecordFilter) -> Page<RecordRow>;
        checkpoint(at: Seq) -> Option<(Seq, Team)>;
        basis(hash: i64) -> Option<String>;
        rulebooks(version: Option<u32>) -> Vec<RulebookRow>;
        team() -> Team;
        tally(now: Time) -> Tally;
        audit(now: Time) -> Audit;
        alerts(replace: Option<Vec<RaisedAlert>>) -> Vec<RaisedAlert>;
        mirror(order: MirrorOrder) -> MirrorDone;
        accounts(after: Option<(String, String)>, max: usize) -> Vec<MirrorRow>;
        mirror_version() -> u64;
        agree(name: String, change: Arc<Change>, now: Time) -> ();
        ready() -> ();
    }
}
