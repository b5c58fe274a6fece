//! Records: what a decision saw and moved, on the way into the store and out of it.
//!
//! A record stands beside its decision as two short documents. What it [saw](super::saw) names
//! persons and is emptied when one of them is erased; what it [moved](super::moved) names reps and
//! pools alone, so that people before any decision can still be followed from an earlier state on.
//!
//! Guarantees: documents are kept byte for byte. Does not know: what is in them.

use std::sync::Arc;

use super::id::{EventId, LeadId, Seq, hash64};

/// What decisions of one rulebook version stand on beside the rulebook: what the settings offered
/// it and the rules of its time zones. Kept once, and named by its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Of the document.
    pub hash: i64,
    /// As JSON.
    pub doc: String,
}

impl Basis {
    /// Named by its content.
    #[must_use]
    pub fn of(doc: String) -> Self {
        Self { hash: hash64(&[b"basis", doc.as_bytes()]), doc }
    }
}

/// A record on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What the decision saw: a [`Saw`](super::saw::Saw) as JSON.
    pub saw: String,
    /// What it moved about people: a [`Moved`](super::moved::Moved) as JSON, if anything.
    pub moved: Option<String>,
    /// What it stands on.
    pub basis: Arc<Basis>,
}

/// A decision as the store keeps it, with its record: the documents byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Its number.
    pub seq: Seq,
    /// The lead, unless it was about nobody's.
    pub lead: Option<LeadId>,
    /// The event behind it, unless it was a review.
    pub event: Option<EventId>,
    /// The decision.
    pub doc: String,
    /// What it saw: none from before there were records, empty once it is erased.
    pub saw: Option<String>,
    /// What it moved about people, if anything.
    pub moved: Option<String>,
}
