//! Moving house: a store copied from one database into the other and back is the same store, in
//! everything that the trait can be asked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use handoff::{
    model::{
        alert::{Alert, Key, RaisedAlert},
        id::Seq,
        job::{Effect, JobKind, Link, Verdict},
        news::{Absence, News},
        plan::Filled,
        team::{Away, Count, Periods, Skipped, TeamChange, Turn},
        time::{Span, Time},
    },
    store::{
        Amended, Audit, DecisionFilter, EventFilter, JobFilter, JobOrder, LeadFilter, NewRulebook,
        Papers, Store, StoreError, StoreResult, TokenOrder, TokenRow,
        copy::{
            Copied, Progress, Side, copy,
            table::{NUMBERED, Row, TABLES, Table},
        },
        postgres::{PostgresSide, PostgresStore},
        sqlite::{SqliteSide, SqliteStore},
    },
};

use super::fixture::*;
use crate::harness::postgres;

const BOTH: &[(JobKind, &str)] = &[(JobKind::Write, "hubspot"), (JobKind::Tell, "email:ada")];

/// Something of everything: every fate, state and kind of job, texts with NUL, people, tokens.
async fn furnish(db: &dyn Store) {
    let mut odd = fill(3);
    (odd.source, odd.actor) = ("type\0form".into(), Some("\u{1}0".into()));
    odd.body = vec![0, 255, 1];
    db.accept(vec![fill(1), fill(2), odd, fill(4)]).await.unwrap();
    db.accept(vec![news(5, &News::Back { rep: "ada".into() })]).await.unwrap();
    let plan = road(|plan, step, now| {
        let n = step.event.as_ref().map_or(0, |event| event.received_at.since(T0).0);
        plan.jobs = BOTH.iter().map(|(kind, to)| job(*kind, to, now.plus(Span(n)))).collect();
        plan.review = handoff::model::plan::Review::At(now.plus(Span::hours(n)));
        let away = Away {
            absence: Absence::Paused,
            from: T0,
            until: Some(t(9)),
            is_from_calendar: n % 2 == 0,
        };
        let turn = Turn {
            credit: 0.1 + 0.2,
            owed: -1.0 / 3.0,
            received: n as u32,
            entitled: 0.7,
            skipped: Skipped { away: 1, off_hours: 2, at_cap: 3, had_it: 4 },
            ..Turn::default()
        };
        let given = Periods { hour: Count { since: T0, leads: 5 }, ..Periods::default() };
        plan.team = vec![
            TeamChange::Turn { pool: "emea".into(), rep: format!("rep-{n}"), turn },
            TeamChange::Floor {
                pool: "emea".into(),
                floor: 0.7,
                last: Some("rep-1".into()),
                given,
            },
            TeamChange::Away { rep: format!("rep-{n}"), away: vec![away; 2] },
        ];
        plan.filled = Some(Filled {
            source: "typeform".into(),
            filled: vec!["email".into()],
            unfilled: vec!["company\0".into()],
        });
        plan.record = Some(record(n));
        assert_ne!(n, 4, "the fourth cannot be decided");
    });
    for _ in 0..6 {
        let steps = db.undecided(10).await.unwrap().iter().map(step).collect();
        let batch = handoff::store::Batch { now: T0, steps, reviews_max: 0, decide: plan.clone() };
        db.decide(batch).await.unwrap();
    }
    let claim = |kind, lane: &str, max| handoff::store::Claim {
        kind,
        lane: lane.into(),
        now: t(50),
        max,
        lease: LEASE,
    };
    let writes = db.claim(claim(JobKind::Write, "hubspot", 3)).await.unwrap().jobs;
    let link =
        Link { record: "5\0".into(), owner: None, tried: Some("9".into()), written_at: t(1) };
    let mut done = settlement(&writes[0], Verdict::Done);
    done.effect = Some(Effect::Written(link));
    let dead = settlement(&writes[1], Verdict::Dead { why: "no such field".into() });
    db.settle(vec![done, dead], T0).await.unwrap(); // the third stays leased
    let tell = db.claim(claim(JobKind::Tell, "email", 1)).await.unwrap().jobs.remove(0);
    let mut told = settlement(&tell, Verdict::Done);
    told.effect = Some(Effect::Told { why: handoff::model::job::Why::Assigned, at: t(2) });
    db.settle(vec![told], T0).await.unwrap();
    for version in 1..=2 {
        let document = format!("{{\"main\":\"version {version}\"}}");
        let (author, message) = ("ada".into(), "because".into());
        db.publish(NewRulebook { document, author, message, at: t(version) }).await.unwrap();
    }
    let token = TokenRow {
        name: "ops".into(),
        hash: [7; 32],
        created_at: T0,
        expires_at: t(9),
        revoked_at: Some(t(3)),
    };
    db.tokens(TokenOrder::Create(token)).await.unwrap();
    let alert = RaisedAlert {
        key: Key::new(Alert::JobDead, "write:hubspot"),
        since: T0,
        raised_at: T0,
        says: "1 job given up".into(),
        gone_since: None,
        over_at: None,
        told: [].into(),
    };
    db.alerts(Some(vec![alert])).await.unwrap();
    super::mirror::furnish(db).await;
    super::imported::furnish(db).await;
    let (head, body) = ("{\"revision\":1}".to_owned(), "files\0".to_owned());
    let draft =
        Arc::new(move |_: Option<&str>| Amended::Whole { head: head.clone(), body: body.clone() });
    db.amend("draft/austria".into(), draft).await.unwrap();
}

