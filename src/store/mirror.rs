//! The mirror of accounts: what the store is told about it, and what it answers.
//!
//! Guarantees: rows are known by where they come from and their id there; what one origin brings
//! never touches another's. Does not know: how accounts are read from a file or a CRM.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult};
use crate::model::{account::Account, time::Time};

/// Accounts of one order.
pub const ACCOUNTS_MAX: usize = 5_000;

/// What to do with the mirror.
#[derive(Clone, Debug, PartialEq)]
pub enum MirrorOrder {
    /// Adds these accounts or puts them in the place of those with their ids. Of two with one id
    /// the last counts. With a stamp, every one of them is marked with it.
    Put {
        /// Where they come from.
        origin: String,
        /// The run that brings them, if what it does not bring is to be retired afterwards.
        stamp: Option<Time>,
        /// At most [`ACCOUNTS_MAX`].
        accounts: Vec<Account>,
    },
    /// Removes accounts of this origin that do not have this stamp; [`ACCOUNTS_MAX`] at most.
    Retire {
        /// Where they come from.
        origin: String,
        /// The run that is over.
        stamp: Time,
    },
}

/// What an order did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MirrorDone {
    /// Accounts that were not there.
    pub added: u64,
    /// Accounts that were there and are others now.
    pub changed: u64,
    /// Accounts that are as they were.
    pub same: u64,
    /// Accounts that are gone.
    pub removed: u64,
}

impl MirrorDone {
    /// Whether the mirror is another one.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }

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

/// An account and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct MirrorRow {
    /// Where it comes from.
    pub origin: String,
    /// The account.
    pub account: Account,
}

/// Documents by id, each id once: the last counts.
pub(super) fn documents(accounts: &[Account]) -> StoreResult<BTreeMap<&str, String>> {
    if accounts.len() > ACCOUNTS_MAX {
        return Err(StoreError::Refused(format!(
            "{} accounts at once: send {ACCOUNTS_MAX} at most",
            accounts.len()
        )));
    }
    let each = accounts.iter().map(|account| {
        let document = serde_json::to_string(account);
        let document = document.map_err(|error| StoreError::Refused(error.to_string()))?;
        Ok((account.id.as_str(), document))
    });
    each.collect()
}

/// An account of its document.
pub(super) fn account(origin: String, document: &str) -> StoreResult<MirrorRow> {
    let account = serde_json::from_str(document)
        .map_err(|error| StoreError::Corrupt(format!("an account of {origin:?}: {error}")))?;
    Ok(MirrorRow { origin, account })
}
