//! What each performance figure is made with: `cargo bench`, or `cargo bench -- GROUP` for one.
//!
//! Each group prints one markdown table. Figures of one row come from one run of alternating
//! rounds, so that their ratios hold on a noisy machine too; the fastest round is the figure and
//! the median stands beside it. `HANDOFF_TEST_LONG=1` makes the stores of `reviews` and `start`
//! large. Guarantees: nothing is left behind but a store under `target/`, which is named.
//! Does not know: which figure is good; the README says what is promised.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run ends with the reason"
)]

mod accounts;
mod backtest;
mod book;
mod conditions;
mod daemon;
mod decide;
mod figure;
mod filler;
mod intake;
mod lint;
mod reviews;
mod rows;
mod start;
mod store;
mod table;

use table::Table;

/// Prints its table.
type Group = fn(&mut Table);

/// Every group: its word on the command line, and what it prints.
const GROUPS: &[(&str, Group)] = &[
    ("intake", intake::run),
    ("conditions", conditions::run),
    ("decide", decide::run),
    ("store", store::run),
    ("start", start::run),
    ("reviews", reviews::run),
    ("lint", lint::run),
    ("accounts", accounts::run),
    ("table", rows::run),
    ("backtest", backtest::run),
];

fn main() {
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let unknown = asked.iter().find(|word| !GROUPS.iter().any(|(name, _)| name == word));
    if let Some(word) = unknown {
        let known: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
        eprintln!("no group {word:?}: there are {}", known.join(", "));
        std::process::exit(2);
    }
    for (name, run) in GROUPS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            let mut table = Table::default();
            run(&mut table);
            println!("\n{table}");
        }
    }
}
