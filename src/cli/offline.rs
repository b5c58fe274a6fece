//! What commands read on this machine: settings, rulebook files, and the store under its lock.
//!
//! Guarantees: nothing is changed by reading; whoever only looks at rules needs no secrets, so
//! sales ops can check a rulebook on a machine that has none.
//! Does not know: the daemon.

use std::{
    fs,
    future::Future,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use super::exit::{Exit, Stop};
use crate::{
    app::parts,
    decide::matching::{Builder, Mirror},
    rulebook::{Files, Rulebook},
    settings::{Settings, StoreSettings, World},
    store::{
        Store, StoreError, StoreResult,
        mirror::ACCOUNTS_MAX,
        sqlite::{self, SqliteStore},
    },
};

/// Which settings.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// The settings
    #[arg(
        long,
        global = true,
        env = "HANDOFF_CONFIG",
        value_name = "FILE",
        default_value = "handoff.toml"
    )]
    pub config: PathBuf,
}

impl Config {
    /// The settings with their secrets.
    ///
    /// # Errors
    /// Every finding, as a report.
    pub fn load(&self) -> Result<Settings, Stop> {
        Settings::load(&self.config).map_err(Stop::no)
    }

    /// The settings, with stand-ins for secrets that this machine has not: for commands that send
    /// nothing. Everything else that is wrong is still refused.
    ///
    /// # Errors
    /// Every other finding, as a report.
    pub fn load_without_secrets(&self) -> Result<Settings, Stop> {
        Settings::load(&self.config).or_else(|broken| {
            let text = fs::read_to_string(&self.config).map_err(|_| Stop::no(&broken))?;
            let folder = self.config.parent().unwrap_or(Path::new(""));
            let env = |name: &str| {
                let is_secret = text.contains(&format!("env:{name}"));
                std::env::var(name).ok().or_else(|| is_secret.then(|| stand_in(name)))
            };
            let file = |path: &Path| {
                fs::read_to_string(path).or_else(|_| Ok(stand_in(&path.display().to_string())))
            };
            let world = World { env: &env, file: &file };
            let name = self.config.display().to_string();
            Settings::read(&name, &text, folder, world).map_err(Stop::no)
        })
    }
}

/// What stands in for a secret: another one for each name, long enough for every scheme, and fit
/// for those that decode theirs from base64.
fn stand_in(name: &str) -> String {
    hex::encode(Sha256::digest(name.as_bytes()))
}

/// A rulebook as files, from its folder or its main file.
///
/// # Errors
/// A file that is there cannot be read.
pub fn files(path: &Path) -> Result<Files, Stop> {
    parts::read_rulebook(path).map_err(|why| Stop::new(Exit::Failed, why))
}

/// A rulebook that can decide.
///
/// # Errors
/// It is not good: every finding.
pub fn compiled(files: &Files, settings: &Settings) -> Result<Rulebook, Stop> {
    Rulebook::compile(files, &parts::setup(settings), 0).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let mend = "mend the rulebook first; `handoff check` shows each place";
        Stop::no(format!("{}\n{mend}", lines.join("\n")))
    })
}

/// A payload from a file, or from the standard input for `-`.
///
/// # Errors
/// It cannot be read.
pub fn payload(path: &Path) -> Result<Vec<u8>, Stop> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read the standard input")?;
        return Ok(bytes);
    }
    Ok(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)
}

/// The store of these settings, under its lock; made if it `may_create` it.
///
/// # Errors
/// A daemon has it, or it cannot be opened.
pub fn store(config: &Config, may_create: bool) -> Result<Box<dyn Store>, Stop> {
    match config.load_without_secrets()?.store {
        StoreSettings::Sqlite { path } => {
            let opened = if may_create {
                SqliteStore::open(&path)
            } else {
                SqliteStore::open_offline(&path)
            };
            Ok(Box::new(opened.map_err(|error| failed(&error))?))
        }
        StoreSettings::Postgres(settings) => {
            let opened = parts::open_postgres(&settings, 0);
            Ok(Box::new(opened.map_err(|error| Stop::new(Exit::Failed, format!("{error:#}")))?))
        }
    }
}

/// The store of these settings, under its lock, for what only reads it.
///
/// # Errors
/// A daemon has it (then what to do instead is said), or it cannot be opened.
pub fn store_at_rest(config: &Config) -> Result<Box<dyn Store>, Stop> {
    store(config, false).map_err(|stop| {
        if !stop.error.to_string().contains(sqlite::IN_USE) {
            return stop;
        }
        Stop::new(
            stop.exit,
            "the daemon has the store open; make a copy with `handoff backup copy.db` and add \
             --store sqlite:copy.db",
        )
    })
}

