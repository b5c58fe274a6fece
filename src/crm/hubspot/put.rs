//! Writing leads to HubSpot as contacts, with neither a second contact for a person nor a human's
//! word overwritten.
//!
//! Guarantees: never the owner; a record that is there gets only the properties it lacks; a new
//! one is made by upsert on our unique property, so that a repeated attempt finds its own record.
//! HubSpot keeps addresses unique too: an upsert by our key with an address that another contact
//! has is refused, therefore people are looked up by address first, and once more if somebody was
//! faster. Both look-ups read records, never the search index, which lags.
//! Does not know: who owns what, HTTP.

use std::collections::BTreeMap;

use futures_util::future::join;

use super::{
    Hubspot,
    failure::Refusal,
    wire::{Input, Record, Verb, Wanted},
};
use crate::{
    crm::{
        Put, PutDone, PutHow,
        fields::{Slots, mapped, names},
    },
    model::{failure::Failure, time::Time},
};

/// The owner of a record, in every HubSpot account.
pub(super) const OWNER: &str = "hubspot_owner_id";
/// The address, and the others of the same person.
const EMAIL: &str = "email";
const EMAILS: &str = "hs_additional_emails";

impl Hubspot {
    pub(super) async fn put_all(&self, leads: &[Put], now: Time) -> Vec<Result<PutDone, Failure>> {
        let mut slots = Slots::new(leads.len());
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (at, found) in self.locate(leads, now).await.into_iter().enumerate() {
            match found {
                Ok(Some(record)) => known.push((at, record)),
                Ok(None) => new.push(at),
                Err(failure) => slots.answer(at, Err(failure)),
            }
        }
        let taken = self.create(leads, &new, &mut slots, now).await;
        // Somebody was faster between the look and the write, or stands twice in this batch.
        if !taken.is_empty() {
            let again: Vec<(usize, &Put)> =
                taken.iter().filter_map(|(at, _)| Some((*at, leads.get(*at)?))).collect();
            let found = self.by_email(&again, now).await;
            for (at, refusal) in taken {
                match found.as_ref().map(|found| found.get(&at)) {
                    Ok(Some(record)) => known.push((at, record.clone())),
                    Ok(None) => slots.answer(at, Err(refusal.failure)),
                    Err(failure) => slots.answer(at, Err(failure.clone())),
                }
            }
        }
        self.complete(leads, known, &mut slots, now).await;
        slots.into_answers()
    }

    /// The record of each lead: by our stored id, then by our key if an earlier attempt is in
    /// doubt, then by address.
    async fn locate(&self, leads: &[Put], now: Time) -> Vec<Result<Option<Record>, Failure>> {
        let mut found: Vec<Result<Option<Record>, Failure>> =
            leads.iter().map(|_| Ok(None)).collect();
        let keys: Vec<String> = leads.iter().map(|lead| lead.key.to_string()).collect();
        let by_id: Vec<&str> = leads.iter().filter_map(|lead| lead.record.as_deref()).collect();
        let in_doubt = |lead: &Put| lead.is_uncertain && lead.record.is_none();
        let by_key: Vec<&str> = leads
            .iter()
            .zip(&keys)
            .filter(|(lead, _)| in_doubt(lead))
            .map(|(_, key)| key.as_str())
            .collect();
        let (ids, by_keys) = join(
            self.records(None, &by_id, now),
            self.records(Some(&self.settings.key_property), &by_key, now),
        )
        .await;
        let key_of = |record: &Record| record.get(&self.settings.key_property).map(str::to_owned);
        for ((lead, key), slot) in leads.iter().zip(&keys).zip(&mut found) {
            *slot = match &lead.record {
                Some(id) => pick(&ids, |record| &record.id == id),
                None if in_doubt(lead) => {
                    pick(&by_keys, |record| key_of(record).as_ref() == Some(key))
                }
                None => Ok(None),
            };
        }
        let open: Vec<(usize, &Put)> = leads
            .iter()
            .enumerate()
            .filter(|(at, _)| matches!(found.get(*at), Some(Ok(None))))
            .collect();
        let by_email = self.by_email(&open, now).await;
        for (at, lead) in open {
            if let Some(slot) = found.get_mut(at) {
                *slot = match &by_email {
                    Ok(people) => match people.get(&at) {
                        // We had a record and it is nowhere: a person has deleted it.
                        None if lead.record.is_some() => Err(Failure::Gone),
                        person => Ok(person.cloned()),
                    },
                    Err(failure) => Err(failure.clone()),
                };
            }
        }
        found
    }

    /// The contacts that have these leads' addresses, by the leads' places.
    async fn by_email(
        &self,
        leads: &[(usize, &Put)],
        now: Time,
    ) -> Result<BTreeMap<usize, Record>, Failure> {
        let emails: Vec<&str> =
            leads.iter().filter_map(|(_, lead)| lead.fields.text(EMAIL)).collect();
        let records = self.records(Some(EMAIL), &emails, now).await?;
        Ok(leads
            .iter()
            .filter_map(|(at, lead)| {
                let email = lead.fields.text(EMAIL)?;
                let record = records.iter().find(|record| has_email(record, email))?;
                Some((*at, record.clone()))
            })
            .collect())
    }

