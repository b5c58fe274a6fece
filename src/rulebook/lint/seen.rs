//! A summary of the leads of the last months.
//!
//! Guarantees: bounded, however many leads there were; plain data, with no lead's author in it but
//! for the values of the fields by which tables are looked up.
//! Does not know: where the leads were read; a caller adds one after the other.

use std::collections::BTreeMap;

use super::super::{
    Rulebook,
    condition::{Facts, Value},
};

/// So many different values of a field are told apart; further ones are left out.
const VALUES_MAX: usize = 20_000;

/// What was seen of leads, and how often.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// How many days it sums up, for sentences.
    pub days: u32,
    /// How many leads.
    pub leads: u64,
    /// Leads by country, as facts have it.
    pub countries: BTreeMap<String, u64>,
    /// Leads by the number of employees, rounded down.
    pub employees: BTreeMap<i64, u64>,
    /// Leads by source.
    pub sources: BTreeMap<String, u64>,
    /// By table: the values that leads were looked up by and found no row, in the order of the key;
    /// nothing where a value was missing.
    pub without_row: BTreeMap<String, BTreeMap<Vec<Option<String>>, u64>>,
}

impl Seen {
    /// Nothing seen yet, of so many days.
    #[must_use]
    pub fn of_days(days: u32) -> Self {
        Self { days, ..Self::default() }
    }

    /// Adds one lead by its facts.
    pub fn add(&mut self, book: &Rulebook, facts: &Facts) {
        self.leads += 1;
        let value = |name: &str| facts.get(book.schema.slot(name)?);
        if let Some(Value::Text(country)) = value("lead.country") {
            count(&mut self.countries, country.to_string());
        }
        if let Some(Value::Number(employees)) = value("lead.employees") {
            count(&mut self.employees, employees.floor() as i64);
        }
        if let Some(Value::Text(source)) = value("lead.source") {
            count(&mut self.sources, source.to_string());
        }
        for table in &book.tables {
            if matches!(facts.get(table.known), Some(Value::Bool(true))) {
                continue;
            }
            let key = table.key.iter().map(|slot| match facts.get(*slot)? {
                Value::Text(text) => Some(text.to_string()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            let key: Vec<Option<String>> = key.collect();
            if key.iter().any(Option::is_some) {
                count(self.without_row.entry(table.id.clone()).or_default(), key);
            }
        }
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count += 1;
    } else if counts.len() < VALUES_MAX {
        counts.insert(key, 1);
    }
}
