//! The composition root: parts become a running daemon; an ordered start and an ordered stop.
//!
//! Order of the start: store, rulebook, listener, loops, server. Of the stop: it says that it is not
//! ready, and waits until a load balancer has noticed; the server takes no more and ends what it
//! has, what was claimed and not begun is given back, the loops end the step they are in, then the store closes. Nothing
//! is lost by a stop at any moment; the order only avoids work that has to be repeated. A second
//! signal ends the process at once.
//!
//! Guarantees: a fatal store ends the process. Does not know: settings files; `app::parts` makes
//! parts of settings, the demo and the tests make their own.

mod connected;
mod feeds;
pub mod parts;
mod process;
mod server;
pub mod setup;
mod shelf;

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64},
    },
    time::Duration,
};

use actix_web::{dev::ServerHandle, web};
use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};
use url::Url;

use crate::{
    clock::Clock,
    crm::Crm,
    decide::Reach,
    http::{Front, bounds::Bounds, pages::DemoButtons, secrets::SecretUse},
    intake::{Scheme, form},
    model::{alert, observe::Observing, time::Span},
    notify::{Channel, link::LinkKey},
    outbound::gate::Limits,
    rulebook::{Files, Rulebook},
    store::Store,
    telemetry::{self, Metrics},
    worker::{
        DestinationGate, Guarded, Jumps, Links, Worker,
        beside::Shadow,
        calendar::{Calendar, Calendars},
        mirror::Accounts,
        reload::{ReadFiles, Watch},
        replica::Presence,
        reroute::Runs,
        run::{self, Ended},
        wake::Wakes,
        watch::{Free, Lookout},
    },
};

/// A CRM connection.
pub struct CrmPart {
    /// The adapter.
    pub crm: Arc<dyn Crm>,
    /// What its gate keeps to.
    pub limits: Limits,
    /// Whether it is asked before deciding.
    pub is_asked: bool,
    /// What proves its callbacks, if it sends any.
    pub callback: Option<Arc<Scheme>>,
}

/// A notification channel.
pub struct ChannelPart {
    /// The adapter.
    pub channel: Arc<dyn Channel>,
    /// What its gate keeps to.
    pub limits: Limits,
}

/// Everything a daemon is made of.
pub struct Parts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Sources by name.
    pub sources: BTreeMap<String, Scheme>,
    /// CRM connections by name.
    pub crms: BTreeMap<String, CrmPart>,
    /// Channels by name.
    pub channels: BTreeMap<String, ChannelPart>,
    /// Reads the rulebook's files.
    pub read_rulebook: Box<ReadFiles>,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The public address; the listener's own if none.
    pub public_url: Option<Url>,
    /// The most bytes of a hook's body.
    pub body_max: usize,
    /// How long a body may take.
    pub body_within: Duration,
    /// What is taken at most.
    pub bounds: Bounds,
    /// What signs action links.
    pub link_key: Arc<LinkKey>,
    /// How long action links are good for.
    pub link_life: Span,
    /// How long raw bodies of decided fills are kept.
    pub keep: Span,
    /// For how long work is leased.
    pub lease: Span,
    /// Calls at once per CRM connection and kind of work.
    pub workers_per_lane: usize,
    /// From when on the daemon tells people about itself.
    pub alerts: alert::Limits,
    /// People's calendar feeds.
    pub calendars: Vec<Calendar>,
    /// Looks how many bytes are free on the store's disk.
    pub free: Box<Free>,
    /// How long a daemon that stops still answers, while it says that it is not ready: so long does
    /// a load balancer take to notice.
    pub drain: Span,
    /// How many bytes the mirror of accounts may take.
    pub accounts: usize,
    /// Nothing is written and nobody is told: what another router does is looked at.
    pub observe: Option<Observing>,
    /// What a demo adds to the board.
    pub demo: Option<Arc<dyn DemoButtons>>,
}

/// A daemon that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its loops' steps, for tests and the demo.
    pub worker: Arc<Worker>,
    /// What its handlers stand on.
    pub front: web::Data<Front>,
    drain: Duration,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
    loops: JoinHandle<Ended>,
}

