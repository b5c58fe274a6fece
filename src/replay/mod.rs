//! Replay of what is in the store: decisions made again from their records, in order.
//!
//! People are followed from the last checkpoint before a decision through what was moved since;
//! rulebooks are compiled from their stored text with what they stood on then, so neither the
//! settings of today nor a newer table of time zones change anything.
//!
//! Guarantees: memory does not grow with the number of decisions; what cannot be decided again is
//! counted by its reason and never as the same. Does not know: who asked, and what is done about a
//! difference.

pub mod backtest;
mod books;
pub mod imported;
pub mod observed;
mod placing;
mod world;

use serde::Serialize;
use uuid::Uuid;

pub use self::{books::Books, placing::Placing};
use crate::{
    decide::replay::{self, Difference, Outcome},
    model::{id::Seq, moved::Moved, plan::Decision, record::RecordRow, team::Team},
    store::{RecordFilter, Store, StoreError, StoreResult, read::PAGE_MAX},
};

/// Differences that are kept to be shown.
const SHOWN_MAX: usize = 20;

/// Which decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// From this number on.
    pub from: Option<Seq>,
    /// Up to this number, which is included.
    pub to: Option<Seq>,
    /// Of this lead.
    pub lead: Option<Uuid>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Came out the same, byte for byte.
    pub same: u64,
    /// Came out differently, or could not be made again although they are recorded.
    pub differing: u64,
    /// Made by another engine.
    pub other_engine: u64,
    /// Erased.
    pub erased: u64,
    /// From before there were records.
    pub before_records: u64,
    /// The first that differ.
    pub first: Vec<Found>,
}

/// One that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its number.
    pub seq: Seq,
    /// Field by field …
    pub differences: Vec<Difference>,
    /// … or why it could not be made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Report {
    /// How many were looked at.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.same + self.differing + self.other_engine + self.erased + self.before_records
    }

    fn take(&mut self, seq: Seq, outcome: Result<Outcome, String>) {
        let found = match outcome {
            Ok(Outcome::Same) => return self.same += 1,
            Ok(Outcome::OtherEngine { .. }) => return self.other_engine += 1,
            Ok(Outcome::Erased) => return self.erased += 1,
            Ok(Outcome::BeforeRecords) => return self.before_records += 1,
            Ok(Outcome::Differs { differences }) => Found { seq, differences, why: None },
            Err(why) => Found { seq, differences: Vec::new(), why: Some(why) },
        };
        self.differing += 1;
        if self.first.len() < SHOWN_MAX {
            self.first.push(found);
        }
    }
}

/// Makes decisions of a store again.
pub struct Replay<'s> {
    store: &'s dyn Store,
    books: Books<'s>,
    /// People, and the decision after which they were so; none when what was moved is not known.
    team: Option<(Seq, Team)>,
}

impl<'s> Replay<'s> {
    /// Of this store.
    #[must_use]
    pub fn of(store: &'s dyn Store) -> Self {
        Self { store, books: Books::of(store), team: None }
    }

    /// Makes these again, in order; `tell` hears of the progress.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn verify(
        &mut self,
        which: &Which,
        mut tell: impl FnMut(&Report, Seq),
    ) -> StoreResult<Report> {
        let mut report = Report::default();
        let mut after = Seq(which.from.map_or(0, |from| from.0.saturating_sub(1)));
        let last = which.to.unwrap_or(Seq(i64::MAX));
        loop {
            let filter = RecordFilter { after: Some(after), lead: which.lead, max: PAGE_MAX };
            let page = self.store.records(filter).await?;
            for row in page.rows.iter().take_while(|row| row.seq <= last) {
                let outcome = self.again(row).await?;
                report.take(row.seq, outcome);
            }
            let end = page.rows.last().map(|row| row.seq);
            tell(&report, end.unwrap_or(after).min(last));
            match page.next {
                Some(next) if next < last.0 => after = Seq(next),
                _ => return Ok(report),
            }
        }
    }

    /// Makes one again. The inner error says why it could not be made.
    async fn again(&mut self, row: &RecordRow) -> StoreResult<Result<Outcome, String>> {
        let outcome = self.outcome(row).await?;
        if let Err(why) = self.pass(row) {
            return Ok(Err(why));
        }
        Ok(outcome)
    }

    async fn outcome(&mut self, row: &RecordRow) -> StoreResult<Result<Outcome, String>> {
        let stored: Decision = match serde_json::from_str(&row.doc) {
            Ok(stored) => stored,
            Err(why) => return Ok(Err(format!("the stored decision does not read: {why}"))),
        };
        if let Some(outcome) = replay::passed_over(row, &stored) {
            return Ok(Ok(outcome));
        }
        let saw = match replay::saw(row) {
            Ok(saw) => saw,
            Err(why) => return Ok(Err(why)),
        };
        let book = match self.books.get(stored.rulebook, saw.basis).await? {
            Ok(book) => book,
            Err(why) => return Ok(Err(why)),
        };
        Ok(match self.before(row.seq).await? {
            Some(team) => replay::again((&book, team), row, &saw, stored.at),
            None => Err("no state of people was kept before it".to_owned()),
        })
    }

    /// People as they were before this decision; none if that is not known.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn before(&mut self, seq: Seq) -> StoreResult<Option<&Team>> {
        let wanted = Seq(seq.0 - 1);
        if self.team.as_ref().is_none_or(|(at, _)| *at != wanted) {
            self.follow_to(wanted).await?;
        }
        Ok(self.team.as_ref().map(|(_, team)| team))
    }

    /// Follows people to the state after this decision, from where they are or from the last
    /// checkpoint, whichever is nearer.
    async fn follow_to(&mut self, wanted: Seq) -> StoreResult<()> {
        self.team.take_if(|(at, _)| *at > wanted);
        if let Some(kept) = self.store.checkpoint(wanted).await?
            && self.team.as_ref().is_none_or(|(at, _)| *at < kept.0)
        {
            self.team = Some(kept);
        }
        while let Some(at) = self.team.as_ref().map(|(at, _)| *at).filter(|at| *at < wanted) {
            let filter = RecordFilter { after: Some(at), lead: None, max: PAGE_MAX };
            let page = self.store.records(filter).await?;
            if page.rows.is_empty() {
                self.team = None;
            }
            for row in page.rows.iter().take_while(|row| row.seq <= wanted) {
                self.pass(row).map_err(StoreError::Corrupt)?;
            }
        }
        Ok(())
    }

    /// Takes in what a decision moved, if it is the next one.
    fn pass(&mut self, row: &RecordRow) -> Result<(), String> {
        let is_next = self.team.as_ref().is_some_and(|(at, _)| at.0 + 1 == row.seq.0);
        if !is_next {
            return Ok(());
        }
        if row.saw.is_none() {
            self.team = None; // nobody wrote down what it moved
            return Ok(());
        }
        let Some((at, team)) = &mut self.team else { return Ok(()) };
        *at = row.seq;
        let Some(moved) = &row.moved else { return Ok(()) };
        let moved: Moved = serde_json::from_str(moved)
            .map_err(|why| format!("what decision {} moved does not read: {why}", row.seq.0))?;
        team.follow(&moved);
        Ok(())
    }
}
