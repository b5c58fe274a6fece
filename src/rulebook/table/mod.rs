//! Tables: a look-up whose row becomes typed facts.
//!
//! Guarantees: one hash look-up per shape of key; the fullest matching row wins, so what a row
//! says does not depend on the order of rows. An empty key cell stands for any value, and none.
//! Does not know: files.

pub mod sheet;

use std::collections::HashMap;

use super::condition::{Facts, Slot, Value};

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its id, which is the front of its facts' names.
    pub id: String,
    /// The facts that are looked up, in the order of the key.
    pub key: Vec<Slot>,
    /// The fact that says whether there is a row.
    pub known: Slot,
    /// The facts that a row has, in the order of its values.
    pub columns: Vec<Slot>,
    /// Values by key.
    pub rows: HashMap<Box<str>, Box<[Option<Value>]>>,
    /// Which key cells are filled in rows, fullest first: bit `n` for the n-th.
    pub shapes: Vec<u32>,
}

/// What stands between the parts of a key: nobody types it.
const BETWEEN: char = '\u{1f}';

/// The key of a row or a look-up.
pub fn key_of<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut key = String::new();
    for part in parts {
        key.extend(part.trim().chars().filter(|c| *c != BETWEEN).flat_map(char::to_lowercase));
        key.push(BETWEEN);
    }
    key
}

impl Table {
    /// Fills the facts of the row for what is known. Without a row the table is "not known" if
    /// everything that is looked up is there, and open otherwise.
    pub fn fill(&self, facts: &mut Facts) {
        let texts: Vec<Option<String>> = self
            .key
            .iter()
            .map(|slot| match facts.get(*slot) {
                Some(Value::Text(text)) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        let row = self.shapes.iter().find_map(|shape| {
            let parts = texts.iter().enumerate().map(|(at, text)| match text {
                _ if shape >> at & 1 == 0 => Some(""),
                Some(text) if !text.trim().is_empty() => Some(text.as_str()),
                _ => None,
            });
            let parts: Option<Vec<&str>> = parts.collect();
            self.rows.get(key_of(parts?).as_str())
        });
        if let Some(row) = row {
            facts.set(self.known, Some(Value::Bool(true)));
            for (slot, value) in self.columns.iter().zip(row) {
                facts.set(*slot, value.clone());
            }
        } else if texts.iter().all(Option::is_some) {
            facts.set(self.known, Some(Value::Bool(false)));
        }
    }
}

/// A number as spreadsheets of any country write it. `delimiter` is that of the table, if it comes
/// from one: where cells are parted by `;`, a comma is a decimal comma.
pub fn number(text: &str, delimiter: Option<char>) -> Option<f64> {
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '\u{2019}' | '\u{202f}'))
        .collect();
    let body = bare.strip_prefix(['-', '+']).unwrap_or(&bare);
    let only = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    if !body.starts_with(|c: char| c.is_ascii_digit()) || !body.chars().all(only) {
        return None;
    }
    // Groups of three behind one to three digits part thousands.
    let is_grouped = |sign: char| {
        let mut groups = body.split(sign);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && first != "0")
            && groups.all(|group| group.len() == 3 && group.bytes().all(|c| c.is_ascii_digit()))
    };
    let decimal = match (body.rfind('.'), body.rfind(',')) {
        (Some(dot), Some(comma)) => Some(if dot > comma { '.' } else { ',' }),
        // Cells are parted by a comma where the dot is decimal; elsewhere three digits are a group.
        (Some(_), None) => (delimiter == Some(',') || !is_grouped('.')).then_some('.'),
        (None, Some(_)) => (delimiter == Some(';') || !is_grouped(',')).then_some(','),
        (None, None) => None,
    };
    // Several dots can only part thousands.
    let decimal = decimal.filter(|sign| body.matches(*sign).count() == 1);
    let (whole, fraction) = decimal.and_then(|sign| body.split_once(sign)).unwrap_or((body, ""));
    if fraction.contains(['.', ',']) {
        return None;
    }
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let well_grouped =
        |(at, group): (usize, &&str)| group.len() == 3 || (at == 0 && group.len() < 4);
    if groups.len() > 1 && !groups.iter().enumerate().all(well_grouped) {
        return None;
    }
    let sign = if bare.starts_with('-') { "-" } else { "" };
    let plain = format!("{sign}{}.{fraction}0", groups.concat());
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::condition::{Field, Schema, Type};

    #[test]
    fn numbers_are_read_in_the_way_of_the_country() {
        for (text, delimiter, expected) in [
            ("12", None, Some(12.0)),
            ("-1.5", None, Some(-1.5)),
            ("1,5", None, Some(1.5)),
            ("1,234", None, Some(1234.0)),
            ("1,234", Some(';'), Some(1.234)),
            ("1.234", Some(';'), Some(1234.0)),
            ("1.234", Some(','), Some(1.234)),
            ("1.234", None, Some(1234.0)),
            ("0.750", None, Some(0.75)),
            ("1.234,56", None, Some(1234.56)),
            ("1,234.56", None, Some(1234.56)),
            ("1.234.567", None, Some(1_234_567.0)),
            ("1 234 567", None, Some(1_234_567.0)),
            ("1'234", None, Some(1234.0)),
            ("12,34.5", None, None),
            ("1.2.3", None, None),
            ("", None, None),
            ("12 EUR", None, None),
            ("1e5", None, None),
            (".5", None, None),
        ] {
            assert_eq!(number(text, delimiter), expected, "{text} {delimiter:?}");
        }
    }

    #[test]
    fn the_fullest_row_wins_and_an_empty_key_cell_stands_for_any() {
        let schema = Schema::builder()
            .with(Field::new("lead.country", Type::Text))
            .with(Field::new("lead.region", Type::Text))
            .with(Field::new("t.known", Type::Bool))
            .with(Field::new("t.tier", Type::Number))
            .build()
            .unwrap();
        let slot = |name: &str| schema.slot(name).unwrap();
        let row = |country, region, tier| {
            let key: Box<str> = key_of([country, region]).into();
            (key, Box::from([Some(Value::Number(tier))]))
        };
        let table = Table {
            id: "t".into(),
            key: vec![slot("lead.country"), slot("lead.region")],
            known: slot("t.known"),
            columns: vec![slot("t.tier")],
            rows: HashMap::from([
                row("DE", "Bavaria", 1.0),
                row("DE", "", 2.0),
                row("US", "CA", 3.0),
            ]),
            shapes: vec![0b11, 0b01],
        };
        for (country, region, known, tier) in [
            (Some("DE"), Some("BAVARIA"), Some(true), Some(1.0)),
            (Some("de"), Some("Hesse"), Some(true), Some(2.0)),
            (Some("DE"), None, Some(true), Some(2.0)),
            (Some("US"), Some("ca"), Some(true), Some(3.0)),
            (Some("US"), Some("NY"), Some(false), None),
            (Some("US"), None, None, None),
            (None, None, None, None),
        ] {
            let mut facts = Facts::new(&schema);
            facts.set(slot("lead.country"), country.map(Value::text));
            facts.set(slot("lead.region"), region.map(Value::text));
            table.fill(&mut facts);
            let got = facts.get(slot("t.known")).cloned();
            assert_eq!(got, known.map(Value::Bool), "{country:?} {region:?}");
            assert_eq!(facts.get(slot("t.tier")).cloned(), tier.map(Value::Number));
        }
    }
}
