//! Tables as spreadsheets write them, inside a small rulebook.
//!
//! States: the properties of a rulebook; and what a plain row says, its lead gets.
//! Input: the table's bytes.

use std::collections::BTreeMap;

use handoff::{
    model::{country, field::Fields},
    rulebook::{FactSource, Files, Rulebook, condition::Value},
};

use super::{SHORT_SETUP, rulebook::compiles_or_says_why};

const MAIN: &str = r#"default_sla = "standard"
alarm = ["channel: inbound-alerts"]

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"
tell_by = ["email"]

[[pool]]
id = "inbound"
members = ["ada"]
if_nobody = "assign anyway"

[[table]]
id = "territory"
file = "territory.csv"
key = { country = "lead.country", city = "lead.city" }
columns = { pool = "pool", rep = "rep", tier = "number", note = "text", hot = "bool" }

[[rule]]
id = "territory"
if.territory = "known"
assign_to = "territory.pool"

[[rule]]
id = "everyone"
assign_to = "pool: inbound"

[[sla]]
id = "standard"
respond_within = "15m"
escalation = "chain"

[[escalation]]
id = "chain"
step = [{ at = "100%", tell = ["owner", "channel: inbound-alerts"] }]
"#;

pub fn run(bytes: &[u8]) {
    if bytes.len() > 64 * 1024 {
        return;
    }
    let files = Files::new(MAIN).with("territory.csv", bytes);
    compiles_or_says_why(&files);
    let Ok(book) = Rulebook::compile(&files, &SHORT_SETUP, 1) else { return };
    let table = book.tables.first().expect("the table");
    for (country, city) in keys(std::str::from_utf8(bytes).expect("it was compiled")) {
        let (country, city) = (country::parse(country.trim()).unwrap_or("DE"), city.trim());
        let mut fields = Fields::default();
        // An open cell of a key stands for any value, and for none.
        fields.put_text("country", country);
        if !matches!(city, "" | "*") {
            fields.put_text("city", city.to_uppercase());
        }
        let known = BTreeMap::new();
        let from = FactSource {
            fields: &fields,
            source: "website",
            intent: None,
            known: &known,
            account: None,
        };
        let facts = book.facts(&from);
        // Upper case may read as another text where lower case is not its way back.
        let back = city.to_uppercase().to_lowercase() == city.to_lowercase();
        let is_known = facts.get(table.known) == Some(&Value::Bool(true));
        assert!(is_known || !back, "{country:?} {city:?} has no row");
    }
}

/// The cells of the key, row by row, where the file is as a spreadsheet writes it.
fn keys(text: &str) -> Vec<(String, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let read = |delimiter: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader.headers().ok()?.clone();
        let column = |name: &str| header.iter().position(|cell| cell.trim() == name);
        let (country, city) = (column("country")?, column("city")?);
        let cell = |row: &csv::StringRecord, at| row.get(at).unwrap_or_default().to_owned();
        let rows = reader.records().filter_map(Result::ok);
        Some(rows.map(|row| (cell(&row, country), cell(&row, city))).collect())
    };
    [b';', b',', b'\t'].into_iter().find_map(read).unwrap_or_default()
}
