//! Group `table`: the row of a lead among a hundred thousand, by values and by ranges.
//!
//! Guarantees: half of the leads find a row. Does not know: what becomes of the row.

use std::{fmt::Write as _, hint::black_box};

use handoff::rulebook::{
    Files, Rulebook,
    condition::{Facts, Value},
};

use super::{
    book,
    figure::{Work, rounds, us},
    table::Table,
};

const ROUNDS: usize = 50;
const LEADS: usize = 1_000;
const ROWS: usize = 100_000;

/// A table: its name, how rows are keyed, the n-th row of so many, and the n-th lead.
type Shape = (&'static str, &'static str, fn(usize, usize) -> String, fn(usize, usize) -> Lead);

/// Country, postal code, employees.
type Lead = (&'static str, String, f64);

const SHAPES: &[Shape] = &[
    (
        "a domain",
        "domain = \"lead.domain\"",
        |n, _| format!("firm{n}.example"),
        |n, all| ("DE", format!("firm{}.example", n * 2 * all / LEADS), 5.0),
    ),
    (
        "a country and a range of postal codes",
        "country = \"lead.country\", plz = \"lead.postal_code\"",
        |n, _| format!("{},{:06}-{:06}", ["DE", "AT"][n % 2], n * 5, n * 5 + 4),
        |n, all| ("DE", format!("{:06}", n * 5 * all / LEADS), 5.0),
    ),
    (
        "ranges that lie in each other",
        "plz = \"lead.postal_code\"",
        |n, all| format!("{:06}-{:06}", n, 2 * all - n),
        |n, all| ("DE", format!("{:06}", n * 4 * all / LEADS), 5.0),
    ),
    (
        "two ranges",
        "plz = \"lead.postal_code\", size = \"lead.employees\"",
        |n, _| {
            format!(
                "{:06}-{:06},{}-{}",
                n / 100 * 500,
                n / 100 * 500 + 499,
                n % 100 * 10,
                n % 100 * 10 + 9
            )
        },
        |n, all| ("DE", format!("{:06}", n * 5 * all / LEADS), (n % 2_000) as f64),
    ),
];

fn compiled((_, key, row, _): &Shape, rows: usize) -> Rulebook {
    let columns: Vec<&str> =
        key.split(',').map(|part| part.split('=').next().unwrap_or_default().trim()).collect();
    let mut csv = format!("{},tier\n", columns.join(","));
    for n in 0..rows {
        let _ = writeln!(csv, "{},{}", row(n, rows), n % 9);
    }
    let text = book::text(book::EQUALITY, 2);
    let text = format!(
        "{text}\n[[table]]\nid = \"t\"\nfile = \"t.csv\"\nkey = {{ {key} }}\ncolumns = {{ tier = \"number\" }}\n"
    );
    let files = Files::new(text).with("t.csv", csv);
    Rulebook::compile(&files, &book::setup(), 1)
        .unwrap_or_else(|findings| panic!("{}", findings[0]))
}

fn leads(book: &Rulebook, shape: &Shape, rows: usize) -> Vec<Facts> {
    let slot = |name: &str| book.schema.slot(name).expect("a field");
    let lead = |n: usize| {
        let (country, code, employees) = shape.3(n, rows);
        let mut facts = Facts::new(&book.schema);
        facts.set(slot("lead.country"), Some(Value::text(country)));
        facts.set(slot("lead.domain"), Some(Value::text(&code)));
        facts.set(slot("lead.postal_code"), Some(Value::text(&code)));
        facts.set(slot("lead.employees"), Some(Value::Number(employees)));
        facts
    };
    (0..LEADS).map(lead).collect()
}

/// Prints the group.
pub fn run(table: &mut Table) {
    table.begin(
        "table: the row of a lead",
        &["key", "of 1,000 rows", "of 100,000 rows", "median", "leads with a row"],
    );
    for shape in SHAPES {
        let books = [1_000, ROWS].map(|rows| (compiled(shape, rows), rows));
        let mut all = books.map(|(book, rows)| {
            let leads = leads(&book, shape, rows);
            (book, leads)
        });
        let found = {
            let (book, leads) = &all[1];
            let known = book.tables[0].known;
            let has_row = |facts: &&Facts| {
                let mut facts = (*facts).clone();
                book.tables[0].fill(&mut facts);
                facts.get(known) == Some(&Value::Bool(true))
            };
            leads.iter().filter(has_row).count()
        };
        let works = all.iter_mut().map(|(book, leads)| {
            let work: Work<'_> = Box::new(|| {
                for facts in &mut *leads {
                    book.tables[0].fill(black_box(facts));
                }
                LEADS
            });
            work
        });
        let figures = rounds(ROUNDS, works.collect());
        table.row([
            shape.0.to_owned(),
            us(figures[0].best()),
            us(figures[1].best()),
            us(figures[1].median()),
            format!("{found} of {LEADS}"),
        ]);
    }
    table.note(format!("A look-up, the fastest of {ROUNDS} rounds of {LEADS} leads."));
}
