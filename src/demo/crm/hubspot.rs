//! HubSpot's part of a stand-in: contacts, companies, owners.
//!
//! Guarantees: addresses and `handoff_id` are unique among contacts; batches answer item by item
//! with trace ids (or are refused whole, when strict); contact search never shows anything, as an
//! index that lags.
//! Does not know: any other object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    TOKEN,
    book::{Book, EPOCH, Record, Request},
};

const OBJECTS: &str = "/crm/objects/2026-09/";
const KEY: &str = "handoff_id";
const OWNER: &str = "hubspot_owner_id";

/// Carries out one request: status and body.
pub(super) fn answer(book: &mut Book, request: &Request) -> (u16, Value) {
    if request.headers.get("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return (401, error("INVALID_AUTHENTICATION", "the token is unknown", &json!({})));
    }
    let path = request.path.strip_prefix(OBJECTS).unwrap_or(&request.path);
    match (request.method.as_str(), path) {
        ("POST", "contacts/batch/read") => read(book, &request.body),
        ("POST", "contacts/batch/upsert") => write(book, &request.body, upsert),
        ("POST", "contacts/batch/update") => write(book, &request.body, update),
        ("POST", "contacts/search") => (200, json!({ "total": 0, "results": [] })),
        ("POST", "companies/search") => companies(book, &request.body),
        ("GET", "/crm/owners/2026-09") => owners(book, request),
        _ => (404, error("OBJECT_NOT_FOUND", "no such path", &json!({}))),
    }
}

fn error(category: &str, message: &str, context: &Value) -> Value {
    json!({ "status": "error", "category": category, "message": message, "context": context })
}

fn list<'a>(body: &'a Value, name: &str) -> Vec<&'a Value> {
    body.get(name).and_then(Value::as_array).map(|list| list.iter().collect()).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A record as HubSpot shows it, with these properties.
fn shown(record: &Record, properties: &[&Value], history: &[&Value]) -> Value {
    let names = properties.iter().filter_map(|name| name.as_str());
    let values: BTreeMap<&str, Option<&Value>> =
        names.map(|name| (name, record.fields.get(name))).collect();
    let past = |name: &str| -> Vec<Value> {
        let past = record.history.get(name).map_or(&[][..], Vec::as_slice);
        past.iter()
            .map(|(value, at, by)| {
                let source = if *by == "hand" { "CRM_UI" } else { "INTEGRATION" };
                json!({ "value": value, "timestamp": at, "sourceType": source })
            })
            .collect()
    };
    let history: BTreeMap<&str, Vec<Value>> =
        history.iter().filter_map(|name| name.as_str()).map(|name| (name, past(name))).collect();
    json!({
        "id": record.id, "properties": values, "propertiesWithHistory": history,
        "createdAt": EPOCH, "updatedAt": EPOCH, "archived": false,
    })
}

fn read(book: &Book, body: &Value) -> (u16, Value) {
    let field = body.get("idProperty").and_then(Value::as_str).unwrap_or("id");
    if !matches!(field, "id" | "email" | KEY) {
        return (400, error("VALIDATION_ERROR", "not a unique property", &json!({})));
    }
    let (properties, history) = (list(body, "properties"), list(body, "propertiesWithHistory"));
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for input in list(body, "inputs") {
        let id = text(input, "id");
        match book.find("contact", field, id) {
            Some(record) => results.push(shown(record, &properties, &history)),
            None => missing.push(id),
        }
    }
    batch(
        &results,
        if missing.is_empty() {
            Vec::new()
        } else {
            vec![error("OBJECT_NOT_FOUND", "some are missing", &json!({ "ids": missing }))]
        },
    )
}

