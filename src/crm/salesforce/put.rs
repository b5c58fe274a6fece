//! Writing leads to Salesforce, without a second lead for a person and without touching a human's
//! word.
//!
//! Guarantees: never the owner; a lead that is there gets only the fields it lacks, a converted
//! one nothing; a new one is made by upsert on our external id, so that a repeated attempt finds
//! its own record. What a duplicate rule finds is taken for the record.
//! Does not know: who owns what, HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Salesforce,
    failure::{duplicates, may_save, of_row},
    soql::{is_id, is_name, is_same_id, list},
    wire::{Row, Saved, text},
};
use crate::{
    crm::{
        Put, PutDone, PutHow,
        fields::{Slots, cut, mapped, names},
    },
    model::{failure::Failure, time::Time},
};

/// The first letters of a lead's id.
const LEAD: &str = "00Q";
/// What Salesforce requires and a form did not ask for.
const UNKNOWN: &str = "[unknown]";
/// A query stays short enough for any gateway on the way.
const QUERY_MAX: usize = 50;
/// The lengths of Lead's standard fields, in characters (object reference of Lead).
const LENGTHS: [(&str, usize); 12] = [
    ("LastName", 80),
    ("FirstName", 40),
    ("Company", 255),
    ("Title", 128),
    ("Phone", 40),
    ("Email", 80),
    ("Website", 255),
    ("City", 40),
    ("State", 80),
    ("Country", 80),
    ("PostalCode", 20),
    ("Description", 32_000),
];

impl Salesforce {
    pub(super) async fn put_all(&self, leads: &[Put], now: Time) -> Vec<Result<PutDone, Failure>> {
        let mut slots = Slots::new(leads.len());
        let found = match self.locate(leads, now).await {
            Ok(found) => found,
            Err(failure) => return leads.iter().map(|_| Err(failure.clone())).collect(),
        };
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (at, lead) in leads.iter().enumerate() {
            match found.get(&at) {
                Some(Ok(row)) => known.push((at, row.clone())),
                Some(Err(failure)) => slots.answer(at, Err(failure.clone())),
                None if lead.record.is_some() => slots.answer(at, Err(Failure::Gone)),
                None => new.push(at),
            }
        }
        known.extend(self.create(leads, &new, false, &mut slots, now).await);
        self.complete(leads, known, &mut slots, now).await;
        slots.into_answers()
    }

    /// The lead that is there for each of ours: by stored id, by our key, then by address.
    async fn locate(
        &self,
        leads: &[Put],
        now: Time,
    ) -> Result<BTreeMap<usize, Result<Row, Failure>>, Failure> {
        let key = &self.settings.key_field;
        let queries: Vec<String> = leads
            .chunks(QUERY_MAX)
            .map(|chunk| {
                let keys: Vec<String> = chunk.iter().map(|lead| lead.key.to_string()).collect();
                let ids = chunk.iter().filter_map(|lead| lead.record.as_deref());
                let ids: Vec<&str> = ids.filter(|id| is_id(id)).collect();
                let keys = list(keys.iter().map(String::as_str));
                let by_id =
                    if ids.is_empty() { String::new() } else { format!(" OR Id IN {}", list(ids)) };
                format!("{} WHERE {key} IN {keys}{by_id}", self.select())
            })
            .collect();
        let rows: Vec<Row> = self.api.query(&queries, now).await?.into_iter().flatten().collect();
        let mut found = BTreeMap::new();
        for (at, lead) in leads.iter().enumerate() {
            let own = lead.key.to_string();
            let by_key: Vec<&Row> =
                rows.iter().filter(|row| text(row, key) == Some(&own)).collect();
            let by_id = rows.iter().find(|row| {
                let pair = text(row, "Id").zip(lead.record.as_deref());
                pair.is_some_and(|(a, b)| is_same_id(a, b))
            });
            match (by_id, by_key.as_slice()) {
                (Some(row), _) => drop(found.insert(at, Ok(row.clone()))),
                (None, [row]) => drop(found.insert(at, Ok((*row).clone()))),
                (None, []) => {}
                (None, many) => {
                    let records = many.iter().filter_map(|row| text(row, "Id"));
                    let records = records.map(str::to_owned).collect();
                    found.insert(at, Err(Failure::Ambiguous { records }));
                }
            }
        }
        self.locate_by_email(leads, &mut found, now).await?;
        Ok(found)
    }

