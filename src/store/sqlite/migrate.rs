//! The schema, step by step, and the refusal of what this binary cannot serve.
//!
//! Guarantees: every step runs once, in one transaction with its record; a database that is newer,
//! changed, or not ours is refused before anything is written to it.
//! Does not know: what is in the tables.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::{
    model::id::digest,
    store::{StoreError, StoreResult},
};

/// The oldest SQLite that is safe: before 3.51.3 two connections that write or checkpoint at the
/// same instant can corrupt a WAL database (sqlite.org/wal.html, "WAL-reset bug").
const SQLITE_MIN: i32 = 3_051_003;

/// Marks a file as ours: "hand".
const APPLICATION_ID: i32 = 0x6861_6e64;

/// One step of the schema.
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

/// Every step, in order. A step that was ever released is never changed; a change is a new step.
const MIGRATIONS: [Migration; 8] = [
    Migration { number: 1, name: "0001_store", sql: include_str!("migrations/0001_store.sql") },
    Migration { number: 2, name: "0002_alert", sql: include_str!("migrations/0002_alert.sql") },
    Migration {
        number: 3,
        name: "0003_agreement",
        sql: include_str!("migrations/0003_agreement.sql"),
    },
    Migration { number: 4, name: "0004_turn", sql: include_str!("migrations/0004_turn.sql") },
    Migration { number: 5, name: "0005_record", sql: include_str!("migrations/0005_record.sql") },
    Migration { number: 6, name: "0006_paper", sql: include_str!("migrations/0006_paper.sql") },
    Migration { number: 7, name: "0007_account", sql: include_str!("migrations/0007_account.sql") },
    Migration {
        number: 8,
        name: "0008_imported",
        sql: include_str!("migrations/0008_imported.sql"),
    },
];

/// Refuses an SQLite older than [`SQLITE_MIN`].
pub fn check_version(number: i32) -> StoreResult<()> {
    if number >= SQLITE_MIN {
        return Ok(());
    }
    let (major, minor, patch) = (number / 1_000_000, number / 1000 % 1000, number % 1000);
    Err(StoreError::Refused(format!(
        "SQLite {major}.{minor}.{patch} can corrupt its write-ahead log; build with 3.51.3 or newer \
         (the bundled one is)"
    )))
}

/// Brings the schema up to this binary's, or refuses the database.
pub fn migrate(conn: &mut Connection) -> StoreResult<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    check_ours(&tx)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT",
    )?;
    let newest: i64 =
        tx.query_row("SELECT coalesce(max(number), 0) FROM migration", [], |row| row.get(0))?;
    let known = MIGRATIONS.last().map_or(0, |last| last.number);
    if newest > known {
        return Err(StoreError::Refused(format!(
            "the database has schema {newest}, this handoff knows up to {known}: start the newer \
             version again, or restore a backup made before the upgrade"
        )));
    }
    for step in &MIGRATIONS {
        let checksum = digest(&[step.sql.as_bytes()]);
        let recorded: Option<Vec<u8>> = tx
            .query_row("SELECT checksum FROM migration WHERE number = ?1", [step.number], |row| {
                row.get(0)
            })
            .optional()?;
        match recorded {
            Some(recorded) if recorded == checksum => {}
            Some(_) => {
                return Err(StoreError::Refused(format!(
                    "the database was made by another text of schema step {}: it comes from a \
                     build that was never released; use that build, or a new database",
                    step.name
                )));
            }
            None => {
                tx.execute_batch(step.sql)?;
                tx.execute(
                    "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)",
                    params![step.number, step.name, checksum],
                )?;
            }
        }
    }
    tx.commit()?;
    Ok(())
}

/// Refuses a file with tables that we did not make. Only reads: it is called before anything else
/// is done to the file.
pub fn check_ours(conn: &Connection) -> StoreResult<()> {
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::Refused(
        "the file is a database of another program: name another file in [store]".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(sql: &str) -> String {
        let mut conn = Connection::open_in_memory().unwrap();
        if !sql.starts_with("CREATE") {
            migrate(&mut conn).unwrap();
        }
        conn.execute_batch(sql).unwrap();
        match migrate(&mut conn) {
            Err(StoreError::Refused(why)) => why,
            other => panic!("refused: {other:?}"),
        }
    }

    #[test]
    fn an_sqlite_that_can_corrupt_its_log_is_refused() {
        for (number, is_fine) in
            [(3_040_001, false), (3_051_002, false), (3_051_003, true), (3_054_001, true)]
        {
            assert_eq!(check_version(number).is_ok(), is_fine, "{number}");
        }
        check_version(rusqlite::version_number()).unwrap();
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        migrate(&mut conn).unwrap();
        let steps: i64 =
            conn.query_row("SELECT count(*) FROM migration", [], |row| row.get(0)).unwrap();
        assert_eq!(steps, MIGRATIONS.len() as i64);
    }

    #[test]
    fn a_newer_schema_is_refused_with_advice() {
        let why = refusal("INSERT INTO migration VALUES (99, '0099_later', x'00')");
        assert!(why.contains("schema 99") && why.contains("newer"), "{why}");
    }

    #[test]
    fn a_changed_schema_is_refused_with_advice() {
        let why = refusal("UPDATE migration SET checksum = x'00'");
        assert!(why.contains("0001_store") && why.contains("new database"), "{why}");
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let why = refusal("CREATE TABLE song (title TEXT)");
        assert!(why.contains("another program"), "{why}");
    }
}
