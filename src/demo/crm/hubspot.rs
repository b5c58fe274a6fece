//! HubSpot's part of a stand-in: contacts, companies, owners.
//!
//! Guarantees: addresses and `handoff_id` are unique among contacts; batches answer item by item
//! with trace ids (or are refused whole, when strict); contact search never shows anything, as an
//! index that lags.
//! Does not know: any other object.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};

use super::{
    TOKEN,
    book::{Book, EPOCH, View},
    record::Request,
};

const OBJECTS: &str = "/crm/objects/2026-09/";
const KEY: &str = "handoff_id";
const OWNER: &str = "hubspot_owner_id";

/// Carries out one request: status and body.
pub(super) fn answer(book: &mut Book, request: &Request) -> (u16, String) {
    if request.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "))
        != Some(TOKEN)
    {
        let error = error("INVALID_AUTHENTICATION", "the token is unknown", &json!({}));
        return (401, error.to_string());
    }
    let path = request.path.strip_prefix(OBJECTS).unwrap_or(&request.path);
    match (request.method.as_str(), path) {
        ("POST", "contacts/batch/read") => read(book, &request.body),
        ("POST", "contacts/batch/upsert") => write(book, &request.body, upsert),
        ("POST", "contacts/batch/update") => write(book, &request.body, update),
        ("POST", "contacts/search") => (200, json!({ "total": 0, "results": [] }).to_string()),
        ("POST", "companies/search") => companies(book, &request.body),
        ("GET", "/crm/owners/2026-09") => owners(book, request),
        _ => (404, error("OBJECT_NOT_FOUND", "no such path", &json!({})).to_string()),
    }
}

fn error(category: &str, message: &str, context: &Value) -> Value {
    json!({ "status": "error", "category": category, "message": message, "context": context })
}

fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Properties by name, with their numbers in the book.
type Names<'a> = [(&'a str, Option<u16>)];

fn names<'a>(book: &Book, properties: &'a [Value]) -> Vec<(&'a str, Option<u16>)> {
    properties.iter().filter_map(Value::as_str).map(|name| (name, book.field(name))).collect()
}

/// A record as HubSpot shows it. It is written into the answer straight from the book.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: String,
    properties: Values<'a>,
    properties_with_history: Pasts<'a>,
    created_at: &'static str,
    updated_at: &'static str,
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_write_trace_id: Option<&'a str>,
}

struct Values<'a>(View<'a>, &'a Names<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for (name, number) in self.1 {
            map.serialize_entry(name, &number.and_then(|number| self.0.cell(number)))?;
        }
        map.end()
    }
}

struct Pasts<'a>(View<'a>, &'a Names<'a>);

impl Serialize for Pasts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for (name, number) in self.1 {
            let past = number.iter().flat_map(|number| self.0.past(*number));
            let past: Vec<Value> = past
                .map(|past| {
                    let source = if past.by == "hand" { "CRM_UI" } else { "INTEGRATION" };
                    json!({ "value": past.value, "timestamp": past.at, "sourceType": source })
                })
                .collect();
            map.serialize_entry(name, &past)?;
        }
        map.end()
    }
}

fn shown<'a>(view: View<'a>, properties: &'a Names<'a>, history: &'a Names<'a>) -> Shown<'a> {
    Shown {
        id: view.id(),
        properties: Values(view, properties),
        properties_with_history: Pasts(view, history),
        created_at: EPOCH,
        updated_at: EPOCH,
        archived: false,
        new: None,
        object_write_trace_id: None,
    }
}

/// The answer to a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    status: &'static str,
    results: Vec<Shown<'a>>,
    started_at: &'static str,
    completed_at: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

fn batch(results: Vec<Shown<'_>>, errors: Vec<Value>) -> (u16, String) {
    let status = if errors.is_empty() { 200 } else { 207 };
    let batch = Batch {
        status: "COMPLETE",
        results,
        started_at: EPOCH,
        completed_at: EPOCH,
        num_errors: Some(errors.len()).filter(|count| *count > 0),
        errors,
    };
    // What came from JSON goes back into it.
    (status, serde_json::to_string(&batch).unwrap_or_default())
}

fn read(book: &Book, body: &Value) -> (u16, String) {
    let field = body.get("idProperty").and_then(Value::as_str).unwrap_or("id");
    if !matches!(field, "id" | "email" | KEY) {
        let error = error("VALIDATION_ERROR", "not a unique property", &json!({}));
        return (400, error.to_string());
    }
    let properties = names(book, list(body, "properties"));
    let history = names(book, list(body, "propertiesWithHistory"));
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for input in list(body, "inputs") {
        let id = text(input, "id");
        match book.find("contact", field, id) {
            Some(record) => results.push(shown(record, &properties, &history)),
            None => missing.push(id),
        }
    }
    let errors = if missing.is_empty() {
        Vec::new()
    } else {
        vec![error("OBJECT_NOT_FOUND", "some are missing", &json!({ "ids": missing }))]
    };
    batch(results, errors)
}

/// One input carried out: the record and whether it is new, or category and property.
type Written = Result<(u32, bool), (&'static str, &'static str)>;

