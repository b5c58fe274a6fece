//! What Salesforce knows about people: their contact or open lead, their account, and whether
//! anybody answered.
//!
//! Guarantees: all of it in one call of at most five queries. A contact counts before a lead, the
//! oldest before younger ones. Accounts are matched by the registrable domain of their website, in
//! our own code, since `LIKE` also finds `notlinden.example`. Evidence is a closed task or an
//! event that somebody else than us made.
//! Does not know: changes of status (they leave no row with an author), mail that Einstein keeps
//! elsewhere, whether the evidence is enough.

use serde_json::Value;

use super::{
    Salesforce,
    soql::{containing, instant, is_id, is_same_id, list},
    wire::{Row, text},
};
use crate::{
    crm::{Find, Found},
    model::{
        failure::Failure,
        news::{KnownRecord, Response, ResponseKind},
        time::Time,
    },
};

/// The rows of the five queries.
#[derive(Default)]
struct Known {
    leads: Vec<Row>,
    contacts: Vec<Row>,
    accounts: Vec<Row>,
    tasks: Vec<Row>,
    events: Vec<Row>,
}

impl Salesforce {
    pub(super) async fn find_all(&self, people: &[Find], now: Time) -> Vec<Result<Found, Failure>> {
        match self.ask(people, now).await {
            Ok(known) => people.iter().map(|one| Ok(known.about(one))).collect(),
            Err(failure) => people.iter().map(|_| Err(failure.clone())).collect(),
        }
    }

    async fn ask(&self, people: &[Find], now: Time) -> Result<Known, Failure> {
        let us = self.api.sessions.get(&self.api.outbound, now).await?.user;
        let mut known = Known::default();
        let mut queries = Vec::new();
        let emails: Vec<&str> = people.iter().filter_map(|one| one.email.as_deref()).collect();
        if !emails.is_empty() {
            let emails = list(emails);
            queries.push((
                0,
                format!(
                    "SELECT Id, Name, Email, OwnerId FROM Lead WHERE Email IN {emails} \
                     AND IsConverted = false ORDER BY CreatedDate, Id"
                ),
            ));
            queries.push((
                1,
                format!(
                    "SELECT Id, Name, Email, OwnerId, AccountId, Account.Name, Account.OwnerId \
                     FROM Contact WHERE Email IN {emails} ORDER BY CreatedDate, Id"
                ),
            ));
        }
        let mut domains: Vec<&str> =
            people.iter().filter_map(|one| one.domain.as_deref()).collect();
        domains.sort_unstable();
        domains.dedup();
        if !domains.is_empty() {
            let likes: Vec<String> = domains
                .iter()
                .map(|domain| format!("Website LIKE {}", containing(domain)))
                .collect();
            let likes = likes.join(" OR ");
            queries.push((
                2,
                format!(
                    "SELECT Id, Name, Website, OwnerId FROM Account WHERE {likes} \
                     ORDER BY CreatedDate, Id"
                ),
            ));
        }
        if let Some(work) = work_since(people, us.as_deref()) {
            queries.push((
                3,
                format!(
                    "SELECT Id, WhoId, OwnerId, TaskSubtype, CreatedDate, CompletedDateTime \
                     FROM Task WHERE IsClosed = true AND {work}"
                ),
            ));
            queries.push((
                4,
                format!("SELECT Id, WhoId, OwnerId, CreatedDate FROM Event WHERE {work}"),
            ));
        }
        let texts: Vec<String> = queries.iter().map(|(_, soql)| soql.clone()).collect();
        let answers = self.api.query(&texts, now).await?;
        for ((which, _), rows) in queries.iter().zip(answers) {
            match which {
                0 => known.leads = rows,
                1 => known.contacts = rows,
                2 => known.accounts = rows,
                3 => known.tasks = rows,
                _ => known.events = rows,
            }
        }
        Ok(known)
    }
}

/// The condition of work on these records since the earliest instant that somebody asks for.
fn work_since(people: &[Find], us: Option<&str>) -> Option<String> {
    let watched: Vec<(&str, Time)> = people
        .iter()
        .filter_map(|one| Some((one.record.as_deref().filter(|id| is_id(id))?, one.since?)))
        .collect();
    let since = watched.iter().map(|(_, since)| *since).min()?;
    let ids = list(watched.iter().map(|(id, _)| *id));
    let not_us = us
        .filter(|us| is_id(us))
        .map_or_else(String::new, |us| format!(" AND CreatedById != '{us}'"));
    Some(format!("WhoId IN {ids} AND SystemModstamp >= {}{not_us}", instant(since)))
}

