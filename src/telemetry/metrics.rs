//! Metrics: every name that `/metrics` shows.
//!
//! Guarantees: a value, not a process global, so tests may have many; labels are configured names
//! and our own words, so that no stranger can make the page grow; seconds and bytes as units.
//! Does not know: HTTP, nor who counts.

mod now;
mod traffic;

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};

use super::labels::{
    Answered, AtStage, Attempt, Build, Destination, InState, InTime, Jobs, Lane, Observed, OfAlert,
    OfSecret, OfSource, Plain, Shadowed, Unfilled, What, WithFate,
};
use crate::model::{
    alert::Bloat,
    job::{JobKind, Verdict},
    observe::Seen,
    plan,
    time::Span,
};

pub use traffic::Traffic;

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Buckets of a histogram in seconds, as a constructor for families.
#[derive(Clone, Copy, Debug)]
struct Seconds(&'static [f64]);

impl MetricConstructor<Histogram> for Seconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// From one fsync to an outage of an hour, and to an answer on the next day.
const SINCE_ARRIVAL: Seconds = Seconds(&[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    300.0, 3600.0, 14_400.0, 86_400.0,
]);
const BATCH: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
const LATE: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0];

/// Every metric of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    events: Family<Answered, Counter>,
    bytes: Family<OfSource, Counter>,
    secrets: Family<OfSecret, Gauge>,
    leads: Family<InState, Gauge>,
    fills: Family<WithFate, Gauge>,
    decisions: Family<What, Counter>,
    batch: Histogram,
    jobs: Family<Jobs, Gauge>,
    oldest: Family<Lane, Gauge<f64, AtomicU64>>,
    attempts: Family<Attempt, Counter>,
    review_late: Histogram,
    since_arrival: Family<AtStage, Histogram, Seconds>,
    answers: Family<InTime, Counter>,
    shadow: Family<Shadowed, Counter>,
    observed: Family<Observed, Counter>,
    late: Gauge,
    undecided: Gauge<f64, AtomicU64>,
    free: Family<Plain, Gauge>,
    ready: Gauge,
    circuit: Family<Destination, Gauge>,
    unfilled: Family<Unfilled, Gauge>,
    alerts: Family<OfAlert, Gauge>,
    old_secrets: Family<OfSource, Counter>,
    rulebook: Gauge,
    replicas: Gauge,
    balance: Gauge,
    dead_rows: Gauge,
    transaction: Gauge<f64, std::sync::atomic::AtomicU64>,
    panics: Counter,
    replayed: [Counter; 2],
    started: Gauge,
    cpu: Counter<f64, AtomicU64>,
    memory: Gauge,
    files: Gauge,
}

impl Metrics {
    /// All at zero. `store` is the kind of the store, for the build's line.
    #[must_use]
    pub fn new(store: &str) -> Self {
        let metrics = Self {
            registry: Registry::default(),
            events: Family::default(),
            bytes: Family::default(),
            secrets: Family::default(),
            leads: Family::default(),
            fills: Family::default(),
            decisions: Family::default(),
            batch: Histogram::new(BATCH.iter().copied()),
            jobs: Family::default(),
            oldest: Family::default(),
            attempts: Family::default(),
            review_late: Histogram::new(LATE.iter().copied()),
            since_arrival: Family::new_with_constructor(SINCE_ARRIVAL),
            answers: Family::default(),
            shadow: Family::default(),
            observed: Family::default(),
            late: Gauge::default(),
            undecided: Gauge::default(),
            free: Family::default(),
            ready: Gauge::default(),
            circuit: Family::default(),
            unfilled: Family::default(),
            alerts: Family::default(),
            old_secrets: Family::default(),
            rulebook: Gauge::default(),
            replicas: Gauge::default(),
            balance: Gauge::default(),
            dead_rows: Gauge::default(),
            transaction: Gauge::default(),
            panics: Counter::default(),
            replayed: Default::default(),
            started: Gauge::default(),
            cpu: Counter::default(),
            memory: Gauge::default(),
            files: Gauge::default(),
        };
        metrics.registered(store)
    }

