//! Salesforce's REST API: the few calls that everything else here is made of.
//!
//! Guarantees: an expired session is renewed once per call; every record of a collection and every
//! part of a composite gets its own answer; the org's own assignment rules never run on our writes
//! (`Sforce-Auto-Assign: FALSE`; the header's default is TRUE). Queries travel in the body of a
//! composite call, so no personal data stands in a URL.
//! Does not know: leads, owners' conditions, what a match means.
//! Source: developer.salesforce.com/docs/platform/api-rest/guide: composite (25 parts, 5 of them
//! queries), composite/sobjects (200 records), headers-autoassign. Read in November 2026.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::{
    failure::{ErrorRow, of_answer, of_part},
    session::{Session, Sessions},
};
use crate::{
    crm::fields::or_default,
    model::{failure::Failure, time::Time},
    outbound::{Call, Outbound},
};

/// The most records of one collection.
pub(super) const RECORDS_MAX: usize = 200;
const PARTS_MAX: usize = 25;
const QUERIES_MAX: usize = 5;
/// No list that we ask for has more pages of 2,000 rows.
const PAGES_MAX: usize = 50;
const ASSIGN: &str = "sforce-auto-assign";

/// A row, or the fields of a record.
pub(super) type Row = Map<String, Value>;

/// The API of one org.
pub(super) struct Api {
    pub outbound: Outbound,
    pub sessions: Sessions,
    pub version: String,
}

