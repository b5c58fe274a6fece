//! One run: a preload, a load, the wait for the last lead, the proof.
//!
//! Guarantees: the generator has a thread of its own; a lead counts as written when the stand-in
//! shows an owner for it; a run in which nothing moves for two minutes ends, and its proof says
//! what is missing. Does not know: how to print; it says now and then how far it is.

use std::{collections::BTreeMap, path::Path, sync::Arc, thread, time::Duration};

use anyhow::Context as _;

use super::{
    daemon::Daemon,
    order::{Calls, Load, Memory, Order, Plain, Preload, Recovery, Report},
    proof::{self, Run},
    stages,
    waits::{Quantiles, Written, median_s, written},
};
use crate::{
    clock::{Clock as _, SystemClock},
    demo::crm::{Kind, StandIn, Stats},
    load::{
        Aim, Pace, Until, Volley, body, fire,
        intake::{Burst, Ground, Over, burn, scheme},
    },
    telemetry::usage,
};

/// How often a run looks around.
const LOOK: Duration = Duration::from_millis(50);
/// How often it says how far it is, in looks.
const SAY_EVERY: u32 = 40;
/// Without a further lead for so many looks nobody waits any longer: twice the longest pause that
/// the daemon makes before a destination.
const PATIENCE: u32 = 2_400;
/// The most seconds of calls that are told after an outage.
const SECONDS_MAX: usize = 60;
/// The thread of the generator.
const GENERATOR: &str = "generator";
const MIB: f64 = 1_048_576.0;

/// Runs an order.
///
/// # Errors
/// The daemon does not start or stop, or its store cannot be read.
pub fn drive(order: &Order, say: &mut dyn FnMut(&str)) -> anyhow::Result<Report> {
    let began = SystemClock::new().now();
    let thrown_away;
    let folder: &Path = if let Some(folder) = &order.store {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        // The daemon works there, and the program may have been named from here.
        folder
    } else {
        thrown_away = tempfile::tempdir().context("a folder for the throw-away store")?;
        thrown_away.path()
    };
    let crm = StandIn::start(Kind::Hubspot).context("no port for the stand-in CRM")?;
    crm.set_lean(true);
    let daemon = Daemon::start(&order.program, folder, &crm, order.limit)?;
    let aim = {
        let (run, size) = (order.run.clone(), order.size);
        let make = Box::new(move |number| body(&run, number, size));
        Aim::new(&daemon.base, "website", Arc::new(scheme()?), &order.run, make)?
    };
    let mut road =
        Road { order, crm, daemon, aim: Arc::new(aim), say, peak: 0, acknowledged: vec![] };
    let preload = road.preload()?;
    road.crm.set_delay(u64::try_from(order.crm_delay.as_millis()).unwrap_or(u64::MAX));
    let mut report = road.load(preload)?;
    road.daemon.stop()?;
    (road.say)("looking for every lead …");
    let run = Run {
        name: &order.run,
        began,
        acknowledged: &road.acknowledged,
        owners: &road.daemon.owners,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    report.proof = runtime.block_on(proof::prove(&run, &road.daemon.store(), &road.crm))?;
    if let Load::Saturate { leads } = order.load {
        (road.say)("the same burst at a store that decides nothing …");
        report.plain = Some(plain(order, leads, report.leads_per_second)?);
    }
    Ok(report)
}

/// Plain ingest, to hold the road against.
fn plain(order: &Order, leads: u64, road: f64) -> anyhow::Result<Plain> {
    let folder = tempfile::tempdir().context("a folder for the throw-away store")?;
    let burst = Burst {
        connections: order.connections,
        size: order.size,
        pace: Pace::Free,
        until: Until::Count(leads),
    };
    let per_second =
        burn(Over::Stored, &Ground::alone(folder.path(), &order.run), burst)?.volley.per_second();
    Ok(Plain { per_second, ratio: road / per_second.max(1e-9) })
}

/// A run under way.
struct Road<'a> {
    order: &'a Order,
    crm: StandIn,
    daemon: Daemon,
    aim: Arc<Aim>,
    say: &'a mut dyn FnMut(&str),
    /// The most resident memory seen in this part of the run.
    peak: u64,
    /// Every number that was acknowledged.
    acknowledged: Vec<u64>,
}

/// An outage as it went, by the clock of the stand-in.
#[derive(Default)]
struct Outage {
    down_at: u64,
    back_at: u64,
    calls_before: u64,
    calls_after: u64,
    went_down: Option<u64>,
    came_back: Option<u64>,
}

impl Outage {
    fn look(&mut self, crm: &StandIn, since: u64) {
        let now = crm.now_us().saturating_sub(since);
        if self.went_down.is_none() && now >= self.down_at {
            self.calls_before = crm.stats().requests;
            crm.set_down(true);
            self.went_down = Some(crm.now_us());
        }
        if self.went_down.is_some() && self.came_back.is_none() && now >= self.back_at {
            self.calls_after = crm.stats().requests;
            crm.set_down(false);
            self.came_back = Some(crm.now_us());
        }
    }
}

