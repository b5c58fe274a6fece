//! Room on the store's disk: how much is left, and how much must be.
//!
//! Guarantees: a nearly full disk is told while there is still room to act. Does not know: what a
//! full one does to a write; the store says that itself.

use std::path::Path;

use super::{StoreError, StoreResult};

/// Unless it is said otherwise, so many bytes must be free,
const FREE_MIN: u64 = 200 << 20;
/// or this part of the disk, if that is less.
const FREE_PART: u64 = 20;

/// What a disk has, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What this process may still use.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

impl Room {
    /// Of the disk that this file is on.
    ///
    /// # Errors
    /// Busy: the system does not say.
    pub fn beside(file: &Path) -> StoreResult<Self> {
        let disk = rustix::fs::statvfs(file).map_err(|error| {
            StoreError::Busy(format!("the free space on the store's disk cannot be read: {error}"))
        })?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Ok(Self { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
    }

    /// Whether so much is free as must be: `least` bytes, or by default 5 % of the disk but at
    /// most 200 MiB.
    ///
    /// # Errors
    /// Busy, with both figures.
    pub fn check(self, least: Option<u64>) -> StoreResult<()> {
        let least = least.unwrap_or_else(|| FREE_MIN.min(self.total / FREE_PART));
        if self.free >= least {
            return Ok(());
        }
        let kib = |bytes: u64| bytes >> 10;
        Err(StoreError::Busy(format!(
            "{} KiB are free on the store's disk, and {} KiB should be (limits.free_min): make \
             room before it is full",
            kib(self.free),
            kib(least)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_part_of_a_small_disk_and_a_size_on_a_large_one() {
        const GIB: u64 = 1 << 30;
        for (free, total, least, is_enough) in [
            (GIB / 20, GIB, None, true),
            (GIB / 20 - 1, GIB, None, false),
            (200 << 20, 1000 * GIB, None, true),
            ((200 << 20) - 1, 1000 * GIB, None, false),
            (0, 0, None, true), // a file system that counts nothing
            (GIB, 1000 * GIB, Some(2 * GIB), false),
            (2 * GIB, 1000 * GIB, Some(2 * GIB), true),
            (0, GIB, Some(0), true),
        ] {
            let checked = Room { free, total }.check(least);
            assert_eq!(checked.is_ok(), is_enough, "{free} of {total}, {least:?}: {checked:?}");
        }
    }

    #[test]
    fn the_refusal_names_both_figures_and_the_setting() {
        let room = Room { free: 10 << 10, total: 1 << 30 };
        let Err(StoreError::Busy(why)) = room.check(Some(20 << 10)) else { panic!("busy") };
        assert!(why.contains("10 KiB are free") && why.contains("20 KiB should"), "{why}");
        assert!(why.contains("limits.free_min"), "{why}");
    }

    #[test]
    fn the_disk_of_a_file_is_seen() {
        let room = Room::beside(Path::new(".")).unwrap();
        assert!(room.total > 0 && room.free <= room.total, "{room:?}");
    }
}
