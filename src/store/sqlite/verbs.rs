//! The verbs of the contract, each on its way: to the writer's line, to a reader, or at once.
//!
//! Guarantees: a verb is in its line as soon as it is called, awaited or not.
//! Does not know: what a verb does; the file of its name does.

use std::{path::Path, sync::Arc};

use tokio::sync::oneshot;

use super::{
    SqliteStore, Way, accept, agree, alert, answered, apart, ask::Deciding, backup, claim,
    imported, list, mirror, open, order, paper, record, rulebook, settle, story, sweep, tally,
    team, token,
};
use crate::{
    model::{
        alert::RaisedAlert,
        event::{Accepted, Event, NewEvent},
        id::{EventId, Seq},
        imported::Imported,
        job::{JobRow, Settled, Settlement},
        plan::Decided,
        record::RecordRow,
        team::Team,
        time::Time,
    },
    store::{
        Amend, Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
        ImportDone, ImportKey, ImportOrder, ImportStanding, JobFilter, JobOrder, Keep, LeadFilter,
        LeadRow, LeadStory, MirrorDone, MirrorOrder, MirrorRow, NewRulebook, Page, Paper, Papers,
        Published, RecordFilter, RulebookRow, Store, StoreError, StoreResult, Swept, Tally, Terms,
        TokenOrder, TokenRow, agree::Change, room::Room,
    },
};

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

    fn import(&self, order: ImportOrder) -> Boxed<'_, StoreResult<ImportDone>> {
        self.write(1, move |tx, _| imported::order(tx, &order))
    }

    fn imported(&self, after: ImportKey, max: usize) -> Boxed<'_, StoreResult<Vec<Imported>>> {
        self.read(move |conn| imported::after(conn, &after, max))
    }

    fn import_standing(&self) -> Boxed<'_, StoreResult<ImportStanding>> {
        self.read(imported::standing)
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
                let core = core.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let copied = backup::backup(core.conn(), file);
                return Box::pin(async { copied });
            }
        };
        apart("store-backup", move || {
            open::reader(&path).and_then(|conn| backup::backup(&conn, &file))
        })
    }
}