impl Road<'_> {
    /// Fires on a thread of its own, and looks around meanwhile.
    fn volley(
        &mut self,
        first: u64,
        pace: Pace,
        count: u64,
        outage: &mut Option<Outage>,
    ) -> anyhow::Result<Volley> {
        let (aim, connections) = (Arc::clone(&self.aim), self.order.connections);
        let since = self.crm.now_us();
        let there = self.crm.stats().owned;
        let firing = thread::Builder::new().name(GENERATOR.to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let shot = fire(aim, connections, first, pace, Until::Count(count));
            Ok::<_, std::io::Error>(runtime.block_on(shot))
        })?;
        let mut looks = 0_u32;
        while !firing.is_finished() {
            thread::sleep(LOOK);
            if let Some(outage) = outage {
                outage.look(&self.crm, since);
            }
            self.look(&mut looks, there, count);
        }
        let volley = firing.join().map_err(|_| anyhow::anyhow!("the generator failed"))??;
        self.acknowledged.extend(&volley.acknowledged);
        let sent: u64 = volley.answers.values().sum();
        anyhow::ensure!(
            sent > 0 || count == 0,
            "the daemon answered nothing; its log ends:\n{}",
            self.daemon.log_end()
        );
        Ok(volley)
    }

    fn look(&mut self, looks: &mut u32, there: usize, count: u64) {
        if let Some((now, _)) = usage::memory_of(self.daemon.pid) {
            self.peak = self.peak.max(now);
        }
        *looks += 1;
        if looks.is_multiple_of(SAY_EVERY) {
            let owned = self.crm.stats().owned - there;
            (self.say)(&format!("{owned} of {count} leads in the CRM"));
        }
    }

    /// Waits until so many more leads than `there` have an owner, or nothing moves any longer.
    fn wait(&mut self, there: usize, count: usize) {
        let (mut looks, mut still, mut last) = (0, 0, 0);
        while still < PATIENCE {
            let owned = self.crm.stats().owned;
            if owned >= there + count {
                return;
            }
            still = if owned == last { still + 1 } else { 0 };
            last = owned;
            thread::sleep(LOOK);
            self.look(&mut looks, there, count as u64);
        }
    }

    fn cpu_each(&self, before: Option<Duration>, leads: usize) -> Option<f64> {
        let used = usage::cpu_of(self.daemon.pid)?.saturating_sub(before?);
        Some(used.as_secs_f64() * 1e6 / leads.max(1) as f64)
    }

    fn preload(&mut self) -> anyhow::Result<Option<Preload>> {
        let leads = self.order.preload;
        if leads == 0 {
            return Ok(None);
        }
        (self.say)(&format!("filling the store with {leads} leads …"));
        let (since, cpu) = (self.crm.now_us(), usage::cpu_of(self.daemon.pid));
        let volley = self.volley(0, Pace::Free, leads, &mut None)?;
        self.wait(0, volley.acknowledged.len());
        let seconds = self.crm.now_us().saturating_sub(since) as f64 / 1e6;
        let count = volley.acknowledged.len();
        let cpu_us_each = self.cpu_each(cpu, count);
        Ok(Some(Preload { leads: count as u64, seconds, cpu_us_each }))
    }

    fn load(&mut self, preload: Option<Preload>) -> anyhow::Result<Report> {
        let first = self.order.preload;
        let (pace, count, mut outage) = plan(self.order.load);
        let memory = |road: &Self| usage::memory_of(road.daemon.pid).unwrap_or_default();
        let (start, _) = memory(self);
        self.peak = start;
        let before = self.crm.stats();
        let stages_before = self.stages();
        let (since, cpu) = (self.crm.now_us(), usage::cpu_of(self.daemon.pid));
        let own_cpu = usage::cpu_without(GENERATOR);
        let volley = self.volley(first, pace, count, &mut outage)?;
        let sending = volley.acknowledged.len();
        self.wait(before.owned, sending);
        let cpu_us_each = self.cpu_each(cpu, sending);
        let own_cpu = usage::cpu_without(GENERATOR).zip(own_cpu);
        let stand_in_us_each = own_cpu.map(|(after, before)| {
            after.saturating_sub(before).as_secs_f64() * 1e6 / sending.max(1) as f64
        });
        let (end, ever) = memory(self);
        let after = self.crm.stats();
        // The last settlements follow the last call within a moment.
        thread::sleep(LOOK);
        let stages = stages::between(&stages_before, &self.stages());

        let written = written(&self.crm, &self.order.run, first);
        let meant = |number: u64| match pace {
            Pace::PerSecond(rate) => Some(since + ((number - first) as f64 / rate * 1e6) as u64),
            Pace::Free => None,
        };
        let last = written.iter().filter_map(|one| one.owned).max().unwrap_or(since);
        let seconds = last.saturating_sub(since) as f64 / 1e6;
        let (recorded_ms, owned_ms) = waits(&written, &volley.acknowledged, meant);
        let recovery = outage.map(|outage| self.recovery(&outage, &written, meant));
        Ok(Report {
            leads: sending as u64,
            answers: volley.answers.clone(),
            broken: volley.broken,
            acknowledged_ms: Quantiles::of(&volley.latency),
            recorded_ms,
            owned_ms,
            seconds,
            leads_per_second: sending as f64 / seconds.max(1e-9),
            acknowledged_per_second: volley.per_second(),
            cpu_us_each,
            memory: Memory {
                start_mib: start as f64 / MIB,
                peak_mib: self.peak.max(end) as f64 / MIB,
                end_mib: end as f64 / MIB,
                ever_mib: ever as f64 / MIB,
            },
            stages,
            crm: Calls { stand_in_us_each, ..calls(&before, &after, sending) },
            plain: None,
            outage: recovery,
            preload,
            proof: proof::Proof::default(),
        })
    }

    fn stages(&self) -> stages::Reading {
        stages::read(&self.daemon.get("metrics").unwrap_or_default())
    }

    fn recovery(
        &self,
        outage: &Outage,
        written: &[Written],
        meant: impl Fn(u64) -> Option<u64>,
    ) -> Recovery {
        let down = outage.went_down.unwrap_or(0);
        let back = outage.came_back.unwrap_or_else(|| self.crm.now_us());
        let mut waits: BTreeMap<bool, Vec<u64>> = BTreeMap::new();
        for one in written.iter().filter(|one| meant(one.number).is_some_and(|at| at < back)) {
            if let Some(wait) = one.owned.and_then(|owned| owned.checked_sub(back)) {
                waits.entry(one.number.is_multiple_of(10)).or_default().push(wait);
            }
        }
        let last = waits.values().flatten().max().map(|wait| *wait as f64 / 1e6);
        let first = written.iter().filter_map(|one| one.recorded.checked_sub(back)).min();
        let mut calls_per_second = self.crm.stats().per_second_from(back / 1000);
        let seconds = last.map_or(SECONDS_MAX, |last| last.ceil() as usize + 1);
        calls_per_second.truncate(seconds.min(SECONDS_MAX));
        Recovery {
            down_s: back.saturating_sub(down) as f64 / 1e6,
            waiting: waits.values().map(Vec::len).sum::<usize>() as u64,
            calls_while_down: outage.calls_after.saturating_sub(outage.calls_before),
            first_call_s: first.map(|wait| wait as f64 / 1e6),
            recovered_s: last,
            calls_per_second,
            limit: self.order.limit,
            hot_p50_s: waits.get_mut(&true).and_then(|waits| median_s(waits)),
            other_p50_s: waits.get_mut(&false).and_then(|waits| median_s(waits)),
        }
    }
}

