//! `handoff rulebook backtest`: a draft against what was recorded.
//!
//! Guarantees: nothing is changed; both worlds stand on the settings and time zones of the newest
//! recorded decision. Does not know: how a world is made.

mod imported;

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        exit::{Exit, Outcome, Stop},
        offline::{self, Config},
        screen::{Screen, Tone},
        session::Session,
        store::opened,
        when,
    },
    decide::{
        diff::Move,
        placed::{Differs, Placed},
    },
    model::{
        id::Seq,
        lead::State,
        time::{Span, Time},
    },
    replay::{Replay, backtest::Tested},
    rulebook::{Rulebook, Setup},
    store::{RecordFilter, Store},
};

/// Decisions from one line of progress to the next.
const TELL_EVERY: u64 = 25_000;
/// Without a word about it, decisions of so long are looked at.
const SINCE: Span = Span::days(30);
/// Rows shown of each table.
const ROWS_MAX: usize = 40;

/// What is tested on what.
#[derive(Debug, Args)]
pub struct Backtest {
    /// The draft: its folder or its main file
    draft: PathBuf,
    /// From when on: a length of time such as 30d, or an instant; 30d unless said otherwise, and
    /// all that was imported
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// On leads of the time before, which `handoff leads import` brought, instead of recorded ones
    #[arg(long)]
    imported: bool,
    /// Every lead that differs, into a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Another store than that of the settings: sqlite:PATH or postgres://…
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    #[command(flatten)]
    config: Config,
}

impl Backtest {
    /// Runs it.
    ///
    /// # Errors
    /// The draft has mistakes, or the store is in use or has no records of that time.
    pub fn run(self, session: &mut Session) -> Outcome {
        if self.imported {
            return imported::run(&self, session);
        }
        let since = self.since(session)?.unwrap_or(session.now.minus(SINCE));
        let store = match &self.store {
            Some(store) => opened(store)?,
            None => offline::store(&self.config, false)?,
        };
        let files = offline::files(&self.draft)?;
        let is_json = session.screen.is_json();
        let (mut next, screen) = (TELL_EVERY, &mut session.screen);
        let tested = offline::wait(async {
            let mut replay = Replay::of(store.as_ref());
            let Some((live, basis)) = live(store.as_ref(), &mut replay).await? else {
                return Ok(Err("no decision in this store has a record".to_owned()));
            };
            let draft = match compiled(&files, &basis) {
                Ok(draft) => draft,
                Err(why) => return Ok(Err(why)),
            };
            let tell = |tested: &Tested| {
                if !is_json && tested.decisions >= next {
                    next = tested.decisions + TELL_EVERY;
                    let differ = tested.diff.moves.len();
                    let said = format!(
                        "{} decisions, {differ} leads are placed otherwise",
                        tested.decisions
                    );
                    screen.toned(Tone::Dim, &said);
                    screen.flush();
                }
            };
            replay.backtest((live, Arc::new(draft)), since, tell).await
        })?;
        let tested = match tested {
            Ok(tested) => tested,
            Err(why) => return Err(Stop::no(why + &imported::offer(store.as_ref())?)),
        };
        if let Some(file) = &self.csv {
            let written = csv(&tested.diff.moves);
            std::fs::write(file, written)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        if !session.printed_json(&json!({ "backtest": tested })) {
            print(&mut session.screen, &tested);
        }
        Ok(Exit::Ok)
    }
}

impl Backtest {
    /// From when on, if it was said.
    fn since(&self, session: &Session) -> Result<Option<Time>, Stop> {
        let Some(text) = &self.since else { return Ok(None) };
        Ok(Some(match Span::parse(text) {
            Ok(span) => session.now.minus(span),
            Err(_) => when::parse(text, session.now, session.screen.zone()).map_err(Stop::usage)?,
        }))
    }
}

/// The rulebook that decided last, and what it stood on.
async fn live(
    store: &dyn Store,
    replay: &mut Replay<'_>,
) -> crate::store::StoreResult<Option<(Arc<Rulebook>, String)>> {
    let last = store.tally(crate::model::time::Time(0)).await?.last_seq;
    let filter = RecordFilter { after: Some(Seq(last - 1)), lead: None, max: 1 };
    let row = store.records(filter).await?.rows.into_iter().next();
    let Some(row) = row else { return Ok(None) };
    let Ok(Ok(book)) = replay.book_of_row(&row).await else { return Ok(None) };
    let basis = store.basis(book.basis.hash).await?.unwrap_or_default();
    Ok(Some((book, basis)))
}

fn compiled(files: &crate::rulebook::Files, basis: &str) -> Result<Rulebook, String> {
    let setup = Setup::of_basis(basis)?;
    Rulebook::compile(files, &setup, 0).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        format!("{}\nmend the draft first; `handoff check` shows each place", lines.join("\n"))
    })
}

