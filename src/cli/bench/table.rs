//! `handoff bench table`: every figure of the README's performance table, in one run.
//!
//! Guarantees: each line is printed as soon as it is measured, in Markdown; ratios compare bursts
//! of the same run; exits 1 when an acknowledged delivery was lost anywhere.
//! Does not know: what is promised; the README says that.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::road::{of, run_id};
use crate::{
    cli::{
        exit::{Exit, Outcome},
        session::Session,
    },
    load::{
        Pace, Until,
        intake::{Burned, Burst, Ground, Over, burn},
        road::{Load, Order, Report, drive, waits::Quantiles},
    },
};

/// Print the performance table of the README.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff bench table           some three minutes
  handoff bench table --long    the large store and the long load too, some fifteen minutes

The daemon, the stand-in CRM and the generator share this machine: give it a quiet one.")]
pub struct Figures {
    /// With half a million leads in the store, and five minutes of load
    #[arg(long)]
    long: bool,
}

impl Figures {
    /// Runs it.
    ///
    /// # Errors
    /// A daemon that does not start.
    pub fn run(self, session: &mut Session) -> Outcome {
        let mut page = Page { session, is_good: true };
        page.row("what", "figure");
        page.row("---", "---");
        intake(&mut page)?;
        page.road(
            "arrival → CRM at 200 leads/s, a CRM that takes 20 ms",
            steady(200, 10),
            arrival,
        )?;
        page.road("saturation into a batch endpoint", saturated(40_000, 0), saturation)?;
        let outage = Load::Outage {
            rate: 200.0,
            span: Duration::from_secs(10),
            down: Duration::from_secs(20),
        };
        page.road("a CRM that was down for 20 s at 200 leads/s", outage_order(outage), recovery)?;
        let seconds = if self.long { 300 } else { 30 };
        let title = format!("4,000 leads/s for {seconds} s");
        page.road(&title, steady(4_000, seconds), memory)?;
        if self.long {
            let title = "saturation with 500,000 leads in the store";
            page.road(title, saturated(40_000, 500_000), saturation)?;
        }
        Ok(if page.is_good { Exit::Ok } else { Exit::No })
    }
}

/// Lines as they come.
struct Page<'a> {
    session: &'a mut Session,
    is_good: bool,
}

impl Page<'_> {
    fn row(&mut self, what: &str, figure: &str) {
        eprintln!("| {what} | {figure} |");
        self.session.screen.line(&format!("| {what} | {figure} |"));
    }

    fn road(
        &mut self,
        what: &str,
        order: anyhow::Result<Order>,
        say: fn(&Report) -> String,
    ) -> anyhow::Result<()> {
        let report = drive(&order?, &mut |line| eprintln!("{line}"))?;
        self.is_good &= report.proof.holds() && report.leads > 0;
        let lost = if report.proof.holds() { "" } else { "; **leads were lost or doubled**" };
        self.row(what, &format!("{}{lost}", say(&report)));
        Ok(())
    }
}

fn intake(page: &mut Page<'_>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("a folder for the throw-away store")?;
    let until = Until::Elapsed(Duration::from_secs(10));
    let burst = Burst { connections: 256, size: 1024, pace: Pace::Free, until };
    let mut ceiling = None;
    let ground = Ground::alone(folder.path(), &run_id()?);
    for over in Over::ALL.into_iter().filter(|over| !over.is_shared()) {
        let burned = burn(over, &ground, burst)?;
        let ceiling = *ceiling.get_or_insert(burned.volley.per_second());
        page.is_good &= burned.missing == 0;
        page.row(&format!("intake: {}", over.words()), &intake_figure(over, &burned, ceiling));
    }
    let folder = tempfile::tempdir().context("a folder for the throw-away store")?;
    let paced = Burst { pace: Pace::PerSecond(4_000.0), ..burst };
    let ground = Ground::alone(folder.path(), &run_id()?);
    let burned = burn(Over::Decided, &ground, paced)?;
    page.is_good &= burned.missing == 0;
    let figure = format!(
        "acknowledged after p50 {:.1} ms, p99 {:.1} ms",
        burned.volley.percentile_ms(50.0),
        burned.volley.percentile_ms(99.0)
    );
    page.row("intake at 4,000 leads/s, deciding meanwhile", &figure);
    Ok(())
}

fn intake_figure(over: Over, burned: &Burned, ceiling: f64) -> String {
    let rate = burned.volley.per_second();
    let cpu = burned.cpu_each().unwrap_or(0.0);
    let figure = format!("{rate:.0}/s, {:.2} of the route alone, {cpu:.0} µs CPU", rate / ceiling);
    if over != Over::Decided {
        return figure;
    }
    let behind = burned.caught_up.as_secs_f64();
    format!("{figure}; {} undecided at the end, decided within {behind:.1} s", burned.behind)
}

fn steady(rate: u32, seconds: u64) -> anyhow::Result<Order> {
    of(Load::Steady { rate: f64::from(rate), span: Duration::from_secs(seconds) }, &run_id()?)
}

fn saturated(leads: u64, preload: u64) -> anyhow::Result<Order> {
    let order = of(Load::Saturate { leads }, &run_id()?)?;
    Ok(Order { preload, ..order })
}

fn outage_order(load: Load) -> anyhow::Result<Order> {
    Ok(Order { limit: 100, ..of(load, &run_id()?)? })
}

fn arrival(report: &Report) -> String {
    let of = |times: Option<Quantiles>| {
        times
            .map_or_else(|| "–".to_owned(), |t| format!("p50 {:.0} ms, p99 {:.0} ms", t.p50, t.p99))
    };
    format!("record {}; owner {}", of(report.recorded_ms), of(report.owned_ms))
}

fn saturation(report: &Report) -> String {
    format!(
        "{:.0} leads/s, {:.0} µs CPU a lead, at most {:.0} MiB",
        report.leads_per_second,
        report.cpu_us_each.unwrap_or(0.0),
        report.memory.peak_mib
    )
}

fn memory(report: &Report) -> String {
    let memory = report.memory;
    format!(
        "{:.0} MiB at the start, {:.0} at most, {:.0} at the end; acknowledged p99 {:.0} ms",
        memory.start_mib, memory.peak_mib, memory.end_mib, report.acknowledged_ms.p99
    )
}

fn recovery(report: &Report) -> String {
    let Some(outage) = &report.outage else { return "–".to_owned() };
    let seconds = |span: Option<f64>| span.map_or_else(|| "–".to_owned(), |s| format!("{s:.1} s"));
    format!(
        "{} waited; the last of them written {} after it was back; median of hot leads {}, others {}",
        outage.waiting,
        seconds(outage.recovered_s),
        seconds(outage.hot_p50_s),
        seconds(outage.other_p50_s)
    )
}
