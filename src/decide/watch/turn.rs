//! Whose turn it is to tell, where several replicas watch the same store.
//!
//! Each says what it found, since some of it only one can see (who is refused at its door); the one
//! whose turn it is speaks for all.
//!
//! Guarantees: pure; one replica at a time has the turn by the store's clock, and whoever does not
//! come back loses it within [`TURN`]. What a replica found counts as long as it is there.
//! Does not know: where the document is kept, or how anybody is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Judged;
use crate::model::{
    alert::Key,
    time::{Span, Time},
};

/// A turn lasts so long from the last look.
pub const TURN: Span = Span::seconds(15);

/// The document.
#[derive(Default, Serialize, Deserialize)]
struct Table {
    holder: String,
    until: Time,
    found: BTreeMap<String, Found>,
}

/// What one replica found.
#[derive(Serialize, Deserialize)]
struct Found {
    until: Time,
    holds: Vec<(Key, String)>,
}

/// What a look gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether it is ours to tell.
    pub is_ours: bool,
    /// What others found.
    pub others: BTreeMap<Key, String>,
}

/// Says what `me` found, and takes the turn if nobody has it. Answers the new document.
#[must_use]
pub fn take(
    document: Option<&str>,
    me: &str,
    found: &BTreeMap<Key, String>,
    now: Time,
) -> (Option<String>, Turn) {
    let known = document.and_then(|text| serde_json::from_str::<Table>(text).ok());
    let mut table = known.unwrap_or_default();
    table.found.retain(|who, one| who != me && now < one.until);
    let mut others = BTreeMap::new();
    for (key, says) in table.found.values().flat_map(|one| &one.holds) {
        others.entry(key.clone()).or_insert_with(|| says.clone());
    }
    let holds = found.iter().map(|(key, says)| (key.clone(), says.clone())).collect();
    table.found.insert(me.to_owned(), Found { until: now.plus(TURN), holds });
    let is_ours = table.holder == me || now >= table.until;
    if is_ours {
        me.clone_into(&mut table.holder);
        table.until = now.plus(TURN);
    }
    (serde_json::to_string(&table).ok(), Turn { is_ours, others })
}

/// Gives the turn up, and says nothing any more.
#[must_use]
pub fn leave(document: Option<&str>, me: &str) -> Option<String> {
    let mut table = serde_json::from_str::<Table>(document?).ok()?;
    table.found.remove(me);
    if table.holder == me {
        table.until = Time(0);
    }
    serde_json::to_string(&table).ok()
}

impl Judged {
    /// With what others found.
    #[must_use]
    pub fn with(mut self, others: BTreeMap<Key, String>) -> Self {
        for (key, says) in others {
            self.holds.entry(key).or_insert(says);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::Alert;

    fn found(subject: &str) -> BTreeMap<Key, String> {
        [(Key::new(Alert::SourceRefused, subject), "5 in a row".to_owned())].into()
    }

    #[test]
    fn one_speaks_for_all_until_it_is_gone() {
        let (text, turn) = take(None, "a", &found("form"), Time(0));
        assert!(turn.is_ours && turn.others.is_empty());
        let (text, turn) = take(text.as_deref(), "b", &found("chat"), Time(1_000));
        assert_eq!((turn.is_ours, turn.others), (false, found("form")));
        let (text, turn) = take(text.as_deref(), "a", &BTreeMap::new(), Time(5_000));
        assert_eq!((turn.is_ours, turn.others), (true, found("chat")));
        let (text, turn) = take(text.as_deref(), "b", &BTreeMap::new(), Time(19_999));
        assert_eq!((turn.is_ours, turn.others.len()), (false, 0));
        let (text, turn) = take(text.as_deref(), "b", &BTreeMap::new(), Time(20_000));
        assert!(turn.is_ours, "a did not come back");
        let text = leave(text.as_deref(), "b");
        assert!(take(text.as_deref(), "a", &BTreeMap::new(), Time(20_001)).1.is_ours);
    }
}
