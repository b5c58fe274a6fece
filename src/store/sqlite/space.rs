//! How much room the disk of a store has.
//!
//! Guarantees: counts what this user may still fill, not what is kept for root.
//! Does not know: how much is enough.

use std::path::Path;

/// Bytes free where this path is; none if the system does not say.
#[must_use]
pub fn free(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let said = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(said.f_bavail.saturating_mul(said.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_has_room_and_one_that_is_not_does_not_say() {
        let folder = tempfile::tempdir().unwrap();
        let free = free(&folder.path().join("handoff.db")).unwrap();
        assert!(free > 0 && free < 1 << 60, "{free}");
        assert_eq!(super::free(Path::new("/nowhere/at/all/handoff.db")), None);
    }
}
