//! What reads of a store take and give.
//!
//! Guarantees: every list is bounded and paged by a cursor that is stable under new rows.
//! Does not know: who may see it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use crate::model::{
    event::{Event, Fate},
    id::{LeadId, Seq},
    job::{JobKind, JobRow, Link, Why},
    lead::{Lead, State},
    plan::Decided,
    time::Time,
};

/// The most rows one page may have.
pub const PAGE_MAX: usize = 500;

/// Rows and where to go on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// The rows; there may be fewer than asked for, or none, and still a next page.
    pub rows: Vec<T>,
    /// Pass this as `before` (newest-first lists) or `after` (decisions) for the next page; none
    /// at the end.
    pub next: Option<i64>,
}

/// Which leads, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// In this state.
    pub state: Option<State>,
    /// Of this owner.
    pub owner: Option<String>,
    /// With a deadline before this (late ones, if it is now).
    pub due_before: Option<Time>,
    /// Changed after this decision, for live pages.
    pub changed_after: Option<Seq>,
    /// That has this record at this CRM connection (connection, record id).
    pub record: Option<(String, String)>,
    /// Only rows before this one.
    pub before: Option<i64>,
    /// At most so many; [`PAGE_MAX`] is the limit.
    pub max: usize,
}

/// A lead in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadRow {
    /// Its row, for paging.
    pub row: LeadId,
    /// The lead.
    pub lead: Lead,
}

/// Everything about one lead.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadStory {
    /// As it is now.
    pub lead: Lead,
    /// Every decision about it, in order.
    pub decisions: Vec<Decided>,
    /// Every event about it, in order.
    pub events: Vec<Event>,
    /// The CRMs' records.
    pub links: BTreeMap<String, Link>,
    /// Who was told.
    pub notices: Vec<Notice>,
    /// Work still open or dead.
    pub jobs: Vec<JobRow>,
}

/// Somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Channel and recipient.
    pub destination: String,
    /// Why.
    pub why: Why,
    /// For which revision of the lead.
    pub revision: Seq,
    /// When the channel took it.
    pub at: Time,
}

/// Which jobs, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// Only the dead ones, or only the living.
    pub is_dead: Option<bool>,
    /// Only rows before this one.
    pub before: Option<i64>,
    /// At most so many.
    pub max: usize,
}

/// Which events, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// This one, by public id.
    pub uuid: Option<Uuid>,
    /// With this fate.
    pub fate: Option<Fate>,
    /// Of this source.
    pub source: Option<String>,
    /// Only rows before this one.
    pub before: Option<i64>,
    /// At most so many.
    pub max: usize,
}

/// Which decisions, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// After this number.
    pub after: Option<Seq>,
    /// At most so many.
    pub max: usize,
}

/// Which decisions with their records, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// After this number.
    pub after: Option<Seq>,
    /// About this lead.
    pub lead: Option<Uuid>,
    /// At most so many.
    pub max: usize,
}

/// A published rulebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulebookRow {
    /// Its number.
    pub version: u32,
    /// Who published it.
    pub author: String,
    /// Why.
    pub message: String,
    /// When.
    pub at: Time,
    /// The whole document, when one version was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

/// An API token; the token itself is nowhere, only its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// SHA-256 of the token.
    #[serde(skip)]
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// The books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Fills accepted, ever.
    pub accepted: i64,
    /// Fills by fate: `underway`, `opened`, `joined`, `rejected`, `dead`.
    pub fates: BTreeMap<&'static str, i64>,
    /// Leads by state: `waiting`, `assigned`, `answered`, `set_aside`.
    pub states: BTreeMap<&'static str, i64>,
    /// Open jobs by kind and lane, with the lateness of the oldest due one in milliseconds.
    pub jobs: BTreeMap<String, JobTally>,
    /// The last decision's number.
    pub last_seq: i64,
    /// Mapped fields that stopped being filled: source and field to fills in a row without it.
    pub unfilled: BTreeMap<String, i64>,
    /// Dead jobs that no operator has buried, by kind and lane.
    pub given_up: BTreeMap<String, i64>,
    /// When the oldest event under way arrived.
    pub oldest_underway: Option<Time>,
    /// Events, news too, that arrived within the last day and are dead: at most [`PAGE_MAX`].
    pub died: i64,
}

/// Jobs of one kind and lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JobTally {
    /// Open.
    pub open: i64,
    /// Dead.
    pub dead: i64,
    /// By how many milliseconds the oldest due one is late.
    pub late_ms: i64,
}

impl Tally {
    /// Whether the books balance: every accepted fill has one fate, every opened lead one state.
    #[must_use]
    pub fn balances(&self) -> bool {
        let opened = self.fates.get("opened").copied().unwrap_or(0);
        self.accepted == self.fates.values().sum::<i64>()
            && opened == self.states.values().sum::<i64>()
    }
}

/// The books as they are kept beside the books as the rows say, both of one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// As they are kept.
    pub books: Tally,
    /// As counted row by row.
    pub recounted: Tally,
}

impl Audit {
    /// What does not agree, a sentence each. Nothing is left over when every accepted fill is
    /// accounted for, in the tally and in the rows.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let (kept, counted) = (&self.books, &self.recounted);
        let mut all = Vec::new();
        let mut hold = |what: &str, kept: i64, counted: i64| {
            if kept != counted {
                all.push(format!("{what}: {kept} in the books, {counted} there"));
            }
        };
        hold("accepted", kept.accepted, counted.accepted);
        for (mine, theirs) in [(&kept.fates, &counted.fates), (&kept.states, &counted.states)] {
            let words: BTreeSet<&&str> = mine.keys().chain(theirs.keys()).collect();
            for word in words {
                // A missing line is a zero.
                let count = |side: &BTreeMap<&'static str, i64>| side.get(*word).copied();
                hold(word, count(mine).unwrap_or(0), count(theirs).unwrap_or(0));
            }
        }
        let reviews = |side: &Tally| side.jobs.get("review").map_or(0, |jobs| jobs.open);
        hold("reviews", reviews(kept), reviews(counted));
        hold("the last decision", kept.last_seq, counted.last_seq);
        if all.is_empty() && !(kept.balances() && counted.balances()) {
            all.push("a fill has not one fate, or a lead not one state".to_owned());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_differs_is_named() {
        let kept = Tally {
            accepted: 3,
            fates: [("opened", 2), ("joined", 1)].into(),
            states: [("waiting", 2)].into(),
            ..Tally::default()
        };
        let audit = |recounted: Tally| Audit { books: kept.clone(), recounted };
        assert!(audit(kept.clone()).differences().is_empty());
        let counted =
            Tally { fates: [("opened", 2), ("dead", 1)].into(), last_seq: 7, ..kept.clone() };
        assert_eq!(
            audit(counted).differences(),
            [
                "dead: 0 in the books, 1 there",
                "joined: 1 in the books, 0 there",
                "the last decision: 0 in the books, 7 there",
            ]
        );
        let both = Tally { accepted: 4, ..kept.clone() };
        let audit = Audit { books: both.clone(), recounted: both };
        assert_eq!(audit.differences(), ["a fill has not one fate, or a lead not one state"]);
    }
}