/// Everything that can be asked of a store, as text.
async fn everything(db: &dyn Store, now: Time) -> Vec<String> {
    let mut all = Vec::new();
    let leads = db.leads(LeadFilter { max: 500, ..Default::default() }).await.unwrap();
    for row in &leads.rows {
        all.push(format!("{row:?} {:?}", db.lead(row.lead.uuid).await.unwrap()));
    }
    let events = db.events(EventFilter { max: 500, ..Default::default() }).await.unwrap();
    all.push(format!("{events:?}"));
    let jobs = db.jobs(JobFilter { max: 500, ..Default::default() }).await.unwrap();
    all.push(format!("{jobs:?}"));
    let decisions = DecisionFilter { after: Some(Seq(0)), max: 500 };
    all.push(format!("{:?}", db.decisions(decisions).await.unwrap()));
    for version in [None, Some(1), Some(2)] {
        all.push(format!("{:?}", db.rulebooks(version).await.unwrap()));
    }
    all.push(format!("{:?}", db.papers(Papers::Named("draft/austria".into())).await.unwrap()));
    let team = db.team().await.unwrap();
    let (away, open): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (team.away.iter().collect(), team.open.iter().collect());
    let rotations: BTreeMap<_, _> = team.rotations.iter().collect();
    for (pool, rotation) in rotations {
        let turns: BTreeMap<_, _> = rotation.turns.iter().collect();
        all.push(format!("{pool} {} {:?} {turns:?}", rotation.floor, rotation.last));
    }
    all.push(format!("{away:?} {open:?}"));
    all.push(format!("{:?}", db.tokens(TokenOrder::List).await.unwrap()));
    all.push(format!("{:?}", db.alerts(None).await.unwrap()));
    all.push(format!("{:?} {}", db.accounts(None, 9).await, db.mirror_version().await.unwrap()));
    all.push(super::imported::shown(db).await);
    let audit = db.audit(now).await.unwrap();
    assert_eq!(audit.differences(), [""; 0]);
    all.push(format!("{audit:?}"));
    all
}

