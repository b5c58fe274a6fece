//! Which secret of a source was used last, and when: what a rotation waits for.
//!
//! Guarantees: noting a use costs one atomic write; nothing of a secret is held, only its place in
//! the settings. Does not know: secrets.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
};

use crate::model::time::Time;

/// Secrets that a source may have at once.
const SECRETS: usize = 3;

/// The last use of each secret, by source.
#[derive(Debug, Default)]
pub struct SecretUse(BTreeMap<String, [AtomicI64; SECRETS]>);

impl SecretUse {
    /// For these sources; none of their secrets was used yet.
    pub fn of(sources: impl IntoIterator<Item = String>) -> Self {
        Self(sources.into_iter().map(|name| (name, Default::default())).collect())
    }

    /// The secret at this place, counted from 0, proved a delivery.
    pub fn note(&self, source: &str, secret: usize, now: Time) {
        if let Some(last) = self.0.get(source).and_then(|all| all.get(secret)) {
            last.store(now.0, Ordering::Relaxed);
        }
    }

    /// Source, place counted from 1, and last use of every secret that was used.
    pub fn all(&self) -> impl Iterator<Item = (&str, u32, Time)> {
        self.0.iter().flat_map(|(source, all)| {
            (1_u32..).zip(all).filter_map(|(place, last)| {
                let last = last.load(Ordering::Relaxed);
                (last != 0).then_some((source.as_str(), place, Time(last)))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_has_its_own_last_use() {
        let used = SecretUse::of(["a".to_owned(), "b".to_owned()]);
        for (source, secret, at) in
            [("a", 0, 5), ("a", 2, 6), ("a", 0, 7), ("a", 3, 8), ("c", 0, 9)]
        {
            used.note(source, secret, Time(at));
        }
        let all: Vec<_> = used.all().collect();
        assert_eq!(all, [("a", 1, Time(7)), ("a", 3, Time(6))]);
    }
}