fn print(screen: &mut Screen, tested: &Tested) {
    let diff = &tested.diff;
    screen.line(&format!(
        "{} decisions about {} new leads; {} leads are placed otherwise.",
        tested.decisions,
        tested.leads,
        diff.moves.len()
    ));
    if tested.left_out > 0 {
        screen.line(&format!("{} decisions without a record were left out.", tested.left_out));
    }
    let kinds = diff.kinds.iter().map(|(kind, count)| (Differs::says(kind.word()), *count));
    let rules = diff.by_rule.iter().map(|(rule, count)| (rule.as_str(), *count));
    counts(screen, "what differs", kinds.collect(), "No lead is placed otherwise.");
    if !diff.moves.is_empty() {
        counts(screen, "moved by the rule", rules.collect(), "");
    }
    let before: u64 = diff.reps.values().map(|load| load.before).sum();
    let after: u64 = diff.reps.values().map(|load| load.after).sum();
    let share = |count: u64, all: u64| format!("{:.1} %", count as f64 * 100.0 / all.max(1) as f64);
    let rows: Vec<Vec<String>> = diff
        .reps
        .iter()
        .map(|(rep, load)| {
            vec![
                rep.clone(),
                load.before.to_string(),
                share(load.before, before),
                load.after.to_string(),
                share(load.after, after),
            ]
        })
        .collect();
    screen.table(&["rep", "leads", "share", "with the draft", "share"], &rows, "Nobody got one.");
    screen.line(&format!(
        "Projected from the real answers: {} late as it is, {} with the draft.",
        tested.late_before, tested.late_after
    ));
}

/// Counts by what is counted, the largest first.
fn counts(screen: &mut Screen, heading: &str, mut counts: Vec<(&str, u64)>, none: &str) {
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rows: Vec<Vec<String>> = counts
        .into_iter()
        .take(ROWS_MAX)
        .map(|(name, count)| vec![name.to_owned(), count.to_string()])
        .collect();
    screen.table(&[heading, "leads"], &rows, none);
}

/// Every lead that differs: its id, how, where it is, and where it would be.
fn csv(moves: &[Move]) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let cells = |placed: &Placed| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let state = placed.state.map_or("", State::word).to_owned();
        let (owner, pool) = (text(&placed.owner), text(&placed.pool));
        [state, owner, pool, text(&placed.rule), text(&placed.sla)]
    };
    let head = ["lead", "differs", "state", "owner", "pool", "rule", "sla", "new_state"];
    // Writing into memory cannot fail.
    let _ =
        rows.write_record(head.into_iter().chain(["new_owner", "new_pool", "new_rule", "new_sla"]));
    for one in moves {
        let first = [one.lead.to_string(), one.differs.word().to_owned()];
        let _ = rows.write_record(first.into_iter().chain(cells(&one.from)).chain(cells(&one.to)));
    }
    rows.into_inner().unwrap_or_default()
}
