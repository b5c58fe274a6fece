//! Group `backtest`: recorded leads made again, and a draft held against them.
//!
//! Guarantees: every lead was decided by the real rules and recorded; the draft differs in the rule
//! for everybody, so a part of the leads moves. Does not know: how long the store took to fill.

use std::sync::Arc;

use handoff::{
    model::{id::Seq, time::Span},
    replay::{Replay, Which},
    rulebook::{Files, Rulebook},
    store::{NewRulebook, RecordFilter, Store as _, sqlite::SqliteStore},
};

use super::{book, figure, filler, table::Table};

const LEADS: usize = 100_000;
const RULES: usize = 1_000;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        &format!("backtest: {LEADS} recorded leads, a draft of {RULES} rules"),
        &["what", "took", "a lead", "differ"],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = filler::runtime();
    let store = SqliteStore::open(&folder.path().join("handoff.db")).expect("a store");
    let text = book::text(book::EQUALITY, RULES);
    let compiled = |text: &str, version: u32| {
        let files = Files::new(text.to_owned());
        Arc::new(Rulebook::compile(&files, &book::setup(), version).expect("it compiles"))
    };
    runtime.block_on(async {
        let document = Files::new(text.clone()).to_json().expect("text");
        let at = book::NOON;
        let (author, message) = ("bench".to_owned(), String::new());
        store.publish(NewRulebook { document, author, message, at }).await.expect("published");
        let live = compiled(&text, 1);
        filler::open(&store, &live, (0, LEADS), |n| at.plus(Span(n as i64))).await;
        let filter = RecordFilter { after: Some(Seq(0)), lead: None, max: 500 };
        let rows = store.records(filter).await.expect("a read").rows;
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes: usize =
            rows.iter().map(|row| row.doc.len() + length(&row.saw) + length(&row.moved)).sum();
        let mut row = |what: &str, took: std::time::Duration, differ: u64| {
            table.row([
                what.to_owned(),
                format!("{:.2} s", took.as_secs_f64()),
                figure::us(took.as_nanos() as f64 / LEADS as f64),
                differ.to_string(),
            ]);
        };
        let began = figure::start();
        let mut replay = Replay::of(&store);
        let report = replay.verify(&Which::default(), |_, _| {}).await.expect("a read");
        row("replay", began.elapsed(), report.differing);
        let moved = text.replace("assign_to = \"pool: inbound\"", "assign_to = \"rep: bob\"");
        for (what, draft) in [("the same", &text), ("another", &moved)] {
            let draft = compiled(draft, 0);
            let began = figure::start();
            let tested = replay.backtest((Arc::clone(&live), draft), at, |_| {}).await;
            let tested = tested.expect("a read").expect("records");
            row(what, began.elapsed(), tested.diff.moves.len() as u64);
        }
        table.note(format!(
            "Once each, on one core. A decision with its record has {} bytes in the mean.",
            bytes / rows.len().max(1)
        ));
    });
}
