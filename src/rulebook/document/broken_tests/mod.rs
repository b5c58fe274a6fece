//! Broken rulebooks, and what is said about each: a way to break the smallest rulebook, and the
//! one line that must come of it.

mod ladders;
mod people;
mod reading;
mod routing;

use super::super::{
    Files, Rulebook,
    tests::{SMALLEST, setup},
};

/// Breaks the smallest rulebook by putting `to` for `from` (at the end for an empty `from`).
fn broken(from: &str, to: &str) -> Files {
    assert!(from.is_empty() || SMALLEST.contains(from), "{from:?} is not in the smallest rulebook");
    let text =
        if from.is_empty() { format!("{SMALLEST}\n{to}") } else { SMALLEST.replacen(from, to, 1) };
    Files::new(text)
        .with("t.csv", "country;pool;n;b\nDE;inbound;1,5;yes\nAT;inbound;;\n")
        .with(
            "bad.csv",
            "country;pool;n;b\nDE;inbund;1;yes\nGermany;inbound;many;perhaps\nAtlantis;;1;no\n",
        )
        .with("same.csv", "country;pool;n;b\n\nDE;inbound;;\nDeutschland;inbound;;\n")
        .with("latin.csv", b"country;pool\nDE;\xfcber\n".as_slice())
        .with("mixed.csv", "country;pool;n;b\nAT;inbound;;\nDE,inbound\n")
        .with("book.csv", b"PK\x03\x04\x14\0".as_slice())
        .with("empty.csv", "\n\n")
}

fn said(from: &str, to: &str) -> Vec<String> {
    match Rulebook::compile(&broken(from, to), &setup(), 1) {
        Ok(book) => book.warnings.iter().map(ToString::to_string).collect(),
        Err(findings) => findings.iter().map(ToString::to_string).collect(),
    }
}

fn check(cases: &[(&str, &str, &[&str])]) {
    let mut wrong: Vec<String> = Vec::new();
    for (from, to, expected) in cases {
        let found = said(from, to);
        if found != *expected {
            wrong.push(format!("{from:?} -> {to:?}\n  {}", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

const RULE: &str = "[[rule]]\nid = \"everyone\"";

#[test]
fn text_in_another_encoding_is_told_with_its_line() {
    let mut files = broken("", "");
    let byte = files.main.windows(4).position(|name| name == b"Ada ").unwrap();
    files.main[byte + 2] = 0xe4;
    let found = Rulebook::compile(&files, &setup(), 1).unwrap_err();
    let line = SMALLEST.lines().position(|line| line.contains("Ada ")).unwrap() + 1;
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [format!(
            "rulebook.toml:{line}:1: the rulebook is not UTF-8 (line {line}); save it as UTF-8: most \
             editors ask for the encoding under \"Save as\""
        )]
    );
}

#[test]
fn the_document_as_a_whole() {
    check(&[
        (
            "",
            "x = ",
            &["rulebook.toml:28:3: there is no value behind the =; write one, as in \"…\""],
        ),
        (
            "[[pool]]",
            "[[pool",
            &[
                "rulebook.toml:10:1: this is no heading of a section; write [[pool]] alone on its line",
            ],
        ),
        (
            "default_sla",
            "defalt_sla",
            &[
                r#"rulebook.toml:1:1: unknown key "defalt_sla" in the rulebook; did you mean "default_sla"?"#,
            ],
        ),
        (
            "default_sla = \"standard\"",
            "default_sla = 5",
            &[r#"rulebook.toml:1:15: "default_sla" is a number; write text in quotes"#],
        ),
        (
            "default_sla = \"standard\"",
            "default_sla = \"standart\"",
            &[r#"rulebook.toml:1:15: unknown sla "standart"; did you mean "standard"?"#],
        ),
        (
            "default_sla = \"standard\"\n",
            "",
            &[
                r#"rulebook.toml:23:1: the rule "everyone" has no SLA and there is no "default_sla"; add sla = "…", or default_sla = "…" at the top"#,
            ],
        ),
        (
            "default_sla",
            "same_lead_within = \"5 days\"\ndefault_sla",
            &[
                r#"rulebook.toml:1:20: "5 days" is not a span: write a number and a unit, as in 30s, 5m, 2h or 1h30m"#,
            ],
        ),
        (
            "default_sla",
            "intents = [\"demo\", \"demo\"]\ndefault_sla",
            &[
                r#"rulebook.toml:1:20: the intent "demo" is there twice; keep one; weak ones come first"#,
            ],
        ),
        (
            "alarm = [\"channel: inbound-alerts\"]\n",
            "",
            &[
                r#"rulebook.toml:1:1: warning: nobody hears of a lead that is stuck: there is no "alarm"; write alarm = ["channel: <id>", "rep: <id>"] at the top"#,
            ],
        ),
        (
            "alarm = [\"channel: inbound-alerts\"]",
            "alarm = [\"owner\"]",
            &[
                r#"rulebook.toml:2:10: "owner" does not say what it refers to; write "rep: …" or "channel: …""#,
            ],
        ),
        (
            "[[pool]]",
            "[pool]",
            &[
                r#"rulebook.toml:10:1: "pool" is a table; write [[pool]] above each one"#,
                r#"rulebook.toml:26:13: unknown pool "inbound"; no pool is defined yet"#,
            ],
        ),
        (
            "",
            "[[rules]]\nid = \"x\"",
            &[r#"rulebook.toml:28:3: unknown key "rules" in the rulebook; did you mean "rule"?"#],
        ),
        (
            "",
            "[[sla]]\nid = \"hot\"\nrespond_within = \"5m\"\nescalation = \"chain\"",
            &[r#"rulebook.toml:29:6: warning: nothing uses the sla "hot"; use it, or remove it"#],
        ),
    ]);
}