/// Starts a daemon: when this returns it answers and works.
///
/// # Errors
/// When the rulebook has mistakes, the address is taken, or the store fails.
pub async fn start(parts: Parts) -> anyhow::Result<Running> {
    let setup = setup::of_parts(&parts);
    let compile = {
        let setup = setup.clone();
        Arc::new(move |files: &Files, version: u32| Rulebook::compile(files, &setup, version))
    };
    let files = Arc::new(Watch {
        read: parts.read_rulebook,
        compile,
        seen: Mutex::new([0; 32]),
        refused: Mutex::default(),
        passed_over: AtomicU32::new(0),
    });
    let book = files.start(parts.store.as_ref(), parts.clock.now()).await?;
    let listener = TcpListener::bind(parts.listen).with_context(|| {
        format!("cannot listen on {}; is another daemon running?", parts.listen)
    })?;
    let address = listener.local_addr().context("the listener has no address")?;
    parts.metrics.started(parts.clock.now());
    let public_url = match parts.public_url {
        Some(url) => url,
        None => Url::parse(&format!("http://{address}/")).context("the listener's address")?,
    };
    let reach = Reach {
        crms: parts.crms.keys().cloned().collect(),
        asks: setup.asked.clone(),
        time_is_unsure: false,
        observe: parts.observe,
    };
    let wakes = Arc::new(Wakes::default());
    let crms = parts.crms.keys().map(|name| format!("crm:{name}"));
    let secrets = SecretUse::of(parts.sources.keys().cloned().chain(crms));
    let callbacks = parts
        .crms
        .iter()
        .filter_map(|(name, part)| {
            let scheme = part.callback.clone()?;
            Some((name.clone(), (Arc::clone(&part.crm), scheme)))
        })
        .collect();
    let is_shared = parts.store.is_shared();
    if is_shared {
        for (name, part) in &parts.crms {
            part.crm.share_session(shelf::of(&parts.store, &parts.clock, name));
        }
    }
    let gate = |kind: &str, name: &str, limits| {
        DestinationGate::new(format!("{kind}:{name}"), limits, is_shared)
    };
    let worker = Arc::new(Worker {
        store: Arc::clone(&parts.store),
        book: ArcSwap::from_pointee(book),
        accounts: Accounts::within(parts.accounts),
        reach: reach.clone(),
        crms: parts
            .crms
            .into_iter()
            .map(|(name, part)| {
                let gate = gate("crm", &name, part.limits);
                (name, Guarded { to: part.crm, gate })
            })
            .collect(),
        channels: parts
            .channels
            .into_iter()
            .map(|(name, part)| {
                let gate = gate("channel", &name, part.limits);
                (name, Guarded { to: part.channel, gate })
            })
            .collect(),
        clock: Arc::clone(&parts.clock),
        wakes: Arc::clone(&wakes),
        links: Links {
            base: public_url.clone(),
            key: Arc::clone(&parts.link_key),
            life: parts.link_life,
        },
        metrics: Arc::clone(&parts.metrics),
        lease: parts.lease,
        read: Arc::new(|_, content_type, body| form::document(content_type, body)),
        keep: parts.keep,
        calendars: Calendars::new(parts.calendars),
        lookout: Lookout::new(parts.alerts, parts.sources.keys().cloned().collect(), parts.free),
        is_elsewhere: AtomicBool::new(false),
        jumps: Mutex::new(Jumps::new(parts.clock.as_ref())),
        replica: process::replica(address.port())?,
        presence: Presence::default(),
        shadow: Shadow::default(),
        runs: Runs::default(),
        stopping: AtomicBool::new(false),
    });
    let front = web::Data::new(Front {
        pages: crate::http::pages::Pages::default(),
        store: parts.store,
        clock: Arc::clone(&parts.clock),
        wake: Box::new({
            let wakes = Arc::clone(&wakes);
            move || wakes.decide()
        }),
        wake_jobs: Box::new({
            let wakes = Arc::clone(&wakes);
            move || wakes.all_jobs()
        }),
        changes: wakes.changes(),
        metrics: parts.metrics,
        sources: parts.sources,
        callbacks,
        book: Box::new({
            let worker = Arc::clone(&worker);
            move || worker.book.load_full()
        }),
        mirror: Box::new({
            let worker = Arc::clone(&worker);
            move || worker.accounts.now.load_full()
        }),
        take_book: Box::new({
            let worker = Arc::clone(&worker);
            move |book| worker.take_book(&book)
        }),
        setup,
        reach,
        link_key: parts.link_key,
        public_url: public_url.as_str().trim_end_matches('/').to_owned(),
        body_max: parts.body_max,
        body_within: parts.body_within,
        bounds: parts.bounds,
        secrets,
        volume: telemetry::Volume::default(),
        is_loopback: address.ip().is_loopback(),
        requests: AtomicU64::new(0),
        started_at: parts.clock.now(),
        page_key: Mutex::new(None),
        demo: parts.demo,
        draining: AtomicBool::new(false),
        presence: Box::new({
            let worker = Arc::clone(&worker);
            move || worker.presence.all()
        }),
    });
    let (server, serving) = server::serve(listener, &front)?;
    // Deliveries are taken meanwhile; the first one is decided with all accounts.
    worker.first_mirror().await?;
    worker.say_mode().await?;
    let (stop, stopped) = watch::channel(false);
    let loops =
        tokio::spawn(run::run(Arc::clone(&worker), Some(files), parts.workers_per_lane, stopped));
    let drain = duration(parts.drain);
    Ok(Running { address, worker, front, drain, server, serving, stop, loops })
}

