//! Leads of the time before as a CSV file has them.
//!
//! Guarantees: fields are normalised as those of a fill are, so that rules read both alike; no two
//! lines are the same lead. Does not know: which rep an owner is, and what becomes of the leads.

use std::{collections::BTreeMap, path::Path};

use csv::StringRecord;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use super::columns::{Column, Said, columns};
use crate::{
    cli::{
        exit::Stop,
        sheet::{Rows, Seen, Sheet},
    },
    decide::prepare,
    model::{
        imported::{Imported, tidy},
        normalize,
        time::Time,
    },
    rulebook::{Rulebook, condition::Type},
};

/// How a file is read.
#[derive(Clone, Debug)]
pub struct Reading<'b> {
    /// What is said of its columns.
    pub said: Said,
    /// The source of leads that name none.
    pub source: Option<String>,
    /// The zone of times that name none.
    pub zone: Option<TimeZone>,
    /// Nothing came after this.
    pub now: Time,
    /// Whose fields it has.
    pub book: &'b Rulebook,
}

/// Leads of a file with these columns.
#[derive(Debug)]
pub struct Leads<'b> {
    reading: Reading<'b>,
    columns: Vec<Option<Column>>,
    seen: Seen,
}

/// Opens a file and reads its heading.
///
/// # Errors
/// It cannot be read, or its columns are not those of leads.
pub fn open<'b>(path: &Path, reading: &Reading<'b>) -> Result<Sheet<Leads<'b>>, Stop> {
    Sheet::open(path, |headings| {
        let columns = columns(headings, &reading.said, reading.book)?;
        if reading.source.is_none() && !columns.contains(&Some(Column::Source)) {
            let why =
                "there is no column \"source\"; say where all of them came from: --source NAME";
            return Err(vec![why.to_owned()]);
        }
        Ok(Leads { reading: reading.clone(), columns, seen: Seen::default() })
    })
}

impl Rows for Leads<'_> {
    type Row = Imported;

    fn row(&mut self, record: &StringRecord, number: u64) -> Result<Imported, String> {
        let (mut at, mut answered_at, mut owner) = (None, None, None);
        let (mut source, mut values) = (self.reading.source.clone(), BTreeMap::new());
        for (cell, column) in record.iter().zip(&self.columns) {
            let Some(column) = column.as_ref().filter(|_| !cell.is_empty()) else { continue };
            match column {
                Column::At => at = Some(self.time("at", cell)?),
                Column::AnsweredAt => answered_at = Some(self.time("answered_at", cell)?),
                Column::Owner => owner = Some(cell.to_owned()),
                Column::Source => source = Some(cell.to_owned()),
                Column::Field(name, kind) => {
                    values.insert(name.clone(), value(name, *kind, cell)?);
                }
            }
        }
        let at = at.ok_or("it does not say when it came; fill the column \"at\"")?;
        let (fields, bad_email) = prepare::normalised(&values);
        let source = source.unwrap_or_default();
        let lead = Imported { at, source, fields, owner, answered_at };
        if let (Some(why), "") = (&bad_email, lead.person()) {
            return Err(format!("nobody could be recognised by it: of the email: {why}"));
        }
        let lead = tidy(&lead, self.reading.now)?;
        let key = (lead.at, &lead.source, lead.person());
        if let Some(first) = self.seen.before(key, number) {
            return Err(format!(
                "the same person at the same time is on line {first} already; keep one of the two"
            ));
        }
        Ok(lead)
    }
}

impl Leads<'_> {
    /// An instant of RFC 3339, or a day with a time of day in the zone that was named.
    fn time(&self, column: &str, cell: &str) -> Result<Time, String> {
        if let Ok(at) = cell.parse::<Timestamp>() {
            return Ok(Time(at.as_millisecond()));
        }
        let written = "write 2026-03-31T09:30:00Z, or 2026-03-31 09:30 and add --zone";
        let has_time = cell.contains(':');
        let civil = cell.parse::<DateTime>().ok();
        let Some(civil) = civil.filter(|_| has_time) else {
            let what = if civil.is_some() { "has no time of day" } else { "is not a time" };
            return Err(format!(
                "{cell:?} in {column} {what}; {written} (a spreadsheet has it as the format of the \
                 column: yyyy-mm-dd hh:mm)"
            ));
        };
        let Some(zone) = &self.reading.zone else {
            return Err(format!(
                "{cell:?} in {column} names no zone; add --zone, as in --zone Europe/Berlin"
            ));
        };
        let at = zone.to_ambiguous_zoned(civil).compatible();
        let at = at.map_err(|_| format!("{cell:?} in {column} is not a time; {written}"))?;
        Ok(Time(at.timestamp().as_millisecond()))
    }
}

/// A cell as the value of a field.
fn value(name: &str, kind: Type, cell: &str) -> Result<Value, String> {
    let text = Value::String(cell.to_owned());
    match kind {
        Type::Number => {
            // Employees come as people say them: "1,000+", "51-200".
            let said = || normalize::number(cell).map(|number| number as f64);
            let exact = || cell.parse::<f64>().ok().filter(|number| number.is_finite());
            let number = if name == "employees" { said() } else { exact().or_else(said) };
            number
                .map(Value::from)
                .ok_or_else(|| format!("{cell:?} in {name} is not a number; write it as in 1250"))
        }
        Type::Bool => normalize::bool(cell)
            .map(Value::Bool)
            .ok_or_else(|| format!("{cell:?} in {name} is not yes or no; write one of both")),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests;
