//! What a run is to do, and what came of it.
//!
//! Guarantees: a report is plain figures, in units that its names say. Does not know: how they
//! are measured.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Serialize;

use super::{proof::Proof, stages::Stage, waits::Quantiles};

/// What to do.
#[derive(Clone, Debug)]
pub struct Order {
    /// The program that is run as the daemon.
    pub program: PathBuf,
    /// The folder of the store, which stays; a throw-away one without it.
    pub store: Option<PathBuf>,
    /// What tells this run's people from all others.
    pub run: String,
    /// Connections at once.
    pub connections: usize,
    /// Bytes of a body.
    pub size: usize,
    /// How long the CRM takes for each answer.
    pub crm_delay: Duration,
    /// The connection's `per_second` and `burst`.
    pub limit: u32,
    /// Leads that are there before anything is measured.
    pub preload: u64,
    /// The load.
    pub load: Load,
}

/// A load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// So many a second for so long.
    Steady {
        /// Deliveries a second.
        rate: f64,
        /// For so long.
        span: Duration,
    },
    /// So many as fast as they are answered.
    Saturate {
        /// How many.
        leads: u64,
    },
    /// So many a second, with the CRM down in the middle.
    Outage {
        /// Deliveries a second.
        rate: f64,
        /// For so long before and after, half each.
        span: Duration,
        /// How long it is down.
        down: Duration,
    },
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Deliveries that were acknowledged.
    pub leads: u64,
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Deliveries without an answer.
    pub broken: u64,
    /// From the instant that was meant to the acknowledgement.
    pub acknowledged_ms: Quantiles,
    /// From the instant that was meant to the record in the CRM; none when it went as fast as it
    /// could, since there no instant was meant.
    pub recorded_ms: Option<Quantiles>,
    /// From the instant that was meant to the owner in the CRM.
    pub owned_ms: Option<Quantiles>,
    /// From the first delivery to the last owner in the CRM.
    pub seconds: f64,
    /// Leads a second over that time.
    pub leads_per_second: f64,
    /// Deliveries acknowledged a second while they were sent.
    pub acknowledged_per_second: f64,
    /// Processor time of the daemon for one lead, all the road.
    pub cpu_us_each: Option<f64>,
    /// The daemon's memory.
    pub memory: Memory,
    /// The daemon's own figures, from arrival to each stage.
    pub stages: BTreeMap<String, Stage>,
    /// What the CRM saw.
    pub crm: Calls,
    /// The same burst at a store that decides nothing.
    pub plain: Option<Plain>,
    /// The outage.
    pub outage: Option<Recovery>,
    /// What was there before.
    pub preload: Option<Preload>,
    /// What was looked for afterwards.
    pub proof: Proof,
}

/// Resident memory of the daemon in MiB.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    /// When the load began.
    pub start_mib: f64,
    /// The most that was seen during the load.
    pub peak_mib: f64,
    /// When the last lead was written.
    pub end_mib: f64,
    /// The most since the process began, a preload included.
    pub ever_mib: f64,
}

/// What the CRM saw during the load.
#[derive(Clone, Debug, Serialize)]
pub struct Calls {
    /// Requests.
    pub requests: u64,
    /// By what they call.
    pub by_call: BTreeMap<&'static str, u64>,
    /// The most at once.
    pub at_once: u32,
    /// Leads for one request.
    pub leads_each: f64,
    /// Processor time of the stand-in for one lead, so that nobody takes it for the daemon's.
    pub stand_in_us_each: Option<f64>,
}

/// Plain ingest: verified, stored, answered, and nothing else.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plain {
    /// Deliveries acknowledged a second.
    pub per_second: f64,
    /// The road's leads a second as a part of it.
    pub ratio: f64,
}

/// How an outage was got over.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// For how long the CRM was down.
    pub down_s: f64,
    /// Leads that waited when it came back.
    pub waiting: u64,
    /// Calls that it saw while it was down.
    pub calls_while_down: u64,
    /// From its coming back to the first call that it served.
    pub first_call_s: Option<f64>,
    /// From its coming back to the last of them written.
    pub recovered_s: Option<f64>,
    /// Calls in each second after it came back, at most 60.
    pub calls_per_second: Vec<u32>,
    /// The connection's limit of calls a second.
    pub limit: u32,
    /// The median wait of hot leads among those that waited, from its coming back.
    pub hot_p50_s: Option<f64>,
    /// The median wait of the others.
    pub other_p50_s: Option<f64>,
}

/// What was there before anything was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Preload {
    /// Leads.
    pub leads: u64,
    /// How long it took.
    pub seconds: f64,
    /// Processor time of the daemon for one of them.
    pub cpu_us_each: Option<f64>,
}
