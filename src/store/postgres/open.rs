//! Opening: what the server must be, and what its settings promise.
//!
//! Guarantees: a server that is too old, that takes no writes, or that would acknowledge what is
//! not durable is refused with advice; the promise is what the database is set to.
//! Does not know: the schema.

use tokio_postgres::{Client, Config};

use super::{
    options::{Leases, Options, place},
    tls::Tls,
    value::Text,
};
use crate::store::{StoreError, StoreResult};

/// The oldest PostgreSQL that is supported: 15.
const VERSION_MIN: i64 = 150_000;

/// What was found out about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is true of an event that was answered 2xx.
    pub promise: String,
    /// The setting of `synchronous_commit` that every transaction is to have.
    pub commits: Option<&'static str>,
    /// Who judges leases.
    pub leases: Leases,
}

/// A connection outside the pools, with the task that runs it.
pub async fn connect(config: &Config, tls: &Tls) -> StoreResult<Client> {
    match tls {
        Tls::Off => {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        Tls::On(tls) => {
            let (client, connection) = config.connect(tls.clone()).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

/// A failure to connect, with the place.
pub fn unreachable(config: &Config, error: StoreError) -> StoreError {
    let with_place = |why: String| format!("{}: {why}", place(config));
    match error {
        StoreError::Busy(why) => StoreError::Busy(with_place(why)),
        StoreError::Refused(why) => StoreError::Refused(with_place(why)),
        error => error,
    }
}

/// What the server says about itself.
struct Said {
    version: i64,
    version_text: String,
    is_standby: bool,
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    standbys: String,
    encoding: String,
}

/// Looks at the server, and refuses it where it must be refused.
pub async fn look(client: &Client, options: &Options) -> StoreResult<Found> {
    let row = client
        .query_typed_one(
            "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
                pg_is_in_recovery(), current_setting('fsync'), current_setting('full_page_writes'),
                current_setting('synchronous_commit'),
                coalesce(current_setting('synchronous_standby_names', true), ''),
                current_setting('server_encoding')",
            &[],
        )
        .await?;
    let text = |place: usize| -> StoreResult<String> {
        Ok(row.try_get::<_, Text<'static>>(place)?.into_string())
    };
    let said = Said {
        version: row.try_get(0)?,
        version_text: text(1)?,
        is_standby: row.try_get(2)?,
        fsync: text(3)?,
        full_page_writes: text(4)?,
        synchronous_commit: text(5)?,
        standbys: text(6)?,
        encoding: text(7)?,
    };
    judge(&said, options)
}

fn judge(said: &Said, options: &Options) -> StoreResult<Found> {
    let refuse = |why: String| Err(StoreError::Refused(why));
    if said.version < VERSION_MIN {
        return refuse(format!(
            "the server is PostgreSQL {}; 15 or newer is needed",
            said.version_text
        ));
    }
    if said.is_standby {
        return refuse("the server is a standby and takes no writes; name the primary".to_owned());
    }
    if said.encoding != "UTF8" {
        return refuse(format!(
            "the database's encoding is {}; make one with UTF8 (CREATE DATABASE … ENCODING 'UTF8' \
             TEMPLATE template0)",
            said.encoding
        ));
    }
    let wrong: Vec<String> = [
        (said.fsync != "on").then(|| "fsync is off".to_owned()),
        (said.full_page_writes != "on").then(|| "full_page_writes is off".to_owned()),
        (said.synchronous_commit == "off").then(|| "synchronous_commit is off".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !wrong.is_empty() {
        let wrong = wrong.join(" and ");
        if !options.allow_unsafe_durability {
            return refuse(format!(
                "the database would acknowledge what is not on its disk: {wrong} (on the server, or \
                 for this role or database); switch it on, or write allow_unsafe_durability = true \
                 and accept that a crash loses leads"
            ));
        }
        return Ok(Found {
            promise: format!(
                "the event is in the memory of the database, and a crash of its machine may lose it \
                 ({wrong}, allowed by allow_unsafe_durability)"
            ),
            commits: None,
            leases: options.leases,
        });
    }
    // One of these words, so that it can stand in a statement.
    let commits = ["local", "remote_write", "on", "remote_apply"]
        .into_iter()
        .find(|known| *known == said.synchronous_commit);
    Ok(Found { promise: promise(said), commits, leases: options.leases })
}

/// What is true of an event that was answered 2xx.
fn promise(said: &Said) -> String {
    let here = "the event is synced to the disk of the database's server";
    let names = said.standbys.trim();
    if names.is_empty() || said.synchronous_commit == "local" {
        return format!("{here}; a failover to a standby may lose it, since none is waited for");
    }
    let there = match said.synchronous_commit.as_str() {
        "remote_write" => "in the memory of standby",
        "remote_apply" => "on the disk of standby, and to be read there:",
        _ => "on the disk of standby",
    };
    format!("{here}, and is {there} {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said {
            version: 150_014,
            version_text: "15.14".into(),
            is_standby: false,
            fsync: "on".into(),
            full_page_writes: "on".into(),
            synchronous_commit: "on".into(),
            standbys: String::new(),
            encoding: "UTF8".into(),
        }
    }

    #[test]
    fn the_promise_is_what_the_database_is_set_to() {
        let promise = |said: &Said| judge(said, &Options::default()).unwrap().promise;
        assert!(promise(&said()).contains("to the disk of the database's server; a failover"));
        let with = |commit: &str| Said {
            synchronous_commit: commit.into(),
            standbys: "ANY 1 (b, c)".into(),
            ..said()
        };
        for (commit, words) in [
            ("on", "and is on the disk of standby ANY 1 (b, c)"),
            ("remote_write", "in the memory of standby ANY 1 (b, c)"),
            ("remote_apply", "to be read there: ANY 1 (b, c)"),
            ("local", "none is waited for"),
        ] {
            let promised = promise(&with(commit));
            assert!(promised.contains(words), "{commit}: {promised}");
            let found = judge(&with(commit), &Options::default()).unwrap();
            assert_eq!(found.commits, Some(commit), "it is set in every transaction");
        }
    }

    #[test]
    fn a_server_that_would_lose_what_it_acknowledged_is_refused_unless_allowed_by_name() {
        for (bad, words) in [
            (Said { fsync: "off".into(), ..said() }, "fsync is off"),
            (Said { full_page_writes: "off".into(), ..said() }, "full_page_writes is off"),
            (Said { synchronous_commit: "off".into(), ..said() }, "synchronous_commit is off"),
        ] {
            let Err(StoreError::Refused(why)) = judge(&bad, &Options::default()) else {
                panic!("refused: {words}")
            };
            assert!(why.contains(words) && why.contains("allow_unsafe_durability"), "{why}");
            let allowed = Options { allow_unsafe_durability: true, ..Options::default() };
            let found = judge(&bad, &allowed).unwrap();
            assert!(found.promise.contains("in the memory") && found.promise.contains(words));
        }
    }

    #[test]
    fn a_server_that_cannot_serve_is_refused_with_advice() {
        for (bad, words) in [
            (Said { version: 140_020, version_text: "14.20".into(), ..said() }, "15 or newer"),
            (Said { is_standby: true, ..said() }, "name the primary"),
            (Said { encoding: "SQL_ASCII".into(), ..said() }, "UTF8"),
        ] {
            let Err(StoreError::Refused(why)) = judge(&bad, &Options::default()) else {
                panic!("refused: {words}")
            };
            assert!(why.contains(words), "{why}");
        }
    }
}
