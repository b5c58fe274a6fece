//! Replicas: the processes that work on one store.
//!
//! Guarantees: the list of those who are there changes by a pure function, so that one process
//! after the other can write itself into it. Nothing that must be right depends on it.
//! Does not know: how the list is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::{Span, Time};

/// Who was not seen for so long is taken for gone.
pub const GONE_AFTER: Span = Span::seconds(20);

/// One process that serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// What people call it: its machine and its port.
    pub name: String,
    /// This run of it, unlike any other.
    pub incarnation: String,
    /// The version of its program.
    pub version: String,
}

/// A replica, and when it was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    #[serde(flatten)]
    pub replica: Replica,
    /// Since when, by the store's clock.
    pub since: Time,
    /// When it was seen last, by the store's clock.
    pub seen_at: Time,
}

/// Writes a replica into the list, or out of it, and drops whoever is gone. Answers the new list
/// as a document, and those who are there.
#[must_use]
pub fn beat(
    document: Option<&str>,
    replica: &Replica,
    is_leaving: bool,
    now: Time,
) -> (Option<String>, Vec<Present>) {
    let mut all: BTreeMap<String, Present> =
        document.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let since = all.get(&replica.incarnation).map_or(now, |known| known.since);
    all.retain(|_, one| now.since(one.seen_at) < GONE_AFTER);
    if is_leaving {
        all.remove(&replica.incarnation);
    } else {
        let present = Present { replica: replica.clone(), since, seen_at: now };
        all.insert(replica.incarnation.clone(), present);
    }
    (serde_json::to_string(&all).ok(), all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(name: &str) -> Replica {
        Replica { name: name.to_owned(), incarnation: format!("{name}-1"), version: "1".into() }
    }

    #[test]
    fn who_beats_is_there_and_who_does_not_is_gone() {
        let (text, all) = beat(None, &replica("a"), false, Time(0));
        assert_eq!(all.len(), 1);
        let (text, all) = beat(text.as_deref(), &replica("b"), false, Time(5_000));
        assert_eq!(all.iter().map(|one| one.replica.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let (text, all) = beat(text.as_deref(), &replica("b"), false, Time(20_000));
        assert_eq!((all.len(), all[0].since), (1, Time(5_000)), "a was not seen for too long");
        let (_, all) = beat(text.as_deref(), &replica("b"), true, Time(20_001));
        assert_eq!(all, []);
        assert_eq!(beat(Some("not ours"), &replica("a"), false, Time(0)).1.len(), 1);
    }
}
