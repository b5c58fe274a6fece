//! Where everything is kept: one file on one machine, or a PostgreSQL that several share.
//!
//! Guarantees: whatever may be left out has the default that the reference states; the address of a
//! database that stands in the file holds no password, and no `Debug` shows one.
//! Does not know: how a store is opened.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error};
use toml::de::DeTable;

use super::{
    report::Report,
    secret::{World, resolve},
};
use crate::outbound::Secret;

/// Where everything is kept.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// One file, one node.
    Sqlite {
        /// The file; relative to the settings file's folder as written, resolved here.
        path: PathBuf,
    },
    /// A database that several nodes share.
    Postgres(Box<PostgresSettings>),
}

/// A database that several nodes share.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresSettings {
    /// The address, in full or as a reference; resolved here.
    pub url: Secret,
    /// The password, if it is not in the address.
    pub password: Option<Secret>,
    /// Whether the server must prove who it is; when it is not on this machine, if left out.
    pub sslmode: Option<SslMode>,
    /// PEM certificates of authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Connections for what comes in.
    pub intake: usize,
    /// Connections for deciding and acting.
    pub work: usize,
    /// Connections for pages and lists.
    pub pages: usize,
    /// Whether other replicas' wake-ups are listened for.
    pub listen: bool,
    /// Starts although the database would acknowledge what is not durable.
    pub allow_unsafe_durability: bool,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: Secret::new(""),
            password: None,
            sslmode: None,
            ca_file: None,
            intake: 3,
            work: 8,
            pages: 4,
            listen: true,
            allow_unsafe_durability: false,
        }
    }
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SslMode {
    /// Not at all.
    #[serde(rename = "disable")]
    Disable,
    /// By a certificate for the server's name.
    #[serde(rename = "verify-full")]
    VerifyFull,
}

const FORMS: &str = "write \"sqlite:handoff.db\" or \"postgres://handoff@db.acme.example/handoff\"";

impl<'de> Deserialize<'de> for StoreSettings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "not a store; write \"sqlite:handoff.db\" or \"postgres://handoff@db.acme.example/handoff\""
        )]
        enum Written {
            Url(String),
            Table(toml::Table),
        }
        match Written::deserialize(from)? {
            Written::Url(url) => Self::of_url(url).map_err(D::Error::custom),
            Written::Table(table) => Self::of_table(table).map_err(D::Error::custom),
        }
    }
}

impl StoreSettings {
    fn of_url(url: String) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Self::of_path(path.into()),
            Some(("postgres" | "postgresql" | "env" | "file", _)) => {
                let url = Secret::new(url);
                Ok(Self::Postgres(Box::new(PostgresSettings { url, ..Default::default() })))
            }
            _ => Err(format!("this kind of store is not known; {FORMS}")),
        }
    }

    fn of_path(path: PathBuf) -> Result<Self, String> {
        if path.as_os_str().is_empty() {
            return Err("the store has no path; write \"sqlite:handoff.db\"".to_owned());
        }
        Ok(Self::Sqlite { path })
    }

    fn of_table(mut table: toml::Table) -> Result<Self, String> {
        let kind = table.remove("kind");
        match kind.as_ref().and_then(|kind| kind.as_str()) {
            Some("sqlite") => {
                let path = table.remove("path");
                if !table.is_empty() {
                    return Err(
                        "a store of the kind \"sqlite\" has a path and nothing else; write \
                                { kind = \"sqlite\", path = \"handoff.db\" }"
                            .to_owned(),
                    );
                }
                Self::of_path(path.as_ref().and_then(|path| path.as_str()).unwrap_or("").into())
            }
            Some("postgres") => {
                // Its words name keys and types; what it quotes is a key or a word of ours.
                let settings = PostgresSettings::deserialize(table).map_err(|error| {
                    format!("{}; config/handoff.toml shows every key", error.message())
                })?;
                Ok(Self::Postgres(Box::new(settings)))
            }
            _ => Err(format!("this kind of store is not known; {FORMS}")),
        }
    }

    /// With its references followed and its paths from the settings' folder.
    pub(super) fn whole(
        self,
        folder: &Path,
        table: &DeTable<'_>,
        report: &mut Report,
        world: World<'_>,
    ) -> Self {
        match self {
            Self::Sqlite { path } => Self::Sqlite { path: folder.join(path) },
            Self::Postgres(settings) => {
                Self::Postgres(Box::new(settings.whole(folder, table, report, world)))
            }
        }
    }
}

impl PostgresSettings {
    fn whole(
        mut self,
        folder: &Path,
        table: &DeTable<'_>,
        report: &mut Report,
        world: World<'_>,
    ) -> Self {
        self.ca_file = self.ca_file.map(|file| folder.join(file));
        for (key, n, least) in
            [("intake", self.intake, 2), ("work", self.work, 3), ("pages", self.pages, 1)]
        {
            if !(least..=200).contains(&n) {
                let message = format!("{key}: {n} connections are not between {least} and 200");
                report.error("store", message, "the server allows 100 in all unless it is told");
            }
        }
        let url = self.url.expose();
        if url.is_empty() {
            report.error("store", "the store has no url", FORMS);
        } else if url.starts_with("env:") || url.starts_with("file:") {
            match resolve(url, world) {
                Ok(found) => self.url = Secret::new(found),
                Err(wrong) => report.error("store", wrong.message, &wrong.mend),
            }
        } else if has_password(url) && (world.env)("HANDOFF_STORE").is_none() {
            if let Some(value) = table.get("store") {
                report.hide(value.span());
            }
            report.error(
                "store",
                "url: a password stands in the address, where every reader of the file sees it",
                "leave it out and write password = \"env:NAME\" or \"file:/path\", or give the whole \
                 address as url = \"env:NAME\"; then replace it, since it was written down here",
            );
        }
        self
    }
}

/// Whether an address names a password.
fn has_password(url: &str) -> bool {
    let user = url.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        authority.rsplit_once('@').map(|(user, _)| user)
    });
    user.is_some_and(|user| user.contains(':')) || url.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_known() {
        for (url, has) in [
            ("postgres://handoff@db.acme.example:5432/handoff", false),
            ("postgres://handoff:hunter2@db.acme.example/handoff", true),
            ("postgres://db.acme.example/handoff?user=a&password=b", true),
            ("postgres://[::1]:5432/handoff", false),
            ("postgres://a@[::1]:5432/handoff?x=a:b@c", false),
        ] {
            assert_eq!(has_password(url), has, "{url}");
        }
    }
}