/// What became of one record of a collection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Saved {
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    pub success: bool,
    pub created: bool,
    pub errors: Vec<ErrorRow>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rows {
    records: Vec<Row>,
    next_records_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Parts {
    composite_response: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Part {
    body: Value,
    http_status_code: u16,
}

/// The text of a field of a row, if it is not empty.
pub(super) fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_str().filter(|text| !text.is_empty())
}

impl Api {
    /// Sends a call made for a session; renews an expired session once.
    pub async fn send<T: DeserializeOwned>(
        &self,
        make: impl Fn(&Session) -> Result<Call, Failure>,
        now: Time,
    ) -> Result<T, Failure> {
        let mut refused = 0;
        loop {
            let session = self.sessions.get(&self.outbound, now).await?;
            let call = make(&session)?.bearer(&session.token);
            let answer = self.outbound.send(call).await?;
            match of_answer(&answer, now) {
                None => return answer.json(),
                // One that others left on the shelf may have expired there too.
                Some(Failure::AuthExpired) if refused > 0 && (session.is_own || refused > 2) => {
                    self.sessions.expired(&session).await;
                    return Err(Failure::AuthLost {
                        why: "a new session was refused at once".to_owned(),
                    });
                }
                Some(Failure::AuthExpired) => {
                    self.sessions.expired(&session).await;
                    refused += 1;
                }
                Some(failure) => return Err(failure),
            }
        }
    }

    fn url(&self, session: &Session, path: &str) -> Result<Url, Failure> {
        let path = format!("services/data/{}/{path}", self.version);
        session
            .instance
            .join(&path)
            .map_err(|_| Failure::Refused { why: "api_version makes no URL".to_owned() })
    }

    /// Sends parts of a composite call; one answer per part, in order.
    async fn composite(
        &self,
        parts: Vec<Value>,
        is_harmless: bool,
        now: Time,
    ) -> Result<Vec<Part>, Failure> {
        let count = parts.len();
        let body = json!({
            "allOrNone": false,
            "collateSubrequests": false,
            "compositeRequest": parts,
        });
        let make = |session: &Session| {
            let call = Call::post(self.url(session, "composite")?).json(&body);
            Ok(if is_harmless { call.harmless() } else { call })
        };
        let answer: Parts = self.send(make, now).await?;
        if answer.composite_response.len() == count {
            return Ok(answer.composite_response);
        }
        Err(Failure::MaybeDone)
    }

    /// Runs queries, whose text may hold personal data: the rows of each, in order.
    pub async fn query(&self, queries: &[String], now: Time) -> Result<Vec<Vec<Row>>, Failure> {
        let mut answers = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(QUERIES_MAX) {
            let parts = chunk
                .iter()
                .enumerate()
                .map(|(at, soql)| {
                    let q: String = form_urlencoded::byte_serialize(soql.as_bytes()).collect();
                    json!({
                        "method": "GET",
                        "url": format!("/services/data/{}/query?q={q}", self.version),
                        "referenceId": format!("q{at}"),
                    })
                })
                .collect();
            for part in self.composite(parts, true, now).await? {
                if let Some(failure) = of_part(part.http_status_code, &part.body, now) {
                    return Err(failure);
                }
                let rows: Rows = serde_json::from_value(part.body).unwrap_or_default();
                answers.push(rows.records);
            }
        }
        Ok(answers)
    }

    /// Every row of a query that holds no personal data, page by page.
    pub async fn query_all(&self, soql: &str, now: Time) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let make = |session: &Session| {
                let url = match &next {
                    Some(path) => session
                        .instance
                        .join(path)
                        .ok()
                        .filter(|url| url.origin() == session.instance.origin()),
                    None => self.url(session, "query").ok().map(|mut url| {
                        url.query_pairs_mut().append_pair("q", soql);
                        url
                    }),
                };
                url.map(Call::get)
                    .ok_or_else(|| Failure::Refused { why: "a page leads elsewhere".to_owned() })
            };
            let page: Rows = self.send(make, now).await?;
            rows.extend(page.records);
            next = page.next_records_url;
            if next.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// Creates or updates leads by our external id: one answer per record, in order.
    pub async fn upsert(
        &self,
        key_field: &str,
        records: &[Row],
        allows_duplicates: bool,
        now: Time,
    ) -> Vec<Result<Saved, Failure>> {
        let mut answers = Vec::with_capacity(records.len());
        for chunk in records.chunks(RECORDS_MAX) {
            let body = json!({ "allOrNone": false, "records": chunk });
            let make = |session: &Session| {
                let url = self.url(session, &format!("composite/sobjects/Lead/{key_field}"))?;
                let call = Call::patch(url).header(ASSIGN, "FALSE").json(&body);
                Ok(if allows_duplicates {
                    call.header("sforce-duplicate-rule-header", "allowSave=true")
                } else {
                    call
                })
            };
            match self.send::<Vec<Saved>>(make, now).await {
                Ok(saved) if saved.len() == chunk.len() => {
                    answers.extend(saved.into_iter().map(Ok));
                }
                Ok(_) => answers.extend(chunk.iter().map(|_| Err(Failure::MaybeDone))),
                Err(failure) => answers.extend(chunk.iter().map(|_| Err(failure.clone()))),
            }
        }
        answers
    }

    /// Updates leads by their own ids: one answer per record, in order.
    pub async fn update(&self, leads: &[(&str, Row)], now: Time) -> Vec<Result<(), Failure>> {
        let mut answers = Vec::with_capacity(leads.len());
        for chunk in leads.chunks(PARTS_MAX) {
            let parts = chunk
                .iter()
                .enumerate()
                .map(|(at, (id, fields))| {
                    json!({
                        "method": "PATCH",
                        "url": format!("/services/data/{}/sobjects/Lead/{id}", self.version),
                        "referenceId": format!("u{at}"),
                        "httpHeaders": { "Sforce-Auto-Assign": "FALSE" },
                        "body": fields,
                    })
                })
                .collect();
            match self.composite(parts, false, now).await {
                Ok(parts) => answers.extend(parts.iter().map(|part| {
                    of_part(part.http_status_code, &part.body, now).map_or(Ok(()), Err)
                })),
                Err(failure) => answers.extend(chunk.iter().map(|_| Err(failure.clone()))),
            }
        }
        answers
    }
}
