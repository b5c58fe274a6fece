//! HubSpot's objects API: the few calls that everything else here is made of.
//!
//! Guarantees: a batch is at most 100 and no id stands in it twice; every input gets its own
//! answer, found by trace id; a batch that is refused as a whole is sent again one by one, so that
//! one bad item harms no other. No personal data in a URL.
//! Does not know: leads, owners' conditions, what a match means.
//! Source: developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts (batch read,
//! update and upsert; `idProperty`, `objectWriteTraceId`, 207), read in November 2026.

use std::{collections::BTreeMap, pin::Pin, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Sleep};
use url::Url;

use super::failure::{ErrorBody, Refusal, of_answer, of_item, strings};
use crate::{
    crm::fields::or_default,
    model::{failure::Failure, time::Time},
    outbound::{Call, Outbound, Secret},
};

/// The most inputs of one batch; with property history half as many.
pub(super) const BATCH_MAX: usize = 100;
pub(super) const HISTORY_MAX: usize = 50;
/// The search endpoints allow 5 requests a second for the whole account.
const SEARCH_PAUSE: Duration = Duration::from_millis(220);

/// The API of one account.
pub(super) struct Api {
    pub outbound: Outbound,
    pub base: Url,
    pub token: Secret,
    pub version: String,
    pub search_turn: Mutex<Option<Pin<Box<Sleep>>>>,
}

/// A record, as much of it as was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record {
    pub id: String,
    pub properties: BTreeMap<String, Option<String>>,
    pub properties_with_history: BTreeMap<String, Vec<Past>>,
    pub new: bool,
    pub object_write_trace_id: Option<String>,
}

/// One value that a property had.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Past {
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    #[serde(deserialize_with = "or_default")]
    pub timestamp: String,
    #[serde(deserialize_with = "or_default")]
    pub source_type: String,
    pub updated_by_user_id: Option<Value>,
}

impl Record {
    /// The value of a property, if it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref().filter(|value| !value.is_empty())
    }
}

/// One input of an update or upsert.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_property: Option<String>,
    pub object_write_trace_id: String,
    pub properties: BTreeMap<String, String>,
}

/// What to do with the inputs.
#[derive(Clone, Copy)]
pub(super) enum Verb {
    Update,
    Upsert,
}

/// The answer to a batch, whole or partial.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Batch {
    results: Vec<Record>,
    errors: Vec<ErrorBody>,
}

