//! Identifiers: integers inside, UUIDv7 outside, 64-bit hashes for look-ups.
//!
//! Guarantees: everything is derived from what arrived, so a repeated decision makes the same
//! rows; public ids sort by arrival. A hash is only a hint: whoever looks up by it compares the
//! full value too.
//! Does not know: any source of randomness.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::time::Time;

/// The row of an event inside one store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventId(pub i64);

/// The row of a lead inside one store: the row of the event that opened it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LeadId(pub i64);

/// The gapless number of a decision.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

/// The row of a job inside one store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct JobId(pub i64);

/// SHA-256 over parts that cannot run into each other (each is preceded by its length).
#[must_use]
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The first 64 bits of [`digest`], for indexes.
#[must_use]
pub fn hash64(parts: &[&[u8]]) -> i64 {
    i64::from_be_bytes(head(parts))
}

/// The first bytes of [`digest`]; at most 32 are there to be had.
fn head<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut head = [0; N];
    for (to, from) in head.iter_mut().zip(digest(parts)) {
        *to = from;
    }
    head
}

/// A public id whose time is `at` and whose random part is derived from `parts`.
#[must_use]
pub fn uuid_at(at: Time, parts: &[&[u8]]) -> Uuid {
    let millis = u64::try_from(at.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &head(parts)).into_uuid()
}

/// The public id of the event with this source and delivery id.
#[must_use]
pub fn event_uuid(at: Time, source: &str, delivery: &str) -> Uuid {
    uuid_at(at, &[b"event", source.as_bytes(), delivery.as_bytes()])
}

/// The public id of the lead that this event opens.
#[must_use]
pub fn lead_uuid(at: Time, event: Uuid) -> Uuid {
    uuid_at(at, &[b"lead", event.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_arrival_and_repeat_exactly() {
        let early = event_uuid(Time(1_767_225_600_000), "typeform", "a");
        let late = event_uuid(Time(1_767_225_600_001), "typeform", "a");
        assert!(early < late);
        assert_eq!(early, event_uuid(Time(1_767_225_600_000), "typeform", "a"));
        assert_eq!(early.get_version_num(), 7);
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
