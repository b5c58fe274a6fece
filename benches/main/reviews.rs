//! Group `reviews`: due reviews, decided from a store on disk; and with `HANDOFF_TEST_LONG` the
//! release daemon on a store of a million leads with open reviews.
//!
//! Guarantees: every review that was due has fired once, and none before it was due.
//! Does not know: what a figure should be.

use std::{collections::HashMap, path::Path, process::Command, sync::Arc, time::Duration};

use handoff::{
    model::{
        lead::Lead,
        plan::{Decided, What},
        time::{Span, Time},
    },
    rulebook::{Files, Rulebook},
    store::{Batch, DecisionFilter, LeadFilter, Store, sqlite::SqliteStore},
};

use super::{
    book,
    daemon::{Daemon, now},
    figure, filler,
    store::place,
    table::Table,
};

/// Leads of which each reminds its owner three minutes after it was given: on a store of a million
/// others, so many in each of so many seconds.
const A_SECOND: usize = 2_000;
const SECONDS: usize = 10;
/// Reviews are decided in batches of the daemon's size.
const BATCH: usize = 64;
/// The reminder comes at 60 % of five minutes.
const REMINDER: Span = Span::minutes(3);
/// Leads whose reviews are not due while it is measured.
const OTHERS: usize = 1_000_000;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "reviews: due reviews, fired",
        &["reviews", "open in all", "a second", "late, median", "late, p99", "late, most"],
    );
    let runtime = filler::runtime();
    runtime.block_on(inline(table));
    if std::env::var_os("HANDOFF_TEST_LONG").is_some() {
        runtime.block_on(daemon(table));
    }
}

/// The text of a rulebook without a CRM; leads of old wait for a year.
fn text() -> String {
    book::text(("one", |_| String::new()), 1)
        .replace("crm.hubspot = \"1\"\n", "")
        .replace("crm.hubspot = \"2\"\n", "")
        .replace("tell_by = [\"email\"]\n", "")
        .replace("{ late_by = \"5m\", reassign = true, tell = [\"manager\"] },", "")
        .replace("tell = [\"owner\"]", "tell = [\"channel: alerts\"]")
        .replace("tell = [\"owner\", \"channel: alerts\"]", "tell = [\"channel: alerts\"]")
}

fn compiled(text: &str) -> Arc<Rulebook> {
    let mut setup = book::setup();
    setup.crms.clear();
    let book = Rulebook::compile(&Files::new(text), &setup, 1);
    Arc::new(book.unwrap_or_else(|findings| panic!("{}", findings[0])))
}

