//! Group `backtest`: recorded leads made again, and a draft held against them.
//!
//! Guarantees: every lead was decided by the real rules and recorded; of three drafts one is the
//! rulebook in force, one moves a few leads and one all of them. Does not know: how long the store took to fill.

use std::{sync::Arc, time::Duration};

use handoff::{
    model::{id::Seq, time::Span},
    replay::{Replay, Which},
    rulebook::{Files, Rulebook},
    store::{NewRulebook, RecordFilter, Store as _, sqlite::SqliteStore},
};

use super::{book, figure, filler, table::Table};

/// How many leads; the first figure is there to see how memory grows.
const LEADS: [usize; 2] = [10_000, 100_000];
const RULES: usize = 1_000;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        &format!("backtest: recorded leads and a draft of {RULES} rules"),
        &["leads", "what", "took", "a lead", "CPU", "differ", "MiB before", "at most"],
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
        // One lead in fifty goes to another pool, and all of them to somebody by name.
        let few = text.replacen(
            "[[rule]]",
            "[[rule]]\nid = \"first\"\nwhen = 'lead.employees >= 1984'\nassign_to = \"rep: mary\"\n\n[[rule]]",
            1,
        );
        let all = text.replace("assign_to = \"pool: inbound\"", "assign_to = \"rep: mary\"");
        let drafts = [("the same", &text), ("a few", &few), ("all", &all)];
        let mut from = 0;
        for leads in LEADS {
            filler::open(&store, &live, (from, leads), |n| at.plus(Span(n as i64))).await;
            from = leads;
            let mut row = |what: &str, [took, cpu]: [Duration; 2], differ: u64, rss: [u64; 2]| {
                table.row([
                    leads.to_string(),
                    what.to_owned(),
                    format!("{:.2} s", took.as_secs_f64()),
                    figure::us(took.as_nanos() as f64 / leads as f64),
                    format!("{:.2} s", cpu.as_secs_f64()),
                    differ.to_string(),
                    rss[0].to_string(),
                    rss[1].to_string(),
                ]);
            };
            let mut most = [figure::resident(); 2];
            let (began, cpu) = (figure::start(), figure::spent(None));
            let mut replay = Replay::of(&store);
            let which = Which::default();
            let see = |_: &_, _| most[1] = most[1].max(figure::resident());
            let report = replay.verify(&which, see).await.expect("a read");
            let took = [began.elapsed(), figure::spent(None).saturating_sub(cpu)];
            row("replay", took, report.differing, most);
            for (what, draft) in drafts {
                let draft = compiled(draft, 0);
                let mut most = [figure::resident(); 2];
                let (began, cpu) = (figure::start(), figure::spent(None));
                let see = |_: &_| most[1] = most[1].max(figure::resident());
                let tested = replay.backtest((Arc::clone(&live), draft), at, |_| {}, see).await;
                let tested = tested.expect("a read").expect("records");
                let took = [began.elapsed(), figure::spent(None).saturating_sub(cpu)];
                row(what, took, tested.diff.moved, most);
            }
        }
        let filter = RecordFilter { after: Some(Seq(0)), lead: None, max: 500 };
        let rows = store.records(filter).await.expect("a read").rows;
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes: usize =
            rows.iter().map(|row| row.doc.len() + length(&row.saw) + length(&row.moved)).sum();
        table.note(format!(
            "Once each. A decision with its record has {} bytes in the mean.",
            bytes / rows.len().max(1)
        ));
    });
}
