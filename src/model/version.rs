//! What a rulebook may be before it is a version: a draft, or scheduled.
//!
//! Guarantees: names are short and plain, so that they fit into an address and a file's name.
//! Does not know: whether what was written is a rulebook.

use serde::{Deserialize, Serialize};

use super::time::Time;

/// The most drafts that are kept at a time.
pub const DRAFTS_MAX: usize = 100;
/// The most rulebooks that are scheduled at a time.
pub const SCHEDULED_MAX: usize = 20;

/// Names of papers that are drafts begin so.
pub const DRAFT: &str = "draft/";
/// Names of papers that are scheduled rulebooks begin so.
pub const SCHEDULED: &str = "scheduled/";

/// Whether this can be the name of a draft: letters, digits and dashes, and not a number, which is
/// a version.
#[must_use]
pub fn is_draft_name(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    (1..=60).contains(&name.len())
        && name.chars().all(is_plain)
        && name.chars().any(|letter| !letter.is_ascii_digit())
        && name != "live"
}

/// A draft, without its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftHead {
    /// Raised by every save, from one.
    pub revision: u32,
    /// The version it was made from.
    pub based_on: u32,
    /// Who saved it last.
    pub author: String,
    /// When.
    pub at: Time,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// How many mistakes it had when it was saved: it can be kept with some, not published.
    pub mistakes: usize,
}

/// A rulebook that is to be in force from an instant on, without its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledHead {
    /// From when on.
    pub at: Time,
    /// The version it was made from: it must be the newest then.
    pub based_on: u32,
    /// Who scheduled it.
    pub author: String,
    /// Why: it stays with the version.
    pub message: String,
    /// When it was scheduled.
    pub asked_at: Time,
    /// Why it was not published when its time came, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_a_plain_name_that_is_no_version() {
        for (name, is_one) in [
            ("austria", true),
            ("q3-territories_2", true),
            ("12a", true),
            ("12", false),
            ("live", false),
            ("", false),
            ("a/b", false),
            ("ä", false),
        ] {
            assert_eq!(is_draft_name(name), is_one, "{name}");
        }
        assert!(is_draft_name(&"a".repeat(60)) && !is_draft_name(&"a".repeat(61)));
    }
}
