//! Group `decide`: the pure decision about a lead with ten thousand rules, and the explanation of
//! every clause of every rule. Guarantees: all leads go to the last rule.
//! Does not know: the store.

use std::hint::black_box;

use handoff::{
    decide::{Reach, decide, explain},
    model::{
        plan::{Decision, Snapshot, Step},
        team::Team,
    },
    rulebook::Rulebook,
};

use super::{
    book,
    figure::{Work, rounds, us},
    table::Table,
};

const ROUNDS: usize = 100;
const LEADS: usize = 8;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "decide: a lead under 10,000 rules, none before the last holds",
        &["rules", "prepare", "decide", "both", "both, median", "explain all", "compile"],
    );
    for kind in [book::EQUALITY].iter().chain(book::KINDS) {
        let began = super::figure::start();
        let book = book::compiled(*kind, book::RULES);
        let compiling = began.elapsed();
        one(table, kind.0, &book, &format!("{} ms", compiling.as_millis()));
    }
    table.note(format!(
        "A lead, the fastest of {ROUNDS} rounds of {LEADS} leads. `prepare` reads, maps and \
         normalises the body of a form of fifteen fields; `decide` routes the draft and makes the \
         plan; `explain all` says of every clause of every rule whether it held."
    ));
}

fn one(table: &mut Table, kind: &str, book: &Rulebook, compiling: &str) {
    let reach = Reach { crms: vec!["hubspot".to_owned()], ..Reach::default() };
    let team = Team::default();
    let snapshot = Snapshot { lead: None, company: None, team: &team };
    let plan = |step: &Step| decide(book, &reach, &snapshot, step, book::NOON);
    let steps: Vec<Step> = (0..LEADS).map(|n| book::step(book, n, book::NOON)).collect();
    let decisions: Vec<Decision> = steps.iter().filter_map(|step| plan(step).decision).collect();
    for decision in &decisions {
        assert_eq!(decision.why["rule"], "everyone", "{kind}");
        let bytes = serde_json::to_vec(decision).map_or(0, |bytes| bytes.len());
        assert!(bytes <= 2_048, "{kind}: a decision of {bytes} bytes");
    }
    let works: Vec<Work<'_>> = vec![
        Box::new(|| each((0..LEADS).map(|n| book::step(book, n, book::NOON)))),
        Box::new(|| each(steps.iter().map(plan))),
        Box::new(|| each((0..LEADS).map(|n| plan(&book::step(book, n, book::NOON))))),
        Box::new(|| {
            let all = decisions.iter();
            each(all.map(|one| explain::decision(book, one, "website", None)))
        }),
    ];
    let figures = rounds(ROUNDS, works);
    table.row([
        kind.to_owned(),
        us(figures[0].best()),
        us(figures[1].best()),
        us(figures[2].best()),
        us(figures[2].median()),
        us(figures[3].best()),
        compiling.to_owned(),
    ]);
}

/// Makes each and drops it, as a caller would; answers how many there were.
fn each<T>(made: impl Iterator<Item = T>) -> usize {
    made.fold(0, |count, one| {
        black_box(one);
        count + 1
    })
}
