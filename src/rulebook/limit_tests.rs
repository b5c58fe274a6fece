//! Limits of a rulebook, at the limit and one past it; and that no input makes compiling panic.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{
    Files, Rulebook,
    tests::{SMALLEST, lines, setup, shipped},
};
use crate::model::finding::{Finding, Place};

/// What the first error says, or nothing.
fn error(files: &Files) -> String {
    match Rulebook::compile(files, &setup(), 1) {
        Ok(_) => String::new(),
        Err(findings) => lines(&findings).lines().next().unwrap_or_default().to_owned(),
    }
}

fn check(good: &Files, bad: &Files, expected: &str) {
    assert_eq!(error(good), "");
    assert!(error(bad).contains(expected), "{}", error(bad));
}

fn small(from: &str, to: &str) -> Files {
    assert!(SMALLEST.contains(from));
    Files::new(SMALLEST.replacen(from, to, 1))
}

#[test]
fn ten_thousand_rules() {
    let many = |count: usize| {
        let mut text = SMALLEST.to_owned();
        let last = text.split_off(text.find("[[rule]]").unwrap());
        for number in 1..count {
            write!(text, "[[rule]]\nid = \"r{number}\"\nif.country = \"DE\"\nif.employees = {number}\nset_aside = \"x\"\n").unwrap();
        }
        Files::new(text + &last)
    };
    check(&many(10_000), &many(10_001), "10001 rules are too many");
}

#[test]
fn a_hundred_thousand_rows_and_four_columns_of_a_key() {
    let table = |rows: usize, key: &str| {
        let mut csv = "a,b,c,d,e,n\n".to_owned();
        (0..rows).for_each(|row| writeln!(csv, "x{row},,,,,1").unwrap());
        let table = format!(
            "[[table]]\nid = \"t\"\nfile = \"t.csv\"\nkey = {{ {key} }}\ncolumns = {{ n = \"number\" }}\n"
        );
        Files::new(format!("{SMALLEST}{table}")).with("t.csv", csv)
    };
    let one = "a = \"lead.company\"";
    check(&table(100_000, one), &table(100_001, one), "has 100001 rows");
    let four = "a = \"lead.company\", b = \"lead.city\", c = \"lead.title\", d = \"lead.region\"";
    let five = format!("{four}, e = \"lead.name\"");
    check(&table(9, four), &table(9, &five), "a key of 5 columns");
}

#[test]
fn four_mebibytes() {
    let padded = |bytes: usize| {
        let text = format!("{SMALLEST}#{}", "x".repeat(bytes - SMALLEST.len() - 1));
        Files::new(text)
    };
    let most = 4 * 1024 * 1024;
    check(&padded(most), &padded(most + 1), "the rulebook has 4194305 bytes");
}

#[test]
fn small_limits() {
    let rep = |id: &str| Files::new(SMALLEST.replace("ada\"", &format!("{id}\"")));
    check(&rep(&"x".repeat(64)), &rep(&"x".repeat(65)), "cannot be an id");
    let member = |what: &str| small("\"ada\"]", &format!("{{ rep = \"ada\", {what} }}]"));
    check(&member("weight = 1000"), &member("weight = 1000.5"), "a weight of 1000.5");
    check(&member("weight = 0.001"), &member("weight = 0"), "a weight of 0");
    check(&member("cap = \"1 open\""), &member("cap = \"0 open\""), "a cap of 0");
    let cap = |leads: u64| member(&format!("cap = \"{leads} per week\""));
    check(&cap(u64::from(u32::MAX)), &cap(u64::from(u32::MAX) + 1), "is not a cap");
    let ladder = |what: &str| small("id = \"chain\"", &format!("id = \"chain\"\n{what}"));
    check(&ladder("reassign_max = 100"), &ladder("reassign_max = 101"), "from 1 to 100");
    check(&ladder("reassign_max = 1"), &ladder("reassign_max = 0"), "from 1 to 100");
    let step = |what: &str| small("at = \"100%\"", &format!("at = \"100%\", {what}"));
    let times = |times: u32| step(&format!("repeat = \"5m\", times = {times}"));
    check(&times(100), &times(101), "from 2 to 100");
    check(&times(2), &times(1), "from 2 to 100");
    let steps = |count: usize| {
        let steps = vec!["\"trim\""; count].join(", ");
        let mapping = format!(
            "[[mapping]]\nsource = \"website\"\nemail = {{ path = \"$.e\", transform = [{steps}] }}\n"
        );
        Files::new(format!("{SMALLEST}{mapping}"))
    };
    check(&steps(16), &steps(17), "17 steps are too many");
}