    #[rustfmt::skip] // One metric a line reads as the table that it is.
    fn registered(mut self, store: &str) -> Self {
        let build = Info::new(Build { version: env!("CARGO_PKG_VERSION"), store: store.to_owned() });
        let r = &mut self.registry;
        r.register("handoff_events", "Deliveries by source and answer", self.events.clone());
        r.register_with_unit("handoff_received", "Bodies taken in", Unit::Bytes, self.bytes.clone());
        r.register_with_unit("handoff_secret_last_used", "When a delivery was last proved by a source's secret, by its place in the settings, since 1970", Unit::Seconds, self.secrets.clone());
        r.register("handoff_leads", "Leads by state", self.leads.clone());
        r.register("handoff_fills", "Form fills by fate", self.fills.clone());
        r.register("handoff_decisions", "Decisions by what they did", self.decisions.clone());
        r.register_with_unit("handoff_decide_batch", "Time to decide one batch", Unit::Seconds, self.batch.clone());
        r.register("handoff_jobs", "Jobs that are open or dead", self.jobs.clone());
        r.register_with_unit("handoff_job_late", "By how much the oldest due job is late", Unit::Seconds, self.oldest.clone());
        r.register("handoff_attempts", "Attempts at jobs by outcome", self.attempts.clone());
        r.register_with_unit("handoff_review_late", "By how much reviews were late", Unit::Seconds, self.review_late.clone());
        r.register_with_unit("handoff_since_arrival", "From a fill's arrival to each stage", Unit::Seconds, self.since_arrival.clone());
        r.register("handoff_answered", "Leads that somebody answered, by whether it was in time", self.answers.clone());
        r.register("handoff_shadow", "Placements that a draft decided beside the rulebook in force, by whether it would have done the same", self.shadow.clone());
        r.register("handoff_observed", "Leads in observe mode, by what another router did with them", self.observed.clone());
        r.register("handoff_leads_late", "Leads with an owner past their deadline; at most 500 are counted", self.late.clone());
        r.register_with_unit("handoff_undecided", "How long the oldest fill under way has waited for its decision", Unit::Seconds, self.undecided.clone());
        r.register("handoff_ready", "1 if the store could write when this page was asked for", self.ready.clone());
        r.register_with_unit("handoff_store_free", "Free on the store's disk", Unit::Bytes, self.free.clone());
        r.register("handoff_circuit_closed", "1 while a destination is called as usual, 0 while it is left alone", self.circuit.clone());
        r.register("handoff_unfilled", "Fills in a row that lacked a mapped field", self.unfilled.clone());
        r.register("handoff_alert", "1 while an alert is raised", self.alerts.clone());
        r.register("handoff_rulebook_version", "The rulebook in force", self.rulebook.clone());
        r.register("handoff_replicas", "Processes that serve on the same store, this one too", self.replicas.clone());
        r.register("handoff_books_balance", "1 if every fill has one fate and every lead one state", self.balance.clone());
        r.register("handoff_store_dead_rows", "Finished rows that the database has not cleared away", self.dead_rows.clone());
        r.register_with_unit("handoff_store_transaction", "How long the oldest transaction of the database has been open", Unit::Seconds, self.transaction.clone());
        let [replayed, differing] = &self.replayed;
        r.register("handoff_replayed", "Stored decisions made again", replayed.clone());
        let help = "Stored decisions that did not come out the same again";
        r.register("handoff_replayed_differing", help, differing.clone());
        r.register("handoff_panics", "Panics that were caught at an edge", self.panics.clone());
        r.register("handoff_build", "What is running", build);
        // By the names that every exporter uses.
        r.register_with_unit("process_start_time", "When the process began, since 1970", Unit::Seconds, self.started.clone());
        r.register_with_unit("process_cpu", "Processor time", Unit::Seconds, self.cpu.clone());
        r.register_with_unit("process_resident_memory", "Resident memory", Unit::Bytes, self.memory.clone());
        r.register("process_open_fds", "Open files and connections", self.files.clone());
        self.shadowed(0, 0);
        for (_, result, _) in Seen::ALL {
            self.observed.get_or_create_owned(&Observed { result }).inc_by(0);
        }
        self
    }

    /// A delivery of a source was taken: events that are new, events that were there, and bytes.
    pub fn accepted(&self, source: &str, stored: usize, duplicates: usize, bytes: usize) {
        self.answered(source, "stored", "").inc_by(stored as u64);
        self.answered(source, "duplicate", "").inc_by(duplicates as u64);
        self.bytes
            .get_or_create_owned(&OfSource { source: source.to_owned() })
            .inc_by(bytes as u64);
    }

    /// A delivery was refused. A source that is not in the settings is `unknown`, whatever it
    /// called itself.
    pub fn refused(&self, source: &str, reason: &'static str) {
        self.answered(source, "refused", reason).inc();
    }

    fn answered(&self, source: &str, answer: &'static str, reason: &'static str) -> Counter {
        self.events.get_or_create_owned(&Answered { source: source.to_owned(), answer, reason })
    }

    /// A delivery of a source verified by a secret that is not its first. For [`Traffic`] alone.
    pub fn old_secret(&self, source: &str) {
        self.old_secrets.get_or_create_owned(&OfSource { source: source.to_owned() }).inc();
    }

    /// A decision was made.
    pub fn decided(&self, what: plan::What) {
        self.decisions.get_or_create_owned(&What { what: word(what) }).inc();
    }

    /// A batch was decided in so long.
    pub fn batch(&self, took: Span) {
        self.batch.observe(seconds(took));
    }

    /// An attempt at a job ended.
    pub fn attempt(&self, kind: JobKind, lane: &str, verdict: &Verdict) {
        let outcome = match verdict {
            Verdict::Done => "done",
            Verdict::Retry { .. } => "retry",
            Verdict::Snooze { .. } => "snooze",
            Verdict::Dead { .. } => "dead",
        };
        let labels = Attempt { kind: kind.word(), lane: lane.to_owned(), outcome };
        self.attempts.get_or_create_owned(&labels).inc();
    }

