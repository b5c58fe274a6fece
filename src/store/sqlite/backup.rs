//! A consistent copy into a new file, while everything goes on.
//!
//! Guarantees: the copy is one snapshot (a read transaction is held, so the copying never starts
//! over), checked as a whole and synced before it is answered; a file that is there is not touched,
//! and one that did not become a good copy is removed.
//! Does not know: where copies are kept, and for how long.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    thread,
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode,
    backup::{Backup, StepResult},
};

use crate::store::{StoreError, StoreResult};

/// Pages copied at once: 8 MB.
const STEP_PAGES: i32 = 2048;
/// The pause between two steps, so that the disk serves the writer too.
const PAUSE: Duration = Duration::from_millis(2);

/// Damages that are told of one database.
const DAMAGE_MAX: u32 = 20;

/// Copies the database behind `from` into `file`.
pub fn backup(from: &Connection, file: &Path) -> StoreResult<()> {
    let cannot = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let why = format!("{} is there already; name a new file", file.display());
            return StoreError::Refused(why);
        }
        StoreError::Refused(format!("cannot write the backup {}: {error}", file.display()))
    };
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(cannot)?;
    let outcome = copy(from, file).and_then(|()| {
        File::open(file).and_then(|copy| copy.sync_all()).map_err(cannot)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
    });
    if outcome.is_err() {
        let _ = fs::remove_file(file); // it is ours: it was made above
    }
    outcome
}

fn copy(from: &Connection, file: &Path) -> StoreResult<()> {
    let mut to = Connection::open(file)?;
    let snapshot = from.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM migration", [], |_| Ok(()))?; // takes the snapshot
    let copying = Backup::new(&snapshot, &mut to)?;
    while copying.step(STEP_PAGES)? != StepResult::Done {
        thread::sleep(PAUSE);
    }
    std::mem::drop(copying);
    std::mem::drop(snapshot);
    if let Some(found) = damage(&to)?.first() {
        return Err(StoreError::Corrupt(format!(
            "the copy is damaged, and so probably is the database: {found}"
        )));
    }
    // One file, without a log beside it.
    let _mode: String =
        to.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    to.close().map_err(|(_, error)| error.into())
}

/// What is wrong with the pages and indexes of a database, read as a whole: the first that is
/// found; nothing if all is well. Damage that ends the reading is one too.
pub fn damage(conn: &Connection) -> StoreResult<Vec<String>> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut check = conn.prepare(&format!("PRAGMA integrity_check({DAMAGE_MAX})"))?;
        check.query_map([], |row| row.get(0))?.collect()
    };
    match read() {
        Ok(found) => Ok(found.into_iter().filter(|one| one != "ok").collect()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Ok(vec![format!("the reading had to stop: {error}")])
        }
        Err(error) => Err(error.into()),
    }
}
