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
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| refuse(format!("cannot make {}: {error}", folder.display())))?;
    }
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
    Ok((conn, lock))
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
         PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -65536;
         PRAGMA secure_delete = FAST; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(())
}

/// Frees every lease: whoever held one is gone, and the next attempt must look first.
pub fn free_leases(conn: &Connection) -> StoreResult<()> {
    conn.execute("UPDATE job SET lease_until = 1 WHERE lease_until > 1", [])?;
    Ok(())
}

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
                "{} is in use by another handoff (process {}): stop that one first, or ask it \
                 through its API",
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
