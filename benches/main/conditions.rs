//! Group `conditions`: which of ten thousand rules holds, asked one after the other and by the
//! index. Guarantees: both ways end at the same rule. Does not know: deciding.

use std::hint::black_box;

use handoff::rulebook::condition::Tri;

use super::{
    book,
    figure::{Work, rounds, times, us},
    table::Table,
};

const ROUNDS: usize = 100;
const LEADS: usize = 8;

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "conditions: the rule that holds for a lead, of 10,000 (the last one)",
        &["rules", "one by one", "by index", "ratio", "median by index", "looked at"],
    );
    for kind in [book::EQUALITY].iter().chain(book::KINDS) {
        let book = book::compiled(*kind, book::RULES);
        let leads: Vec<_> =
            (0..LEADS).map(|n| book::facts(&book, &book::step(&book, n, book::NOON))).collect();
        let linear = |facts| book.rules.iter().position(|rule| rule.when.eval(facts) == Tri::True);
        let indexed = |facts| {
            book.candidates(facts)
                .find(|(_, rule)| rule.when.eval(facts) == Tri::True)
                .map(|(at, _)| at)
        };
        for facts in &leads {
            assert_eq!(linear(facts), Some(book::RULES - 1), "{}", kind.0);
            assert_eq!(indexed(facts), Some(book::RULES - 1), "{}", kind.0);
        }
        let works: Vec<Work<'_>> = vec![
            Box::new(|| {
                leads.iter().map(|facts| usize::from(black_box(linear(facts)).is_some())).sum()
            }),
            Box::new(|| {
                leads.iter().map(|facts| usize::from(black_box(indexed(facts)).is_some())).sum()
            }),
        ];
        let figures = rounds(ROUNDS, works);
        let looked = leads.iter().map(|facts| book.candidates(facts).count()).max();
        table.row([
            kind.0.to_owned(),
            us(figures[0].best()),
            us(figures[1].best()),
            times(figures[0].best(), figures[1].best()),
            us(figures[1].median()),
            looked.unwrap_or(0).to_string(),
        ]);
    }
    table.note(format!(
        "A lead, the fastest of {ROUNDS} rounds of {LEADS} leads; \"looked at\" is how many rules \
         the index leaves."
    ));
}
