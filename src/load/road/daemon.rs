//! The daemon of a run: settings, a rulebook, a store, and the process on them.
//!
//! Guarantees: it is the program that it was told, in a folder of its own, with no environment but
//! its two secrets; it ends with this value, killed if need be.
//! Does not know: what it is sent.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::Context as _;
use url::Url;

use crate::{
    demo::crm::{StandIn, TOKEN},
    load::intake::SECRET,
    outbound::{Call, Outbound, Reach},
};

/// The rules that it routes by.
const RULEBOOK: &str = include_str!("../rulebook.toml");
/// The people of the rulebook.
const REPS: [&str; 3] = ["ada", "bob", "mary"];
/// How long it may take to start on a big store, in steps of [`STEP`].
const STEPS: u32 = 3_000;
const STEP: Duration = Duration::from_millis(20);
/// The log's last lines, when it does not start.
const LOG_LINES: usize = 20;

/// A daemon.
pub struct Daemon {
    /// Where it listens.
    pub base: Url,
    /// The process.
    pub pid: u32,
    /// The CRM's ids of the reps.
    pub owners: Vec<(&'static str, String)>,
    child: Option<Child>,
    folder: PathBuf,
    outbound: Outbound,
    runtime: tokio::runtime::Runtime,
}

/// The people of the rulebook as owners of the stand-in.
pub fn owners(crm: &StandIn) -> Vec<(&'static str, String)> {
    let owner = |name: &&'static str| {
        if crm.owner(name).is_empty() {
            let email = format!("{name}@acme.example");
            let user = crm.add("User", &[("Name", name), ("Email", &email)]);
            crm.set_by_hand(&user, "IsActive", true.into(), "2026-01-01T00:00:00.000Z");
        }
        (*name, crm.owner(name))
    };
    REPS.iter().map(owner).collect()
}

/// The rulebook with the owners' ids of this stand-in.
fn rulebook(owners: &[(&str, String)]) -> String {
    owners.iter().fold(RULEBOOK.to_owned(), |text, (name, id)| {
        let email = format!("email = \"{name}@acme.example\"\n");
        text.replace(&email, &format!("{email}crm.hubspot = \"{id}\"\n"))
    })
}

fn settings(port: u16, crm: &str, limit: u32) -> String {
    format!(
        r#"listen = "127.0.0.1:{port}"
store = "sqlite:handoff.db"
rulebook = "rulebook.toml"

[log]
level = "warn"

[limits]
workers = 16

[[source]]
name = "website"
kind = "standard-webhooks"
secrets = ["env:WEBSITE_SECRET"]

[crm.hubspot]
kind = "hubspot"
base_url = "{crm}"
token = "env:HUBSPOT_TOKEN"
allow_private = true
ask = false
per_second = {limit}
burst = {limit}
"#
    )
}

impl Daemon {
    /// Writes settings and rulebook into the folder, starts the program there, and waits until it
    /// is ready.
    ///
    /// # Errors
    /// A sentence with the end of the log, if it does not become ready.
    pub fn start(program: &Path, folder: &Path, crm: &StandIn, limit: u32) -> anyhow::Result<Self> {
        let owners = owners(crm);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .context("no free port for the daemon")?
            .port();
        let write = |name: &str, text: String| {
            let file = folder.join(name);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
        };
        write("handoff.toml", settings(port, &crm.url, limit))?;
        write("rulebook.toml", rulebook(&owners))?;
        let log = File::create(folder.join("log")).context("cannot write the daemon's log")?;
        let child = Command::new(program)
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .env("WEBSITE_SECRET", SECRET)
            .env("HUBSPOT_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot write the daemon's log")?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let mut daemon = Self {
            base: Url::parse(&format!("http://127.0.0.1:{port}/"))?,
            pid: child.id(),
            owners,
            child: Some(child),
            folder: folder.to_owned(),
            outbound: Outbound::new(Reach::Private).map_err(anyhow::Error::msg)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        };
        daemon.wait_ready()?;
        Ok(daemon)
    }

    fn wait_ready(&mut self) -> anyhow::Result<()> {
        for _ in 0..STEPS {
            if self.get("health/ready").is_some() {
                return Ok(());
            }
            if self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None))) {
                break;
            }
            thread::sleep(STEP);
        }
        anyhow::bail!("the daemon did not become ready; its log ends:\n{}", self.log_end())
    }

    /// The body of a page, if it answers 2xx.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<String> {
        let call = Call::get(self.base.join(path).ok()?);
        let answer = self.runtime.block_on(self.outbound.send(call)).ok()?;
        answer.is_success().then(|| String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Where its store is.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.join("handoff.db")
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES);
        lines.get(from..).unwrap_or_default().join("\n")
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it ended with a failure, or could not be asked.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            child.kill().context("the daemon cannot be stopped")?;
        }
        let status = child.wait().context("the daemon cannot be waited for")?;
        anyhow::ensure!(status.success(), "the daemon ended with {status}:\n{}", self.log_end());
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crm::Kind;

    #[test]
    fn everybody_in_the_rulebook_can_own_records_there() {
        let crm = StandIn::start(Kind::Hubspot).unwrap();
        let (owners, again) = (owners(&crm), owners(&crm));
        assert_eq!(owners, again);
        let text = rulebook(&owners);
        for (name, id) in &owners {
            assert!(!id.is_empty(), "{name}");
            assert!(text.contains(&format!("crm.hubspot = \"{id}\"")), "{text}");
        }
    }
}
