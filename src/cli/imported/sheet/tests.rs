//! The sheet of imported leads: headings that are understood, and mistakes with their lines.

use super::*;
use crate::{
    cli::sheet::Line,
    model::field::Field,
    rulebook::{Files, Setup, SourceShape},
};

/// 2026-03-31 12:00 UTC.
const NOW: Time = Time(1_774_958_400_000);

fn book() -> Rulebook {
    let text = r#"
default_sla = "hot"

[[mapping]]
source = "webform"
email = "$.email"
custom.budget = { path = "$.budget", type = "number" }
custom.trial = { path = "$.trial", type = "bool" }

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"

[[pool]]
id = "inbound"
members = ["ada"]
if_nobody = "assign anyway"

[[rule]]
id = "all"
assign_to = "pool: inbound"

[[sla]]
id = "hot"
respond_within = "5m"
clock = "always"
escalation = "chain"

[[escalation]]
id = "chain"
step = [{ at = "100%", tell = ["rep: ada"] }]
"#;
    let shape = SourceShape { mapping: Vec::new() };
    let setup = Setup { sources: [("webform".to_owned(), shape)].into(), ..Setup::default() };
    Rulebook::compile(&Files::new(text), &setup, 0).unwrap()
}

fn reading(book: &Rulebook) -> Reading<'_> {
    let zone = Some(TimeZone::get("Europe/Berlin").unwrap());
    let source = Some("webform".to_owned());
    Reading { said: Said::default(), source, zone, now: NOW, book }
}

fn read(text: &str, reading: &Reading<'_>) -> Result<Vec<Line<Imported>>, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let name = file.path().display().to_string();
    let sheet = open(file.path(), reading).map_err(|stop| stop.error.to_string());
    Ok(sheet.map_err(|why| why.replace(&name, "leads.csv"))?.collect())
}

#[test]
fn usual_headings_are_found_and_fields_are_those_of_a_fill() {
    let book = book();
    let text = "\u{feff}Create Date,Email,Company Name,Country/Region,Number of Employees,\
                Contact Owner,Answered At,Budget,custom.trial,Zip\n\
                2026-03-01 09:30,EVA@Linden.example, Linden  GmbH ,Deutschland,\"1,000+\",\
                Ada Byron,2026-03-01T08:40:00Z,12.5,yes,01067\n";
    let lines = read(text, &reading(&book)).unwrap();
    let lead = lines[0].row.clone().unwrap();
    assert_eq!(lead.at.rfc3339(), "2026-03-01T08:30:00.000Z", "Berlin is an hour ahead");
    assert_eq!(lead.answered_at.unwrap().since(lead.at).0, 600_000);
    assert_eq!((lead.source.as_str(), lead.owner.as_deref()), ("webform", Some("Ada Byron")));
    for (field, expected) in [
        ("email", "eva@linden.example"),
        ("company", "Linden GmbH"),
        ("country", "DE"),
        ("domain", "linden.example"),
        ("postal_code", "01067"),
    ] {
        assert_eq!(lead.fields.text(field), Some(expected), "{field}");
    }
    assert_eq!(lead.fields.number("employees"), Some(1_000.0));
    assert_eq!(lead.fields.number("custom.budget"), Some(12.5));
    assert_eq!(lead.fields.0.get("custom.trial"), Some(&Field::Bool(true)));
}

#[test]
fn each_wrong_heading_is_told_with_a_way_out() {
    let book = book();
    for (heading, expected) in [
        (
            "at,emial",
            "leads.csv:1: unknown column \"emial\"; did you mean \"email\"? Else say what",
        ),
        ("at,email,shoe size", "or add --ignore \"shoe size\"; known are at, source, owner"),
        ("at,email,domain", "\"domain\"; handoff finds it out by itself; add --ignore"),
        ("at,email,created", "\"created\" says the same as a column before it; remove one"),
        ("email,company", "there is no column \"at\""),
        ("at,company", "there is no column \"email\" or \"phone\""),
    ] {
        let why = read(&format!("{heading}\n"), &reading(&book)).err().unwrap();
        assert!(why.contains(expected), "{expected} in {why}");
    }
    let bare = Reading { source: None, ..reading(&book) };
    let why = read("at,email\n", &bare).err().unwrap();
    assert!(why.contains("--source NAME"), "{why}");

    let said = Said {
        meant: vec![("Lead Mail".to_owned(), "email".to_owned())],
        ignored: vec!["Shoe Size".to_owned()],
    };
    let text = "at,lead mail,shoe_size,source\n2026-03-01 09:30,eva@linden.example,44,fair\n";
    let lines = read(text, &Reading { said: said.clone(), ..bare.clone() }).unwrap();
    assert_eq!(lines[0].row.clone().unwrap().source, "fair");
    let why = read("at,email\n", &Reading { said, ..reading(&book) }).err().unwrap();
    assert!(why.contains("--column \"Lead Mail=email\": the file has no column"), "{why}");
}

#[test]
fn each_wrong_line_is_told_with_its_number() {
    let book = book();
    let text = "at,email,phone,employees,custom.trial,answered_at\n\
                2026-03-01 09:30,eva@linden.example,,5,,\n\
                ,eva@linden.example,,,,\n\
                2026-03-01,eva@linden.example,,,,\n\
                3/1/2026 9:30,eva@linden.example,,,,\n\
                2026-03-01 09:31,not an address,,,,\n\
                2026-03-01 09:31,,,,,\n\
                2026-03-01 09:31,eva@linden.example,,many,,\n\
                2026-03-01 09:31,eva@linden.example,,,perhaps,\n\
                2026-03-01 09:31,eva@linden.example,,,,2026-03-01 09:00\n\
                2026-03-01T08:30:00Z,EVA@linden.example,,,,\n\
                2027-03-01 09:31,eva@linden.example,,,,\n\
                2026-03-01 09:31\n";
    let wrong: Vec<String> = read(text, &reading(&book))
        .unwrap()
        .iter()
        .filter_map(|line| Some(format!("{}: {}", line.number, line.row.clone().err()?)))
        .collect();
    let expected = [
        "3: it does not say when it came; fill the column \"at\"",
        "4: \"2026-03-01\" in at has no time of day; write 2026-03-31T09:30:00Z, or",
        "5: \"3/1/2026 9:30\" in at is not a time; write",
        "6: nobody could be recognised by it: of the email:",
        "7: it has no usable email and no phone",
        "8: \"many\" in employees is not a number",
        "9: \"perhaps\" in custom.trial is not yes or no",
        "10: it was answered before it came",
        "11: the same person at the same time is on line 2 already",
        "12: it came at 2027-03-01T08:31:00.000Z, before 2000 or in the future",
        "13: it has 1 cells, the heading has 6",
    ];
    assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
    for (found, expected) in wrong.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    let no_zone = Reading { zone: None, ..reading(&book) };
    let why = read("at,email\n2026-03-01 09:30,eva@linden.example\n", &no_zone).unwrap();
    let why = why[0].row.clone().unwrap_err();
    assert_eq!(
        why,
        "\"2026-03-01 09:30\" in at names no zone; add --zone, as in --zone Europe/Berlin"
    );
}