fn batch(results: &[Value], errors: Vec<Value>) -> (u16, Value) {
    let (count, status) = (errors.len(), if errors.is_empty() { 200 } else { 207 });
    let mut body = json!({
        "status": "COMPLETE", "results": results, "startedAt": EPOCH, "completedAt": EPOCH,
    });
    if let (Some(body), true) = (body.as_object_mut(), count > 0) {
        body.insert("numErrors".to_owned(), json!(count));
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    (status, body)
}

/// One input carried out: its id and whether it is new, or category and property.
type Written = Result<(String, bool), (&'static str, &'static str)>;

fn write(
    book: &mut Book,
    body: &Value,
    one: fn(&mut Book, &Value, bool) -> Written,
) -> (u16, Value) {
    let inputs = list(body, "inputs");
    let ids: BTreeSet<&str> = inputs.iter().map(|input| text(input, "id")).collect();
    if inputs.len() > 100 || ids.len() < inputs.len() {
        return (400, error("VALIDATION_ERROR", "too many inputs, or one twice", &json!({})));
    }
    if book.is_strict
        && let Some((category, property)) =
            inputs.iter().find_map(|input| one(book, input, true).err())
    {
        let context = json!({ "propertyName": [property] });
        return (if category == "CONFLICT" { 409 } else { 400 }, error(category, "no", &context));
    }
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in inputs {
        let trace = text(input, "objectWriteTraceId");
        match one(book, input, false) {
            Ok((id, is_new)) => {
                let names = [json!(KEY), json!("email")];
                let Some(record) = book.find("contact", "id", &id) else { continue };
                let mut value = shown(record, &names.iter().collect::<Vec<_>>(), &[]);
                if let Some(value) = value.as_object_mut() {
                    value.insert("new".to_owned(), json!(is_new));
                    value.insert("objectWriteTraceId".to_owned(), json!(trace));
                }
                results.push(value);
            }
            Err((category, property)) => errors.push(error(
                category,
                "Property values were not valid",
                &json!({ "objectWriteTraceId": [trace], "propertyName": [property] }),
            )),
        }
    }
    batch(&results, errors)
}

fn upsert(book: &mut Book, input: &Value, is_trial: bool) -> Written {
    let (field, id) = (text(input, "idProperty"), text(input, "id"));
    let known = book.find("contact", field, id).map(|record| record.id.clone());
    check(book, input, known.as_deref())?;
    if is_trial {
        return Ok((String::new(), false));
    }
    let is_new = known.is_none();
    let id = known.unwrap_or_else(|| book.add("contact", BTreeMap::new()));
    put(book, &id, input);
    Ok((id, is_new))
}

fn update(book: &mut Book, input: &Value, is_trial: bool) -> Written {
    let id = text(input, "id").to_owned();
    if book.find("contact", "id", &id).is_none() {
        return Err(("OBJECT_NOT_FOUND", "id"));
    }
    check(book, input, Some(&id))?;
    if !is_trial {
        put(book, &id, input);
    }
    Ok((id, false))
}

/// What HubSpot refuses: a bad address, a value that another contact has, an owner who is gone.
fn check(
    book: &Book,
    input: &Value,
    own: Option<&str>,
) -> Result<(), (&'static str, &'static str)> {
    let properties = input.get("properties").cloned().unwrap_or_default();
    let email = text(&properties, "email");
    if !email.is_empty() && !email.contains('@') {
        return Err(("VALIDATION_ERROR", "email"));
    }
    for name in ["email", KEY] {
        let value = text(&properties, name);
        let other = book.find("contact", name, value).filter(|_| !value.is_empty());
        if other.is_some_and(|other| Some(other.id.as_str()) != own) {
            return Err(("CONFLICT", name));
        }
    }
    let owner = text(&properties, OWNER);
    if owner.is_empty() || book.is_active_owner(owner) {
        return Ok(());
    }
    Err(("VALIDATION_ERROR", OWNER))
}

fn put(book: &mut Book, id: &str, input: &Value) {
    let properties = input.get("properties").and_then(Value::as_object).cloned();
    for (name, value) in properties.unwrap_or_default() {
        book.set(id, &name, value, "api", EPOCH);
    }
}

fn companies(book: &Book, body: &Value) -> (u16, Value) {
    let domains = body.pointer("/filterGroups/0/filters/0/values").cloned().unwrap_or_default();
    let domains: Vec<String> = serde_json::from_value(domains).unwrap_or_default();
    let properties = list(body, "properties");
    let results: Vec<Value> = book
        .records
        .iter()
        .filter(|record| record.kind == "company")
        .filter(|record| domains.iter().any(|domain| domain == record.text("domain")))
        .map(|record| shown(record, &properties, &[]))
        .collect();
    (200, json!({ "total": results.len(), "results": results }))
}

/// Owners by pages of one, so that paging is always exercised.
fn owners(book: &Book, request: &Request) -> (u16, Value) {
    let query = |name: &str| {
        request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let is_archived = query("archived") == Some("true");
    let from: usize = query("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let all: Vec<&Record> = book
        .records
        .iter()
        .filter(|record| record.kind == "User")
        .filter(|record| (record.fields.get("IsActive") == Some(&json!(false))) == is_archived)
        .collect();
    let results: Vec<Value> = all
        .iter()
        .skip(from)
        .take(1)
        .map(|record| {
            json!({
                "id": record.id, "email": record.text("Email"), "type": "PERSON",
                "firstName": record.text("Name"), "lastName": null, "archived": is_archived,
                "createdAt": EPOCH, "updatedAt": EPOCH,
            })
        })
        .collect();
    if from + 1 < all.len() {
        let next = json!({ "next": { "after": (from + 1).to_string() } });
        return (200, json!({ "results": results, "paging": next }));
    }
    (200, json!({ "results": results }))
}
