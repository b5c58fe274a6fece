//! Opening: the lock, the file and its rights, the settings of a connection.
//!
//! Guarantees: one process at a time; only the owner can read the file; what is committed is on
//! disk (`synchronous=FULL`). A database that cannot be served is refused with advice.
//! Does not know: the schema.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::migrate;
use crate::store::{StoreError, StoreResult};

/// How long a connection waits for another one's lock. (Only a tool beside us could hold it.)
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Prepared statements kept per connection: more than there are.
const STATEMENTS: usize = 128;

/// Opens the file for writing, under the lock. Without `may_create` it must be there.
pub fn writer(path: &Path, may_create: bool) -> StoreResult<(Connection, File)> {
    migrate::check_version(rusqlite::version_number())?;
    if !may_create && !path.exists() {
        return Err(refuse(format!("there is no database at {}", path.display())));
    }
    make_folder(folder_of(path))?;
    let lock = lock(path)?;
    private_file(path)?;
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    migrate::check_ours(&conn)?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(refuse(format!(
            "{} cannot have a write-ahead log (mode {mode}): put it on a local file system",
            path.display()
        )));
    }
    settle_in(&conn)?;
    check_claims(&conn)?;
    bring_in_at_close(&conn, false);
    Ok((conn, lock))
}

/// Whether closing brings the log into the database. Not before all is well and not after a
/// failure: it syncs, and that sync may succeed although what failed before it never reached the
/// disk.
pub fn bring_in_at_close(conn: &Connection, is_wanted: bool) {
    // It can only fail for a name that this SQLite does not know.
    let _ = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !is_wanted);
}

/// Refuses a connection with which "acknowledged means synced" would not be true.
fn check_claims(conn: &Connection) -> StoreResult<()> {
    const FULL: i64 = 2;
    let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    let journal: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let syncs: bool = conn.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM pragma_compile_options WHERE compile_options = 'NO_SYNC')",
        [],
        |row| row.get(0),
    )?;
    if synchronous >= FULL && journal == "wal" && syncs {
        return Ok(());
    }
    Err(refuse(format!(
        "SQLite would acknowledge what is not on disk (synchronous {synchronous}, journal \
         {journal}, built to sync: {syncs}): use the SQLite that handoff brings, on a local file \
         system"
    )))
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the folder for the owner alone, with those above it, each on disk before this returns.
fn make_folder(folder: &Path) -> StoreResult<()> {
    let made: Vec<&Path> = folder.ancestors().take_while(|one| !one.exists()).collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| refuse(format!("cannot make {}: {error}", folder.display())))?;
    made.into_iter().filter(|one| !one.as_os_str().is_empty()).try_for_each(sync_folder)
}

/// Brings the names in a file's folder to disk: the database and its log are new in it. SQLite
/// does so too, but goes on in silence if it fails.
pub fn sync_folder(path: &Path) -> StoreResult<()> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| {
        StoreError::Fatal(format!(
            "the disk failed: the folder {} cannot be synced: {error}; look at the disk, then start \
             handoff again",
            folder.display()
        ))
    })
}

/// Opens an empty database in memory.
pub fn memory() -> StoreResult<Connection> {
    let conn = Connection::open_in_memory()?;
    settle_in(&conn)?;
    Ok(conn)
}

/// Opens the file for reading only, beside the writer.
pub fn reader(path: &Path) -> StoreResult<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    keep_plans(&conn)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -8000;",
    )?;
    Ok(conn)
}

/// Keeps the plan of a statement whatever values are bound to it: otherwise those with a LIMIT or
/// beside a partial index are prepared anew each time.
fn keep_plans(conn: &Connection) -> StoreResult<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn settle_in(conn: &Connection) -> StoreResult<()> {
    keep_plans(conn)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // The log is brought into the database by the writer itself, which looks at the result; it is
    // cut back to 128 MB after a long reader let it grow. References are kept by construction.
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 134217728; PRAGMA foreign_keys = OFF;
         PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -49152;
         PRAGMA secure_delete = FAST; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(())
}

/// Frees every lease: whoever held one is gone, and the next attempt must look first.
pub fn free_leases(conn: &Connection) -> StoreResult<()> {
    conn.execute("UPDATE job SET lease_until = 1 WHERE lease_until > 1", [])?;
    Ok(())
}

/// How the refusal says that another process has the file.
pub const IN_USE: &str = "is in use by another handoff";

fn refuse(why: String) -> StoreError {
    StoreError::Refused(why)
}

/// Takes the lock file next to the database; it names its holder.
fn lock(path: &Path) -> StoreResult<File> {
    let beside = beside(path, ".lock");
    let cannot =
        |error: &std::io::Error| refuse(format!("cannot lock {}: {error}", beside.display()));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&beside)
        .map_err(|error| cannot(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(refuse(format!(
                "{} {IN_USE} (process {}): stop that one first, or ask it through its API",
                path.display(),
                holder.trim()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(cannot(&error)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|error| cannot(&error))?;
    Ok(file)
}

/// Makes the file if it is not there, for the owner alone; SQLite gives the log the same rights.
pub fn private_file(path: &Path) -> StoreResult<()> {
    let cannot = |error| refuse(format!("cannot open {}: {error}", path.display()));
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(cannot)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(cannot)
}

/// The path with something appended to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_connection_that_would_acknowledge_too_early_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, _lock) = writer(&folder.path().join("handoff.db"), true).unwrap();
        check_claims(&conn).unwrap();
        for (unsafe_setting, said) in [
            ("PRAGMA synchronous = NORMAL", "synchronous 1"),
            ("PRAGMA synchronous = OFF", "synchronous 0"),
            ("PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE", "journal delete"),
            ("PRAGMA journal_mode = MEMORY", "journal memory"),
        ] {
            conn.execute_batch(unsafe_setting).unwrap();
            let Err(StoreError::Refused(why)) = check_claims(&conn) else { panic!("refused") };
            assert!(why.contains(said) && why.contains("local file system"), "{why}");
        }
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA").unwrap();
        check_claims(&conn).unwrap();
    }

    #[test]
    fn the_sqlite_that_is_built_in_syncs() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, _lock) = writer(&folder.path().join("a/b/handoff.db"), true).unwrap();
        let full: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!((full, mode.as_str()), (2, "wal"));
    }

    #[test]
    fn a_statement_is_not_prepared_again_for_other_values() {
        let conn = memory().unwrap();
        conn.execute_batch("CREATE TABLE t (a); CREATE INDEX some ON t (a) WHERE a = 2").unwrap();
        for sql in ["SELECT a FROM t ORDER BY a LIMIT ?1", "SELECT a FROM t WHERE a = ?1"] {
            let mut found = conn.prepare(sql).unwrap();
            for value in 0..4 {
                assert!(found.query([value]).unwrap().next().unwrap().is_none());
            }
            assert_eq!(found.get_status(StatementStatus::RePrepare), 0, "{sql}");
        }
    }
}