/// Pace, number of deliveries, and the outage.
fn plan(load: Load) -> (Pace, u64, Option<Outage>) {
    let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let count = |rate: f64, span: Duration| ((rate * span.as_secs_f64()).round() as u64).max(1);
    match load {
        Load::Steady { rate, span } => (Pace::PerSecond(rate), count(rate, span), None),
        Load::Saturate { leads } => (Pace::Free, leads, None),
        Load::Outage { rate, span, down } => {
            let down_at = micros(span / 2);
            let back_at = down_at + micros(down);
            let outage = Outage { down_at, back_at, ..Outage::default() };
            (Pace::PerSecond(rate), count(rate, span + down), Some(outage))
        }
    }
}

/// From the instant that was meant to the record and to its owner, of acknowledged deliveries.
fn waits(
    written: &[Written],
    acknowledged: &[u64],
    meant: impl Fn(u64) -> Option<u64>,
) -> (Option<Quantiles>, Option<Quantiles>) {
    let (mut recorded, mut owned) = (Vec::new(), Vec::new());
    for one in written.iter().filter(|one| acknowledged.binary_search(&one.number).is_ok()) {
        let Some(meant) = meant(one.number) else { continue };
        recorded.push(one.recorded.saturating_sub(meant));
        owned.extend(one.owned.map(|owned| owned.saturating_sub(meant)));
    }
    (Quantiles::of_all(&recorded), Quantiles::of_all(&owned))
}

fn calls(before: &Stats, after: &Stats, leads: usize) -> Calls {
    let requests = after.requests - before.requests;
    let since = |(call, count): (&&'static str, &u64)| {
        (*call, count - before.calls.get(call).copied().unwrap_or(0))
    };
    Calls {
        requests,
        by_call: after.calls.iter().map(since).filter(|(_, count)| *count > 0).collect(),
        at_once: after.in_flight_max,
        leads_each: leads as f64 / requests.max(1) as f64,
        stand_in_us_each: None,
    }
}