fn write(
    book: &mut Book,
    body: &Value,
    one: fn(&mut Book, &Value, bool) -> Written,
) -> (u16, String) {
    let inputs = list(body, "inputs");
    let ids: BTreeSet<&str> = inputs.iter().map(|input| text(input, "id")).collect();
    if inputs.len() > 100 || ids.len() < inputs.len() {
        let error = error("VALIDATION_ERROR", "too many inputs, or one twice", &json!({}));
        return (400, error.to_string());
    }
    if book.is_strict
        && let Some((category, property)) =
            inputs.iter().find_map(|input| one(book, input, true).err())
    {
        let context = json!({ "propertyName": [property] });
        let status = if category == "CONFLICT" { 409 } else { 400 };
        return (status, error(category, "no", &context).to_string());
    }
    let (mut done, mut errors) = (Vec::with_capacity(inputs.len()), Vec::new());
    for input in inputs {
        let trace = text(input, "objectWriteTraceId");
        match one(book, input, false) {
            Ok((number, is_new)) => done.push((number, is_new, trace)),
            Err((category, property)) => errors.push(error(
                category,
                "Property values were not valid",
                &json!({ "objectWriteTraceId": [trace], "propertyName": [property] }),
            )),
        }
    }
    let book = &*book;
    let names = [KEY, "email"].map(|name| (name, book.field(name)));
    let results = done
        .into_iter()
        .filter_map(|(number, is_new, trace)| {
            let mut shown = shown(book.view(number)?, &names, &[]);
            (shown.new, shown.object_write_trace_id) = (Some(is_new), Some(trace));
            Some(shown)
        })
        .collect();
    batch(results, errors)
}

fn upsert(book: &mut Book, input: &Value, is_trial: bool) -> Written {
    let (field, id) = (text(input, "idProperty"), text(input, "id"));
    let known = book.find("contact", field, id).map(|record| record.number);
    check(book, input, known)?;
    if is_trial {
        return Ok((0, false));
    }
    let number = known.unwrap_or_else(|| book.open("contact"));
    put(book, number, input);
    Ok((number, known.is_none()))
}

fn update(book: &mut Book, input: &Value, is_trial: bool) -> Written {
    let known = book.find("contact", "id", text(input, "id")).map(|record| record.number);
    let number = known.ok_or(("OBJECT_NOT_FOUND", "id"))?;
    check(book, input, known)?;
    if !is_trial {
        put(book, number, input);
    }
    Ok((number, false))
}

/// What HubSpot refuses: a bad address, a value that another contact has, an owner who is gone.
fn check(book: &Book, input: &Value, own: Option<u32>) -> Result<(), (&'static str, &'static str)> {
    let properties = input.get("properties").unwrap_or(&Value::Null);
    let email = text(properties, "email");
    if !email.is_empty() && !email.contains('@') {
        return Err(("VALIDATION_ERROR", "email"));
    }
    for name in ["email", KEY] {
        let value = text(properties, name);
        if value.is_empty() {
            continue;
        }
        let other = book.find("contact", name, value);
        if other.is_some_and(|other| Some(other.number) != own) {
            return Err(("CONFLICT", name));
        }
    }
    let owner = text(properties, OWNER);
    if owner.is_empty() || book.is_active_owner(owner) {
        return Ok(());
    }
    Err(("VALIDATION_ERROR", OWNER))
}

fn put(book: &mut Book, number: u32, input: &Value) {
    for (name, value) in input.get("properties").and_then(Value::as_object).into_iter().flatten() {
        book.put(number, name, value, "api", EPOCH);
    }
}

fn companies(book: &Book, body: &Value) -> (u16, String) {
    let domains = body.pointer("/filterGroups/0/filters/0/values").and_then(Value::as_array);
    let properties = names(book, list(body, "properties"));
    let domains = domains.into_iter().flatten().filter_map(Value::as_str);
    let mut found: Vec<View<'_>> = domains
        .flat_map(|domain| book.all("company", "domain", domain).into_iter().flatten())
        .collect();
    found.sort_unstable_by_key(|company| company.number);
    found.dedup_by_key(|company| company.number);
    let results: Vec<Shown<'_>> =
        found.into_iter().map(|company| shown(company, &properties, &[])).collect();
    let body = json!({ "total": results.len(), "results": results });
    (200, body.to_string())
}

/// Owners by pages of one, so that paging is always exercised.
fn owners(book: &Book, request: &Request) -> (u16, String) {
    let query = |name: &str| {
        request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let is_archived = query("archived") == Some("true");
    let from: usize = query("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let is_it = |user: &View<'_>| user.is("IsActive", false) == is_archived;
    let mut all = book.of("User").filter(is_it).skip(from);
    let results: Vec<Value> = all
        .next()
        .map(|user| {
            json!({
                "id": user.id(), "email": user.text("Email"), "type": "PERSON",
                "firstName": user.text("Name"), "lastName": null, "archived": is_archived,
                "createdAt": EPOCH, "updatedAt": EPOCH,
            })
        })
        .into_iter()
        .collect();
    let mut body = json!({ "results": results });
    if let (Some(_), Some(body)) = (all.next(), body.as_object_mut()) {
        let next = json!({ "next": { "after": (from + 1).to_string() } });
        body.insert("paging".to_owned(), next);
    }
    (200, body.to_string())
}
