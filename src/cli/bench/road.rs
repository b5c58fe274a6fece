//! `handoff bench road`: the whole way from a delivery to an owned record in a CRM.
//!
//! Guarantees: exits 1 when an acknowledged lead is missing, double or without an owner anywhere
//! on the way. Does not know: how it is measured; `load::road` does.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;

use crate::{
    cli::{
        exit::{Exit, Outcome, Stop},
        screen::{Screen, Tone},
        session::Session,
    },
    load::road::{Load, Order, Report, drive, waits::Quantiles},
    model::time::Span,
};

/// Drive leads through a daemon of its own into a stand-in CRM, and look for every one of them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff bench road                                 200 a second for 10 s, a CRM that takes 20 ms
  handoff bench road --rate 1000 --for 30s --crm-delay 200ms
  handoff bench road --saturate --leads 20000        as fast as it can, against plain ingest
  handoff bench road --preload 500000 --rate 200     in a store with half a million leads
  handoff bench road --outage 30s --rate 200 --limit 20
                                                     the CRM is down in the middle

Exit code 1 means that an acknowledged lead was lost, doubled or left without an owner.")]
pub struct Road {
    /// Deliveries a second, whatever becomes of them
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long the load lasts, an outage not counted
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = Span::parse)]
    span: Span,
    /// Post as fast as deliveries are acknowledged instead
    #[arg(long, conflicts_with_all = ["rate", "span", "outage"])]
    saturate: bool,
    /// How many leads to post so
    #[arg(long, value_name = "N", default_value_t = 20_000, requires = "saturate", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    leads: u64,
    /// Have the CRM down for so long in the middle
    #[arg(long, value_name = "TIME", value_parser = Span::parse)]
    outage: Option<Span>,
    /// Fill the store with so many leads first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    preload: u64,
    /// How long the CRM takes for each answer
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = Span::parse)]
    crm_delay: Span,
    /// The calls a second that the daemon may make
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Bytes of a body
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(256..=65536))]
    size: u32,
    /// Exit 1 if the daemon uses more memory than this
    #[arg(long, value_name = "MIB")]
    memory_max: Option<u32>,
    /// A folder whose store is used, made if need be, and kept
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
}

