//! Where the database is and how it is used, as the settings say.
//!
//! Guarantees: what cannot be meant is refused with a sentence; no password is printed.
//! Does not know: where the settings stand.

use std::{fmt, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, TargetSessionAttrs},
};

use super::{
    pools::{CONNECT_MAX, Sizes},
    tls::{Tls, TlsMode, choose},
};
use crate::{
    model::time::Time,
    store::{StoreError, StoreResult},
};

/// Who judges whether a lease has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leases {
    /// The database's clock: replicas' clocks differ.
    #[default]
    Database,
    /// The `now` that a caller passes in: for tests that move the time by hand.
    Caller,
}

impl Leases {
    /// The time to judge leases by, in milliseconds; none for the database's own.
    #[must_use]
    pub fn clock(self, now: Time) -> Option<i64> {
        match self {
            Self::Database => None,
            Self::Caller => Some(now.0),
        }
    }
}

/// How to open the store.
#[derive(Clone, Default)]
pub struct Options {
    /// `postgres://user@host:port/database`, or `key=value` pairs as in libpq.
    pub url: String,
    /// The password, if it is not in the address.
    pub password: Option<String>,
    /// Whether and how the connection is protected.
    pub tls: TlsMode,
    /// PEM certificates of authorities to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Connections.
    pub sizes: Sizes,
    /// Deliveries that may wait to be stored; 0 for 4096.
    pub line_max: usize,
    /// Opens it although the database would acknowledge what is not durable.
    pub allow_unsafe_durability: bool,
    /// Does not listen for wake-ups: replicas find each other's work by polling alone.
    pub is_deaf: bool,
    /// Who judges leases.
    pub leases: Leases,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

/// The keys of an address that are ours to read.
const OURS: [&str; 3] = ["sslmode", "sslrootcert", "connect_timeout"];

impl Options {
    /// For this address, with defaults.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// For the driver, and how the connection is protected.
    pub fn config(&self) -> StoreResult<(Config, Tls)> {
        let (url, asked) = without_ours(&self.url);
        let mut config: Config = url.parse().map_err(|_| {
            refuse("the address of the database cannot be read; write it as in postgres://handoff@db.acme.example/handoff")
        })?;
        if config.get_hosts().is_empty() {
            return Err(refuse("the address of the database names no host"));
        }
        if config.get_dbname().is_none() {
            return Err(refuse("the address names no database; write it after the host: /handoff"));
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        let mut mode = self.tls;
        for (key, value) in asked {
            match (key.as_str(), value.as_str()) {
                ("sslmode", "disable") => mode = TlsMode::Disable,
                ("sslmode", "verify-full") => mode = TlsMode::VerifyFull,
                ("sslmode", _) => {
                    return Err(refuse(
                        "this sslmode would not know whom it speaks to; write verify-full (with \
                         ca_file, if the authority is your own), or disable on a network that \
                         nobody else is in",
                    ));
                }
                ("sslrootcert", _) => {
                    return Err(refuse("sslrootcert in the address is not read; write ca_file"));
                }
                _ => {}
            }
        }
        if config.get_hosts().len() > 1 {
            // The one that takes writes, whichever it is now.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config
            .application_name("handoff")
            .connect_timeout(CONNECT_MAX)
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2);
        let tls = choose(&mut config, mode, self.ca.as_deref())?;
        Ok((config, tls))
    }
}

/// Where it is, for people: never the password.
#[must_use]
pub fn place(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    format!("{} on {}", config.get_dbname().unwrap_or("the database"), hosts.join(", "))
}

/// An address without the keys that the driver does not know, and those.
fn without_ours(url: &str) -> (String, Vec<(String, String)>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), Vec::new()) };
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if OURS.contains(&key) {
            ours.push((key.to_owned(), value.to_owned()));
        } else {
            theirs.push(pair);
        }
    }
    let query = theirs.join("&");
    (if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }, ours)
}

fn refuse(why: &str) -> StoreError {
    StoreError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(url: &str) -> StoreResult<bool> {
        Options::new(url).config().map(|(_, tls)| matches!(tls, Tls::On(_)))
    }

    #[test]
    fn beyond_this_machine_the_server_must_prove_who_it_is() {
        for (url, is_on) in [
            ("postgres://handoff@localhost/handoff", false),
            ("postgres://handoff@127.0.0.1:6432/handoff", false),
            ("postgres://handoff@[::1]/handoff", false),
            ("postgres:///handoff?host=/run/postgresql&user=handoff", false),
            ("postgres://handoff@db.acme.example/handoff?sslmode=disable", false),
        ] {
            assert_eq!(opened(url), Ok(is_on), "{url}");
        }
        // With the system's authorities, or a refusal that names them: never plain text.
        for url in [
            "postgres://handoff@db.acme.example/handoff",
            "postgres://handoff@127.0.0.1,db.acme.example/handoff",
            "postgres://handoff@127.0.0.1/handoff?sslmode=verify-full",
        ] {
            match opened(url) {
                Ok(is_on) => assert!(is_on, "{url}"),
                Err(StoreError::Refused(why)) => assert!(why.contains("ca_file"), "{why}"),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_refused_and_not_quoted() {
        for (url, said) in [
            ("postgres://handoff:hunter2@db.acme.example/x?sslmode=require", "verify-full"),
            ("postgres://handoff:hunter2@db.acme.example/x?sslrootcert=a.pem", "ca_file"),
            ("postgres://handoff:hunter2@db.acme.example", "names no database"),
            ("postgres://handoff:hunter2@db.acme.example:port/x", "cannot be read"),
            ("dbname=handoff password=hunter2", "names no host"),
        ] {
            let Err(StoreError::Refused(why)) = opened(url) else { panic!("{url}: refused") };
            assert!(why.contains(said) && !why.contains("hunter2"), "{url}: {why}");
        }
        let shown = format!("{:?}", Options::new("postgres://handoff:hunter2@db/handoff"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
