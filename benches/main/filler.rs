//! Fills a store with leads by its own verbs: accepted, decided by the real rules, written, told.
//!
//! Guarantees: what is in the store then is what a daemon would have left; the same for the same
//! numbers. Does not know: what the store is for.

use std::{path::Path, sync::Arc};

use handoff::{
    decide::{self, Reach},
    model::{
        event::{EventKind, NewEvent},
        job::{Effect, JobKind, Link, Settlement, Verdict, Why},
        plan::{Decide, Step, StepEvent},
        time::{Span, Time},
    },
    rulebook::Rulebook,
    store::{Batch, Claim, Keep, Store, sqlite::SqliteStore},
};

use super::book;

/// How many fills are accepted and decided at once.
const BATCH: usize = 2_048;
/// For how long jobs are leased.
const LEASE: Span = Span::minutes(1);

/// The one runtime of a group.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// The event of fill `n`.
pub fn fill(n: usize, at: Time) -> NewEvent {
    NewEvent {
        kind: EventKind::Fill,
        source: "website".into(),
        delivery: format!("sub_{n}"),
        received_at: at,
        content_type: Some("application/json".into()),
        actor: None,
        body: book::body(n).into_bytes(),
    }
}

/// The real decision with this rulebook; a CRM is written to and nobody is asked.
pub fn deciding(book: &Arc<Rulebook>) -> Arc<Decide> {
    let book = Arc::clone(book);
    let reach = Reach { crms: vec!["hubspot".to_owned()], ..Reach::default() };
    Arc::new(move |snapshot, step, now| decide::recorded(&book, &reach, snapshot, step, now))
}

/// Decides what is under way, at most so much; answers how much that was.
pub async fn decide(store: &SqliteStore, book: &Arc<Rulebook>, now: Time, max: usize) -> usize {
    let events = store.undecided(max).await.expect("a read");
    let prepare = |event: &handoff::model::event::Event| {
        let arrived = &event.arrived;
        let document =
            handoff::intake::form::document(arrived.content_type.as_deref(), &arrived.body);
        let input = decide::prepare::prepare(book, &arrived.source, document);
        Step { event: Some(StepEvent::of(event)), input }
    };
    let steps = events.iter().map(prepare).collect();
    let batch = Batch { now, steps, reviews_max: 0, decide: deciding(book) };
    let done = store.decide(batch).await.expect("decided");
    assert_eq!(done.failed, Vec::new());
    events.len()
}

/// Claims what is due of one lane and settles it as done; answers how much that was.
pub async fn act(store: &SqliteStore, kind: JobKind, lane: &str, now: Time, max: usize) -> usize {
    let claim = Claim { kind, lane: lane.into(), now, max, lease: LEASE };
    let jobs = store.claim(claim).await.expect("a claim").jobs;
    let done = jobs.iter().map(|job| Settlement {
        job: job.id,
        attempt: job.attempt,
        revision: job.wanted,
        verdict: Verdict::Done,
        effect: Some(match kind {
            JobKind::Write => Effect::Written(Link {
                tried: None,
                record: job.id.0.to_string(),
                owner: Some("1".to_owned()),
                written_at: now,
            }),
            _ => Effect::Told { why: job.why.unwrap_or(Why::Assigned), at: now },
        }),
        news: Vec::new(),
    });
    store.settle(done.collect(), now).await.expect("settled").len()
}

/// Opens leads `from..to`, each assigned, written and told at the instant that `at` gives its
/// batch; raw bodies are swept, as they would be after a month.
pub async fn open(
    store: &SqliteStore,
    book: &Arc<Rulebook>,
    (from, to): (usize, usize),
    at: impl Fn(usize) -> Time,
) {
    let mut n = from;
    while n < to {
        let end = (n + BATCH).min(to);
        let now = at(n);
        store.accept((n..end).map(|n| fill(n, now)).collect()).await.expect("accepted");
        while decide(store, book, now, BATCH).await > 0 {}
        for (kind, lane) in [(JobKind::Write, "hubspot"), (JobKind::Tell, "email")] {
            while act(store, kind, lane, now, BATCH).await > 0 {}
        }
        let keep = Keep { bodies: Span::ZERO, rows_max: BATCH };
        store.sweep(keep, now.plus(Span(1))).await.expect("swept");
        if n.is_multiple_of(BATCH * 50) {
            eprint!("\r  filling: {end} of {to} leads");
        }
        n = end;
    }
    eprintln!("\r  filled: {to} leads            ");
}

/// Bytes of the database in this folder, its log included.
pub fn size(folder: &Path) -> u64 {
    let of = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |meta| meta.len());
    of("handoff.db") + of("handoff.db-wal")
}
