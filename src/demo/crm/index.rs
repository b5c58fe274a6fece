//! Finding a stand-in's records by the values of a few fields.
//!
//! Guarantees: every record that has a value is among the candidates for it, oldest first;
//! upper and lower case are one.
//! Does not know: the records; whoever asks compares the values, since two may share a hash.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hasher},
};

/// Records by hash; nearly every value has one record.
#[derive(Debug, Default)]
pub(super) struct Index {
    first: HashMap<u64, u32>,
    more: HashMap<u64, Vec<u32>>,
}

/// What a value is found by.
pub(super) fn hash(kind: &str, name: u16, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(kind.as_bytes());
    hasher.write_u16(name);
    for byte in value.bytes() {
        hasher.write_u8(byte.to_ascii_lowercase());
    }
    hasher.finish()
}

impl Index {
    /// A record has this value now.
    pub fn add(&mut self, hash: u64, row: u32) {
        match self.first.get(&hash) {
            None => drop(self.first.insert(hash, row)),
            Some(first) if *first == row => {}
            Some(_) => {
                let more = self.more.entry(hash).or_default();
                if !more.contains(&row) {
                    more.push(row);
                }
            }
        }
    }

    /// A record has it no longer.
    pub fn remove(&mut self, hash: u64, row: u32) {
        if let Some(more) = self.more.get_mut(&hash) {
            more.retain(|other| *other != row);
        }
        if self.first.get(&hash) == Some(&row) {
            match self.more.get_mut(&hash).and_then(Vec::pop) {
                Some(next) => drop(self.first.insert(hash, next)),
                None => drop(self.first.remove(&hash)),
            }
        }
    }

    /// The records that may have it, oldest first.
    pub fn candidates(&self, hash: u64) -> Vec<u32> {
        let mut rows: Vec<u32> = self.more.get(&hash).cloned().unwrap_or_default();
        rows.extend(self.first.get(&hash));
        rows.sort_unstable();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_and_go_oldest_first() {
        let (mut index, key) = (Index::default(), hash("contact", 1, "Ada@acme.example"));
        assert_eq!(key, hash("contact", 1, "ada@ACME.example"));
        assert_ne!(key, hash("contact", 2, "ada@acme.example"));
        let rows = |index: &Index| index.candidates(key);
        for row in [5, 3, 9, 3, 5] {
            index.add(key, row);
        }
        assert_eq!(rows(&index), [3, 5, 9]);
        index.remove(key, 5);
        assert_eq!(rows(&index), [3, 9]);
        for row in [3, 4, 9] {
            index.remove(key, row);
        }
        assert_eq!(rows(&index), Vec::<u32>::new());
    }
}
