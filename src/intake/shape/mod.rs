//! The field mappings that come with a kind of source, as data.
//!
//! Guarantees: every path is valid RFC 9535 (a test reads them all); the first path of a field that
//! yields a value wins.
//! Does not know: how values are normalised, nor what a rulebook adds or replaces.

mod usual;
mod vendors;

use super::Kind;
use usual::USUAL;
use vendors::{HUBSPOT, TYPEFORM};

/// Canonical lead fields, each with candidate JSON paths in the order in which they are tried.
pub type Mapping = &'static [(&'static str, &'static [&'static str])];

/// The mapping that a kind brings; empty where bodies have no usual shape.
#[must_use]
pub const fn default_mapping(kind: Kind) -> Mapping {
    match kind {
        Kind::Typeform => TYPEFORM,
        Kind::HubspotV1 | Kind::HubspotV2 | Kind::HubspotV3 => HUBSPOT,
        Kind::StandardWebhooks | Kind::Svix | Kind::Hmac | Kind::Token | Kind::Basic => USUAL,
        Kind::Github | Kind::Stripe | Kind::Slack => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json_path::JsonPath;

    use super::*;
    use crate::{intake::form, model::field::CANONICAL};

    fn first(kind: Kind, field: &str, body: &serde_json::Value) -> Option<serde_json::Value> {
        let (_, paths) = default_mapping(kind).iter().find(|(name, _)| *name == field)?;
        let yields = |path: &&str| JsonPath::parse(path).unwrap().query(body).first().cloned();
        paths.iter().find_map(yields)
    }

    fn check(kind: Kind, body: &serde_json::Value, expected: &[(&str, &str)]) {
        for (field, value) in expected {
            assert_eq!(first(kind, field, body), Some(json!(value)), "{kind:?} {field}");
        }
    }

    #[test]
    fn every_field_is_canonical_and_every_path_reads() {
        for kind in Kind::ALL {
            let mapping = default_mapping(kind);
            for (field, paths) in mapping {
                assert!(CANONICAL.contains(field), "{field}");
                assert!(!paths.is_empty(), "{kind:?} {field}");
                for path in *paths {
                    assert!(JsonPath::parse(path).is_ok(), "{path}");
                }
            }
            let missing =
                CANONICAL.iter().find(|name| !mapping.iter().any(|(field, _)| field == *name));
            assert!(mapping.is_empty() || missing.is_none(), "{kind:?} {missing:?}");
        }
    }

    #[test]
    fn typeform_answers_are_found_by_reference_and_type() {
        let body = json!({"form_response": {"form_id": "lT4Z3j",
            "hidden": {"utm_campaign": "q1-launch"},
            "answers": [
                {"type": "email", "email": "maria@nord.example", "field": {"ref": "f-71"}},
                {"type": "text", "text": "Nord AS", "field": {"ref": "company"}},
                {"type": "choice", "choice": {"label": "NO"}, "field": {"ref": "country"}}]}});
        check(
            Kind::Typeform,
            &body,
            &[
                ("email", "maria@nord.example"),
                ("company", "Nord AS"),
                ("country", "NO"),
                ("form", "lT4Z3j"),
                ("utm_campaign", "q1-launch"),
            ],
        );
        assert_eq!(first(Kind::Typeform, "phone", &body), None);
    }

    #[test]
    fn hubspot_properties_are_found_in_all_three_forms() {
        for body in [
            json!({"properties": {"email": {"value": "a@b.example"}}}),
            json!({"properties": {"email": "a@b.example"}}),
            json!({"email": "a@b.example"}),
        ] {
            check(Kind::HubspotV2, &body, &[("email", "a@b.example")]);
        }
    }

    #[test]
    fn usual_shapes_of_form_tools_are_found() {
        let under_data = json!({"type": "lead.created",
            "data": {"email": "a@b.example", "company": {"name": "B"}, "utm_source": "ads"}});
        let found = [("email", "a@b.example"), ("company", "B"), ("utm_source", "ads")];
        check(Kind::StandardWebhooks, &under_data, &found);
        check(
            Kind::Token,
            &json!({"email": "a@b.example", "firstName": "A", "company": "B"}),
            &[("email", "a@b.example"), ("first_name", "A"), ("company", "B")],
        );
        let body = b"type=subscribe&data[email]=o%40x.example&data[merges][FNAME]=O";
        let mailchimp = form::document(None, body).unwrap();
        check(Kind::Hmac, &mailchimp, &[("email", "o@x.example"), ("first_name", "O")]);
        let body = b"contact[email]=r%40m.example&contact[orgname]=Minho&form[id]=7";
        let active_campaign = form::document(None, body).unwrap();
        let found = [("email", "r@m.example"), ("company", "Minho"), ("form", "7")];
        check(Kind::Token, &active_campaign, &found);
    }
}
