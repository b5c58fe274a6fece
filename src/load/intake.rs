//! Intake against its ceilings: the same burst at the same server over one store after the other.
//!
//! Guarantees: one process, one run, one after the other on the same disk, so that the ratios
//! hold on a noisy machine; nothing outlives the folder. Does not know: how to print.

#![expect(
    clippy::disallowed_methods,
    reason = "latencies under load are of the real clock, to the microsecond"
)]

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use url::Url;

use super::{
    Aim, Pace, Until, Volley,
    aim::body,
    ceiling::{Ceiling, GroupLog, Way},
    fire,
};
use crate::{
    app::{self, Parts},
    clock::SystemClock,
    intake::{Kind, Scheme, Secret, SourceSettings},
    model::time::{Span, Time},
    notify::link::LinkKey,
    rulebook::Files,
    store::{
        EventFilter, Store,
        postgres::{Options, PostgresStore},
        read::PAGE_MAX,
        sqlite::SqliteStore,
    },
    telemetry::{Metrics, usage},
};

/// The rules of the store that decides too: a table's worth of countries and one pool.
const RULEBOOK: &str = include_str!("rulebook.toml");

/// The secret of the generator's source, for daemons that it starts itself.
pub const SECRET: &str = "whsec_bG9hZC1nZW5lcmF0b3Itc2lnbmluZy1rZXktMDAwMDE=";

/// The thread of the generator.
const GENERATOR: &str = "generator";

/// What a burst is shot at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The route alone.
    Nothing,
    /// An append-only log with group sync.
    Log,
    /// The store; nothing is decided.
    Stored,
    /// The store, and every lead is decided meanwhile.
    Decided,
    /// Replicas on one PostgreSQL; nothing is decided.
    SharedStored,
    /// Replicas on one PostgreSQL, and every lead is decided meanwhile.
    SharedDecided,
}

impl Over {
    /// Every one, the ceilings first.
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Log,
        Self::Stored,
        Self::Decided,
        Self::SharedStored,
        Self::SharedDecided,
    ];

    /// Whether it needs a database server.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::SharedStored | Self::SharedDecided)
    }

    /// Whether leads are decided meanwhile.
    #[must_use]
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Decided | Self::SharedDecided)
    }

    /// What a table calls it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "route and verification alone, no store",
            Self::Log => "append-only log, group fsync",
            Self::Stored => "SQLite, fsynced before each answer",
            Self::Decided => "the same, deciding meanwhile",
            Self::SharedStored => "replicas on PostgreSQL, committed before each answer",
            Self::SharedDecided => "the same, one of them deciding meanwhile",
        }
    }
}

/// A burst.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    /// Connections at once.
    pub connections: usize,
    /// Bytes of a body.
    pub size: usize,
    /// How fast.
    pub pace: Pace,
    /// How long.
    pub until: Until,
}

/// What a burst did.
#[derive(Debug)]
pub struct Burned {
    /// What was answered.
    pub volley: Volley,
    /// Events that were stored but not decided when the burst ended.
    pub behind: u64,
    /// How long deciding those took.
    pub caught_up: Duration,
    /// What was acknowledged but is not in the store afterwards.
    pub missing: usize,
    /// Processor time of everything but the generator.
    pub cpu: Option<Duration>,
}

impl Burned {
    /// Processor time of the server for one acknowledged delivery, in microseconds.
    #[must_use]
    pub fn cpu_each(&self) -> Option<f64> {
        let each = self.cpu?.as_secs_f64() * 1e6 / self.volley.acknowledged.len().max(1) as f64;
        Some(each)
    }
}

/// The generator's source.
///
/// # Errors
/// Never, unless the secret above is spoilt.
pub fn scheme() -> anyhow::Result<Scheme> {
    let settings = SourceSettings::new(Kind::StandardWebhooks);
    Scheme::compile(&settings, &[Secret::new(SECRET)])
        .map_err(|why| anyhow::anyhow!("the generator's source: {why:?}"))
}

/// Where the stores of a burst are.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// Stores in files go here, and end with the folder.
    pub folder: &'a Path,
    /// The database that replicas share; what is fired at them stays in it.
    pub postgres: Option<&'a Options>,
    /// How many replicas share it.
    pub replicas: usize,
    /// Begins every delivery id: what an earlier run left in a database is not met.
    pub run: String,
}

/// The stores that are faced, and one to look in afterwards.
struct Faced {
    stores: Vec<Arc<dyn Store>>,
    kept: Arc<dyn Store>,
}

impl Ground<'_> {
    fn stores(&self, over: Over) -> anyhow::Result<Faced> {
        let stores: Vec<Arc<dyn Store>> = match over {
            Over::Nothing | Over::Log => vec![Arc::new(SqliteStore::open_in_memory()?)],
            Over::Stored | Over::Decided => {
                vec![Arc::new(SqliteStore::open(&self.folder.join(format!("{over:?}.db")))?)]
            }
            Over::SharedStored | Over::SharedDecided => {
                let options = self.postgres.context("no database server is named")?;
                let open = |_| Ok(Arc::new(PostgresStore::open(options)?) as Arc<dyn Store>);
                (0..self.replicas.max(1)).map(open).collect::<anyhow::Result<_>>()?
            }
        };
        let first = stores.first().map(Arc::clone).context("there is no store")?;
        let faced = stores.into_iter().map(|store| -> anyhow::Result<Arc<dyn Store>> {
            Ok(match over {
                Over::Nothing => Arc::new(Ceiling::new(Way::Nothing, store)),
                Over::Log => {
                    let log = GroupLog::create(&self.folder.join("log"))?;
                    Arc::new(Ceiling::new(Way::Log(log), store))
                }
                Over::Stored | Over::SharedStored => Arc::new(Ceiling::new(Way::Stored, store)),
                Over::Decided | Over::SharedDecided => store,
            })
        });
        Ok(Faced { stores: faced.collect::<anyhow::Result<_>>()?, kept: first })
    }
}

