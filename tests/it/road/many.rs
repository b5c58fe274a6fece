//! Many leads at once in a plant: put in, waited for, read back.
//!
//! Guarantees: a wait is for a state. Does not know: what a test is about.

use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc, time::Duration};

use handoff::{
    clock::Clock as _,
    model::{
        event::NewEvent,
        lead::Lead,
        plan::{Decided, What},
        time::Span,
    },
    store::{DecisionFilter, LeadFilter, Store, sqlite::SqliteStore},
};

use crate::harness::{Plant, desk, until};

/// Whether the long variants are asked for.
pub fn is_long() -> bool {
    std::env::var_os("HANDOFF_TEST_LONG").is_some()
}

/// One count for every run, another for long ones.
pub fn either(every: usize, long: usize) -> usize {
    if is_long() { long } else { every }
}

/// Fills by people of these numbers, each with this form, on disk at once.
pub async fn accept(plant: &Plant, people: Range<usize>, form: impl Fn(usize) -> &'static str) {
    let now = plant.clock.now();
    let events: Vec<NewEvent> = people
        .map(|number| {
            let form = form(number);
            let body =
                format!(r#"{{"data":{{"email":"p{number}@linden.example","form":"{form}"}}}}"#);
            desk::fill(number, now, body)
        })
        .collect();
    for some in events.chunks(500) {
        plant.store.accept(some.to_vec()).await.expect("on disk");
    }
    plant.running().worker.wakes.decide();
}

/// Waits until nothing is due: no event under way, no job due now or under a lease.
pub async fn quiet(plant: &Plant) {
    until("nothing is due", || is_quiet(plant)).await;
}

async fn is_quiet(plant: &Plant) -> bool {
    let just_after = plant.clock.now().plus(Span(1));
    let before = plant.store.tally(just_after).await.expect("the books");
    if before.jobs.values().any(|jobs| jobs.late_ms > 0) {
        return false;
    }
    let is_decided = plant.store.undecided(1).await.expect("a read").is_empty();
    is_decided && plant.store.tally(just_after).await.expect("the books") == before
}

/// Time passes, and whoever has something to do is told to look.
pub fn pass(plant: &Plant, span: Span) {
    plant.clock.advance(span);
    plant.running().worker.wakes.decide();
    plant.running().worker.wakes.all_jobs();
}

/// Time passes in small steps until it holds; between two steps the daemon has a moment.
pub async fn pass_until<F, Fut>(plant: &Plant, step: Span, steps: usize, what: &str, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    for _ in 0..steps {
        if holds().await {
            return;
        }
        pass(plant, step);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}: not within {steps} steps of {step}");
}

/// Every lead, newest first.
pub async fn leads(store: &dyn Store) -> Vec<Lead> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let filter = LeadFilter { before, max: 500, ..LeadFilter::default() };
        let page = store.leads(filter).await.expect("leads");
        all.extend(page.rows.into_iter().map(|row| row.lead));
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// Every decision, in order.
pub async fn decisions(store: &dyn Store) -> Vec<Decided> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.decisions(DecisionFilter { after, max: 500 }).await.expect("decisions");
        all.extend(page.rows);
        after = page.next.map(handoff::model::id::Seq);
        if after.is_none() {
            return all;
        }
    }
}

/// How often each thing was decided.
pub async fn counts(store: &dyn Store) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for decided in decisions(store).await {
        *counts.entry(format!("{:?}", decided.decision.what)).or_insert(0) += 1;
    }
    counts
}

/// Whether a decision is one of a ladder: a reminder, an escalation, a hand-over.
pub fn is_ladder(what: What) -> bool {
    matches!(what, What::Reminded | What::Escalated | What::Reassigned)
}

/// Ends the daemon and begins it anew on the reopened file, as a restart of the process does.
pub async fn restart(plant: &mut Plant, file: &Path, away: Span) {
    plant.stop().await;
    plant.store = Arc::new(SqliteStore::open_in_memory().expect("a placeholder"));
    plant.clock.advance(away);
    let mut opened = SqliteStore::open(file);
    for _ in 0..400 {
        if opened.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        opened = SqliteStore::open(file);
    }
    plant.store = Arc::new(opened.expect("the lock is free again"));
    plant.begin().await;
}
