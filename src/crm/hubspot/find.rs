//! What HubSpot knows about people: their contact, their company, and whether anybody answered.
//!
//! Guarantees: people are read by address from the record store; of several companies with one
//! domain the oldest counts. Evidence is a date that a person's work moved past the assignment, or
//! a value that a person set by hand after it; what an integration or a workflow wrote proves
//! nothing.
//! Does not know: whether the evidence is enough; the review judges.

use std::collections::BTreeMap;

use futures_util::future::join3;

use super::{
    Hubspot,
    put::{OWNER, has_email},
    wire::{Past, Record, Wanted},
};
use crate::{
    crm::{Find, Found},
    model::{
        failure::Failure,
        news::{KnownRecord, Response, ResponseKind},
        time::Time,
    },
};

/// Where a value was set when a person's hand set it (`sourceType` of the property history). The
/// list was not verified against an account.
const BY_HAND: [&str; 6] =
    ["CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID", "SIDEKICK", "SALES"];

/// A search body may have 3,000 characters; the rest of ours needs 300.
const DOMAINS_MAX: usize = 2_500;

impl Hubspot {
    pub(super) async fn find_all(&self, people: &[Find], now: Time) -> Vec<Result<Found, Failure>> {
        let emails: Vec<&str> = people.iter().filter_map(|one| one.email.as_deref()).collect();
        let mut domains: Vec<&str> =
            people.iter().filter_map(|one| one.domain.as_deref()).collect();
        domains.sort_unstable();
        domains.dedup();
        let records: Vec<&str> = people.iter().filter_map(watched).collect();
        let (contacts, companies, records) = join3(
            self.contacts(&emails, now),
            self.companies(&domains, now),
            self.histories(&records, now),
        )
        .await;
        people
            .iter()
            .map(|one| {
                let mut found = Found::default();
                if let Some(email) = &one.email {
                    let contacts = contacts.as_ref().map_err(Clone::clone)?;
                    found.person =
                        contacts.iter().find(|record| has_email(record, email)).map(person);
                }
                if let Some(domain) = &one.domain {
                    let companies = companies.as_ref().map_err(Clone::clone)?;
                    let is_it = |record: &&Record| {
                        record.get("domain").is_some_and(|own| own.eq_ignore_ascii_case(domain))
                    };
                    found.account = companies.iter().find(is_it).map(company);
                }
                if let (Some(id), Some(since)) = (watched(one), one.since) {
                    let records = records.as_ref().map_err(Clone::clone)?;
                    found.response = records
                        .iter()
                        .find(|record| record.id == id)
                        .and_then(|record| self.response(record, since));
                }
                Ok(found)
            })
            .collect()
    }

    async fn contacts(&self, emails: &[&str], now: Time) -> Result<Vec<Record>, Failure> {
        if emails.is_empty() {
            return Ok(Vec::new());
        }
        let properties = ["email", "hs_additional_emails", "firstname", "lastname", OWNER];
        let wanted = Wanted { properties: &properties, history: &[] };
        self.api.read(Some("email"), emails, wanted, now).await
    }

    async fn companies(&self, domains: &[&str], now: Time) -> Result<Vec<Record>, Failure> {
        let mut companies = Vec::new();
        let (mut chunk, mut length) = (Vec::new(), 0);
        for domain in domains {
            if length + domain.len() + 3 > DOMAINS_MAX || chunk.len() == 100 {
                companies.extend(self.api.companies(&chunk, OWNER, now).await?);
                (chunk, length) = (Vec::new(), 0);
            }
            length += domain.len() + 3;
            chunk.push(*domain);
        }
        if !chunk.is_empty() {
            companies.extend(self.api.companies(&chunk, OWNER, now).await?);
        }
        Ok(companies)
    }

    async fn histories(&self, ids: &[&str], now: Time) -> Result<Vec<Record>, Failure> {
        let names: Vec<&str> =
            self.settings.response_properties.keys().map(String::as_str).collect();
        if ids.is_empty() || names.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Wanted { properties: &names, history: &names };
        self.api.read(None, ids, wanted, now).await
    }

