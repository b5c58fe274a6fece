//! Salesforce's part of a stand-in: leads and what is beside them, sessions, queries, composites.
//!
//! Guarantees: the external id is unique; required fields are required; without
//! `Sforce-Auto-Assign: FALSE` the org's own rule gives a new or changed lead to somebody else, as
//! it would; a collection answers record by record.
//! Does not know: any other object to be written.

use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::{
    OUR_USER,
    book::{Book, EPOCH, View},
    record::Request,
    row::Cell,
    soql,
};

const DATA: &str = "/services/data/v67.0/";
const KEY: &str = "Handoff_Id__c";

/// Carries out one request: status and body.
pub(super) fn answer(book: &mut Book, request: &Request) -> (u16, Value) {
    if request.path == "/services/oauth2/token" {
        return token(book, request);
    }
    let bearer = format!("Bearer session-{}", book.session);
    if request.headers.get("authorization") != Some(&bearer) {
        return (401, errors("INVALID_SESSION_ID", &[]));
    }
    let Some(path) = request.path.strip_prefix(DATA) else {
        return (404, errors("NOT_FOUND", &[]));
    };
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["composite"]) => composite(book, request),
        ("PATCH", ["composite", "sobjects", "Lead", key]) => collection(book, request, key),
        ("PATCH", ["sobjects", "Lead", id]) => update(book, request, id),
        ("GET", ["query"]) => {
            let soql = request.query.iter().find(|(name, _)| name == "q");
            query(book, soql.map_or("", |(_, soql)| soql))
        }
        _ => (404, errors("NOT_FOUND", &[])),
    }
}

fn token(book: &Book, request: &Request) -> (u16, Value) {
    if book.is_denying || request.body.get("grant_type").is_none() {
        return (400, json!({ "error": "invalid_grant", "error_description": "denied" }));
    }
    let host = request.headers.get("host").cloned().unwrap_or_default();
    let body = json!({
        "access_token": format!("session-{}", book.session),
        "instance_url": format!("http://{host}"),
        "id": format!("https://login.salesforce.com/id/00D000000000001AAA/{OUR_USER}"),
        "token_type": "Bearer",
    });
    (200, body)
}

fn errors(code: &str, fields: &[&str]) -> Value {
    json!([{ "errorCode": code, "message": "no", "fields": fields }])
}

