//! HubSpot's webhooks: arrays of changes.
//!
//! Guarantees: whatever the bytes are, the answer is a list; unknown shapes are left out. Changes
//! that an integration made are left out too: they are mostly our own, and the echo of an old
//! write of ours must not look like a person's choice.
//! Does not know: whether the body is genuine (the caller has verified it), whose lead it is.
//! Source: developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{find::instant, put::OWNER};
use crate::{
    crm::{Seen, SeenWhat},
    model::news::{Response, ResponseKind},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    subscription_type: String,
    object_id: Value,
    property_name: Option<String>,
    property_value: Option<String>,
    occurred_at: Option<Value>,
    #[serde(rename = "changeSource")]
    made_by: Option<String>,
    object_type_id: Option<String>,
    event_id: Option<Value>,
}

/// The object type of contacts.
const CONTACT: &str = "0-1";
const NOT_BY_HAND: [&str; 5] =
    ["INTEGRATION", "API", "AUTOMATION_PLATFORM", "WORKFLOW_CONTACT_DELETE_ACTION", "IMPORT"];

pub(super) fn read(body: &[u8], properties: &BTreeMap<String, ResponseKind>) -> Vec<Seen> {
    let changes: Vec<Value> = match serde_json::from_slice(body) {
        Ok(Value::Array(changes)) => changes,
        Ok(one @ Value::Object(_)) => vec![one],
        _ => return Vec::new(),
    };
    changes
        .into_iter()
        .filter_map(|change| serde_json::from_value(change).ok())
        .filter_map(|change| seen(change, properties))
        .collect()
}

fn seen(change: Change, properties: &BTreeMap<String, ResponseKind>) -> Option<Seen> {
    let is_change = matches!(
        change.subscription_type.as_str(),
        "object.propertyChange" | "contact.propertyChange"
    );
    let is_contact = change.object_type_id.as_deref().is_none_or(|kind| kind == CONTACT);
    let is_by_hand = change.made_by.as_deref().is_none_or(|source| !NOT_BY_HAND.contains(&source));
    if !(is_change && is_contact && is_by_hand) {
        return None;
    }
    let record = text(&change.object_id)?;
    let name = change.property_name?;
    let value = change.property_value.filter(|value| !value.is_empty())?;
    if name == OWNER {
        return Some(Seen { record, what: SeenWhat::Owner(value) });
    }
    let kind = *properties.get(&name)?;
    let at = instant(&text(&change.occurred_at?)?)?;
    let evidence = change.event_id.as_ref().and_then(text);
    let response = Response { kind, at, by: None, evidence };
    Some(Seen { record, what: SeenWhat::Response(response) })
}

/// An id, whether it is written as a number or as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Time;
    use proptest::prelude::*;

    fn check(change: &str, wanted: &[Seen]) {
        let body = format!("[{change}]");
        assert_eq!(read(body.as_bytes(), &super::super::response_properties()), wanted, "{change}");
    }

    #[test]
    fn owners_and_answers_are_read_and_all_else_is_not() {
        let owner = |source: &str| {
            format!(
                r#"{{"subscriptionType":"object.propertyChange","objectTypeId":"0-1","objectId":512,
                "propertyName":"hubspot_owner_id","propertyValue":"7","changeSource":"{source}",
                "occurredAt":1795428000000,"eventId":1}}"#
            )
        };
        let moved = Seen { record: "512".into(), what: SeenWhat::Owner("7".into()) };
        check(&owner("CRM_UI"), std::slice::from_ref(&moved));
        check(&owner("INTEGRATION"), &[]);
        check(&owner("CRM_UI").replace("0-1", "0-2"), &[]);
        check(&owner("CRM_UI").replace("propertyChange", "creation"), &[]);
        check(&owner("CRM_UI").replace("\"7\"", "\"\""), &[]);
        check(
            &owner("CRM_UI").replace("hubspot_owner_id", "hs_lead_status"),
            &[Seen {
                record: "512".into(),
                what: SeenWhat::Response(Response {
                    kind: ResponseKind::StatusChange,
                    at: Time(1_795_428_000_000),
                    by: None,
                    evidence: Some("1".into()),
                }),
            }],
        );
        check(&format!("5,{{}},null,{}", owner("CRM_UI")), &[moved]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_list(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes, &super::super::response_properties());
        }
    }
}
