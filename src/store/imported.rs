//! Imported leads: what the store is told about them, and what it answers.
//!
//! Guarantees: one is known by when it came, where from and whose it was, so that a file that
//! comes again adds nothing; they stand in a table of their own, and no book counts them.
//! Does not know: how leads are read from a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult};
use crate::model::{field::Fields, imported::Imported, time::Time};

/// Leads of one order or one read.
pub const IMPORTED_MAX: usize = 5_000;
/// Sources and owners of which the standing says how many leads they have.
pub const NAMES_MAX: usize = 1_000;

/// What to do with imported leads.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportOrder {
    /// Keeps these, in the place of those that came at the same instant from the same source and
    /// person. Of two such the last counts. [`IMPORTED_MAX`] at most.
    Put(Vec<Imported>),
    /// Forgets them, [`IMPORTED_MAX`] at most: all, those of a source, those of a person.
    Remove {
        /// Of this source.
        source: Option<String>,
        /// Of this person: the address, or the telephone where there was no address.
        person: Option<String>,
    },
}

/// What an order did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportDone {
    /// Leads that were not there.
    pub added: u64,
    /// Leads that were there and say something else now.
    pub changed: u64,
    /// Leads that are as they were.
    pub same: u64,
    /// Leads that are gone.
    pub removed: u64,
}

impl ImportDone {
    /// Together with another.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            changed: self.changed + other.changed,
            same: self.same + other.same,
            removed: self.removed + other.removed,
        }
    }
}

/// By what an imported lead is known, and in which order they come: when, source, person.
pub type ImportKey = (Time, String, String);

/// The key of one.
#[must_use]
pub fn key(lead: &Imported) -> ImportKey {
    (lead.at, lead.source.clone(), lead.person().to_owned())
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportStanding {
    /// How many leads.
    pub leads: u64,
    /// When the first of them came.
    pub from: Option<Time>,
    /// When the last of them came.
    pub to: Option<Time>,
    /// How many say when they were answered.
    pub answered: u64,
    /// How many have no owner.
    pub unowned: u64,
    /// Leads by source, of the [`NAMES_MAX`] that have most.
    pub sources: BTreeMap<String, u64>,
    /// Leads by owner as written, of the [`NAMES_MAX`] that have most.
    pub owners: BTreeMap<String, u64>,
}

/// Leads with their fields as documents, each key once: the last counts.
pub(super) fn rows(leads: &[Imported]) -> StoreResult<BTreeMap<ImportKey, (&Imported, String)>> {
    if leads.len() > IMPORTED_MAX {
        return Err(StoreError::Refused(format!(
            "{} leads at once: send {IMPORTED_MAX} at most",
            leads.len()
        )));
    }
    let each = leads.iter().map(|lead| {
        let fields = serde_json::to_string(&lead.fields);
        let fields = fields.map_err(|error| StoreError::Refused(error.to_string()))?;
        Ok((key(lead), (lead, fields)))
    });
    each.collect()
}

/// The fields of a row.
pub(super) fn fields(document: &str) -> StoreResult<Fields> {
    serde_json::from_str(document)
        .map_err(|error| StoreError::Corrupt(format!("the fields of an imported lead: {error}")))
}
