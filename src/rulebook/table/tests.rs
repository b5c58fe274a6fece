//! Tables: which row wins, against a look at all of them.

use std::sync::Arc;

use proptest::{prelude::*, sample::select};

use super::*;
use crate::rulebook::condition::{Field, Schema, Type};

const KEYS: [(&str, Type); 4] = [
    ("lead.country", Type::Text),
    ("lead.postal_code", Type::Text),
    ("lead.employees", Type::Number),
    ("lead.custom.budget", Type::Number),
];

fn schema() -> Schema {
    let builder = KEYS
        .iter()
        .fold(Schema::builder(), |builder, (name, kind)| builder.with(Field::new(name, *kind)));
    let builder = builder.with(Field::new("t.known", Type::Bool));
    builder.with(Field::new("t.row", Type::Number)).build().unwrap()
}

/// A table whose rows say their numbers.
fn table(schema: &Schema, rows: &[[&str; 4]]) -> (Table, Vec<Trouble>) {
    let slot = |name: &str| schema.slot(name).unwrap();
    let key: Vec<Slot> = KEYS.iter().map(|(name, _)| slot(name)).collect();
    let kinds: Vec<KeyKind> = key.iter().map(|slot| KeyKind::of(schema, *slot).unwrap()).collect();
    let cells = |row: &[&str; 4]| {
        kinds.iter().zip(row).map(|(kind, cell)| kind.read(cell).unwrap()).collect::<Vec<_>>()
    };
    let rows = rows
        .iter()
        .enumerate()
        .map(|(at, row)| (cells(row), Box::from([Some(Value::Number(at as f64))])));
    let (rows, troubles) = Rows::of(rows.collect());
    let (known, columns) = (slot("t.known"), vec![slot("t.row")]);
    (Table { id: "t".into(), key, known, columns, rows }, troubles)
}

type Lead = (Option<&'static str>, Option<&'static str>, Option<f64>, Option<f64>);

fn row(schema: &Schema, table: &Table, lead: Lead) -> (Option<bool>, Option<usize>) {
    let mut facts = Facts::new(schema);
    facts.set(table.key[0], lead.0.map(Value::text));
    facts.set(table.key[1], lead.1.map(Value::text));
    facts.set(table.key[2], lead.2.map(Value::Number));
    facts.set(table.key[3], lead.3.map(Value::Number));
    table.fill(&mut facts);
    let known = match facts.get(table.known) {
        Some(Value::Bool(known)) => Some(*known),
        _ => None,
    };
    let row = match facts.get(table.columns[0]) {
        Some(Value::Number(row)) => Some(*row as usize),
        _ => None,
    };
    (known, row)
}

#[test]
fn the_most_specific_row_wins() {
    let schema = schema();
    let (table, troubles) = table(
        &schema,
        &[
            ["*", "", "", ""],
            ["DE", "*", "", ""],
            ["DE", "80000-89999", "", ""],
            ["Germany", "80300-80999", "", ""],
            ["DE", "80331", "", ""],
            ["GB", "SW1-SW9", "", ""],
            ["GB", "SW10 to SW20", "", ""],
            ["CA", "K1A-K2Z", "", ""],
            ["PL", "00-950", "", ""],
            ["AT", "10-19", "", ""],
            ["", "", "200-499", ""],
            ["", "", "500 or more", ""],
            ["", "", "1000 or more", ""],
            ["US", "", "500 or more", "under 5000"],
            ["US", "", "500 to 2000", "1000 to 9000"],
            ["US", "", "50", "*"],
        ],
    );
    assert_eq!(troubles, []);
    let of = |country, code, employees, budget| {
        row(&schema, &table, (Some(country), code, employees, budget)).1
    };
    for (country, code, employees, expected) in [
        ("DE", Some("80331"), None, 4),
        ("de", Some("80335"), None, 3),
        ("DE", Some("81000"), None, 2),
        ("DE", Some("D-81000"), None, 1),
        ("DE", Some("79999"), None, 1),
        ("DE", Some("90000"), None, 1),
        ("GB", Some("SW1A 1AA"), None, 5),
        ("GB", Some("sw1a1aa"), None, 5),
        ("GB", Some("SW10 9AB"), None, 6),
        ("GB", Some("SW109AB"), None, 6),
        ("GB", Some("SE1 2AB"), None, 0),
        ("CA", Some("K1C 0B1"), None, 7),
        ("CA", Some("K3A0B1"), None, 0),
        ("PL", Some("00-950"), None, 8),
        ("PL", Some("00-500"), None, 0),
        ("AT", Some("1010"), None, 9),
        ("AT", Some("2010"), None, 0),
        ("FR", None, Some(200.0), 10),
        ("FR", None, Some(499.0), 10),
        ("FR", None, Some(499.5), 0),
        ("FR", None, Some(999.0), 11),
        ("FR", None, Some(1000.0), 12),
        ("US", None, Some(50.0), 15),
        // Two filled cells, a value and a range, in the same columns: no range is in the other's.
        ("DE", Some("80335"), Some(1000.0), 3),
    ] {
        assert_eq!(
            of(country, code, employees, None),
            Some(expected),
            "{country} {code:?} {employees:?}"
        );
    }
    assert_eq!(of("US", None, Some(700.0), Some(4000.0)), Some(14));
    assert_eq!(of("US", None, Some(3000.0), Some(4000.0)), Some(13));
    assert_eq!(row(&schema, &table, (None, None, None, None)), (Some(true), Some(0)));
}

