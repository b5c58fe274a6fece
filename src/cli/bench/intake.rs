//! `handoff bench intake`: how fast deliveries are acknowledged, and against what.
//!
//! Guarantees: exits 1 when an acknowledged delivery is not in the store afterwards.
//! Does not know: how deliveries are fired.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::road::run_id;
use crate::{
    cli::{
        exit::{Exit, Outcome, Stop},
        offline::Config,
        screen::Tone,
        session::Session,
    },
    load::{
        Aim, Pace, Until, Volley, body, fire,
        intake::{Burned, Burst, Ground, Over, burn},
    },
    model::time::Span,
    store::postgres::Options,
};

/// Fire signed deliveries at intake: here at its ceilings and at the store, or at a daemon.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff bench intake                              four bursts of 10 s, ratios within this run
  handoff bench intake --rate 4000                  the latency at a constant rate
  handoff bench intake --postgres postgres://handoff@127.0.0.1/scratch
                                                    at two replicas on PostgreSQL too
  handoff bench intake --to http://127.0.0.1:8080 --source website --rate 500 --for 30s
                                                    at a daemon, signed as the settings say")]
pub struct Intake {
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Bytes of a body
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(256..=65536))]
    size: u32,
    /// Deliveries a second, whatever becomes of them; as fast as they are answered without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// How long each burst lasts
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = Span::parse)]
    span: Span,
    /// Only some: nothing, log, stored, decided, shared-stored, shared-decided
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = over)]
    only: Vec<Over>,
    /// Where to put the throw-away store; the folder for temporary files without it
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// A throw-away database for replicas: what is fired stays in it
    #[arg(long, value_name = "URL", conflicts_with = "to")]
    postgres: Option<String>,
    /// How many replicas share it
    #[arg(long, value_name = "N", default_value_t = 2, requires = "postgres", value_parser = clap::value_parser!(u8).range(1..=16))]
    replicas: u8,
    /// A daemon to fire at instead: its address
    #[arg(long, value_name = "URL", requires = "source")]
    to: Option<url::Url>,
    /// The source there, by its name in the settings
    #[arg(long, value_name = "NAME", requires = "to")]
    source: Option<String>,
    #[command(flatten)]
    config: Config,
}

fn over(word: &str) -> Result<Over, String> {
    match word {
        "nothing" => Ok(Over::Nothing),
        "log" => Ok(Over::Log),
        "stored" => Ok(Over::Stored),
        "decided" => Ok(Over::Decided),
        "shared-stored" => Ok(Over::SharedStored),
        "shared-decided" => Ok(Over::SharedDecided),
        _ => {
            Err("choose from nothing, log, stored, decided, shared-stored, shared-decided"
                .to_owned())
        }
    }
}

impl Intake {
    /// Runs it.
    ///
    /// # Errors
    /// A server that does not start, or a daemon that is not there.
    pub fn run(self, session: &mut Session) -> Outcome {
        match (&self.to, &self.source) {
            (Some(to), Some(source)) => self.at_a_daemon(session, to, source),
            _ => self.here(session),
        }
    }

    fn burst(&self) -> Burst {
        let pace = self.rate.map_or(Pace::Free, |rate| Pace::PerSecond(f64::from(rate)));
        let span = Duration::from_millis(u64::try_from(self.span.0).unwrap_or(0));
        Burst {
            connections: self.connections.into(),
            size: self.size as usize,
            pace,
            until: Until::Elapsed(span),
        }
    }

