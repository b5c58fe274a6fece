//! What is shown as it is now: gauges, set at every look.
//!
//! Guarantees: what the books no longer hold disappears from the page; replicas on one store show
//! the same leads, fills and jobs, so that whoever adds up takes the largest, not the sum.
//! Does not know: when anybody looks.

use std::collections::BTreeSet;

use super::{
    super::{
        labels::{Destination, InState, Jobs, Lane, OfAlert, OfSecret, Plain, Unfilled, WithFate},
        usage::Usage,
    },
    Metrics, seconds,
};
use crate::{
    model::{
        alert::Alert,
        time::{Span, Time},
    },
    store::Tally,
};

impl Metrics {
    /// The process began then.
    pub fn started(&self, at: Time) {
        self.started.set(at.seconds());
    }

    /// What the process uses now. Processor time only grows.
    pub fn usage(&self, usage: Usage) {
        let more = usage.cpu.as_secs_f64() - self.cpu.get();
        if more > 0.0 {
            self.cpu.inc_by(more);
        }
        self.memory.set(i64::try_from(usage.memory).unwrap_or(i64::MAX));
        self.files.set(i64::try_from(usage.files).unwrap_or(i64::MAX));
    }

    /// The store could write just now, and has room; or not.
    pub fn ready(&self, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
    }

    /// So many bytes are free on the store's disk.
    pub fn free(&self, bytes: u64) {
        let plain: Plain = [];
        self.free.get_or_create(&plain).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// The oldest fill under way has waited so long for its decision.
    pub fn undecided(&self, waits: Span) {
        self.undecided.set(seconds(waits));
    }

    /// So many leads have an owner and are past their deadline.
    pub fn late(&self, leads: usize) {
        self.late.set(i64::try_from(leads).unwrap_or(i64::MAX));
    }

    /// Shows which alerts are raised: all of them, 1 or 0.
    pub fn alerts(&self, raised: &BTreeSet<Alert>) {
        for alert in Alert::all() {
            let labels = OfAlert { alert: alert.name() };
            self.alerts.get_or_create(&labels).set(i64::from(raised.contains(&alert)));
        }
    }

    /// A destination is called as usual, or left alone for a while.
    pub fn circuit(&self, lane: &str, is_closed: bool) {
        let labels = Destination { lane: lane.to_owned() };
        self.circuit.get_or_create_owned(&labels).set(i64::from(is_closed));
    }

    /// The secret at this place of a source's list, counted from 1, was last used then.
    pub fn secret_used(&self, source: &str, secret: u32, at: Time) {
        let labels = OfSecret { source: source.to_owned(), secret };
        self.secrets.get_or_create_owned(&labels).set(at.seconds());
    }

    /// This rulebook is in force.
    pub fn rulebook(&self, version: u32) {
        self.rulebook.set(i64::from(version));
    }

    /// Shows the books. What they no longer hold disappears from the page. Only work that `is_done`
    /// says is done at present (by kind and lane) can be late: what observe mode leaves alone is not.
    pub fn tally(&self, tally: &Tally, is_done: impl Fn(&str) -> bool) {
        for (state, count) in &tally.states {
            self.leads.get_or_create(&InState { state }).set(*count);
        }
        for (fate, count) in &tally.fates {
            self.fills.get_or_create(&WithFate { fate }).set(*count);
        }
        self.jobs.clear();
        self.oldest.clear();
        for (name, jobs) in &tally.jobs {
            let (kind, lane) = split(name);
            for (state, count) in [("open", jobs.open), ("dead", jobs.dead)] {
                let labels = Jobs { kind: kind.to_owned(), lane: lane.to_owned(), state };
                self.jobs.get_or_create(&labels).set(count);
            }
            let labels = Lane { kind: kind.to_owned(), lane: lane.to_owned() };
            let behind = if is_done(name) { Span(jobs.late_ms) } else { Span::ZERO };
            self.oldest.get_or_create(&labels).set(seconds(behind));
        }
        self.unfilled.clear();
        for (name, count) in &tally.unfilled {
            let (source, field) = split(name);
            let labels = Unfilled { source: source.to_owned(), field: field.to_owned() };
            self.unfilled.get_or_create(&labels).set(*count);
        }
        self.balance.set(i64::from(tally.balances()));
    }
}

/// The tally writes `kind lane` and `source field` as one key; neither first part has these marks.
fn split(name: &str) -> (&str, &str) {
    name.split_once([' ', '/', ':']).unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::read::JobTally;

    #[test]
    fn the_books_replace_what_they_showed_before() {
        let metrics = Metrics::new("sqlite");
        let mut tally = Tally { accepted: 2, ..Tally::default() };
        tally.fates.extend([("opened", 1), ("rejected", 1)]);
        tally.states.insert("assigned", 1);
        let jobs = JobTally { open: 3, dead: 1, late_ms: 2_500 };
        tally.jobs.insert("write hubspot".into(), jobs);
        tally.unfilled.insert("typeform-demo lead.company".into(), 12);
        metrics.tally(&tally, |_| true);
        let page = metrics.encode();
        for line in [
            "handoff_leads{state=\"assigned\"} 1",
            "handoff_fills{fate=\"rejected\"} 1",
            "handoff_jobs{kind=\"write\",lane=\"hubspot\",state=\"dead\"} 1",
            "handoff_job_late_seconds{kind=\"write\",lane=\"hubspot\"} 2.5",
            "handoff_unfilled{source=\"typeform-demo\",field=\"lead.company\"} 12",
            "handoff_books_balance 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in:\n{page}");
        }
        metrics.tally(&tally, |lane| !lane.starts_with("write"));
        let late = "handoff_job_late_seconds{kind=\"write\",lane=\"hubspot\"} 0.0";
        assert!(metrics.encode().contains(late), "what nobody is to do is not late");
        tally.jobs.clear();
        tally.accepted = 3;
        metrics.tally(&tally, |_| true);
        let page = metrics.encode();
        assert!(!page.contains("handoff_jobs{"), "{page}");
        assert!(page.contains("handoff_books_balance 0"), "a lost fill shows");
    }

    #[test]
    fn what_the_process_uses_and_what_waits_is_shown() {
        let metrics = Metrics::new("sqlite");
        assert!(!metrics.encode().contains("handoff_store_free_bytes 0"), "unknown is not zero");
        metrics.started(Time(1_767_268_800_999));
        metrics.free(5 << 30);
        metrics.undecided(Span(1_500));
        metrics.late(3);
        metrics.ready(true);
        for cpu in [Duration::from_millis(2_500), Duration::from_secs(2)] {
            metrics.usage(Usage { cpu, memory: 23 << 20, files: 17 });
        }
        let page = metrics.encode();
        for line in [
            "process_start_time_seconds 1767268800",
            "process_cpu_seconds_total 2.5",
            "process_resident_memory_bytes 24117248",
            "process_open_fds 17",
            "handoff_store_free_bytes{} 5368709120",
            "handoff_undecided_seconds 1.5",
            "handoff_leads_late 3",
            "handoff_ready 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in:\n{page}");
        }
    }
}