#[test]
fn without_a_row_the_table_is_open_until_everything_is_there() {
    let schema = schema();
    let (table, _) = table(&schema, &[["DE", "80000-89999", "", ""]]);
    let all = (Some("AT"), Some("1010"), Some(5.0), Some(5.0));
    assert_eq!(row(&schema, &table, all), (Some(false), None));
    assert_eq!(row(&schema, &table, (Some("DE"), None, Some(5.0), Some(5.0))), (None, None));
}

#[test]
fn rows_that_no_lead_gets_are_named() {
    let schema = schema();
    let (_, troubles) = table(
        &schema,
        &[
            ["DE", "80000-89999", "", ""],
            ["DE", "80000-84999", "", ""],
            ["DE", "85000-89999", "", ""],
            ["Deutschland", "80000 - 84999", "", ""],
            ["", "", "10-20", ""],
            ["", "", "10 to 15", ""],
            // Nobody has fifteen employees and a half …
            ["", "", "16-20", ""],
            ["", "", "5", ""],
            ["", "", "5-5", ""],
            // … but somebody may have such a budget.
            ["", "", "", "10-20"],
            ["", "", "", "10 to 15"],
            ["", "", "", "16-20"],
        ],
    );
    assert_eq!(
        troubles,
        [
            Trouble::Unreachable { row: 0, by: vec![1, 2] },
            Trouble::Duplicate { row: 3, of: 1 },
            Trouble::Unreachable { row: 4, by: vec![5, 6] },
            Trouble::Duplicate { row: 8, of: 7 },
        ]
    );
}

#[test]
fn between_whole_numbers_nothing_is_left_to_a_wide_row() {
    let schema = Schema::builder().with(Field::new("lead.employees", Type::Number));
    let schema = schema.build().unwrap();
    let count = KeyKind::of(&schema, schema.slot("lead.employees").unwrap()).unwrap();
    let troubles = |kind: KeyKind, rows: &[&str]| {
        let rows = rows.iter().map(|cell| (vec![kind.read(cell).unwrap()], Box::from([])));
        Rows::of(rows.collect()).1
    };
    let covered = [Trouble::Unreachable { row: 0, by: vec![1, 2] }];
    for (rows, is_covered) in [
        (["1-99", "1-49", "50-99"], true),
        (["1 or more", "50 or more", "1-49"], true),
        (["1-99", "1-49", "51-99"], false),
        (["1-99", "2-49", "50-99"], false),
        (["1-99", "1-49", "50-98"], false),
        (["0-99", "1-49", "50-99"], false),
        (["under 100", "1-49", "50-99"], false),
    ] {
        let expected: &[Trouble] = if is_covered { &covered } else { &[] };
        assert_eq!(troubles(count, &rows), expected, "{rows:?}");
        // Of other numbers there are some between 49 and 50.
        assert_eq!(troubles(KeyKind::Number, &rows), [], "{rows:?}");
    }
}

#[test]
fn what_can_only_be_meant_as_a_range_and_is_none_is_refused() {
    for (kind, cell, part) in [
        (KeyKind::Postal, "AB1-AB25", "different forms"),
        (KeyKind::Postal, "80000 to 809", "different forms"),
        (KeyKind::Postal, "89999-80000", "smaller code first"),
        (KeyKind::Number, "many", "is not a number"),
        (KeyKind::Number, "1.000", "has two readings"),
        (KeyKind::Country, "Germnay", "did you mean"),
    ] {
        let error = kind.read(cell).unwrap_err();
        assert!(error.contains(part), "{cell}: {error}");
    }
}

#[test]
fn a_coverage_report_says_gaps_and_overlaps() {
    let schema = schema();
    let (table, _) = table(
        &schema,
        &[
            ["DE", "10000-19999", "", ""],
            ["DE", "15000-29999", "", ""],
            ["DE", "80000-89999", "", ""],
            ["", "", "1-49", ""],
            ["", "", "50-199", ""],
            ["", "", "500 or more", ""],
        ],
    );
    let coverage = table.coverage();
    let said = |list: &[Stretch]| {
        list.iter()
            .map(|one| format!("{}|{}|{:?}", one.beside, one.range, one.rows))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said(&coverage.gaps),
        [
            "de|00000-09999|[]",
            "de|30000-79999|[]",
            "de|90000-99999|[]",
            "|under 1|[]",
            "|over 199 to under 500|[]",
        ]
    );
    assert_eq!(said(&coverage.overlaps), ["de|15000-19999|[0, 1]"]);
}