    async fn locate_by_email(
        &self,
        leads: &[Put],
        found: &mut BTreeMap<usize, Result<Row, Failure>>,
        now: Time,
    ) -> Result<(), Failure> {
        let open: Vec<(usize, &str)> = leads
            .iter()
            .enumerate()
            .filter(|(at, _)| !found.contains_key(at))
            .filter_map(|(at, lead)| Some((at, lead.fields.text("email")?)))
            .collect();
        let queries: Vec<String> = open
            .chunks(QUERY_MAX)
            .map(|chunk| {
                let emails = list(chunk.iter().map(|(_, email)| *email));
                let select = self.select();
                format!("{select} WHERE Email IN {emails} AND IsConverted = false ORDER BY CreatedDate, Id")
            })
            .collect();
        let rows: Vec<Row> = self.api.query(&queries, now).await?.into_iter().flatten().collect();
        for (at, email) in open {
            let is_it =
                |row: &&Row| text(row, "Email").is_some_and(|own| own.eq_ignore_ascii_case(email));
            if let Some(row) = rows.iter().find(is_it) {
                found.insert(at, Ok(row.clone()));
            }
        }
        Ok(())
    }

    fn select(&self) -> String {
        let settings = &self.settings;
        let mut names: Vec<&str> =
            vec!["Id", "OwnerId", "IsConverted", "Email", "LastName", "FirstName", "Company"];
        names.push(&settings.key_field);
        names.extend(settings.fields.values().map(String::as_str));
        names.extend(settings.source_field.as_deref());
        names.retain(|name| is_name(name));
        names.sort_unstable();
        names.dedup();
        format!("SELECT {} FROM Lead", names.join(", "))
    }

    /// Upserts by our key. Gives back the records that a duplicate rule found instead.
    async fn create(
        &self,
        leads: &[Put],
        new: &[usize],
        allows_duplicates: bool,
        slots: &mut Slots<PutDone>,
        now: Time,
    ) -> Vec<(usize, Row)> {
        let records: Vec<Row> = new
            .iter()
            .filter_map(|at| leads.get(*at))
            .map(|lead| {
                let mut row = self.fields(lead);
                for required in ["LastName", "Company"] {
                    row.entry(required).or_insert_with(|| Value::from(UNKNOWN));
                }
                row.insert("attributes".to_owned(), json!({ "type": "Lead" }));
                row
            })
            .collect();
        let key = &self.settings.key_field;
        let answers = self.api.upsert(key, &records, allows_duplicates, now).await;
        let (mut met, mut warned) = (Vec::new(), Vec::new());
        for (at, answer) in new.iter().zip(answers) {
            let saved = match answer {
                Ok(saved) => saved,
                Err(failure) => {
                    slots.answer(*at, Err(failure));
                    continue;
                }
            };
            match outcome(&saved, allows_duplicates, now) {
                Outcome::Done(done) => slots.answer(*at, done),
                Outcome::Met(id) => met.push((*at, id)),
                Outcome::Warned => warned.push(*at),
            }
        }
        if !warned.is_empty() {
            // The rule only warns of a contact: a lead beside it is what the org wants.
            Box::pin(self.create(leads, &warned, true, slots, now)).await;
        }
        self.read_met(met, slots, now).await
    }

