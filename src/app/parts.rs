//! Parts from settings: the one place where concrete adapters are named for a running daemon.
//!
//! Guarantees: nothing is opened before every part has taken its settings. Does not know: how parts are joined; `app` does.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use url::Url;

use super::{
    Parts,
    connected::{self, Connected},
};
pub use super::{
    connected::{crm, from_settings as connected},
    setup::of_settings as setup,
};
use crate::{
    clock::SystemClock,
    http::bounds::{Bounds, Bucket, SourceBounds},
    intake::Scheme,
    notify::link::LinkKey,
    rulebook::{Files, MAIN},
    settings::{LimitSettings, PostgresSettings, Settings, SslMode, StoreSettings},
    store::{
        Store,
        postgres::{Options, PostgresStore, Sizes, TlsMode},
        room::Room,
        sqlite::{Pace, SqliteStore},
    },
    telemetry::Metrics,
    worker::watch::Free,
};

/// The most bytes of one file of a rulebook.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// Reads a rulebook's files: the main one, and those that it names beside it.
///
/// # Errors
/// A sentence with the file that cannot be read. A file that is named but missing is left out:
/// compiling says where it is named.
pub fn read_rulebook(main: &Path) -> Result<Files, String> {
    let read = |path: &Path| -> Result<Vec<u8>, String> {
        let unread = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => format!(
                "there is no file {}: write the rulebook there, or name its folder or file",
                path.display()
            ),
            _ => format!("{} cannot be read: {error}", path.display()),
        };
        let length = fs::metadata(path).map_err(unread)?.len();
        if length > FILE_MAX {
            return Err(format!("{} is larger than {FILE_MAX} bytes", path.display()));
        }
        fs::read(path).map_err(unread)
    };
    let main = if main.is_dir() { main.join(MAIN) } else { main.to_owned() };
    let text = read(&main)?;
    let folder = main.parent().map_or_else(PathBuf::new, Path::to_owned);
    let mut files = Files::new(text);
    for name in Files::named_in(&files.main) {
        let path = folder.join(&name);
        if path.is_file() {
            files.others.insert(name, read(&path)?);
        }
    }
    Ok(files)
}

/// Makes the parts of a daemon.
///
/// # Errors
/// What the parts refuse, or the store that cannot be opened.
pub fn from_settings(settings: Settings) -> anyhow::Result<Parts> {
    let Connected { mut crms, channels, calendars } = connected::from_settings(&settings)
        .map_err(|broken| anyhow::anyhow!("the settings have mistakes:\n{broken}"))?;
    let bounds = bounds(&settings);
    for (name, part) in settings.crms {
        let callback = part.callback.map(|source| Arc::new(source.scheme));
        if let (Some(made), Some(callback)) = (crms.get_mut(&name), callback) {
            made.callback = Some(callback);
        }
    }
    let store = open(&settings.store, settings.limits)?;
    let (kind, free): (&str, Box<Free>) = match settings.store {
        StoreSettings::Sqlite { path } => {
            ("sqlite", Box::new(move || Room::beside(&path).ok().map(|room| room.free)))
        }
        // Its disk is the database server's, where others watch it.
        StoreSettings::Postgres(_) => ("postgres", Box::new(|| None)),
    };
    let sources: BTreeMap<String, Scheme> =
        settings.sources.into_iter().map(|source| (source.name, source.scheme)).collect();
    let rulebook = settings.rulebook;
    let public_url =
        Url::parse(settings.public_url.as_str()).context("public_url is not an address")?;
    Ok(Parts {
        store,
        clock: Arc::new(SystemClock::new()),
        metrics: Arc::new(Metrics::new(kind)),
        sources,
        crms,
        channels,
        read_rulebook: Box::new(move || read_rulebook(&rulebook)),
        listen: settings.listen,
        public_url: Some(public_url),
        body_max: usize::try_from(settings.body_max.0).unwrap_or(usize::MAX),
        body_within: duration(settings.body_within),
        bounds,
        link_key: Arc::new(settings.link_key.map_or_else(throwaway_key, Ok)?),
        link_life: settings.links_expire,
        keep: settings.keep.bodies,
        lease: settings.limits.lease,
        workers_per_lane: settings.limits.workers,
        alerts: settings.alerts.limits(),
        calendars,
        free,
        drain: settings.limits.drain,
        accounts: settings.limits.accounts.map_or_else(super::process::quarter_of_memory, |most| {
            usize::try_from(most.0).unwrap_or(usize::MAX)
        }),
        observe: settings.observe,
        demo: None,
    })
}

fn bounds(settings: &Settings) -> Bounds {
    let bytes = |size: crate::settings::Size| usize::try_from(size.0).unwrap_or(usize::MAX);
    let of_source = |source: &crate::settings::Source| {
        let own = source.limits;
        let pace = own.per_second.map(|pace| Bucket::new(pace, own.burst.unwrap_or(pace)));
        (source.name.clone(), SourceBounds { body_max: own.body_max.map(bytes), pace })
    };
    Bounds {
        connections: settings.limits.connections,
        sources: settings.sources.iter().map(of_source).collect(),
    }
}

fn open(store: &StoreSettings, limits: LimitSettings) -> anyhow::Result<Arc<dyn Store>> {
    match store {
        StoreSettings::Sqlite { path } => {
            let pace = Pace { line_max: limits.line, ..Pace::default() };
            let store = SqliteStore::open_with(path, true, pace)
                .with_context(|| format!("the store {} cannot be opened", path.display()))?;
            Ok(Arc::new(store.with_free_min(limits.free_min.map(|least| least.0))))
        }
        StoreSettings::Postgres(settings) => Ok(Arc::new(open_postgres(settings, limits.line)?)),
    }
}

/// Opens the database of these settings, with so many deliveries that may wait.
///
/// # Errors
/// It cannot be reached or used.
pub fn open_postgres(
    settings: &PostgresSettings,
    line_max: usize,
) -> anyhow::Result<PostgresStore> {
    let ca = match &settings.ca_file {
        None => None,
        Some(file) => Some(
            fs::read(file)
                .with_context(|| format!("store: ca_file: {} cannot be read", file.display()))?,
        ),
    };
    let options = Options {
        url: settings.url.expose().to_owned(),
        password: settings.password.as_ref().map(|password| password.expose().to_owned()),
        tls: match settings.sslmode {
            None => TlsMode::Auto,
            Some(SslMode::Disable) => TlsMode::Disable,
            Some(SslMode::VerifyFull) => TlsMode::VerifyFull,
        },
        ca,
        sizes: Sizes { intake: settings.intake, work: settings.work, pages: settings.pages },
        line_max,
        allow_unsafe_durability: settings.allow_unsafe_durability,
        is_deaf: !settings.listen,
        ..Options::default()
    };
    PostgresStore::open(&options).context("the store cannot be opened")
}

/// Links that do not outlive the process, when the settings name no secret for them.
fn throwaway_key() -> anyhow::Result<LinkKey> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).context("the machine gives no randomness")?;
    tracing::warn!("no secret for action links is set: those in messages end with this process");
    LinkKey::new(&[secret]).map_err(anyhow::Error::msg)
}

fn duration(span: crate::model::time::Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}