impl Known {
    fn about(&self, one: &Find) -> Found {
        let mut found = Found::default();
        if let Some(email) = &one.email {
            let is_it =
                |row: &&Row| text(row, "Email").is_some_and(|own| own.eq_ignore_ascii_case(email));
            let contact = self.contacts.iter().find(is_it);
            let lead = self.leads.iter().find(is_it);
            found.person = contact.or(lead).and_then(record);
            found.account = contact.and_then(account_of);
        }
        if let Some(domain) = &one.domain
            && found.account.is_none()
        {
            let is_it = |row: &&Row| {
                text(row, "Website").and_then(domain_of).is_some_and(|own| &own == domain)
            };
            found.account = self.accounts.iter().find(is_it).and_then(record);
        }
        if let (Some(id), Some(since)) = (&one.record, one.since) {
            let work = self.tasks.iter().map(|row| (row, kind_of(row)));
            let work = work.chain(self.events.iter().map(|row| (row, ResponseKind::Meeting)));
            found.response = work
                .filter(|(row, _)| text(row, "WhoId").is_some_and(|who| is_same_id(who, id)))
                .filter_map(|(row, kind)| response(row, kind))
                .filter(|response| response.at >= since)
                .min_by_key(|response| response.at);
        }
        found
    }
}

fn record(row: &Row) -> Option<KnownRecord> {
    Some(KnownRecord {
        record: text(row, "Id")?.to_owned(),
        name: text(row, "Name").map(str::to_owned),
        owner: text(row, "OwnerId").map(str::to_owned),
    })
}

fn account_of(contact: &Row) -> Option<KnownRecord> {
    let account = contact.get("Account").and_then(Value::as_object);
    let field = |name| account.and_then(|row| text(row, name)).map(str::to_owned);
    Some(KnownRecord {
        record: text(contact, "AccountId")?.to_owned(),
        name: field("Name"),
        owner: field("OwnerId"),
    })
}

fn kind_of(task: &Row) -> ResponseKind {
    match text(task, "TaskSubtype") {
        Some("Call") => ResponseKind::Call,
        Some("Email" | "ListEmail") => ResponseKind::Email,
        _ => ResponseKind::Task,
    }
}

fn response(row: &Row, kind: ResponseKind) -> Option<Response> {
    let at = text(row, "CompletedDateTime").or_else(|| text(row, "CreatedDate"))?;
    Some(Response {
        kind,
        at: at_of(at)?,
        by: text(row, "OwnerId").map(str::to_owned),
        evidence: text(row, "Id").map(str::to_owned),
    })
}

/// An instant as Salesforce writes them: `2026-11-23T10:00:00.000+0000`.
fn at_of(text: &str) -> Option<Time> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Time(at.as_millisecond()))
}

/// The registrable domain of a website, however it was typed.
fn domain_of(website: &str) -> Option<String> {
    let website = website.trim().to_ascii_lowercase();
    let url = if website.contains("://") { website } else { format!("https://{website}") };
    let host = url::Url::parse(&url).ok()?;
    psl::domain_str(host.host_str()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_lead_to_their_registrable_domain() {
        for (website, wanted) in [
            ("linden.example", Some("linden.example")),
            ("https://www.Linden.example/de?x=1", Some("linden.example")),
            ("http://shop.linden.co.uk:8080", Some("linden.co.uk")),
            ("notlinden.example", Some("notlinden.example")),
            ("linden.example.evil.example", Some("evil.example")),
            ("co.uk", None),
            ("", None),
            ("n/a", None),
        ] {
            assert_eq!(domain_of(website).as_deref(), wanted, "{website}");
        }
    }

    #[test]
    fn instants_are_read_in_salesforce_spelling() {
        let wanted = Some(Time(1_795_428_000_000));
        for text in ["2026-11-23T10:00:00.000+0000", "2026-11-23T10:00:00Z"] {
            assert_eq!(at_of(text), wanted, "{text}");
        }
    }

    #[test]
    fn work_of_our_own_user_is_left_out() {
        let one = Find {
            email: None,
            domain: None,
            record: Some("00Q000000000001AAA".into()),
            since: Some(Time(1_795_428_000_000)),
        };
        assert_eq!(
            work_since(std::slice::from_ref(&one), Some("005000000000009AAA")).unwrap(),
            "WhoId IN ('00Q000000000001AAA') AND SystemModstamp >= 2026-11-23T10:00:00.000Z \
             AND CreatedById != '005000000000009AAA'"
        );
        let strange = Find { record: Some("x' OR Id != '".into()), ..one };
        assert_eq!(work_since(&[strange], None), None);
    }
}