/// The same, and then a day of work: leases are free, numbers go on, deliveries are known.
async fn lived_in(db: &dyn Store) -> Vec<String> {
    let mut all = everything(db, t(100)).await;
    assert!(db.accept(vec![fill(1)]).await.unwrap()[0].is_duplicate);
    let claim = handoff::store::Claim {
        kind: JobKind::Write,
        lane: "hubspot".into(),
        now: t(60),
        max: 9,
        lease: LEASE,
    };
    let jobs = db.claim(claim).await.unwrap().jobs;
    let leased = jobs.iter().filter(|job| job.is_uncertain && job.attempt == 2).count();
    assert_eq!(leased, 1, "the lease did not come along, and the attempt is uncertain");
    let last = db.jobs(JobFilter { max: 1, ..Default::default() }).await.unwrap().rows;
    let last = last.iter().map(|job| job.id.0).max();
    let dead = db.jobs(JobFilter { is_dead: Some(true), max: 9, ..Default::default() });
    let dead: Vec<i64> = dead.await.unwrap().rows.iter().map(|job| job.id.0).collect();
    assert_eq!(db.order(dead, JobOrder::Retry, t(60)).await, Ok(1));
    db.accept(vec![fill(10)]).await.unwrap();
    let steps = db.undecided(10).await.unwrap().iter().map(step).collect();
    let batch = handoff::store::Batch { now: t(70), steps, reviews_max: 9, decide: wanting(BOTH) };
    let done = db.decide(batch).await.unwrap();
    assert_eq!(done.failed, Vec::new());
    let decided: Vec<_> = done.decided.iter().map(|one| (one.seq, &one.decision)).collect();
    all.push(format!("{decided:?}"));
    let jobs = db.jobs(JobFilter { max: 500, ..Default::default() }).await.unwrap();
    // One database may leave out numbers; none gives one out again.
    let newest = jobs.rows.iter().map(|job| job.id.0).max();
    let event = db.events(EventFilter { max: 1, ..Default::default() }).await.unwrap().rows[0].id;
    assert!(newest > last && event.0 > 5, "{newest:?} after {last:?}, {event:?}");
    all.push(format!("{} jobs", jobs.rows.len()));
    assert_eq!(db.audit(t(100)).await.unwrap().differences(), [""; 0]);
    all
}