/// What a batch read brings of each record.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub properties: &'a [&'a str],
    pub history: &'a [&'a str],
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page<T> {
    results: Vec<T>,
    paging: Option<Paging>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Paging {
    next: Option<Next>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Next {
    after: String,
}

/// An owner as HubSpot lists them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OwnerRow {
    pub id: String,
    #[serde(deserialize_with = "or_default")]
    pub email: String,
    #[serde(deserialize_with = "or_default")]
    pub first_name: String,
    #[serde(deserialize_with = "or_default")]
    pub last_name: String,
}

impl Api {
    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base
            .join(path)
            .map_err(|_| Failure::Refused { why: "api_version makes no URL".to_owned() })
    }

    fn objects(&self, what: &str) -> Result<Url, Failure> {
        self.url(&format!("crm/objects/{}/{what}", self.version))
    }

    /// Sends a JSON call and reads its answer.
    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        url: Url,
        body: &impl Serialize,
        is_harmless: bool,
        now: Time,
    ) -> Result<T, Refusal> {
        let call = Call::post(url).bearer(&self.token).json(body);
        let call = if is_harmless { call.harmless() } else { call };
        let answer = self.outbound.send(call).await?;
        of_answer(&answer, now).map_or_else(|| answer.json().map_err(Refusal::from), Err)
    }

    /// The contacts with these ids, straight from the record store: a write is seen at once.
    /// An id that does not exist, or that HubSpot cannot read, brings nothing.
    pub async fn read(
        &self,
        id_property: Option<&str>,
        ids: &[&str],
        wanted: Wanted<'_>,
        now: Time,
    ) -> Result<Vec<Record>, Failure> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let most = if wanted.history.is_empty() { BATCH_MAX } else { HISTORY_MAX };
        let mut records = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(most) {
            match self.read_chunk(id_property, chunk, wanted, now).await {
                Err(Failure::Refused { .. }) if chunk.len() > 1 => {
                    for id in chunk {
                        let one = self.read_chunk(id_property, &[id], wanted, now).await;
                        records.extend(none_if_unreadable(one)?);
                    }
                }
                many => records.extend(none_if_unreadable(many)?),
            }
        }
        Ok(records)
    }

    /// One batch read; what HubSpot cannot read is a failure.
    pub async fn read_chunk(
        &self,
        id_property: Option<&str>,
        ids: &[&str],
        wanted: Wanted<'_>,
        now: Time,
    ) -> Result<Vec<Record>, Failure> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let mut body = json!({
            "inputs": inputs,
            "properties": wanted.properties,
            "propertiesWithHistory": wanted.history,
        });
        if let (Some(name), Some(body)) = (id_property, body.as_object_mut()) {
            body.insert("idProperty".to_owned(), json!(name));
        }
        let url = self.objects("contacts/batch/read")?;
        let mut batch: Batch =
            self.post(url, &body, true, now).await.map_err(|refusal| refusal.failure)?;
        // What has no id is no record: nothing could be written to it.
        batch.results.retain(|record| !record.id.is_empty());
        Ok(batch.results)
    }

    /// Writes a batch: one answer per input, in order.
    pub async fn write(
        &self,
        verb: Verb,
        inputs: &[Input],
        now: Time,
    ) -> Vec<Result<Record, Refusal>> {
        let mut answers = Vec::with_capacity(inputs.len());
        for chunk in inputs.chunks(BATCH_MAX) {
            match self.write_chunk(verb, chunk, now).await {
                Ok(many) => answers.extend(many),
                Err(refusal) if is_of_content(&refusal.failure) && chunk.len() > 1 => {
                    for input in chunk {
                        match self.write_chunk(verb, std::slice::from_ref(input), now).await {
                            Ok(one) => answers.extend(one),
                            Err(refusal) => answers.push(Err(refusal)),
                        }
                    }
                }
                Err(refusal) => answers.extend(chunk.iter().map(|_| Err(refusal.clone()))),
            }
        }
        answers
    }

    async fn write_chunk(
        &self,
        verb: Verb,
        inputs: &[Input],
        now: Time,
    ) -> Result<Vec<Result<Record, Refusal>>, Refusal> {
        let url = self.objects(match verb {
            Verb::Update => "contacts/batch/update",
            Verb::Upsert => "contacts/batch/upsert",
        })?;
        let batch: Batch = self.post(url, &json!({ "inputs": inputs }), false, now).await?;
        Ok(inputs.iter().map(|input| batch.answer_to(input)).collect())
    }

    /// Companies by domain, oldest first. The search index lags behind: good for what was there
    /// before us, never for our own writes.
    pub async fn companies(
        &self,
        domains: &[&str],
        owner_property: &str,
        now: Time,
    ) -> Result<Vec<Record>, Failure> {
        let url = self.objects("companies/search")?;
        let filter = json!({ "propertyName": "domain", "operator": "IN", "values": domains });
        let body = json!({
            "filterGroups": [{ "filters": [filter] }],
            "sorts": [{ "propertyName": "createdate", "direction": "ASCENDING" }],
            "properties": ["domain", "name", owner_property],
            "limit": 200,
        });
        let mut turn = self.search_turn.lock().await;
        if let Some(pause) = turn.take() {
            pause.await;
        }
        *turn = Some(Box::pin(tokio::time::sleep(SEARCH_PAUSE)));
        drop(turn);
        let page: Page<Record> =
            self.post(url, &body, true, now).await.map_err(|refusal| refusal.failure)?;
        Ok(page.results)
    }

    /// One page of owners, and where the next one begins.
    pub async fn owners(
        &self,
        is_archived: bool,
        limit: u16,
        after: Option<&str>,
        now: Time,
    ) -> Result<(Vec<OwnerRow>, Option<String>), Failure> {
        let mut url = self.url(&format!("crm/owners/{}", self.version))?;
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string())
            .append_pair("archived", if is_archived { "true" } else { "false" })
            .extend_pairs(after.map(|after| ("after", after)));
        let answer = self.outbound.send(Call::get(url).bearer(&self.token)).await?;
        if let Some(refusal) = of_answer(&answer, now) {
            return Err(refusal.failure);
        }
        let page: Page<OwnerRow> = answer.json()?;
        let next = page.paging.and_then(|paging| paging.next).map(|next| next.after);
        Ok((page.results, next.filter(|after| !after.is_empty())))
    }
}