impl<'a> Ground<'a> {
    /// One store in a file.
    #[must_use]
    pub fn alone(folder: &'a Path, run: &str) -> Self {
        Self { folder, postgres: None, replicas: 1, run: run.to_owned() }
    }
}

/// Shoots one burst at servers of its own in this process, one for each store.
///
/// # Errors
/// A server does not start.
pub fn burn(over: Over, ground: &Ground<'_>, burst: Burst) -> anyhow::Result<Burned> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime can be had")?;
    let Faced { stores, kept } = ground.stores(over)?;
    runtime.block_on(async {
        let mut all = Vec::new();
        for store in stores {
            all.push(app::start(parts(store)?).await?);
        }
        let addresses: Vec<SocketAddr> = all.iter().map(|one| one.address).collect();
        let aim = Arc::new(aim(&addresses, &ground.run, burst.size)?);
        let before = usage::cpu_without(GENERATOR);
        let volley = shoot(&aim, burst).await?;
        let (behind, caught_up) =
            if over.is_decided() { catch_up(kept.as_ref()).await? } else { (0, Duration::ZERO) };
        let after = usage::cpu_without(GENERATOR);
        let cpu = after.zip(before).map(|(after, before)| after.saturating_sub(before));
        let missing = match over {
            Over::Nothing | Over::Log => 0,
            _ => missing(kept.as_ref(), &aim, &volley).await?,
        };
        for one in all {
            one.stop().await;
        }
        Ok(Burned { volley, behind, caught_up, missing, cpu })
    })
}

/// Fires from a thread of the generator's own, so that its processor time can be told apart.
async fn shoot(aim: &Arc<Aim>, burst: Burst) -> anyhow::Result<Volley> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let aim = Arc::clone(aim);
    std::thread::Builder::new().name(GENERATOR.to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            let shot = fire(aim, burst.connections, 0, burst.pace, burst.until);
            let _ = tell.send(runtime.block_on(shot));
        }
    })?;
    told.await.context("the generator ended early")
}

fn aim(addresses: &[SocketAddr], run: &str, size: usize) -> anyhow::Result<Aim> {
    let make = {
        let run = run.to_owned();
        Box::new(move |number| body(&run, number, size))
    };
    let (first, others) = addresses.split_first().context("there is no server")?;
    let base = Url::parse(&format!("http://{first}/"))?;
    let aim = Aim::new(&base, "website", Arc::new(scheme()?), run, make)?;
    Ok(others.iter().fold(aim, |aim, other| aim.and(*other)))
}

/// Waits until everything is decided; answers what was left at first and how long it took.
async fn catch_up(store: &dyn Store) -> anyhow::Result<(u64, Duration)> {
    let began = std::time::Instant::now();
    let mut behind = None;
    loop {
        let tally = store.tally(Time(0)).await?;
        let underway = tally.fates.get("underway").copied().unwrap_or(0) as u64;
        let behind = *behind.get_or_insert(underway);
        if underway == 0 {
            return Ok((behind, began.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many acknowledged deliveries are not in the store.
async fn missing(store: &dyn Store, aim: &Aim, volley: &Volley) -> anyhow::Result<usize> {
    let mut there = std::collections::HashSet::new();
    let mut filter = EventFilter { max: PAGE_MAX, ..EventFilter::default() };
    loop {
        let page = store.events(filter.clone()).await?;
        there.extend(page.rows.iter().map(|event| event.arrived.delivery.clone()));
        match page.next {
            Some(next) => filter.before = Some(next),
            None => break,
        }
    }
    let is_missing = |number: &&u64| !there.contains(&aim.delivery(**number));
    Ok(volley.acknowledged.iter().filter(is_missing).count())
}

fn parts(store: Arc<dyn Store>) -> anyhow::Result<Parts> {
    let files = Mutex::new(Files::new(RULEBOOK.to_owned()));
    Ok(Parts {
        store,
        clock: Arc::new(SystemClock::new()),
        metrics: Arc::new(Metrics::new("sqlite")),
        sources: [("website".to_owned(), scheme()?)].into(),
        crms: std::collections::BTreeMap::new(),
        channels: std::collections::BTreeMap::new(),
        read_rulebook: Box::new(move || {
            Ok(files.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
        }),
        listen: ([127, 0, 0, 1], 0).into(),
        public_url: None,
        bounds: crate::http::bounds::Bounds::default(),
        body_max: 1 << 20,
        body_within: Duration::from_secs(10),
        link_key: Arc::new(LinkKey::new(&[[7_u8; 32]]).map_err(anyhow::Error::msg)?),
        link_life: Span::days(2),
        keep: Span::days(30),
        lease: Span::minutes(1),
        workers_per_lane: 2,
        calendars: Vec::new(),
        alerts: crate::model::alert::Limits::default(),
        free: Box::new(|| None),
        drain: Span::ZERO,
        observe: None,
        demo: None,
    })
}