/// The file of these settings and its store, under its lock; `None` if it is a database elsewhere,
/// whose own tools look after its pages.
///
/// # Errors
/// A daemon has it, or it cannot be opened.
pub fn file(config: &Config) -> Result<Option<(PathBuf, SqliteStore)>, Stop> {
    match config.load_without_secrets()?.store {
        StoreSettings::Sqlite { path } => {
            let opened = SqliteStore::open_offline(&path).map_err(|error| failed(&error))?;
            Ok(Some((path, opened)))
        }
        StoreSettings::Postgres(_) => Ok(None),
    }
}

/// The mirror of accounts as the store has it: read beside a daemon that may have the store, and
/// without changing anything. `Err` says why there is none to be seen from here.
///
/// # Errors
/// There is no store, or it cannot be read from here.
pub fn mirror(settings: &Settings) -> Result<Mirror, StoreError> {
    let mut builder = Builder::default();
    let version = match &settings.store {
        StoreSettings::Sqlite { path } if !path.exists() => {
            let why = format!("there is no store at {}", path.display());
            return Err(StoreError::Refused(why));
        }
        StoreSettings::Sqlite { path } => {
            sqlite::read_mirror_beside(path, |row| builder.add(&row.origin, &row.account))?
        }
        StoreSettings::Postgres(settings) => {
            let opened = parts::open_postgres(settings, 0);
            let store = opened.map_err(|error| StoreError::Refused(format!("{error:#}")))?;
            verb(read_mirror(&store, &mut builder))?
        }
    };
    Ok(builder.finish(version))
}

async fn read_mirror(store: &dyn Store, builder: &mut Builder) -> StoreResult<u64> {
    let version = store.mirror_version().await?;
    let mut after = None;
    loop {
        let rows = store.accounts(after, ACCOUNTS_MAX).await?;
        for row in &rows {
            builder.add(&row.origin, &row.account);
        }
        let Some(last) = rows.into_iter().next_back() else { return Ok(version) };
        after = Some((last.origin, last.account.id));
    }
}

/// Waits for a verb of the store.
///
/// # Errors
/// Those of the store.
pub fn wait<T>(verb: impl Future<Output = StoreResult<T>>) -> Result<T, Stop> {
    self::verb(verb).map_err(|error| failed(&error))
}

fn verb<T>(verb: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| StoreError::Busy(format!("no runtime: {error}")))?;
    runtime.block_on(verb)
}

/// A store's error as the end of a command.
pub fn failed(error: &StoreError) -> Stop {
    Stop::new(Exit::Failed, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::MAIN;

    const RULEBOOK: &str = "[[table]]\nfile = \"tables/a.csv\"\n[[table]]\nfile = \"gone.csv\"\n";

    #[test]
    fn a_rulebook_is_read_from_its_folder_or_its_main_file() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join(MAIN);
        fs::create_dir(folder.path().join("tables")).unwrap();
        fs::write(&main, RULEBOOK).unwrap();
        fs::write(folder.path().join("tables/a.csv"), "x\n").unwrap();
        let expected = Files::new(RULEBOOK).with("tables/a.csv", "x\n");
        for path in [folder.path(), main.as_path()] {
            assert_eq!(files(path).unwrap(), expected, "{path:?}");
        }
        let stop = files(&folder.path().join("none.toml")).unwrap_err();
        assert_eq!(stop.exit, Exit::Failed);
        assert!(stop.error.to_string().contains("none.toml"));
    }

    #[test]
    fn a_machine_without_secrets_can_still_look_at_rules() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("handoff.toml");
        let source = "[[source]]\nname = \"site\"\nkind = \"standard-webhooks\"\n";
        let secrets = "secrets = [\"env:HANDOFF_NOT_SET_A\", \"file:/nonexistent/b\"]\n";
        fs::write(&config, format!("{source}{secrets}")).unwrap();
        let config = Config { config };
        assert_eq!(config.load().unwrap_err().exit, Exit::No);
        let settings = config.load_without_secrets().unwrap();
        assert!(parts::setup(&settings).sources.contains_key("site"));

        fs::write(&config.config, format!("{source}{secrets}tolerance = \"9d\"\n")).unwrap();
        let report = config.load_without_secrets().unwrap_err().error.to_string();
        assert!(report.contains("tolerance") && !report.contains("HANDOFF_NOT_SET"), "{report}");
    }
}