/// Twenty thousand, all due at once, by the store's own verb.
async fn inline(table: &mut Table) {
    let count = A_SECOND * SECONDS;
    let folder = tempfile::tempdir_in(place()).expect("a folder");
    let store = SqliteStore::open(&folder.path().join("handoff.db")).expect("a store");
    let book = compiled(&text());
    filler::open(&store, &book, (0, count), |_| book::NOON).await;
    let due = book::NOON.plus(REMINDER);
    let reviews =
        |now| Batch { now, steps: Vec::new(), reviews_max: BATCH, decide: filler::deciding(&book) };
    let early = store.decide(reviews(due.minus(Span(1)))).await.expect("decided");
    assert_eq!(early.reviews, 0, "none is early");
    let began = figure::start();
    let spent = figure::spent(None);
    let mut fired = 0;
    loop {
        let done = store.decide(reviews(due)).await.expect("decided");
        fired += done.decided.iter().filter(|one| one.decision.what == What::Reminded).count();
        if done.reviews == 0 {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(fired, count, "each fires once");
    table.row([
        format!("{count}, by the store"),
        count.to_string(),
        format!("{:.0}", count as f64 / seconds),
        "-".to_owned(),
        "-".to_owned(),
        "-".to_owned(),
    ]);
    let cpu = figure::spent(None).saturating_sub(spent).as_nanos() as f64 / count as f64;
    table.note(format!("By the store: in batches of {BATCH}, {} of CPU each.", figure::us(cpu)));
}

/// The release daemon on a million leads, while fills come in.
async fn daemon(table: &mut Table) {
    let folder = place().join("million");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("handoff.db");
    let old = text().replace("respond_within = \"5m\"", "respond_within = \"365d\"");
    let base = base(&folder, &compiled(&old)).await;
    let work = tempfile::tempdir_in(place()).expect("a folder");
    let copied = Command::new("cp").arg("--reflink=auto").arg(&path).arg(work.path()).status();
    assert!(copied.expect("cp runs").success(), "the store is copied");
    std::fs::write(work.path().join("rulebook.toml"), text()).expect("a file");

    // The first is due a while after the daemon is ready.
    let count = A_SECOND * SECONDS;
    let first = now().plus(Span::seconds(45));
    {
        let store = SqliteStore::open(&work.path().join("handoff.db")).expect("a store");
        let book = compiled(&text());
        let given = |n: usize| {
            let second = (n - OTHERS) / A_SECOND;
            first.plus(Span::seconds(second as i64)).minus(REMINDER)
        };
        for second in 0..SECONDS {
            let from = OTHERS + second * A_SECOND;
            filler::open(&store, &book, (from, from + A_SECOND), given).await;
        }
    }
    let late = first.since(now());
    assert!(late > Span::seconds(5), "the reviews were prepared in time: {late:?}");
    let daemon = Daemon::start(work.path()).await;
    let (ready, at_start) = (daemon.ready, daemon.resident().0);
    let mut posted = 0;
    let end = first.plus(Span::seconds(SECONDS as i64 + 15));
    while now() < end {
        posted += usize::from(daemon.post(OTHERS + count + posted).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (_, highest) = daemon.resident();
    let metrics = daemon.get("/metrics").await.unwrap_or_default();
    let told = daemon.alerts.posts().all().len();
    daemon.stop();

    let store = SqliteStore::open(&work.path().join("handoff.db")).expect("a store");
    let mut late = lateness(&store, base, count).await;
    late.sort_unstable();
    let at = |share: f64| {
        let place = ((late.len() - 1) as f64 * share) as usize;
        format!("{} ms", late[place])
    };
    table.row([
        format!("{count}, {A_SECOND} in each of {SECONDS} s, by the daemon"),
        (OTHERS + count).to_string(),
        A_SECOND.to_string(),
        at(0.5),
        at(0.99),
        at(1.0),
    ]);
    table.note(format!(
        "The daemon: ready after {} ms on a store of {} MB; {at_start} MiB resident then, {highest} \
         MiB at most; {posted} fills came in meanwhile and {told} messages went out. Lateness is \
         that of the decision.",
        ready.as_millis(),
        filler::size(work.path()) / 1_000_000
    ));
    let buckets = metrics.lines().filter(|line| line.starts_with("handoff_review_late_seconds_b"));
    table.note(format!(
        "When each was on disk, as the daemon counts it:\n\n```\n{}\n```",
        buckets.collect::<Vec<_>>().join("\n")
    ));
    let tally = store.tally(now()).await.expect("the books");
    assert!(tally.balances(), "{tally:?}");
}

/// The store of a million leads, made once; answers the number of its last decision.
async fn base(folder: &Path, book: &Arc<Rulebook>) -> i64 {
    let store = SqliteStore::open(&folder.join("handoff.db"));
    let store = store.expect("a store (after a change of its schema: remove it)");
    let have = store.tally(now()).await.expect("the books");
    let have = usize::try_from(have.accepted).expect("a count");
    filler::open(&store, book, (have.min(OTHERS), OTHERS), |_| now()).await;
    let free = filler::size(folder);
    assert!(free < 8_000_000_000, "the store is not larger than it should be: {free} bytes");
    store.tally(now()).await.expect("the books").last_seq
}

/// By how many milliseconds each reminder after this decision was late; each lead has one.
async fn lateness(store: &SqliteStore, after: i64, count: usize) -> Vec<i64> {
    let (mut seq, mut late) = (handoff::model::id::Seq(after), Vec::new());
    let mut fired: HashMap<i64, u32> = HashMap::new();
    let given = given(store).await;
    loop {
        let filter = DecisionFilter { after: Some(seq), max: 500 };
        let page: Vec<Decided> = store.decisions(filter).await.expect("decisions").rows;
        let Some(last) = page.last() else { break };
        seq = last.seq;
        for one in page.iter().filter(|one| one.decision.what == What::Reminded) {
            let lead = one.lead.expect("a reminder is about a lead").0;
            let Some(given) = given.get(&lead) else { continue };
            *fired.entry(lead).or_default() += 1;
            late.push(one.decision.at.since(given.plus(REMINDER)).0);
        }
    }
    assert!(fired.values().all(|times| *times == 1), "each fires once");
    assert_eq!(fired.len(), count, "all fire");
    assert!(late.iter().all(|late| *late >= 0), "none fires early");
    late
}

/// When the leads that were to be reminded were given to their owners.
async fn given(store: &SqliteStore) -> HashMap<i64, Time> {
    let (mut given, mut before) = (HashMap::new(), None);
    loop {
        let filter = LeadFilter { before, max: 500, ..LeadFilter::default() };
        let page = store.leads(filter).await.expect("leads");
        let leads: Vec<Lead> = page.rows.into_iter().map(|row| row.lead).collect();
        let is_old = |lead: &Lead| lead.id.0 <= OTHERS as i64;
        for lead in leads.iter().filter(|lead| lead.source == "website" && !is_old(lead)) {
            // Those that came in over HTTP are not due yet.
            if let Some(ladder) = lead.ladder.as_ref().filter(|ladder| ladder.steps_done > 0) {
                given.insert(lead.id.0, ladder.started_at);
            }
        }
        before = page.next;
        if before.is_none() || leads.iter().any(is_old) {
            return given;
        }
    }
}