#[test]
fn two_hundred_findings_are_shown_and_the_rest_counted() {
    let members =
        |count: usize| small("\"ada\"]", &format!("{}]", vec!["\"nobody\""; count].join(", ")));
    for (count, shown, last) in [
        (200, 200, "rulebook.toml:12:2002: unknown rep \"nobody\""),
        (201, 201, "rulebook.toml:1:1: and 1 more, not shown"),
    ] {
        let found = Rulebook::compile(&members(count), &setup(), 1).unwrap_err();
        assert_eq!(found.len(), shown);
        assert!(found[shown - 1].to_string().starts_with(last), "{}", found[shown - 1]);
    }
}

/// One change somebody's hand could slip into, or a hostile one.
#[derive(Clone, Debug)]
enum Slip {
    Cut(usize, usize),
    Copy(usize, usize, usize),
    Write(usize, &'static str),
}

fn slip() -> impl Strategy<Value = Slip> {
    let place = || any::<usize>();
    let pieces = [
        "\"",
        "'''",
        "[",
        "]",
        "[[rule]]\n",
        "=",
        "\n",
        ".",
        "{",
        "}",
        "é",
        "\u{0}",
        "\u{feff}",
        "-1",
        "1e999",
        "\"pool: \"",
        "if.",
        "custom.",
        "0x7fffffffffffffff",
        "2026-02-30",
        "99999999999d",
        ";",
        ",",
        "$[?@",
        "id = ",
    ];
    prop_oneof![
        (place(), 0_usize..60).prop_map(|(at, length)| Slip::Cut(at, length)),
        (place(), 0_usize..60, place()).prop_map(|(at, length, to)| Slip::Copy(at, length, to)),
        (place(), prop::sample::select(pieces.to_vec()))
            .prop_map(|(at, text)| Slip::Write(at, text)),
    ]
}

fn slipped(bytes: &[u8], slips: &[Slip]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for slip in slips {
        let length = bytes.len().max(1);
        let range = |at: usize, span: usize| {
            (at % length).min(bytes.len())..(at % length + span).min(bytes.len())
        };
        match slip {
            Slip::Cut(at, span) => drop(bytes.drain(range(*at, *span))),
            Slip::Copy(at, span, to) => {
                let piece = bytes[range(*at, *span)].to_vec();
                let to = range(*to, 0).start;
                bytes.splice(to..to, piece);
            }
            Slip::Write(at, text) => {
                let at = range(*at, 0).start;
                bytes.splice(at..at, text.bytes());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn compiling_never_panics_and_findings_point_into_their_file(
        main in prop::collection::vec(slip(), 0..5),
        others in prop::collection::vec(slip(), 0..3),
    ) {
        let good = shipped();
        let mut files = Files::new(slipped(&good.main, &main));
        for (name, bytes) in &good.others {
            files = files.with(name, slipped(bytes, &others));
        }
        let findings = match Rulebook::compile(&files, &setup(), 1) {
            Ok(book) => book.warnings,
            Err(findings) => {
                prop_assert!(findings.iter().any(Finding::is_error));
                findings
            }
        };
        for found in findings {
            let bytes = if found.file == super::MAIN { &files.main } else { &files.others[&found.file] };
            let lines = bytes.split(|byte| *byte == b'\n').count();
            prop_assert!((1..=lines).contains(&found.line), "{}", found);
            let start = Place { line: found.line, column: found.column };
            prop_assert!(found.end >= start, "{}", found);
            prop_assert!(!found.message.is_empty());
        }
    }
}
