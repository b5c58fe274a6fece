//! `handoff token`: create, list, revoke.
//!
//! Guarantees: a token is made here and shown once; only its SHA-256 leaves this process. When no
//! daemon runs the store is opened under its lock, so that the first token can be made.
//! Does not know: roles; there is one.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    remote::Remote,
    row::Row,
    screen::Tone,
    session::Session,
    token_text::Token,
};
use crate::{
    model::time::{Span, Time},
    store::{Store, TokenOrder, TokenRow},
};

/// How long a token lives unless it is said otherwise, and at most.
const EXPIRES: Span = Span::days(90);
const EXPIRES_MAX: Span = Span::days(365);

/// Tokens for the API and for the other commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  export HANDOFF_TOKEN=$(handoff token create ops)
  handoff token create ci --expires 7d
  handoff token list
  handoff token revoke ci

The token is printed once, alone, on the standard output. While the daemon runs, HANDOFF_TOKEN must
hold a token that is valid; the first one is made while it is stopped.")]
pub struct Tokens {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, once
    Create {
        /// Who or what will use it
        name: String,
        /// How long it is good: 7d, 90d; at most 365d
        #[arg(long, value_name = "SPAN", value_parser = lifetime, default_value = "90d")]
        expires: Span,
    },
    /// End the tokens with a name, at once
    Revoke {
        /// Their name
        name: String,
    },
    /// List tokens by name; none of them is shown
    List,
}

fn lifetime(text: &str) -> Result<Span, String> {
    let span = Span::parse(text)?;
    if span <= Span::ZERO || span > EXPIRES_MAX {
        return Err(format!("{text} must lie between 1s and 365d, as in {EXPIRES}"));
    }
    Ok(span)
}

/// Where tokens are kept: behind a daemon, or in a store that nobody else has open.
enum Keeper {
    Daemon(Remote),
    Store(Box<dyn Store>),
}

impl Tokens {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon or the store.
    pub fn run(self, session: &mut Session) -> Outcome {
        let keeper = keeper(session, &self.config)?;
        match self.what {
            What::Create { name, expires } => create(session, &keeper, &name, expires),
            What::Revoke { name } => revoke(session, &keeper, &name),
            What::List => list(session, &keeper),
        }
    }
}

/// The daemon if it answers; the store itself if nothing does.
fn keeper(session: &Session, config: &Config) -> Result<Keeper, Stop> {
    let remote = session.remote()?;
    // A list changes nothing and is refused without a token: it tells which of the two holds.
    match remote.get(&["tokens"], &[]) {
        Ok(_) => Ok(Keeper::Daemon(remote)),
        Err(Stop { exit: Exit::Unreachable, .. }) => {
            Ok(Keeper::Store(offline::store(config, true)?))
        }
        Err(stop) => Err(stop),
    }
}

fn create(session: &mut Session, keeper: &Keeper, name: &str, expires: Span) -> Outcome {
    if name.trim().is_empty() {
        return Err(Stop::usage("give the token a name: who or what will use it"));
    }
    let token = Token::random()?;
    let until = session.now.plus(expires);
    match keeper {
        Keeper::Daemon(remote) => {
            let hash = hex::encode(token.hash());
            let body = json!({ "name": name, "hash": hash, "expires_in": expires });
            remote.post(&["tokens"], &body)?;
        }
        Keeper::Store(store) => {
            let row = TokenRow {
                name: name.to_owned(),
                hash: token.hash(),
                created_at: session.now,
                expires_at: until,
                revoked_at: None,
            };
            offline::wait(store.tokens(TokenOrder::Create(row)))?;
        }
    }
    if session.screen.is_json() {
        let made = json!({ "name": name, "token": token.expose(), "expires_at": until });
        session.screen.json(&made);
        return Ok(Exit::Ok);
    }
    session.screen.line(token.expose());
    // Beside the standard output, so that `$(handoff token create …)` holds the token alone.
    eprintln!(
        "The token {name:?} is good until {}. It is shown this once; keep it as a secret.",
        session.screen.time(until)
    );
    Ok(Exit::Ok)
}

fn revoke(session: &mut Session, keeper: &Keeper, name: &str) -> Outcome {
    let revoked = match keeper {
        Keeper::Daemon(remote) => {
            let answer = remote.delete(&["tokens", name])?;
            answer.get("revoked").and_then(Value::as_u64).unwrap_or(0)
        }
        Keeper::Store(store) => {
            let order = TokenOrder::Revoke { name: name.to_owned(), at: session.now };
            offline::wait(store.tokens(order))?.len() as u64
        }
    };
    if revoked == 0 {
        return Err(Stop::no(format!("no valid token has the name {name:?}")));
    }
    session.done(&json!({ "revoked": revoked }), &format!("The token {name:?} is no longer good."));
    Ok(Exit::Ok)
}

fn list(session: &mut Session, keeper: &Keeper) -> Outcome {
    let answer = match keeper {
        Keeper::Daemon(remote) => remote.get(&["tokens"], &[])?,
        Keeper::Store(store) => json!({ "tokens": offline::wait(store.tokens(TokenOrder::List))? }),
    };
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("tokens")
        .map(|token| {
            vec![
                token.text("name"),
                session.screen.time_or_dash(token.time("created_at")),
                session.screen.time_or_dash(token.time("expires_at")),
                standing(token, session.now).to_owned(),
            ]
        })
        .collect();
    session.screen.table(&["token", "made", "good until", "state"], &rows, "No tokens.");
    if rows.is_empty() {
        session.screen.toned(Tone::Dim, "Make one with `handoff token create NAME`.");
    }
    Ok(Exit::Ok)
}

fn standing(token: Row<'_>, now: Time) -> &'static str {
    if token.time("revoked_at").is_some() {
        "revoked"
    } else if token.time("expires_at").is_some_and(|end| end <= now) {
        "expired"
    } else {
        "good"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::screen::tests::Paper, store::sqlite::SqliteStore};

    #[test]
    fn a_lifetime_has_bounds() {
        assert_eq!(lifetime("90d"), Ok(EXPIRES));
        assert_eq!(lifetime("365d"), Ok(EXPIRES_MAX));
        for text in ["0s", "366d", "soon", ""] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_made_listed_and_revoked_without_a_daemon() {
        let keeper = Keeper::Store(Box::new(SqliteStore::open_in_memory().unwrap()));
        let paper = Paper::default();
        let mut session = Session::at(paper.screen(false), Time(1_000), "");
        create(&mut session, &keeper, "ops", EXPIRES).unwrap();
        let text = paper.text();
        assert_eq!(super::super::token_text::check(text.trim()), Ok(()));
        let Keeper::Store(store) = &keeper else { unreachable!() };
        let rows = offline::wait(store.tokens(TokenOrder::List)).unwrap();
        assert_eq!(rows[0].hash, crate::http::auth::hash(text.trim()));
        assert_eq!(rows[0].expires_at, Time(1_000).plus(EXPIRES));

        assert_eq!(revoke(&mut session, &keeper, "ops").unwrap(), Exit::Ok);
        assert_eq!(revoke(&mut session, &keeper, "ops").unwrap_err().exit, Exit::No);
        list(&mut session, &keeper).unwrap();
        assert!(paper.text().contains("revoked"), "{}", paper.text());
        assert_eq!(paper.text().matches("hnd_").count(), 1, "shown once");
    }
}