    /// The first evidence since then.
    fn response(&self, record: &Record, since: Time) -> Option<Response> {
        evidence(record, &self.settings.response_properties, since)
    }
}

/// The record to watch, if a response is asked for.
fn watched(one: &Find) -> Option<&str> {
    one.since.and(one.record.as_deref())
}

fn evidence(
    record: &Record,
    properties: &BTreeMap<String, ResponseKind>,
    since: Time,
) -> Option<Response> {
    let responses = properties.iter().flat_map(|(name, kind)| {
        let history = record.properties_with_history.get(name).map_or(&[][..], Vec::as_slice);
        history.iter().filter_map(move |past| {
            let (at, by) = answered(past)?;
            let evidence = Some(format!("{}:{name}:{}", record.id, at.0));
            (at >= since).then_some(Response { kind: *kind, at, by, evidence })
        })
    });
    responses.min_by_key(|response| response.at)
}

/// When this value says that a person answered, and who.
fn answered(past: &Past) -> Option<(Time, Option<String>)> {
    let by = past.updated_by_user_id.as_ref().filter(|by| !by.is_null()).map(|by| {
        let user = by.as_str().map_or_else(|| by.to_string(), str::to_owned);
        format!("user {user}")
    });
    if let Some(at) = instant(&past.value) {
        return Some((at, by));
    }
    let is_by_hand = BY_HAND.contains(&past.source_type.as_str());
    (is_by_hand && !past.value.is_empty()).then_some((instant(&past.timestamp)?, by))
}

/// An instant as HubSpot writes them: RFC 3339, or milliseconds since 1970.
pub(super) fn instant(text: &str) -> Option<Time> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Time(at.as_millisecond()));
    }
    // Eleven digits and more: a number of employees is not a date.
    text.parse().ok().filter(|ms: &i64| *ms > 10_000_000_000).map(Time)
}

fn person(record: &Record) -> KnownRecord {
    let names = [record.get("firstname"), record.get("lastname")];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    known(record, Some(name).filter(|name| !name.is_empty()))
}

fn company(record: &Record) -> KnownRecord {
    known(record, record.get("name").map(str::to_owned))
}

fn known(record: &Record, name: Option<String>) -> KnownRecord {
    KnownRecord { record: record.id.clone(), name, owner: record.get(OWNER).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(history: &str, since: &str, wanted: Option<(ResponseKind, &str)>) {
        let text = format!(r#"{{"id":"7","propertiesWithHistory":{history}}}"#);
        let record = serde_json::from_str(&text).unwrap();
        let properties = super::super::response_properties();
        let since = instant(since).unwrap();
        let got = evidence(&record, &properties, since).map(|one| (one.kind, one.at));
        assert_eq!(got, wanted.map(|(kind, at)| (kind, instant(at).unwrap())), "{history}");
    }

    #[test]
    fn only_what_a_person_did_after_the_assignment_is_evidence() {
        let since = "2026-11-23T10:00:00Z";
        let status = |source: &str, at: &str| {
            format!(
                r#"{{"hs_lead_status":[{{"value":"OPEN","timestamp":"{at}","sourceType":"{source}"}}]}}"#
            )
        };
        let later = "2026-11-23T10:05:00Z";
        check(&status("CRM_UI", later), since, Some((ResponseKind::StatusChange, later)));
        check(&status("CRM_UI", "2026-11-23T09:59:59Z"), since, None);
        check(&status("INTEGRATION", later), since, None);
        check(&status("AUTOMATION_PLATFORM", later), since, None);
        let call = r#"{"notes_last_contacted":[{"value":"2026-11-23T10:04:00Z",
            "timestamp":"2026-11-23T10:06:00Z","sourceType":null,"updatedByUserId":9}]}"#;
        check(call, since, Some((ResponseKind::Call, "2026-11-23T10:04:00Z")));
        check("{}", since, None);
    }
}