    /// Reads the records that a duplicate rule named, so that only their gaps are filled.
    async fn read_met(
        &self,
        met: Vec<(usize, String)>,
        slots: &mut Slots<PutDone>,
        now: Time,
    ) -> Vec<(usize, Row)> {
        if met.is_empty() {
            return Vec::new();
        }
        let ids = list(met.iter().map(|(_, id)| id.as_str()));
        let query = format!("{} WHERE Id IN {ids}", self.select());
        let rows = match self.api.query(&[query], now).await {
            Ok(rows) => rows.into_iter().flatten().collect::<Vec<_>>(),
            Err(failure) => {
                for (at, _) in &met {
                    slots.answer(*at, Err(failure.clone()));
                }
                return Vec::new();
            }
        };
        let mut known = Vec::new();
        for (at, id) in met {
            let is_it = |row: &&Row| text(row, "Id").is_some_and(|own| is_same_id(own, &id));
            match rows.iter().find(is_it) {
                Some(row) => known.push((at, row.clone())),
                None => slots.answer(
                    at,
                    Err(Failure::Refused { why: "DUPLICATES_DETECTED unreadable".to_owned() }),
                ),
            }
        }
        known
    }

    /// Gives leads that are there what they lack, and our key.
    async fn complete(
        &self,
        leads: &[Put],
        known: Vec<(usize, Row)>,
        slots: &mut Slots<PutDone>,
        now: Time,
    ) {
        let (mut updates, mut waiting) = (Vec::new(), Vec::new());
        for (at, row) in &known {
            let (Some(lead), Some(id)) = (leads.get(*at), text(row, "Id")) else { continue };
            let key = lead.key.to_string();
            let is_ours = text(row, &self.settings.key_field) == Some(&key)
                || lead.record.as_deref().is_some_and(|record| is_same_id(record, id));
            let done = PutDone {
                record: id.to_owned(),
                how: if is_ours { PutHow::Updated } else { PutHow::Matched },
                owner: text(row, "OwnerId").map(str::to_owned),
            };
            let mut gaps = self.fields(lead);
            gaps.retain(|name, value| match row.get(name.as_str()) {
                None | Some(Value::Null) => true,
                // A person who came to us twice carries the key of the newer lead.
                Some(there) => name == &self.settings.key_field && there != value,
            });
            let is_converted = row.get("IsConverted") == Some(&Value::Bool(true));
            if gaps.is_empty() || is_converted {
                slots.answer(*at, Ok(done));
            } else {
                updates.push((id, gaps));
                waiting.push((*at, done));
            }
        }
        let answers = self.api.update(&updates, now).await;
        for ((at, done), answer) in waiting.into_iter().zip(answers) {
            slots.answer(at, answer.map(|()| done));
        }
    }

    /// The fields of a lead under Salesforce's names, cut to their lengths, never the owner.
    fn fields(&self, lead: &Put) -> Row {
        let settings = &self.settings;
        let mut row: Row = mapped(&lead.fields, &settings.fields)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let (first, last) = names(&lead.fields);
        for (ours, name) in [("first_name", first), ("last_name", last)] {
            if let (Some(field), Some(name)) = (settings.fields.get(ours), name) {
                row.entry(field.clone()).or_insert_with(|| Value::from(name));
            }
        }
        if let Some(field) = &settings.source_field {
            row.insert(field.clone(), Value::from(lead.source.clone()));
        }
        for (name, most) in LENGTHS {
            if let Some(Value::String(text)) = row.get_mut(name) {
                let short = cut(text, most).to_owned();
                *text = short;
            }
        }
        row.remove("OwnerId");
        row.insert(settings.key_field.clone(), Value::from(lead.key.to_string()));
        row
    }
}

/// What the answer to one record means.
enum Outcome {
    Done(Result<PutDone, Failure>),
    Met(String),
    Warned,
}

fn outcome(saved: &Saved, allows_duplicates: bool, now: Time) -> Outcome {
    if saved.success {
        let how = if saved.created { PutHow::Created } else { PutHow::Updated };
        return Outcome::Done(Ok(PutDone { record: saved.id.clone(), how, owner: None }));
    }
    let Some(row) = saved.errors.first() else {
        return Outcome::Done(Err(Failure::MaybeDone));
    };
    match duplicates(row, LEAD).into_iter().next() {
        Some(id) => Outcome::Met(id),
        None if may_save(row) && !allows_duplicates => Outcome::Warned,
        None => Outcome::Done(Err(of_row(row, now))),
    }
}