    /// A review was decided so long after it was due.
    pub fn reviewed(&self, late: Span) {
        self.review_late.observe(seconds(late));
    }

    /// A fill came so far, so long after its arrival: `stored`, `decided`, `written`, `told`,
    /// `answered`.
    pub fn stage(&self, stage: &'static str, after: Span) {
        self.since_arrival.get_or_create_owned(&AtStage { stage }).observe(seconds(after));
    }

    /// A lead was answered so long after it came, in time or not.
    pub fn answered_lead(&self, after: Span, is_in_time: bool) {
        let in_time = if is_in_time { "yes" } else { "no" };
        self.answers.get_or_create_owned(&InTime { in_time }).inc();
        self.stage("answered", after);
    }

    /// A draft decided beside the rulebook in force: so many placements alike, so many otherwise.
    pub fn shadowed(&self, same: u64, differ: u64) {
        for (outcome, count) in [("same", same), ("differs", differ)] {
            self.shadow.get_or_create_owned(&Shadowed { outcome }).inc_by(count);
        }
    }

    /// A lead in observe mode was held against what another router did.
    pub fn observed(&self, seen: Seen) {
        self.observed.get_or_create_owned(&Observed { result: seen.word() }).inc();
    }

    /// So many processes are there.
    pub fn replicas(&self, count: usize) {
        self.replicas.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A panic was caught at an edge.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Stored decisions were made again: so many the same, so many not.
    pub fn replayed(&self, same: u64, differing: u64) {
        let [all, not_same] = &self.replayed;
        all.inc_by(same + differing);
        not_same.inc_by(differing);
    }

    /// Shows what the store's database has not cleared away.
    pub fn bloat(&self, bloat: Bloat) {
        self.dead_rows.set(bloat.dead_rows);
        self.transaction.set(seconds(bloat.oldest));
    }

    /// The page, as [`CONTENT_TYPE`].
    #[must_use]
    pub fn encode(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut page, &self.registry);
        page
    }
}

/// The word under which a plain enum is written everywhere else.
fn word(plain: impl serde::Serialize) -> String {
    match serde_json::to_value(plain) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn seconds(span: Span) -> f64 {
    span.0.max(0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{alert::Alert, time::Time};

    #[test]
    fn every_counter_shows_on_the_page() {
        let metrics = Metrics::new("sqlite");
        metrics.accepted("typeform-demo", 2, 1, 600);
        metrics.refused("unknown", "unknown-source");
        metrics.decided(plan::What::OwnerKept);
        metrics.batch(Span(5));
        metrics.attempt(JobKind::Write, "hubspot", &Verdict::Done);
        metrics.reviewed(Span(250));
        metrics.stage("told", Span(1500));
        metrics.circuit("hubspot", false);
        metrics.rulebook(7);
        metrics.secret_used("typeform-demo", 2, Time(1_767_268_800_999));
        metrics.panicked();
        metrics.answered_lead(Span(90_000), true);
        metrics.shadowed(4, 1);
        metrics.observed(Seen::Turn);
        metrics.alerts(&[Alert::JobDead].into());
        metrics.bloat(Bloat { dead_rows: 9, oldest: Span(1_500) });
        let page = metrics.encode();
        for line in [
            "handoff_events_total{source=\"typeform-demo\",answer=\"stored\",reason=\"\"} 2",
            "handoff_events_total{source=\"unknown\",answer=\"refused\",reason=\"unknown-source\"} 1",
            "handoff_received_bytes_total{source=\"typeform-demo\"} 600",
            "handoff_decisions_total{what=\"owner_kept\"} 1",
            "handoff_decide_batch_seconds_count 1",
            "handoff_attempts_total{kind=\"write\",lane=\"hubspot\",outcome=\"done\"} 1",
            "handoff_review_late_seconds_sum 0.25",
            "handoff_since_arrival_seconds_sum{stage=\"told\"} 1.5",
            "handoff_circuit_closed{lane=\"hubspot\"} 0",
            "handoff_rulebook_version 7",
            "handoff_secret_last_used_seconds{source=\"typeform-demo\",secret=\"2\"} 1767268800",
            "handoff_panics_total 1",
            "handoff_store_dead_rows 9",
            "handoff_store_transaction_seconds 1.5",
            "handoff_answered_total{in_time=\"yes\"} 1",
            "handoff_shadow_total{outcome=\"differs\"} 1",
            "handoff_observed_total{result=\"turn\"} 1",
            "handoff_since_arrival_seconds_sum{stage=\"answered\"} 90.0",
            "handoff_alert{alert=\"job-dead\"} 1",
            "handoff_alert{alert=\"lead-stuck\"} 0",
            "handoff_build_info{version=\"0.1.0\",store=\"sqlite\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in:\n{page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
