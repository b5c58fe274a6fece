//! The schema, step by step, and the refusal of what this binary cannot serve.
//!
//! Guarantees: every step runs once, in one transaction with its record, under a lock that ends
//! with it: replicas that start at once wait for each other, and one that is killed half-way leaves
//! nothing. A database that is newer or changed is refused before anything is written to it.
//! Does not know: what is in the tables.
//!
//! Old and new replicas run side by side during an upgrade, so a change comes in two releases:
//! first a step that *expands* (new tables, new columns with a default, new indexes) and a binary
//! that writes both; then, when no old binary runs any more, one that *contracts*. A step never
//! renames or drops what the release before it still uses. A replica that runs keeps running while
//! a newer one expands the schema; an old binary that is *started* afterwards refuses, so that a
//! roll-back is a decision and not an accident.

use tokio_postgres::Client;

use super::value::{Text, Value};
use crate::{
    model::id::digest,
    store::{StoreError, StoreResult},
};

/// One step of the schema.
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

/// Every step, in order. A step that was ever released is never changed; a change is a new step.
const MIGRATIONS: [Migration; 6] = [
    Migration { number: 1, name: "0001_store", sql: include_str!("migrations/0001_store.sql") },
    Migration {
        number: 2,
        name: "0002_agreement",
        sql: include_str!("migrations/0002_agreement.sql"),
    },
    Migration { number: 3, name: "0003_record", sql: include_str!("migrations/0003_record.sql") },
    Migration { number: 4, name: "0004_paper", sql: include_str!("migrations/0004_paper.sql") },
    Migration { number: 5, name: "0005_account", sql: include_str!("migrations/0005_account.sql") },
    Migration {
        number: 6,
        name: "0006_imported",
        sql: include_str!("migrations/0006_imported.sql"),
    },
];

/// The lock that migrating replicas share: "handoff" in the low bytes.
const LOCK: i64 = 0x68_616e_646f_6666;

/// Brings the schema up to this binary's, or refuses the database.
pub async fn migrate(client: &Client) -> StoreResult<()> {
    run(client, &MIGRATIONS).await
}

async fn run(client: &Client, steps: &[Migration]) -> StoreResult<()> {
    for step in steps {
        client
            .batch_execute(
                "BEGIN; SET LOCAL lock_timeout = '60s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '60s'",
            )
            .await?;
        let done = run_step(client, step, steps).await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = client.batch_execute(end).await;
        done?;
        ended?;
    }
    Ok(())
}

async fn run_step(client: &Client, step: &Migration, steps: &[Migration]) -> StoreResult<()> {
    client.query_typed("SELECT pg_advisory_xact_lock($1)", &[LOCK.bound()]).await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS migration (
                number bigint PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL)",
        )
        .await
        .map_err(not_allowed)?;
    let rows =
        client.query_typed("SELECT number, checksum FROM migration ORDER BY number", &[]).await?;
    let mut recorded = Vec::new();
    for row in &rows {
        recorded.push((row.try_get::<_, i64>(0)?, row.try_get::<_, Vec<u8>>(1)?));
    }
    if !needs(&recorded, step, steps)? {
        return Ok(());
    }
    client.batch_execute(step.sql).await.map_err(in_the_way)?;
    let checksum = checksum(step).to_vec();
    let name = Text::from(step.name);
    client
        .execute_typed(
            "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)",
            &[step.number.bound(), name.bound(), checksum.bound()],
        )
        .await?;
    Ok(())
}

fn checksum(step: &Migration) -> [u8; 32] {
    digest(&[step.sql.as_bytes()])
}

/// Whether the step is still to be made; refuses a database that this binary does not know.
fn needs(recorded: &[(i64, Vec<u8>)], step: &Migration, steps: &[Migration]) -> StoreResult<bool> {
    let known = steps.last().map_or(0, |last| last.number);
    let newest = recorded.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if newest > known {
        return Err(StoreError::Refused(format!(
            "the database has schema {newest}, this handoff knows up to {known}: start the newer \
             version again, or restore a backup made before the upgrade"
        )));
    }
    match recorded.iter().find(|(number, _)| *number == step.number) {
        None => Ok(true),
        Some((_, recorded)) if *recorded == checksum(step) => Ok(false),
        Some(_) => Err(StoreError::Refused(format!(
            "the database was made by another text of schema step {}: it comes from a build that \
             was never released; use that build, or a new database",
            step.name
        ))),
    }
}

fn not_allowed(error: tokio_postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(said) if said.code().code() == "42501" => StoreError::Refused(format!(
            "handoff's user may not make tables here: {}; let it own the database or the schema",
            said.message()
        )),
        _ => error.into(),
    }
}

fn in_the_way(error: tokio_postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(said) if said.code().code() == "42P07" => StoreError::Refused(format!(
            "the database has tables of another program in the way ({}): give handoff a database of \
             its own",
            said.message()
        )),
        _ => not_allowed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Migration = Migration { number: 1, name: "0001_a", sql: "SELECT 1" };

    #[test]
    fn a_newer_or_changed_schema_is_refused_with_advice() {
        let good = checksum(&STEP).to_vec();
        assert_eq!(needs(&[], &STEP, &[STEP]), Ok(true));
        assert_eq!(needs(&[(1, good.clone())], &STEP, &[STEP]), Ok(false));
        for (recorded, words) in [
            (vec![(1, good), (2, vec![0])], "has schema 2, this handoff knows up to 1"),
            (vec![(1, vec![0])], "another text of schema step 0001_a"),
        ] {
            let Err(StoreError::Refused(why)) = needs(&recorded, &STEP, &[STEP]) else {
                panic!("refused")
            };
            assert!(why.contains(words), "{why}");
        }
    }
}