/// Runs a daemon until a signal asks it to stop or its store fails.
///
/// # Errors
/// When it cannot start, or its store has failed: what is on disk is safe, and a start afresh
/// goes on from there.
pub fn serve(settings: crate::settings::Settings) -> anyhow::Result<()> {
    telemetry::log::init(&settings.log.level, settings.log.format)
        .context("the log cannot be set up")?;
    process::harden(settings.limits.connections);
    // A panic's words may quote what a stranger typed: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic inside handoff");
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime can be had")?;
    runtime.block_on(async {
        // Before anybody can see that it is there, and stop it.
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
        let mut running = start(parts::from_settings(settings)?).await?;
        let promise = running.worker.store.promise();
        tracing::info!(address = %running.address, a_2xx_means = promise, "handoff is ready");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            ended = running.ended() => {
                if let Ended::Fatal(why) = ended {
                    tracing::error!(why, "the store failed; the process ends");
                    anyhow::bail!("the store failed: {why}");
                }
            }
        }
        tracing::info!("stopping");
        let ended = tokio::select! {
            ended = running.stop() => ended,
            // As safe as a crash, and as quick.
            _ = terminate.recv() => anyhow::bail!("ended at once, by a second signal"),
            _ = interrupt.recv() => anyhow::bail!("ended at once, by a second signal"),
        };
        match ended {
            Ended::Stopped => Ok(()),
            Ended::Fatal(why) => anyhow::bail!("the store failed: {why}"),
        }
    })
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

impl Running {
    /// Waits until the daemon ends by itself, which it does only when the store has failed.
    pub async fn ended(&mut self) -> Ended {
        match (&mut self.loops).await {
            Ok(ended) => ended,
            Err(error) => Ended::Fatal(format!("the loops failed: {error}")),
        }
    }

    /// Stops in order, losing nothing.
    pub async fn stop(self) -> Ended {
        self.front.drain();
        if !self.drain.is_zero() {
            tokio::time::sleep(self.drain).await;
        }
        self.front.pages.close();
        self.server.stop(true).await;
        let _ = self.serving.await;
        self.worker.wind_down();
        let _ = self.stop.send(true);
        if self.loops.is_finished() {
            return Ended::Stopped;
        }
        let ended = match tokio::time::timeout(Duration::from_secs(20), self.loops).await {
            Ok(Ok(ended)) => ended,
            // A call that hangs is left; its lease runs out and another attempt looks first.
            Ok(Err(_)) | Err(_) => Ended::Stopped,
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), self.worker.leave()).await;
        ended
    }
}