fn composite(book: &mut Book, request: &Request) -> (u16, Value) {
    let parts = request.body.get("compositeRequest").and_then(Value::as_array).cloned();
    let parts = parts.unwrap_or_default();
    let text = |part: &Value, name: &str| {
        part.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let queries = parts.iter().filter(|part| text(part, "url").contains("/query?")).count();
    if parts.len() > 25 || queries > 5 {
        return (400, errors("LIMIT_EXCEEDED", &[]));
    }
    let answers: Vec<Value> = parts
        .iter()
        .map(|part| {
            let url = Url::options()
                .base_url(Url::parse("http://stand-in.example/").ok().as_ref())
                .parse(&text(part, "url"));
            let (path, query) = url.map_or_else(
                |_| (String::new(), Vec::new()),
                |url| (url.path().to_owned(), pairs(url.query().unwrap_or_default())),
            );
            let mut headers = request.headers.clone();
            headers.retain(|name, _| !name.starts_with("sforce-"));
            let own = part.get("httpHeaders").and_then(Value::as_object).cloned();
            for (name, value) in own.unwrap_or_default() {
                let value = value.as_str().unwrap_or_default().to_owned();
                headers.insert(name.to_lowercase(), value);
            }
            let body = part.get("body").cloned().unwrap_or_default();
            let inner = Request { method: text(part, "method"), path, query, headers, body };
            let (status, body) = answer(book, &inner);
            json!({
                "body": body, "httpHeaders": {}, "httpStatusCode": status,
                "referenceId": text(part, "referenceId"),
            })
        })
        .collect();
    (200, json!({ "compositeResponse": answers }))
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn is_assigned_by_org(request: &Request) -> bool {
    request.headers.get("sforce-auto-assign").is_none_or(|value| value != "FALSE")
}

fn collection(book: &mut Book, request: &Request, key: &str) -> (u16, Value) {
    let records = request.body.get("records").and_then(Value::as_array).cloned();
    let records = records.unwrap_or_default();
    if records.len() > 200 || key != KEY {
        return (400, errors("INVALID_FIELD", &[]));
    }
    let allows = request.headers.get("sforce-duplicate-rule-header");
    let allows = allows.is_some_and(|value| value.contains("allowSave=true"));
    let answers: Vec<Value> = records
        .iter()
        .map(|record| match upsert(book, record, allows, is_assigned_by_org(request)) {
            Ok((id, created)) => {
                json!({ "id": id, "success": true, "created": created, "errors": [] })
            }
            Err(error) => json!({ "success": false, "errors": [error] }),
        })
        .collect();
    (200, Value::Array(answers))
}

fn upsert(
    book: &mut Book,
    record: &Value,
    allows: bool,
    is_assigned: bool,
) -> Result<(String, bool), Value> {
    let error = |code: &str, fields: &[&str]| json!({ "statusCode": code, "message": "no", "fields": fields });
    let fields = record.as_object().cloned().unwrap_or_default();
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = book.find("Lead", KEY, text(KEY)).map(|lead| lead.number);
    if book.is_locked {
        return Err(error("UNABLE_TO_LOCK_ROW", &[]));
    }
    if text("Email").contains(' ') {
        return Err(error("INVALID_EMAIL_ADDRESS", &["Email"]));
    }
    let id = |book: &Book, number| book.view(number).map(View::id).unwrap_or_default();
    if let Some(number) = known {
        put(book, number, &fields, is_assigned);
        return Ok((id(book, number), false));
    }
    if let Some(name) = ["LastName", "Company"].into_iter().find(|name| text(name).is_empty()) {
        return Err(error("REQUIRED_FIELD_MISSING", &[name]));
    }
    if let Some(only_warns) = book.duplicate_rule.filter(|_| !allows && !text("Phone").is_empty()) {
        let other = ["Lead", "Contact"]
            .into_iter()
            .find_map(|kind| book.find(kind, "Phone", text("Phone")).map(View::id));
        if let Some(id) = other {
            let mut error = error("DUPLICATES_DETECTED", &[]);
            if let Some(error) = error.as_object_mut() {
                let found = json!({
                    "allowSave": only_warns,
                    "matchResults": [{ "matchRecords": [{ "record": { "Id": id } }] }],
                });
                error.insert("duplicateResut".to_owned(), found);
            }
            return Err(error);
        }
    }
    let number = book.open("Lead");
    book.put(number, "OwnerId", &json!(OUR_USER), "api", EPOCH);
    book.put(number, "IsConverted", &json!(false), "api", EPOCH);
    put(book, number, &fields, is_assigned);
    Ok((id(book, number), true))
}

fn put(book: &mut Book, number: u32, fields: &Map<String, Value>, is_assigned: bool) {
    for (name, value) in fields.iter().filter(|(name, _)| *name != "attributes") {
        book.put(number, name, value, "api", EPOCH);
    }
    if is_assigned {
        book.put(number, "OwnerId", &json!("005000000000999AAA"), "rule of the org", EPOCH);
    }
}

fn update(book: &mut Book, request: &Request, id: &str) -> (u16, Value) {
    let Some(lead) = book.find("Lead", "id", id) else {
        return (404, errors("NOT_FOUND", &[]));
    };
    if book.is_locked {
        return (400, errors("UNABLE_TO_LOCK_ROW", &[]));
    }
    let number = lead.number;
    if lead.is("IsConverted", true) {
        return (400, errors("CANNOT_UPDATE_CONVERTED_LEAD", &[]));
    }
    let fields = request.body.as_object().cloned().unwrap_or_default();
    if let Some(owner) = fields.get("OwnerId").and_then(Value::as_str)
        && !book.is_active_owner(owner)
    {
        return (400, errors("INACTIVE_OWNER_OR_USER", &["OwnerId"]));
    }
    put(book, number, &fields, is_assigned_by_org(request));
    (204, Value::Null)
}

fn query(book: &Book, soql: &str) -> (u16, Value) {
    let Some(query) = soql::parse(soql) else {
        return (400, errors("MALFORMED_QUERY", &[]));
    };
    let mut rows = match query.narrowest() {
        Some((field, values)) if book.all(&query.object, field, "").is_some() => values
            .iter()
            .flat_map(|value| book.all(&query.object, field, value).into_iter().flatten())
            .collect(),
        _ => book.of(&query.object).collect::<Vec<View<'_>>>(),
    };
    rows.sort_unstable_by_key(|row| row.number);
    rows.dedup_by_key(|row| row.number);
    let records: Vec<Value> = rows
        .into_iter()
        .filter_map(|view| {
            let field = |name: &str| match name {
                "Id" => json!(view.id()),
                name => view.get(name).map(Cell::value).unwrap_or_default(),
            };
            query.matches(field).then(|| {
                let mut row: Map<String, Value> =
                    query.fields.iter().map(|name| (name.clone(), field(name))).collect();
                row.insert("attributes".to_owned(), json!({ "type": query.object }));
                Value::Object(row)
            })
        })
        .collect();
    (200, json!({ "totalSize": records.len(), "done": true, "records": records }))
}
