//! `handoff replay`: stored decisions made again from their records, byte for byte.
//!
//! Guarantees: nothing is changed; the same command says the same on every machine, whatever its
//! zone, language and settings are, for the same engine number. What cannot be made again is
//! counted by its reason. Does not know: how a decision is made again; `crate::replay` does.

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    screen::{Screen, Tone, clean},
    session::Session,
    store::opened,
};
use crate::{
    model::{id::Seq, plan::ENGINE},
    replay::{Replay, Report, Which},
};

/// Decisions from one line of progress to the next.
const TELL_EVERY: u64 = 25_000;
/// The longest value shown of a field that differs, in characters.
const VALUE_MAX: usize = 200;

/// Make stored decisions again, and say which come out differently
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff replay --verify
  handoff replay --verify --store sqlite:/var/backups/handoff-monday.db
  handoff replay --verify --from 120000 --to 130000
  handoff replay --verify --lead 0197c1d2-…

Each decision is made again from what it recorded: the fill or the news, the lead as it was, the
people as they were, the rulebook version and the time zones of that day. It must be the same to the
byte. A daemon holds its SQLite file: name a backup of it. Decisions of another engine, of erased
persons and from before there were records are counted, not compared. The exit code is 1 if any
differs.")]
pub struct ReplayStored {
    /// Hold each against what was stored
    #[arg(long, required = true)]
    verify: bool,
    /// From this number on
    #[arg(long, value_name = "SEQ")]
    from: Option<i64>,
    /// Up to this number
    #[arg(long, value_name = "SEQ")]
    to: Option<i64>,
    /// Those of one lead, by its public id
    #[arg(long, value_name = "UUID")]
    lead: Option<Uuid>,
    /// Another store than that of the settings: sqlite:PATH or postgres://…
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    #[command(flatten)]
    config: Config,
}

impl ReplayStored {
    /// Runs it.
    ///
    /// # Errors
    /// The store is in use, or cannot be read.
    pub fn run(self, session: &mut Session) -> Outcome {
        if matches!((self.from, self.to), (Some(from), Some(to)) if from > to) {
            return Err(Stop::usage("--from is after --to: name the smaller number first"));
        }
        let store = match &self.store {
            Some(store) => opened(store)?,
            None => offline::store_at_rest(&self.config)?,
        };
        let which = Which { from: self.from.map(Seq), to: self.to.map(Seq), lead: self.lead };
        let is_json = session.screen.is_json();
        let (mut next, screen) = (TELL_EVERY, &mut session.screen);
        let report = offline::wait(async {
            let mut replay = Replay::of(store.as_ref());
            let tell = |report: &Report, seq: Seq| {
                if !is_json && report.all() >= next {
                    next = report.all() + TELL_EVERY;
                    screen
                        .toned(Tone::Dim, &format!("{} made again, up to {}", report.all(), seq.0));
                    screen.flush();
                }
            };
            replay.verify(&which, tell).await
        })?;
        if !session.printed_json(&json!({ "engine": ENGINE, "replay": report })) {
            print(&mut session.screen, &report);
        }
        Ok(if report.differing == 0 { Exit::Ok } else { Exit::No })
    }
}

fn print(screen: &mut Screen, report: &Report) {
    for found in &report.first {
        let why = found.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        screen.toned(Tone::Bad, &format!("Decision {} differs{why}", found.seq.0));
        for one in &found.differences {
            let said = |value: &Option<String>| {
                value.as_ref().map_or_else(|| "nothing".to_owned(), |text| clean(text, VALUE_MAX))
            };
            let (stored, now) = (said(&one.stored), said(&one.now));
            screen.line(&format!("    {}: {stored} was stored, {now} came out", one.field));
        }
    }
    let rows: Vec<Vec<String>> = [
        ("same", report.same),
        ("differing", report.differing),
        ("of another engine", report.other_engine),
        ("erased", report.erased),
        ("from before records", report.before_records),
    ]
    .into_iter()
    .filter(|(name, count)| *count > 0 || matches!(*name, "same" | "differing"))
    .map(|(name, count)| vec![name.to_owned(), count.to_string()])
    .collect();
    if report.all() > 0 {
        screen.table(&["decisions", "count"], &rows, "");
    }
    match (report.differing, report.same) {
        (0, 0) => screen.toned(Tone::Dim, nothing(report)),
        (0, _) => screen.toned(Tone::Good, "No decision came out differently."),
        _ => screen.toned(
            Tone::Bad,
            "Decisions came out differently: keep the store as it is, and report this with the \
             version of handoff.",
        ),
    }
}

/// Why nothing was made again.
fn nothing(report: &Report) -> &'static str {
    match report {
        _ if report.all() == 0 => "There was nothing to make again: no such decision is stored.",
        Report { erased: 0, before_records: 0, .. } => {
            "Nothing was made again: all of them are of another engine, which another version of \
             handoff holds."
        }
        Report { other_engine: 0, before_records: 0, .. } => {
            "Nothing was made again: all of them are of erased persons."
        }
        Report { other_engine: 0, erased: 0, .. } => {
            "Nothing was made again: all of them are from before decisions were recorded."
        }
        _ => "Nothing was made again: none of them can be.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_nothing_was_made_again_it_is_said_why() {
        for (report, part) in [
            (Report::default(), "no such decision"),
            (Report { other_engine: 3, ..Report::default() }, "another engine"),
            (Report { erased: 3, ..Report::default() }, "erased persons"),
            (Report { before_records: 3, ..Report::default() }, "before decisions were recorded"),
            (Report { erased: 3, other_engine: 1, ..Report::default() }, "none of them can be"),
        ] {
            assert!(nothing(&report).contains(part), "{report:?}");
        }
    }
}