/// Whether the content of the batch was refused, so that its items may fare better alone.
fn is_of_content(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { .. } | Failure::Gone)
}

/// An id that HubSpot cannot even read belongs to nobody.
fn none_if_unreadable(read: Result<Vec<Record>, Failure>) -> Result<Vec<Record>, Failure> {
    match read {
        Err(Failure::Refused { .. } | Failure::Gone) => Ok(Vec::new()),
        read => read,
    }
}

impl Batch {
    /// The answer to one input. Without a trace id in the results the id itself tells.
    fn answer_to(&self, input: &Input) -> Result<Record, Refusal> {
        let trace = input.object_write_trace_id.as_str();
        let is_it = |record: &&Record| match (&record.object_write_trace_id, &input.id_property) {
            (Some(traced), _) => traced == trace,
            (None, None) => record.id == input.id,
            (None, Some(name)) => record.get(name) == Some(&input.id),
        };
        if let Some(record) = self.results.iter().find(is_it) {
            // Without an id it is not known where it was written.
            let is_known = !record.id.is_empty();
            return if is_known { Ok(record.clone()) } else { Err(Failure::MaybeDone.into()) };
        }
        let named = |error: &&ErrorBody| {
            strings(error.context.get("objectWriteTraceId")).contains(&trace)
                || strings(error.context.get("ids")).contains(&input.id.as_str())
        };
        let nameless = |error: &&ErrorBody| {
            error.context.get("objectWriteTraceId").is_none() && error.context.get("ids").is_none()
        };
        let error = self.errors.iter().find(named).or_else(|| self.errors.iter().find(nameless));
        Err(error.map_or_else(|| Failure::MaybeDone.into(), of_item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(trace: &str, id: &str) -> Input {
        Input {
            id: id.into(),
            id_property: Some("handoff_id".into()),
            object_write_trace_id: trace.into(),
            properties: BTreeMap::new(),
        }
    }

    #[test]
    fn a_partial_answer_is_dealt_out_by_trace_id() {
        let batch: Batch = serde_json::from_value(json!({
            "results": [
                { "id": "2", "objectWriteTraceId": "b", "new": true, "properties": {} },
                { "id": "3", "properties": { "handoff_id": "key-c" } }
            ],
            "errors": [
                { "category": "VALIDATION_ERROR", "context": { "objectWriteTraceId": ["a"] } }
            ]
        }))
        .unwrap();
        assert_eq!(batch.answer_to(&input("b", "key-b")).unwrap().id, "2");
        assert_eq!(batch.answer_to(&input("c", "key-c")).unwrap().id, "3");
        let refusal = batch.answer_to(&input("a", "key-a")).unwrap_err();
        assert_eq!(refusal.failure.word(), "refused");
        let lost = batch.answer_to(&input("d", "key-d")).unwrap_err();
        assert_eq!(lost.failure, Failure::MaybeDone);
    }

    #[test]
    fn a_record_without_an_id_may_have_been_written_somewhere() {
        let batch: Batch = serde_json::from_value(json!({
            "results": [{ "objectWriteTraceId": "b", "properties": {} }]
        }))
        .unwrap();
        let lost = batch.answer_to(&input("b", "key-b")).unwrap_err();
        assert_eq!(lost.failure, Failure::MaybeDone);
    }
}
