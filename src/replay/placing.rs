//! A stored decision that placed a lead, and how another rulebook would decide the same.
//!
//! Guarantees: the other rulebook sees what the stored decision saw, people and instant included.
//! Does not know: how a decision is put into words.

use uuid::Uuid;

use super::Replay;
use crate::{
    decide::replay::{Seen, saw},
    model::{id::Seq, plan::Decision, record::RecordRow},
    rulebook::Rulebook,
    store::{RecordFilter, StoreResult, read::PAGE_MAX},
};

/// A decision that placed a lead: one that says on which fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Placing {
    /// As it is stored.
    pub row: RecordRow,
    /// The same, read.
    pub stored: Decision,
}

impl Placing {
    /// Where the lead came from and what it asked for, as the decision saw it.
    #[must_use]
    pub fn source_and_intent(&self) -> (Option<String>, Option<String>) {
        let Ok(saw) = saw(&self.row) else { return (None, None) };
        let event = saw.event.as_ref().map(|event| event.source.clone().into_owned());
        match &saw.lead {
            Some(lead) => (Some(lead.source.clone()), lead.intent.clone()),
            None => (event, saw.intent.clone().map(std::borrow::Cow::into_owned)),
        }
    }
}

impl Replay<'_> {
    /// The decision of this number about a lead, or the last that placed it; none if there is none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn placing(&mut self, lead: Uuid, seq: Option<Seq>) -> StoreResult<Option<Placing>> {
        let (mut found, mut after) = (None, seq.map(|seq| Seq(seq.0 - 1)));
        loop {
            let filter = RecordFilter { after, lead: Some(lead), max: PAGE_MAX };
            let page = self.store.records(filter).await?;
            for row in page.rows {
                if seq.is_some_and(|seq| seq != row.seq) {
                    return Ok(found);
                }
                let Ok(stored) = serde_json::from_str::<Decision>(&row.doc) else { continue };
                if stored.why.contains_key("fields") {
                    found = Some(Placing { row, stored });
                }
            }
            match page.next {
                Some(next) => after = Some(Seq(next)),
                None => return Ok(found),
            }
        }
    }

    /// The rulebook that made it. The inner error says why it is not to be had.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn book_of(
        &mut self,
        placing: &Placing,
    ) -> StoreResult<Result<std::sync::Arc<Rulebook>, String>> {
        self.book_of_row(&placing.row).await
    }

    /// The rulebook that made the decision of this row. The inner error says why it is not to be
    /// had.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn book_of_row(
        &mut self,
        row: &RecordRow,
    ) -> StoreResult<Result<std::sync::Arc<Rulebook>, String>> {
        let stored: Result<Decision, _> = serde_json::from_str(&row.doc);
        match (saw(row), stored) {
            (Ok(saw), Ok(stored)) => self.books.get(stored.rulebook, saw.basis).await,
            (Err(why), _) => Ok(Err(why)),
            (_, Err(why)) => Ok(Err(format!("the stored decision does not read: {why}"))),
        }
    }

    /// What this rulebook decides where that one decided; none if it would change nothing. The
    /// inner error says why nobody can tell.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn decided_by(
        &mut self,
        placing: &Placing,
        book: &Rulebook,
    ) -> StoreResult<Result<Option<Decision>, String>> {
        let Placing { row, stored } = placing;
        match row.saw.as_deref() {
            None => return Ok(Err("it is from before decisions were recorded".to_owned())),
            Some("") => return Ok(Err("the person was erased, and the record too".to_owned())),
            Some(_) => {}
        }
        let saw = match saw(row) {
            Ok(saw) => saw,
            Err(why) => return Ok(Err(why)),
        };
        let Some(team) = self.before(row.seq).await? else {
            return Ok(Err("no state of people was kept before it".to_owned()));
        };
        let seen = Seen::of(book, &saw, row.event, stored.at);
        Ok(Ok(seen.decide(book, team).decision))
    }
}
