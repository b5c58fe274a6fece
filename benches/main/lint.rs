//! Group `lint`: everything that analysis says of ten thousand rules.
//!
//! Guarantees: the last column says how many rules were found to get no lead, so that a figure
//! is not one of giving up. Does not know: whether that is so; the tests do.

use std::hint::black_box;

use handoff::rulebook::{Files, Rulebook, lint::Seen};

use super::{
    book,
    figure::{Work, rounds},
    table::Table,
};

const ROUNDS: usize = 5;

/// Countries and sizes that were seen.
fn seen() -> Seen {
    let mut seen = Seen::of_days(90);
    seen.countries = ["DE", "US", "FR", "JP", "BR"].map(|code| (code.to_owned(), 100)).into();
    seen.employees = (0..500).map(|size| (size * 7, 3)).collect();
    seen.sources = [("website".to_owned(), 500)].into();
    seen
}

/// Rules of which none is wider than one above it.
const NARROW: book::Kind = ("narrow above wide", |n| {
    format!("if.country = \"DE\"\nif.employees = \"{} or more\"", 20_000 - n)
});

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "lint: everything that is said of a rulebook of 10,000 rules",
        &["rules", "ms", "median ms", "found", "of them rules without a lead"],
    );
    let kinds = [NARROW, book::EQUALITY];
    for kind in kinds.iter().chain(book::KINDS) {
        let files = Files::new(book::text(*kind, book::RULES));
        let book = Rulebook::compile(&files, &book::setup(), 1).expect("it compiles");
        let seen = seen();
        let found = book.lint(&files, &seen, book::NOON);
        let works: Vec<Work<'_>> = vec![Box::new(|| {
            black_box(book.lint(&files, &seen, book::NOON).len());
            1
        })];
        let figures = rounds(ROUNDS, works);
        let idle = found.iter().filter(|one| one.code.starts_with("rule.")).count();
        let ms = |nanoseconds: f64| format!("{:.0}", nanoseconds / 1e6);
        table.row([
            kind.0.to_owned(),
            ms(figures[0].best()),
            ms(figures[0].median()),
            found.len().to_string(),
            idle.to_string(),
        ]);
    }
    table.note(format!("The fastest of {ROUNDS} rounds, compiling left out."));
}
