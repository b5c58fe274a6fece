//! Claims from a large table: by its index, whatever else is in it.

use std::time::Instant;

use handoff::model::job::Settled;

use super::*;
use crate::{faults::needs, harness::postgres::Server};

/// Opens one lead and copies it, and its write that is due, so many times.
async fn due_writes(store: &PostgresStore, server: &Server, name: &str, many: usize) {
    store.accept(vec![fill(1)]).await.unwrap();
    decide_with(store, wanting(WRITE)).await;
    server.sql(
        name,
        &format!(
            "INSERT INTO lead SELECT id + n, gen_random_uuid(), revision, state, owner, due_at, doc
                FROM lead, generate_series(1, {many}) n;
             INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank)
                SELECT lead + n, kind, destination, lane, wanted, due_at - n % 1000, n % 3
                FROM job, generate_series(1, {many}) n WHERE lead > 0 AND kind = 1"
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_finds_what_is_due_among_many_future_and_dead_rows() {
    needs_postgres!("a_claim_finds_what_is_due_among_many_future_and_dead_rows");
    let (rows, claims) = if needs::is_long() { (1_000_000, 1_000) } else { (20_000, 100) };
    let server = Server::start_with(&[
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = -1",
        "autovacuum = off",
    ]);
    let name = server.create();
    let options = handoff::store::postgres::Options {
        leases: handoff::store::postgres::Leases::Caller,
        ..handoff::store::postgres::Options::new(server.url(&name))
    };
    let store = PostgresStore::open(&options).unwrap();
    // Jobs of a year from now, and as many that were done: their rows are dead and still there.
    let before = "INSERT INTO job (lead, kind, destination, lane, wanted, due_at, rank)
        SELECT -n, 1, 'hubspot', 'hubspot', 1,";
    let (past, future) = (T0.0 - 1_000_000, T0.0 + 31_536_000_000);
    let from = format!("FROM generate_series(1, {rows}) n");
    server.sql(&name, &format!("{before} {past} + n, n % 3 {from}; DELETE FROM job"));
    server.sql(&name, &format!("{before} {future} + n, n % 3 {from}"));
    due_writes(&store, &server, &name, claims * 10 - 1).await;

    // What the server really does for a claim, before anybody counted the rows and after.
    for counted in ["", "ANALYZE"] {
        server.sql(&name, counted);
        server.sql(
            "postgres",
            &format!("ALTER DATABASE {name} SET auto_explain.log_min_duration = 0"),
        );
        let explained = PostgresStore::open(&options).unwrap();
        assert_eq!(explained.claim(write_claim(5)).await.unwrap().jobs.len(), 5);
        drop(explained);
        server.sql("postgres", &format!("ALTER DATABASE {name} RESET ALL"));
        let log = server.log();
        // What leases, what brings the leads, and what looks ahead.
        for (words, plan) in [
            ("attempts = attempts + 1", "Index Scan using job_due"),
            ("LEFT JOIN lead", "Index Scan using lead_pkey"),
            ("statement_timestamp()", "using job_due"),
        ] {
            let all = log.split("Query Text: ").filter(|one| one.contains(words));
            let last = all.last().expect("it is in the log");
            assert!(last.contains(plan), "{counted}: {last}");
            assert!(!last.contains("Seq Scan on"), "{counted}: {last}");
        }
    }

    let (mut times, mut taken) = (Vec::new(), 10);
    let whole = "SELECT pg_stat_force_next_flush(); SELECT seq_scan FROM pg_stat_user_tables
        WHERE relname = 'job'";
    let scans = server.sql(&name, whole);
    for _ in 0..claims - 1 {
        let asked = Instant::now();
        let jobs = store.claim(write_claim(10)).await.unwrap().jobs;
        times.push(asked.elapsed());
        taken += jobs.len();
        let ends = jobs.iter().map(|job| settlement(job, Verdict::Done)).collect();
        let settled = store.settle(ends, T0).await.unwrap();
        assert!(settled.iter().all(|end| *end == Settled::Kept));
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await; // sessions report once a second
    assert_eq!(server.sql(&name, whole), scans, "no table was read as a whole");
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!(
        "claims of 10 among {rows} future jobs and {rows} dead rows: p50 {p50:?}, p99 {p99:?} \
         ({taken} jobs)"
    );
    assert_eq!(taken, claims * 10);
    if needs::is_long() {
        assert!(p99 < Duration::from_millis(20), "{p99:?}");
    }
}
