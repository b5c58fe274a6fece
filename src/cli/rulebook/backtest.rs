//! `handoff rulebook backtest`: a draft against what was recorded.
//!
//! Guarantees: nothing is changed; both worlds stand on the settings and time zones of the newest
//! recorded decision. Does not know: how a world is made.

mod imported;

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        exit::{Exit, Outcome, Stop},
        export::Export,
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
    replay::{
        Replay,
        backtest::{NOTHING, Tested},
    },
    rulebook::{Rulebook, Setup},
    store::{RecordFilter, Store, read::PAGE_MAX},
};

/// Decisions from one line of progress to the next.
const TELL_EVERY: u64 = 25_000;
/// Without a word about it, decisions of so long are looked at.
const SINCE: Span = Span::days(30);
/// Leads shown by name.
const FIRST_MAX: usize = 10;
/// Rows shown of each table.
const ROWS_MAX: usize = 40;

/// What is tested on what.
#[derive(Debug, Args)]
pub struct Backtest {
    /// The draft: its folder or its main file, or its name on the server
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
        let files = super::named(session, &self.draft)?;
        let store = match &self.store {
            Some(store) => opened(store)?,
            None => offline::store_at_rest(&self.config)?,
        };
        let mut csv = self.csv.as_ref().map(|file| Export::into(file, COLUMNS)).transpose()?;
        let is_json = session.screen.is_json();
        let (mut next, screen) = (TELL_EVERY, &mut session.screen);
        let each = |one: &Move| {
            if let Some(csv) = &mut csv {
                csv.row(row(one));
            }
        };
        let tested = offline::wait(async {
            let mut replay = Replay::of(store.as_ref());
            let Some((live, basis)) = live(store.as_ref(), &mut replay).await? else {
                return Ok(Err(NOTHING.to_owned()));
            };
            let draft = match compiled(&files, &basis) {
                Ok(draft) => draft,
                Err(why) => return Ok(Err(why)),
            };
            let tell = |tested: &Tested| {
                if !is_json && tested.decisions >= next {
                    next = tested.decisions + TELL_EVERY;
                    let (all, moved) = (tested.decisions, tested.diff.moved);
                    let said = format!("{all} decisions, {moved} leads are placed otherwise");
                    screen.toned(Tone::Dim, &said);
                    screen.flush();
                }
            };
            replay.backtest((live, Arc::new(draft)), since, each, tell).await
        })?;
        let tested = match tested {
            Ok(tested) => tested,
            Err(why) => return Err(Stop::no(why + &imported::offer(store.as_ref())?)),
        };
        if let Some(csv) = csv {
            csv.end()?;
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

/// The rulebook of the newest decision that can be made again, and what it stood on. The newest
/// ones may be of persons who were erased.
async fn live(
    store: &dyn Store,
    replay: &mut Replay<'_>,
) -> crate::store::StoreResult<Option<(Arc<Rulebook>, String)>> {
    let mut before = store.tally(Time(0)).await?.last_seq;
    while before > 0 {
        let after = Seq((before - PAGE_MAX as i64).max(0));
        let filter = RecordFilter { after: Some(after), lead: None, max: PAGE_MAX };
        let page = store.records(filter).await?;
        for row in page.rows.iter().rev().filter(|row| row.seq.0 <= before) {
            if let Ok(book) = replay.book_of_row(row).await? {
                let basis = store.basis(book.basis.hash).await?.unwrap_or_default();
                return Ok(Some((book, basis)));
            }
        }
        before = after.0;
    }
    Ok(None)
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
        tested.decisions, tested.leads, diff.moved
    ));
    if tested.left_out > 0 {
        screen.line(&format!("{} decisions without a record were left out.", tested.left_out));
    }
    if tested.mapped_as_then > 0 {
        screen.line(&format!(
            "{} leads were read with the mapping of then: their bodies are no longer kept.",
            tested.mapped_as_then
        ));
    }
    let kinds = diff.kinds.iter().map(|(kind, count)| (Differs::says(kind.word()), *count));
    let rules = diff.by_rule.iter().map(|(rule, count)| (rule.as_str(), *count));
    counts(screen, "what differs", kinds.collect(), "No lead is placed otherwise.");
    if !diff.moves.is_empty() {
        counts(screen, "moved by the rule", rules.collect(), "");
        let first = diff.moves.iter().take(FIRST_MAX);
        let first = first.map(|one| vec![one.lead.to_string(), one.from.says(), one.to.says()]);
        screen.table(&["the first of them", "went", "would go"], &first.collect::<Vec<_>>(), "");
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

/// The columns of the file with every lead that differs.
const COLUMNS: &str =
    "lead,differs,state,owner,pool,rule,sla,new_state,new_owner,new_pool,new_rule,new_sla";

/// Its id, how it differs, where it is, and where it would be.
fn row(one: &Move) -> impl Iterator<Item = String> {
    let cells = |placed: &Placed| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let state = placed.state.map_or("", State::word).to_owned();
        let (owner, pool) = (text(&placed.owner), text(&placed.pool));
        [state, owner, pool, text(&placed.rule), text(&placed.sla)]
    };
    let first = [one.lead.to_string(), one.differs.word().to_owned()];
    first.into_iter().chain(cells(&one.from)).chain(cells(&one.to))
}
