//! Opening: schema steps by several at once, killed half-way, by other versions; what the server
//! promises.

use std::{
    thread,
    time::{Duration, Instant},
};

use handoff::store::{
    Store, StoreError,
    postgres::{Options, PostgresStore},
};

use super::*;
use crate::harness::postgres::Server;

fn open(database: &Database) -> StoreResult<PostgresStore> {
    PostgresStore::open(&database.options())
}

#[test]
fn replicas_that_start_at_once_make_the_schema_once() {
    needs_postgres!("replicas_that_start_at_once_make_the_schema_once");
    let database = Database::empty();
    let options = database.options();
    thread::scope(|scope| {
        let starts: Vec<_> =
            (0..6).map(|_| scope.spawn(|| PostgresStore::open(&options))).collect();
        for start in starts {
            assert!(start.join().unwrap().is_ok());
        }
    });
    let steps = database.sql("SELECT count(*), count(DISTINCT number) FROM migration");
    let (all, once) = steps.split_once('|').unwrap();
    assert_eq!(all, once);
    assert_eq!(database.sql("SELECT count(*) FROM decider"), "1");
}

#[test]
fn a_start_that_is_killed_half_way_leaves_nothing_and_the_next_one_goes_on() {
    needs_postgres!("a_start_that_is_killed_half_way_leaves_nothing_and_the_next_one_goes_on");
    let database = Database::empty();
    // Every index waits: by then some tables are made and others are not.
    database.sql(
        "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(60); END';
         CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
            EXECUTE FUNCTION slow()",
    );
    let options = database.options();
    let start = thread::spawn(move || PostgresStore::open(&options));
    let sleeping = "SELECT pid FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND datname = current_database()";
    let end = Instant::now() + Duration::from_secs(20);
    while database.sql(sleeping).is_empty() {
        assert!(Instant::now() < end, "it never came to the first index");
        thread::sleep(Duration::from_millis(10));
    }
    let killed = format!("SELECT pg_terminate_backend(pid) FROM ({sleeping}) AS one");
    assert_eq!(database.sql(&killed), "t");
    let outcome = start.join().unwrap();
    assert!(matches!(outcome, Err(StoreError::Busy(_))), "{:?}", outcome.err());
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.sql(tables), "0");
    database.sql("DROP EVENT TRIGGER slow");
    assert!(open(&database).is_ok());
    assert_ne!(database.sql(tables), "0");
}

#[test]
fn another_schema_is_refused_with_advice_and_left_as_it_is() {
    needs_postgres!("another_schema_is_refused_with_advice_and_left_as_it_is");
    let database = Database::new();
    database.sql("INSERT INTO migration VALUES (99, 'later', '\\x00')");
    let why = refusal(open(&database));
    assert!(why.contains("schema 99") && why.contains("newer version"), "{why}");
    database.sql("DELETE FROM migration WHERE number = 99");
    assert!(open(&database).is_ok());

    database.sql("UPDATE migration SET checksum = '\\x00' WHERE number = 1");
    let why = refusal(open(&database));
    assert!(why.contains("another text") && why.contains("0001_store"), "{why}");

    let others = Database::empty();
    others.sql("CREATE TABLE event (title text); INSERT INTO event VALUES ('concert')");
    let why = refusal(open(&others));
    assert!(why.contains("another program"), "{why}");
    assert_eq!(others.sql("SELECT title FROM event"), "concert");
}

#[test]
fn what_would_be_acknowledged_too_early_is_refused_unless_allowed_by_name() {
    needs_postgres!("what_would_be_acknowledged_too_early_is_refused_unless_allowed_by_name");
    let database = Database::new();
    let promise = open(&database).unwrap().promise();
    assert!(promise.contains("the disk of the database"), "{promise}");
    database.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name));
    let why = refusal(open(&database));
    assert!(why.contains("synchronous_commit is off"), "{why}");
    assert!(why.contains("allow_unsafe_durability"), "{why}");
    let allowed = Options { allow_unsafe_durability: true, ..database.options() };
    let promise = PostgresStore::open(&allowed).unwrap().promise();
    assert!(promise.contains("synchronous_commit is off"), "{promise}");

    let server = Server::start_with(&["fsync = off"]);
    let name = server.create();
    let why = refusal(PostgresStore::open(&Options::new(server.url(&name))));
    assert!(why.contains("fsync is off"), "{why}");
}

#[test]
fn a_database_that_is_not_there_is_named_without_the_password() {
    needs_postgres!("a_database_that_is_not_there_is_named_without_the_password");
    let server = crate::harness::postgres::shared();
    let Err(error) = PostgresStore::open(&Options::new(server.url("nowhere"))) else {
        panic!("there is none")
    };
    let said = format!("{error} {error:?}");
    assert!(said.contains("nowhere") && said.contains("127.0.0.1"), "{said}");
    assert!(!said.contains(crate::harness::postgres::PASSWORD), "{said}");
}