const COUNTRIES: [&str; 4] = ["DE", "AT", "", "*"];
const CODES: [&str; 8] = ["", "1010", "10-10", "10-19", "1000-1499", "1400-1999", "*", "1010-1010"];
const SIZES: [&str; 8] = ["", "5", "1-10", "5-20", "10 or more", "over 10", "under 10", "5-5"];

/// How specific a cell is, as the header of the table says it.
fn width(kind: KeyKind, cell: &str) -> (f64, u128) {
    match kind.read(cell).unwrap() {
        // The steps stay whole: "over 10" is narrower than "10 or more" by one of 2^65.
        Cell::Range(range) => (range.width(), range.to - range.from),
        _ => (0.0, 0),
    }
}

proptest! {
    #[test]
    fn the_winner_is_the_one_that_a_look_at_all_rows_finds(
        rows in proptest::collection::vec(
            (select(COUNTRIES.to_vec()), select(CODES.to_vec()), select(SIZES.to_vec()), select(SIZES.to_vec())),
            1..24,
        ),
        country in select(vec![None, Some("DE"), Some("FR")]),
        code in select(vec![None, Some("1010"), Some("1450"), Some("1950"), Some("x")]),
        employees in select(vec![None, Some(5.0), Some(10.0), Some(15.0)]),
        budget in select(vec![None, Some(5.0), Some(10.5), Some(99.0)]),
    ) {
        let schema = schema();
        let rows: Vec<[&str; 4]> = rows.into_iter().map(|(a, b, c, d)| [a, b, c, d]).collect();
        let (table, _) = table(&schema, &rows);
        let kinds = [KeyKind::Country, KeyKind::Postal, KeyKind::Number, KeyKind::Number];
        let fits = |row: &[&str; 4]| {
            let facts = [
                country.map(Value::text),
                code.map(Value::text),
                employees.map(Value::Number),
                budget.map(Value::Number),
            ];
            kinds.iter().zip(row).zip(facts).all(|((kind, cell), fact)| match kind.read(cell).unwrap() {
                Cell::Any => true,
                Cell::Exact(part) => match fact {
                    Some(Value::Text(text)) => part_of(&text) == part,
                    Some(Value::Number(number)) => cell::number_part(number) == part,
                    _ => false,
                },
                Cell::Range(range) => match fact {
                    Some(Value::Text(text)) => range.axis.code(&postal::Runs::of(&text))
                        .is_some_and(|at| range.from <= at && at < range.to),
                    Some(Value::Number(number)) => range.axis.number(number)
                        .is_some_and(|at| range.from <= at && at < range.to),
                    _ => false,
                },
            })
        };
        let order = |row: &[&str; 4]| {
            let cells: Vec<Cell> = kinds.iter().zip(row).map(|(kind, cell)| kind.read(cell).unwrap()).collect();
            let filled: Vec<bool> = cells.iter().map(|cell| *cell != Cell::Any).collect();
            let exact: Vec<bool> = cells.iter().map(|cell| matches!(cell, Cell::Exact(_))).collect();
            let count = |list: &[bool]| list.iter().filter(|one| **one).count();
            std::cmp::Reverse((count(&filled), count(&exact), filled.clone(), exact.clone()))
        };
        let expected = rows.iter().enumerate().filter(|(_, row)| fits(row)).min_by(|(at, a), (bt, b)| {
            let widths = |row: &[&str; 4]| kinds.iter().zip(row).map(|(kind, cell)| width(*kind, cell)).collect::<Vec<_>>();
            order(a).cmp(&order(b)).then_with(|| widths(a).partial_cmp(&widths(b)).unwrap()).then(at.cmp(bt))
        });
        prop_assert_eq!(row(&schema, &table, (country, code, employees, budget)).1, expected.map(|(at, _)| at));
    }

    #[test]
    fn any_cell_is_read_or_refused(cell in "\\PC{0,12}", low in "[A-Z0-9]{0,20}", high in "[A-Z0-9]{0,20}") {
        for kind in [KeyKind::Text, KeyKind::Country, KeyKind::Email, KeyKind::Postal, KeyKind::Number] {
            for text in [cell.clone(), format!("{low}-{high}"), format!("{low} to {high}")] {
                if let Ok(Cell::Range(range)) = kind.read(&text) {
                    prop_assert!(range.from < range.to && !range.said().is_empty());
                }
            }
        }
        let _ = Looked::of(Some(&Value::Text(Arc::from(cell.as_str()))));
    }
}