    async fn records(
        &self,
        id_property: Option<&str>,
        ids: &[&str],
        now: Time,
    ) -> Result<Vec<Record>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut properties = vec![EMAIL, EMAILS, OWNER, "firstname", "lastname"];
        properties.push(&self.settings.key_property);
        properties.extend(self.settings.properties.values().map(String::as_str));
        properties.extend(self.settings.source_property.as_deref());
        properties.sort_unstable();
        properties.dedup();
        let wanted = Wanted { properties: &properties, history: &[] };
        self.api.read(id_property, ids, wanted, now).await
    }

    /// Upserts by our key. Gives back those that may clash with somebody's address.
    async fn create(
        &self,
        leads: &[Put],
        new: &[usize],
        slots: &mut Slots<PutDone>,
        now: Time,
    ) -> Vec<(usize, Refusal)> {
        let inputs: Vec<Input> = new
            .iter()
            .filter_map(|at| leads.get(*at))
            .map(|lead| Input {
                id: lead.key.to_string(),
                id_property: Some(self.settings.key_property.clone()),
                object_write_trace_id: lead.key.to_string(),
                properties: self.properties(lead),
            })
            .collect();
        let mut taken = Vec::new();
        let answers = self.api.write(Verb::Upsert, &inputs, now).await;
        for (at, answer) in new.iter().zip(answers) {
            match answer {
                Ok(record) => {
                    let how = if record.new { PutHow::Created } else { PutHow::Updated };
                    slots.answer(*at, Ok(done(&record, how)));
                }
                Err(refusal) if refusal.may_be_taken => taken.push((*at, refusal)),
                Err(refusal) => slots.answer(*at, Err(refusal.failure)),
            }
        }
        taken
    }

    /// Gives records that are there what they lack, and our key.
    async fn complete(
        &self,
        leads: &[Put],
        known: Vec<(usize, Record)>,
        slots: &mut Slots<PutDone>,
        now: Time,
    ) {
        let (mut inputs, mut waiting) = (Vec::new(), Vec::new());
        for (at, record) in known {
            let Some(lead) = leads.get(at) else { continue };
            let key = lead.key.to_string();
            let is_ours = record.get(&self.settings.key_property) == Some(&key)
                || lead.record.as_ref() == Some(&record.id);
            let how = if is_ours { PutHow::Updated } else { PutHow::Matched };
            let mut properties = self.properties(lead);
            properties.retain(|name, value| match record.get(name) {
                None => true,
                // A person who came to us twice carries the key of the newer lead.
                Some(now) => name == &self.settings.key_property && now != value,
            });
            if properties.is_empty() {
                slots.answer(at, Ok(done(&record, how)));
                continue;
            }
            inputs.push(Input {
                id: record.id.clone(),
                id_property: None,
                object_write_trace_id: key,
                properties,
            });
            waiting.push((at, record, how));
        }
        let answers = self.api.write(Verb::Update, &inputs, now).await;
        for ((at, record, how), answer) in waiting.into_iter().zip(answers) {
            let answer = answer.map(|_| done(&record, how)).map_err(|refusal| refusal.failure);
            slots.answer(at, answer);
        }
    }

    /// The properties of a lead under HubSpot's names, all of them text, never the owner.
    fn properties(&self, lead: &Put) -> BTreeMap<String, String> {
        let mut properties: BTreeMap<String, String> =
            mapped(&lead.fields, &self.settings.properties)
                .map(|(name, value)| {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    (name.to_owned(), text)
                })
                .collect();
        let (first, last) = names(&lead.fields);
        for (ours, text) in [("first_name", first), ("last_name", last)] {
            if let (Some(name), Some(text)) = (self.settings.properties.get(ours), text) {
                properties.entry(name.clone()).or_insert_with(|| text.to_owned());
            }
        }
        if let Some(name) = &self.settings.source_property {
            properties.insert(name.clone(), lead.source.clone());
        }
        properties.remove(OWNER);
        properties.insert(self.settings.key_property.clone(), lead.key.to_string());
        properties
    }
}

/// Whether the contact answers to this address.
pub(super) fn has_email(record: &Record, email: &str) -> bool {
    record.get(EMAIL).is_some_and(|own| own.eq_ignore_ascii_case(email))
        || record.get(EMAILS).is_some_and(|more| {
            more.split(';').any(|other| other.trim().eq_ignore_ascii_case(email))
        })
}

fn pick(
    records: &Result<Vec<Record>, Failure>,
    is_it: impl Fn(&Record) -> bool,
) -> Result<Option<Record>, Failure> {
    match records {
        Ok(records) => Ok(records.iter().find(|record| is_it(record)).cloned()),
        Err(failure) => Err(failure.clone()),
    }
}

fn done(record: &Record, how: PutHow) -> PutDone {
    PutDone { record: record.id.clone(), how, owner: record.get(OWNER).map(str::to_owned) }
}