fn moved(mut from: impl Side, mut to: impl Side) -> StoreResult<Vec<Copied>> {
    let mut verified = Vec::new();
    let copied = copy(&mut from, &mut to, t(100), &mut |progress| {
        if let Progress::Verified(table, rows) = progress {
            verified.push((table, rows));
        }
    })?;
    let rows: Vec<_> = copied.iter().map(|table| (table.table, table.rows)).collect();
    assert_eq!(rows, verified, "every table was read back");
    Ok(copied)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

#[test]
fn a_store_that_moved_there_and_back_is_the_same_and_goes_on() {
    if !postgres::is_there("a_store_that_moved_there_and_back_is_the_same_and_goes_on") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (old, back) = (file(folder.path(), "old.db"), file(folder.path(), "back.db"));
    let database = Database::empty();
    let store = SqliteStore::open(&old).unwrap();
    run(furnish(&store));
    drop(store);

    let there = SqliteSide::open(&old, false).unwrap();
    let held = SqliteStore::open(&old);
    assert!(matches!(held, Err(StoreError::Refused(_))), "it is under its lock");
    let first = moved(there, PostgresSide::open(&database.options()).unwrap()).unwrap();
    let and_back = PostgresSide::open(&database.options()).unwrap();
    let second = moved(and_back, SqliteSide::open(&back, true).unwrap()).unwrap();
    assert_eq!(first, second);
    assert!(first.iter().all(|table| table.rows > 0), "{first:?}");

    let (original, new, again) = (
        SqliteStore::open(&old).unwrap(),
        PostgresStore::open(&database.options()).unwrap(),
        SqliteStore::open(&back).unwrap(),
    );
    let lived = run(lived_in(&original));
    for moved in [&new as &dyn Store, &again] {
        for (moved, original) in run(lived_in(moved)).iter().zip(&lived) {
            assert_eq!(moved, original);
        }
    }
}

#[test]
fn a_store_that_is_not_empty_or_in_use_is_refused_and_left_as_it_is() {
    if !postgres::is_there("a_store_that_is_not_empty_or_in_use_is_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (old, full) = (file(folder.path(), "old.db"), file(folder.path(), "full.db"));
    let database = Database::new();
    for path in [&old, &full] {
        run(furnish(&SqliteStore::open(path).unwrap()));
    }
    let open = |path: &Path| SqliteSide::open(path, true).unwrap();
    let Err(StoreError::Refused(why)) = moved(open(&old), open(&full)) else { panic!("refused") };
    assert!(why.contains("full.db is not empty"), "{why}");

    let replica = PostgresStore::open(&database.options()).unwrap();
    run(replica.accept(vec![fill(77)])).unwrap();
    let Err(StoreError::Refused(why)) = PostgresSide::open(&database.options()) else {
        panic!("refused")
    };
    assert!(why.contains("stop every replica"), "{why}");
    drop(replica);
    database.server.end_sessions(&database.name);
    let outcome = moved(open(&old), PostgresSide::open(&database.options()).unwrap());
    let Err(StoreError::Refused(why)) = outcome else { panic!("refused: {outcome:?}") };
    assert!(why.contains("rows in event"), "{why}");
    assert_eq!(database.sql("SELECT count(*), min(delivery) FROM event"), "1|delivery-77");
}

/// A side that loses a row on the way, or changes one.
struct Faulty<S>(S, fn(&mut Vec<Row>));

impl<S: Side> Side for Faulty<S> {
    fn place(&self) -> String {
        self.0.place()
    }
    fn begin(&mut self, table: &'static Table) -> StoreResult<()> {
        self.0.begin(table)
    }
    fn next(&mut self) -> StoreResult<Vec<Row>> {
        self.0.next()
    }
    fn write(&mut self, table: &'static Table, rows: &[Row]) -> StoreResult<()> {
        let mut rows = rows.to_vec();
        if table.name == "lead" {
            (self.1)(&mut rows);
        }
        self.0.write(table, &rows)
    }
    fn last_number(&mut self, table: &'static str) -> StoreResult<i64> {
        self.0.last_number(table)
    }
    fn number_after(&mut self, table: &'static str, last: i64) -> StoreResult<()> {
        self.0.number_after(table, last)
    }
    fn audit(&mut self, now: Time) -> StoreResult<Audit> {
        self.0.audit(now)
    }
    fn finish(&mut self) -> StoreResult<()> {
        self.0.finish()
    }
}

#[test]
fn a_copy_that_differs_is_found_and_nothing_of_it_is_kept() {
    if !postgres::is_there("a_copy_that_differs_is_found_and_nothing_of_it_is_kept") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let old = file(folder.path(), "old.db");
    let database = Database::new();
    run(furnish(&SqliteStore::open(&old).unwrap()));
    let faults: [fn(&mut Vec<Row>); 2] = [|rows| drop(rows.pop()), |rows| rows[0].reverse_text()];
    for fault in faults {
        let to = Faulty(PostgresSide::open(&database.options()).unwrap(), fault);
        let outcome = moved(SqliteSide::open(&old, false).unwrap(), to);
        let Err(StoreError::Corrupt(why)) = outcome else { panic!("found: {outcome:?}") };
        assert!(why.contains("lead differs") && why.contains("nothing was kept"), "{why}");
        assert!(!why.contains("linden"), "{why}");
        database.server.end_sessions(&database.name);
        assert_eq!(database.sql("SELECT count(*) FROM event"), "0");
    }
    let whole = PostgresSide::open(&database.options()).unwrap();
    assert!(moved(SqliteSide::open(&old, false).unwrap(), whole).is_ok());
}

/// Changes one row a little.
trait Change {
    fn reverse_text(&mut self);
}

impl Change for Row {
    fn reverse_text(&mut self) {
        use handoff::store::copy::table::Cell;
        for cell in self {
            if let Cell::Text(text) = cell {
                *text = text.chars().rev().collect();
            }
        }
    }
}

#[test]
fn no_table_is_forgotten() {
    if !postgres::is_there("no_table_is_forgotten") {
        return;
    }
    // What a database keeps for itself.
    let own = ["migration", "pulse", "decider", "agreement"];
    let known = |name: &str| own.contains(&name) || TABLES.iter().any(|one| one.name == name);
    let database = Database::new();
    let columns = "SELECT table_name, string_agg(column_name, ',' ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1";
    for line in database.sql(columns).lines() {
        let (name, columns) = line.split_once('|').unwrap();
        assert!(known(name), "{name} is in no list: would it be lost in a move?");
        let Some(table) = TABLES.iter().find(|table| table.name == name) else { continue };
        for column in columns.split(',') {
            let is_known = table.columns.iter().any(|(known, _)| *known == column);
            let is_derived = [("event", "key"), ("tally", "slot")].contains(&(name, column));
            assert!(is_known || is_derived, "{name}.{column} would be lost in a move");
        }
    }
    let numbered = "SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND is_identity = 'YES' ORDER BY 1";
    let mut expected = NUMBERED.to_vec();
    expected.sort_unstable();
    assert_eq!(database.sql(numbered).lines().collect::<Vec<_>>(), expected);

    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "handoff.db");
    drop(SqliteStore::open(&path).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = conn.prepare(sql).unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for name in names {
        assert!(known(name.as_ref().unwrap()), "{name:?} is in no list: would it be lost?");
    }
}
