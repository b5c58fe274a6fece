//! What a decision records to say why: small pieces of JSON under the same words everywhere.
//!
//! Guarantees: keys are sorted, so the same reasons are the same bytes.
//! Does not know: sentences; `explain` makes them.

use serde::Serialize;

use super::Desk;
use crate::model::{
    lead::Lead,
    plan::{Decision, ENGINE, What},
};

/// An empty decision of this kind at this desk.
pub fn decision(desk: Desk<'_>, what: What) -> Decision {
    Decision {
        engine: ENGINE,
        rulebook: desk.book.version,
        at: desk.now,
        what,
        why: serde_json::Map::new(),
    }
}

/// Puts a reason. What cannot be JSON (it always can) is left out rather than failing a lead.
pub fn put(decision: &mut Decision, key: &str, value: impl Serialize) {
    if let Ok(value) = serde_json::to_value(value) {
        decision.why.insert(key.to_owned(), value);
    }
}

/// Puts the account of the mirror that the lead was matched to, if there is a mirror.
pub fn account(decision: &mut Decision, lead: &Lead) {
    if let Some(account) = &lead.account {
        put(decision, "account", account);
    }
}
