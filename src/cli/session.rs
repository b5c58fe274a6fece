//! What every command has at hand: the screen, the time, and the way to the daemon.
//!
//! Guarantees: the token comes from the environment alone, since arguments can be read by every
//! user of a machine. Does not know: any command.

use crate::{
    cli::{
        exit::Stop,
        remote::Remote,
        screen::{Screen, Tone},
    },
    clock::{Clock as _, SystemClock},
    model::time::Time,
};

/// The variable that holds the token.
pub const TOKEN: &str = "HANDOFF_TOKEN";

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Shared {
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Where the daemon answers
    #[arg(
        long,
        global = true,
        env = "HANDOFF_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
}

/// What every command has.
pub struct Session {
    /// Where it prints.
    pub screen: Screen,
    /// When it began.
    pub now: Time,
    url: String,
}

impl Session {
    /// A session on the process's own output.
    #[must_use]
    pub fn new(shared: &Shared) -> Self {
        Self {
            screen: Screen::stdout(shared.json),
            now: SystemClock::new().now(),
            url: shared.url.clone(),
        }
    }

    /// A session that prints elsewhere, at another time.
    #[must_use]
    pub fn at(screen: Screen, now: Time, url: &str) -> Self {
        Self { screen, now, url: url.to_owned() }
    }

    /// The way to the daemon. Nothing is sent yet.
    ///
    /// # Errors
    /// An address that is none.
    pub fn remote(&self) -> Result<Remote, Stop> {
        let token = std::env::var(TOKEN).ok().map(|text| text.trim().to_owned());
        let remote = Remote::new(&self.url, token.filter(|text| !text.is_empty()))?;
        if remote.is_exposed() {
            eprintln!(
                "warning: the token travels readable over plain http to another machine; put the \
                 daemon behind https"
            );
        }
        Ok(remote)
    }

    /// Prints an answer as it is if programs read it; says whether it did.
    pub fn printed_json(&mut self, answer: &serde_json::Value) -> bool {
        let is_json = self.screen.is_json();
        if is_json {
            self.screen.json(answer);
        }
        is_json
    }

    /// Prints an answer as JSON for programs, as one sentence for people.
    pub fn done(&mut self, answer: &serde_json::Value, sentence: &str) {
        if !self.printed_json(answer) {
            self.screen.toned(Tone::Good, sentence);
        }
    }
}

/// The lists' own limits.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Paging {
    /// At most so many rows (500 is the most in one page)
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub max: u16,
    /// Go on where an earlier page ended (it prints the number)
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
}

impl Paging {
    /// As the API takes it.
    #[must_use]
    pub fn query(self) -> Vec<(&'static str, String)> {
        let mut query = vec![("max", self.max.to_string())];
        query.extend(self.before.map(|before| ("before", before.to_string())));
        query
    }

    /// Says how to go on, if there is more.
    pub fn more(session: &mut Session, answer: &serde_json::Value) {
        if let Some(next) = answer.get("next").and_then(serde_json::Value::as_i64) {
            session.screen.toned(Tone::Dim, &format!("There is more: add --before {next}"));
        }
    }
}