fn std(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

impl Road {
    /// Runs it.
    ///
    /// # Errors
    /// The daemon does not start, or its store cannot be read.
    pub fn run(self, session: &mut Session) -> Outcome {
        let order = self.order()?;
        let report = drive(&order, &mut |line| eprintln!("{line}"))?;
        if session.screen.is_json() {
            let value = serde_json::to_value(&report).context("the report is no JSON")?;
            session.screen.json(&value);
        } else {
            print(&mut session.screen, &report);
        }
        let is_bounded =
            self.memory_max.is_none_or(|most| report.memory.peak_mib <= f64::from(most));
        if !is_bounded {
            let line = "the daemon's memory grew beyond --memory-max";
            session.screen.toned(Tone::Bad, line);
        }
        let is_good = report.proof.holds() && report.leads > 0 && is_bounded;
        Ok(if is_good { Exit::Ok } else { Exit::No })
    }

    fn order(&self) -> Result<Order, Stop> {
        let store = match &self.store {
            Some(folder) => Some(std::path::absolute(folder).context("the folder of the store")?),
            None => None,
        };
        let (rate, span) = (f64::from(self.rate), std(self.span));
        if span.is_zero() && !self.saturate {
            return Err(Stop::usage("--for is no time at all: write --for 10s"));
        }
        let load = match self.outage {
            _ if self.saturate => Load::Saturate { leads: self.leads },
            Some(down) => Load::Outage { rate, span, down: std(down) },
            None => Load::Steady { rate, span },
        };
        Ok(Order {
            store,
            connections: self.connections.into(),
            size: self.size as usize,
            crm_delay: std(self.crm_delay),
            limit: self.limit,
            preload: self.preload,
            ..of(load, &run_id()?)?
        })
    }
}

/// What tells a run's people from those of all others.
pub(super) fn run_id() -> anyhow::Result<String> {
    let mut run = [0_u8; 4];
    getrandom::fill(&mut run).context("the machine gives no randomness")?;
    Ok(hex::encode(run))
}

/// A load as the help describes it where nothing else is said.
pub(super) fn of(load: Load, run: &str) -> anyhow::Result<Order> {
    Ok(Order {
        program: std::env::current_exe().context("this program cannot find itself")?,
        store: None,
        run: run.to_owned(),
        connections: 64,
        size: 1024,
        crm_delay: Duration::from_millis(20),
        limit: 10_000,
        preload: 0,
        load,
    })
}

fn print(screen: &mut Screen, report: &Report) {
    times(screen, report);
    screen.line("");
    figures(screen, report);
    if let Some(outage) = &report.outage {
        let seconds =
            |span: Option<f64>| span.map_or_else(|| "–".to_owned(), |span| format!("{span:.1} s"));
        screen.line("");
        screen.line(&format!(
            "the CRM was down for {:.1} s and saw {} calls; {} leads waited when it came back",
            outage.down_s, outage.calls_while_down, outage.waiting
        ));
        screen.line(&format!(
            "first record after {}, the last of them after {}; median of hot leads {}, others {}",
            seconds(outage.first_call_s),
            seconds(outage.recovered_s),
            seconds(outage.hot_p50_s),
            seconds(outage.other_p50_s),
        ));
        screen.line(&format!(
            "calls in each second after it came back: {:?}; the limit is {}",
            outage.calls_per_second, outage.limit
        ));
    }
    screen.line("");
    verdict(screen, report);
}

/// From arrival to each stage, as seen from outside and as the daemon says.
fn times(screen: &mut Screen, report: &Report) {
    let mut rows = Vec::new();
    let mut add = |what: &str, times: Option<Quantiles>| {
        if let Some(Quantiles { p50, p90, p99, max }) = times {
            let mut row = vec![what.to_owned()];
            row.extend([p50, p90, p99, max].map(|ms| format!("{ms:.1}")));
            rows.push(row);
        }
    };
    add("acknowledged", Some(report.acknowledged_ms));
    add("record in the CRM", report.recorded_ms);
    add("owner in the CRM", report.owned_ms);
    for (name, stage) in &report.stages {
        let at_most = |ms: f64| format!("≤ {ms}");
        let dash = "–".to_owned();
        rows.push(vec![
            format!("{name}, as the daemon says"),
            at_most(stage.p50_ms),
            dash.clone(),
            at_most(stage.p99_ms),
            dash,
        ]);
    }
    screen.table(&["arrival to", "p50 ms", "p90 ms", "p99 ms", "max ms"], &rows, "nothing");
}

fn figures(screen: &mut Screen, report: &Report) {
    if let Some(before) = &report.preload {
        screen.line(&format!(
            "{} leads were there before, put there in {:.0} s ({:.0} a second)",
            before.leads,
            before.seconds,
            before.leads as f64 / before.seconds.max(1e-9)
        ));
    }
    screen.line(&format!(
        "{} leads in {:.1} s from the first delivery to the last owner: {:.0} a second \
         (acknowledged {:.0} a second)",
        report.leads, report.seconds, report.leads_per_second, report.acknowledged_per_second
    ));
    if let Some(cpu) = report.cpu_us_each {
        let stand_in = report.crm.stand_in_us_each.unwrap_or(0.0);
        screen.line(&format!(
            "processor time: the daemon {cpu:.0} µs a lead, the stand-in CRM {stand_in:.0} µs"
        ));
    }
    let memory = report.memory;
    screen.line(&format!(
        "memory of the daemon: {:.0} MiB at the start, {:.0} at most, {:.0} at the end",
        memory.start_mib, memory.peak_mib, memory.end_mib
    ));
    screen.line(&format!(
        "calls to the CRM: {}, {:.1} leads each, {} at once at most",
        report.crm.requests, report.crm.leads_each, report.crm.at_once
    ));
    if let Some(plain) = report.plain {
        screen.line(&format!(
            "plain ingest: {:.0} a second; the road is {:.2} of it",
            plain.per_second, plain.ratio
        ));
    }
}

fn verdict(screen: &mut Screen, report: &Report) {
    let refused: u64 =
        report.answers.iter().filter(|(status, _)| **status >= 300).map(|(_, count)| count).sum();
    if refused + report.broken > 0 {
        let line = format!("{refused} deliveries were refused and {} not answered", report.broken);
        screen.toned(Tone::Bad, &line);
    }
    let proof = &report.proof;
    if proof.holds() {
        let line = format!(
            "all {} acknowledged deliveries are stored once, decided, and one owned record each; \
             the books balance",
            proof.acknowledged
        );
        screen.toned(Tone::Good, &line);
        return;
    }
    for (what, count) in &proof.wrong {
        let examples = proof.examples.get(what).map(Vec::as_slice).unwrap_or_default();
        screen.toned(Tone::Bad, &format!("{count} times {what}: deliveries {examples:?} …"));
    }
    if !proof.balances {
        screen.toned(Tone::Bad, "the books do not balance");
    }
    if !proof.recounts {
        screen.toned(Tone::Bad, "counting the rows gives other books");
    }
}
