//! The verbs of the contract, each on its way: to a line, or into a transaction of its pool.
//!
//! Guarantees: a verb is under way as soon as it is called, awaited or not.
//! Does not know: what a verb does; the file of its name does.

use std::{path::Path, sync::Arc};

use tokio::sync::{broadcast, oneshot};

use super::{
    LONG_MAX, PostgresStore, VERB_MAX, accept, agree, alert, answered, backup, bloat, claim, error,
    imported, list, mirror, order, paper, record, rulebook, settle, story, sweep, tally, team,
    token,
};
use crate::{
    model::{
        alert::{Bloat, RaisedAlert},
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
        TokenOrder, TokenRow, Wake, agree::Change,
    },
};

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

    fn publish_on(&self, rulebook: NewRulebook, terms: Terms) -> Boxed<'_, StoreResult<Published>> {
        let published = self.write(move |tx| {
            Box::pin(async move { rulebook::publish(tx, &rulebook, &terms).await })
        });
        let wakes = Arc::clone(&self.wakes);
        Box::pin(async move {
            let version = published.await?;
            wakes.say(Wake::Rulebook);
            Ok(version)
        })
    }

    fn papers(&self, which: Papers) -> Boxed<'_, StoreResult<Vec<Paper>>> {
        self.read(move |tx| Box::pin(async move { paper::papers(tx, &which).await }))
    }

    fn amend(&self, name: String, change: Arc<Amend>) -> Boxed<'_, StoreResult<()>> {
        let amended =
            self.write(move |tx| Box::pin(async move { paper::amend(tx, &name, &*change).await }));
        let wakes = Arc::clone(&self.wakes);
        Box::pin(async move {
            amended.await?;
            wakes.say(Wake::Rulebook);
            Ok(())
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

    fn records(&self, filter: RecordFilter) -> Boxed<'_, StoreResult<Page<RecordRow>>> {
        self.read(move |tx| Box::pin(async move { record::records(tx, &filter).await }))
    }

    fn checkpoint(&self, at: Seq) -> Boxed<'_, StoreResult<Option<(Seq, Team)>>> {
        self.read(move |tx| Box::pin(async move { record::checkpoint(tx, at).await }))
    }

    fn basis(&self, hash: i64) -> Boxed<'_, StoreResult<Option<String>>> {
        self.read(move |tx| Box::pin(async move { record::basis(tx, hash).await }))
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

    fn mirror(&self, order: MirrorOrder) -> Boxed<'_, StoreResult<MirrorDone>> {
        self.write(move |tx| Box::pin(async move { mirror::order(tx, &order).await }))
    }

    fn accounts(
        &self,
        after: Option<(String, String)>,
        max: usize,
    ) -> Boxed<'_, StoreResult<Vec<MirrorRow>>> {
        self.read(move |tx| {
            Box::pin(async move { mirror::accounts(tx, after.as_ref(), max).await })
        })
    }

    fn mirror_version(&self) -> Boxed<'_, StoreResult<u64>> {
        self.read(|tx| Box::pin(mirror::version(tx)))
    }

    fn import(&self, order: ImportOrder) -> Boxed<'_, StoreResult<ImportDone>> {
        self.write(move |tx| Box::pin(async move { imported::order(tx, &order).await }))
    }

    fn imported(&self, after: ImportKey, max: usize) -> Boxed<'_, StoreResult<Vec<Imported>>> {
        self.read(move |tx| Box::pin(async move { imported::after(tx, &after, max).await }))
    }

    fn import_standing(&self) -> Boxed<'_, StoreResult<ImportStanding>> {
        self.read(|tx| Box::pin(imported::standing(tx)))
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