    fn here(&self, session: &mut Session) -> Outcome {
        let folder = match &self.folder {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        let folder = folder.context("a folder for the throw-away store")?;
        let (mut rows, mut objects, mut ceiling, mut missing) = (Vec::new(), Vec::new(), None, 0);
        let options = self.postgres.as_deref().map(Options::new);
        let ground = Ground {
            folder: folder.path(),
            postgres: options.as_ref(),
            replicas: self.replicas.into(),
            run: run_id()?,
        };
        for over in Over::ALL {
            let is_asked = self.only.is_empty() || self.only.contains(&over);
            if !is_asked || (over.is_shared() && options.is_none()) {
                continue;
            }
            eprintln!("{} …", over.words());
            let burned = burn(over, &ground, self.burst())?;
            let ceiling = *ceiling.get_or_insert(burned.volley.per_second());
            missing += burned.missing;
            rows.push(row(over, &burned, ceiling));
            objects.push(object(over, &burned, ceiling));
        }
        if session.screen.is_json() {
            session.screen.json(&json!({ "bursts": objects, "missing": missing }));
        } else {
            session.screen.table(&HEADINGS, &rows, "nothing was fired");
        }
        Ok(verdict(session, missing))
    }

    fn at_a_daemon(&self, session: &mut Session, to: &url::Url, source: &str) -> Outcome {
        let settings = self.config.load()?;
        let found = settings.sources.into_iter().find(|one| one.name == source);
        let Some(found) = found else {
            return Err(Stop::usage("no source in the settings has this name".to_owned()));
        };
        let (run, size) = (run_id()?, self.size as usize);
        let make = {
            let run = run.clone();
            move |number| body(&run, number, size)
        };
        let aim = Aim::new(to, source, Arc::new(found.scheme), &run, Box::new(make));
        let aim = aim.context("the daemon's address")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Burst { connections, pace, until, .. } = self.burst();
        let volley = runtime.context("no runtime can be had")?.block_on(fire(
            Arc::new(aim),
            connections,
            0,
            pace,
            until,
        ));
        if session.screen.is_json() {
            session.screen.json(&in_json(&volley));
        } else {
            let mut cells = vec![to.to_string()];
            cells.extend(figures(&volley));
            let headings = HEADINGS.get(..cells.len()).unwrap_or(&HEADINGS);
            session.screen.table(headings, &[cells], "nothing was fired");
        }
        Ok(if volley.acknowledged.is_empty() { Exit::No } else { Exit::Ok })
    }
}

const HEADINGS: [&str; 10] = [
    "what",
    "acknowledged/s",
    "p50 ms",
    "p99 ms",
    "max ms",
    "other answers",
    "of the route alone",
    "CPU µs each",
    "undecided at the end",
    "caught up after",
];

fn figures(volley: &Volley) -> Vec<String> {
    let others: u64 =
        volley.answers.iter().filter(|(status, _)| **status >= 300).map(|(_, n)| n).sum();
    vec![
        format!("{:.0}", volley.per_second()),
        format!("{:.1}", volley.percentile_ms(50.0)),
        format!("{:.1}", volley.percentile_ms(99.0)),
        format!("{:.1}", volley.percentile_ms(100.0)),
        (others + volley.broken).to_string(),
    ]
}

fn row(over: Over, burned: &Burned, ceiling: f64) -> Vec<String> {
    let mut cells = vec![over.words().to_owned()];
    cells.extend(figures(&burned.volley));
    cells.push(format!("{:.2}", burned.volley.per_second() / ceiling));
    cells.push(burned.cpu_each().map_or_else(|| "–".to_owned(), |micros| format!("{micros:.0}")));
    cells.push(burned.behind.to_string());
    cells.push(format!("{:.1} s", burned.caught_up.as_secs_f64()));
    cells
}

fn object(over: Over, burned: &Burned, ceiling: f64) -> Value {
    json!({
        "over": format!("{over:?}").to_lowercase(),
        "volley": in_json(&burned.volley),
        "of_the_first": burned.volley.per_second() / ceiling,
        "cpu_us_each": burned.cpu_each(),
        "undecided": burned.behind,
        "caught_up_s": burned.caught_up.as_secs_f64(),
        "missing": burned.missing,
    })
}

fn in_json(volley: &Volley) -> Value {
    json!({
        "acknowledged": volley.acknowledged.len(),
        "per_second": volley.per_second(),
        "p50_ms": volley.percentile_ms(50.0),
        "p99_ms": volley.percentile_ms(99.0),
        "max_ms": volley.percentile_ms(100.0),
        "answers": volley.answers,
        "broken": volley.broken,
    })
}

fn verdict(session: &mut Session, missing: usize) -> Exit {
    if missing > 0 {
        let line = format!("{missing} acknowledged deliveries are not in the store");
        session.screen.toned(Tone::Bad, &line);
        return Exit::No;
    }
    Exit::Ok
}
