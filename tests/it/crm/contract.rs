//! Every request that the adapters make fits the contract of its API.

use handoff::{
    crm::{Expect, Find, SetOwner},
    demo::crm::{Kind, Request},
};
use serde_json::{Value, json};

use super::{NOW, Pair, lead, pair};

const HUBSPOT: &str = include_str!("../../fixtures/specs/hubspot/openapi.json");
const SALESFORCE: &str = include_str!("../../fixtures/specs/salesforce/openapi.json");

/// Uses everything that the port offers.
async fn exercise(pair: &Pair) {
    let leads = (1..=3).map(|n| lead(n, &format!("p{n}@x.example"))).collect();
    let records: Vec<String> =
        pair.crm.put(leads, NOW).await.into_iter().map(|answer| answer.unwrap().record).collect();
    let mut more = lead(1, "p1@x.example");
    more.fields.put_text("phone", "+49 221 1");
    more.is_uncertain = true;
    pair.put(more).await.unwrap();
    let owner = pair.there.owner("ada");
    let ask = |record: &String| SetOwner {
        record: record.clone(),
        owner: owner.clone(),
        expect: Expect::Unowned,
    };
    pair.crm.set_owner(records.iter().map(ask).collect(), NOW).await;
    let find = Find {
        email: Some("p1@x.example".into()),
        domain: Some("x.example".into()),
        record: Some(records[0].clone()),
        since: Some(NOW),
    };
    assert!(pair.crm.find(vec![find], NOW).await[0].is_ok());
    pair.crm.owners(NOW).await.unwrap();
    pair.crm.whoami(NOW).await.unwrap();
}

#[tokio::test]
async fn every_request_to_hubspot_fits_its_contract() {
    check(Kind::Hubspot, HUBSPOT, 4).await;
}

#[tokio::test]
async fn every_request_to_salesforce_fits_its_contract() {
    check(Kind::Salesforce, SALESFORCE, 5).await;
}

async fn check(kind: Kind, spec: &str, least: usize) {
    let pair = pair(kind);
    exercise(&pair).await;
    let spec = json_schema(serde_json::from_str(spec).unwrap());
    let mut used = std::collections::BTreeSet::new();
    for request in pair.there.requests() {
        used.insert(fits(&spec, &request));
        for part in parts(&request) {
            used.insert(fits(&spec, &part));
        }
    }
    assert!(used.len() >= least, "{used:?}");
}

/// The requests inside a composite one.
fn parts(request: &Request) -> Vec<Request> {
    let parts = request.body.get("compositeRequest").and_then(Value::as_array);
    parts
        .into_iter()
        .flatten()
        .map(|part| {
            let url = part["url"].as_str().unwrap();
            Request {
                method: part["method"].as_str().unwrap().into(),
                path: url.split('?').next().unwrap().into(),
                query: Vec::new(),
                headers: request.headers.clone(),
                body: part.get("body").cloned().unwrap_or_default(),
            }
        })
        .collect()
}

/// The path of the contract that the request fits; panics if there is none or the body is wrong.
fn fits(spec: &Value, request: &Request) -> String {
    let method = request.method.to_lowercase();
    let (path, operation) = spec["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, item)| is_path(path, &request.path, item))
        .find_map(|(path, item)| Some((path, item.get(&method)?)))
        .unwrap_or_else(|| panic!("{} {} is not in the contract", request.method, request.path));
    let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
    match content.and_then(|content| content.values().next()) {
        None => assert_eq!(request.body, Value::Null, "{path}"),
        Some(content) => {
            let schema = json!({ "allOf": [content["schema"]], "components": spec["components"] });
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&request.body).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{path}: {errors:?}\n{}", request.body);
        }
    }
    format!("{method} {path}")
}

fn is_path(template: &str, path: &str, item: &Value) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(slot, part)| {
            let Some(name) = slot.strip_prefix('{').and_then(|slot| slot.strip_suffix('}')) else {
                return slot == part;
            };
            let parameters = item.get("parameters").and_then(Value::as_array);
            let schema = parameters
                .into_iter()
                .flatten()
                .find(|parameter| parameter["name"] == name)
                .map(|parameter| &parameter["schema"]);
            schema.is_none_or(|schema| jsonschema::is_valid(schema, &json!(part)))
        })
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has a list of types.
fn json_schema(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        if object.remove("nullable") == Some(json!(true))
            && let Some(kind) = object.get("type").cloned()
        {
            object.insert("type".into(), json!([kind, "null"]));
        }
        for inner in object.values_mut() {
            *inner = json_schema(inner.take());
        }
    } else if let Some(list) = value.as_array_mut() {
        for inner in list {
            *inner = json_schema(inner.take());
        }
    }
    value
}

#[test]
fn the_contract_does_refuse_what_does_not_fit() {
    let spec = json_schema(serde_json::from_str(HUBSPOT).unwrap());
    let request = |path: &str, body: Value| Request {
        method: "POST".into(),
        path: path.into(),
        query: Vec::new(),
        headers: std::collections::BTreeMap::new(),
        body,
    };
    let upsert = "/crm/objects/2026-09/contacts/batch/upsert";
    let input = |value: Value| json!({ "inputs": [{ "id": "1", "properties": { "a": value } }] });
    fits(&spec, &request(upsert, input(json!("text"))));
    for bad in [
        request(upsert, input(json!(5))),
        request(upsert, json!({ "inputs": [] })),
        request("/crm/v3/objects/contacts/batch/upsert", input(json!("text"))),
    ] {
        assert!(std::panic::catch_unwind(|| fits(&spec, &bad)).is_err(), "{bad:?}");
    }
}
