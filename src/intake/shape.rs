//! The field mappings that come with a kind of source, as data.
//!
//! Guarantees: every path is valid RFC 9535 (a test reads them all); the first path of a field that
//! yields a value wins.
//! Does not know: how values are normalised, nor what a rulebook adds or replaces.

use super::Kind;

/// Canonical lead fields, each with candidate JSON paths in the order in which they are tried.
pub type Mapping = &'static [(&'static str, &'static [&'static str])];

/// The names of the canonical fields that a default mapping may fill.
pub const FIELDS: [&str; 24] = [
    "email",
    "phone",
    "first_name",
    "last_name",
    "name",
    "company",
    "website",
    "title",
    "country",
    "region",
    "city",
    "postal_code",
    "employees",
    "industry",
    "persona",
    "language",
    "message",
    "form",
    "campaign",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
];

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

/// Members by their usual names, at the places where form tools put them.
macro_rules! usual {
    ([$($name:literal),*] $(, $more:literal)*) => {
        &[
            $(
                concat!("$.data['", $name, "']"),
                concat!("$['", $name, "']"),
                concat!("$.lead['", $name, "']"),
                concat!("$.contact['", $name, "']"),
                concat!("$.payload['", $name, "']"),
                concat!("$.traits['", $name, "']"),
            )*
            $($more,)*
        ]
    };
}

/// HubSpot properties: `{value}`, or bare, or flat as an author of a workflow picks them.
macro_rules! hubspot {
    ([$($name:literal),*] $(, $more:literal)*) => {
        &[
            $(
                concat!("$.properties.", $name, ".value"),
                concat!("$.properties.", $name),
                concat!("$.", $name),
            )*
            $($more,)*
        ]
    };
}

/// Typeform answers by the reference of their question, whatever their type; then hidden fields.
macro_rules! typeform {
    ([$($name:literal),*] $(, $more:literal)*) => {
        &[
            $(
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].text"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].email"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].phone_number"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].url"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].number"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].choice.label"),
                concat!("$.form_response.answers[?@.field.ref=='", $name, "'].choices.labels[0]"),
                concat!("$.form_response.hidden.", $name),
            )*
            $($more,)*
        ]
    };
}

/// Flat or under `data`, with the shapes of common form tools behind.
const USUAL: Mapping = &[
    (
        "email",
        usual!(
            ["email", "Email", "EMAIL", "email_address", "emailAddress", "work_email"],
            "$.data.merges.EMAIL",
            "$.data.item.email",
            "$.data.identifiers.email",
            "$.data.contact.attributes.email",
            "$.payload.data.email",
            "$.payload.data.Email"
        ),
    ),
    (
        "phone",
        usual!(
            ["phone", "Phone", "phone_number", "phoneNumber", "mobile"],
            "$.data.merges.PHONE",
            "$.data.item.phone",
            "$.payload.text_reminder_number",
            "$.payload.data.phone",
            "$.payload.data.Phone"
        ),
    ),
    (
        "first_name",
        usual!(
            ["first_name", "firstName", "firstname", "First Name"],
            "$.data.merges.FNAME",
            "$.payload.data['First Name']"
        ),
    ),
    (
        "last_name",
        usual!(
            ["last_name", "lastName", "lastname", "Last Name"],
            "$.data.merges.LNAME",
            "$.payload.data['Last Name']"
        ),
    ),
    (
        "name",
        usual!(
            ["full_name", "fullName"],
            "$.data.name",
            "$.lead.name",
            "$.contact.name",
            "$.data.item.name",
            "$.traits.name",
            "$.name"
        ),
    ),
    (
        "company",
        usual!(
            ["company_name", "companyName", "orgname"],
            "$.data.company.name",
            "$.data.company",
            "$.company.name",
            "$.company",
            "$.lead.company",
            "$.contact.company",
            "$.traits.company.name",
            "$.data.merges.COMPANY",
            "$.payload.data.Company",
            "$.organization"
        ),
    ),
    (
        "website",
        usual!(["website", "Website", "company_website", "domain"], "$.data.merges.WEBSITE"),
    ),
    (
        "title",
        usual!(
            ["job_title", "jobTitle", "jobtitle"],
            "$.data.title",
            "$.lead.title",
            "$.contact.title",
            "$.traits.title",
            "$.title"
        ),
    ),
    (
        "country",
        usual!(
            ["country", "Country", "country_code", "countryCode"],
            "$.data.merges.COUNTRY",
            "$.data.item.location.country",
            "$.traits.address.country",
            "$.payload.data.Country"
        ),
    ),
    ("region", usual!(["region", "state", "province"], "$.traits.address.state")),
    ("city", usual!(["city", "City"], "$.traits.address.city")),
    (
        "postal_code",
        usual!(["postal_code", "postalCode", "zip", "postcode"], "$.traits.address.postalCode"),
    ),
    (
        "employees",
        usual!(
            ["employees", "employee_count", "number_of_employees", "company_size", "companySize"],
            "$.traits.company.employee_count"
        ),
    ),
    ("industry", usual!(["industry", "Industry"], "$.traits.company.industry")),
    ("persona", usual!(["persona", "role"])),
    ("language", usual!(["language", "locale", "lang"])),
    ("message", usual!(["message", "Message", "comment", "comments"], "$.payload.data.Message")),
    (
        "form",
        usual!(
            ["form_name", "formName", "form_id", "formId"],
            "$.form.id",
            "$.data.form",
            "$.form",
            "$.payload.name"
        ),
    ),
    (
        "campaign",
        usual!(
            ["campaign_name", "campaignName", "campaign_id"],
            "$.data.campaign.name",
            "$.data.campaign",
            "$.campaign.name",
            "$.campaign",
            "$.context.campaign.name"
        ),
    ),
    (
        "utm_source",
        usual!(
            ["utm_source"],
            "$.data.utm.source",
            "$.utm.source",
            "$.hidden.utm_source",
            "$.payload.tracking.utm_source",
            "$.context.campaign.source"
        ),
    ),
    (
        "utm_medium",
        usual!(
            ["utm_medium"],
            "$.data.utm.medium",
            "$.utm.medium",
            "$.hidden.utm_medium",
            "$.payload.tracking.utm_medium",
            "$.context.campaign.medium"
        ),
    ),
    (
        "utm_campaign",
        usual!(
            ["utm_campaign"],
            "$.data.utm.campaign",
            "$.utm.campaign",
            "$.hidden.utm_campaign",
            "$.payload.tracking.utm_campaign",
            "$.context.campaign.name"
        ),
    ),
    (
        "utm_term",
        usual!(
            ["utm_term"],
            "$.data.utm.term",
            "$.utm.term",
            "$.hidden.utm_term",
            "$.payload.tracking.utm_term",
            "$.context.campaign.term"
        ),
    ),
    (
        "utm_content",
        usual!(
            ["utm_content"],
            "$.data.utm.content",
            "$.utm.content",
            "$.hidden.utm_content",
            "$.payload.tracking.utm_content",
            "$.context.campaign.content"
        ),
    ),
];

/// Workflow webhooks; subscriptions carry ids only and are fetched.
const HUBSPOT: Mapping = &[
    ("email", hubspot!(["email"])),
    ("phone", hubspot!(["phone", "mobilephone"])),
    ("first_name", hubspot!(["firstname", "first_name"])),
    ("last_name", hubspot!(["lastname", "last_name"])),
    ("name", hubspot!(["full_name"])),
    ("company", hubspot!(["company"], "$['associated-company'].properties.name.value")),
    ("website", hubspot!(["website", "domain"])),
    ("title", hubspot!(["jobtitle"])),
    ("country", hubspot!(["country", "hs_country_region_code"])),
    ("region", hubspot!(["state", "hs_state_code"])),
    ("city", hubspot!(["city"])),
    ("postal_code", hubspot!(["zip"])),
    (
        "employees",
        hubspot!(
            ["numemployees", "numberofemployees"],
            "$['associated-company'].properties.numberofemployees.value"
        ),
    ),
    ("industry", hubspot!(["industry"])),
    ("persona", hubspot!(["hs_persona"])),
    ("language", hubspot!(["hs_language"])),
    ("message", hubspot!(["message"])),
    ("form", hubspot!(["recent_conversion_event_name", "first_conversion_event_name"])),
    ("campaign", hubspot!(["hs_analytics_last_touch_converting_campaign"])),
    ("utm_source", hubspot!(["utm_source"])),
    ("utm_medium", hubspot!(["utm_medium"])),
    ("utm_campaign", hubspot!(["utm_campaign"])),
    ("utm_term", hubspot!(["utm_term"])),
    ("utm_content", hubspot!(["utm_content"])),
];

/// Form responses.
const TYPEFORM: Mapping = &[
    (
        "email",
        typeform!(["email", "work_email"], "$.form_response.answers[?@.type=='email'].email"),
    ),
    (
        "phone",
        typeform!(
            ["phone", "phone_number"],
            "$.form_response.answers[?@.type=='phone_number'].phone_number"
        ),
    ),
    ("first_name", typeform!(["first_name", "firstname"])),
    ("last_name", typeform!(["last_name", "lastname"])),
    ("name", typeform!(["name", "full_name"])),
    ("company", typeform!(["company", "company_name"])),
    ("website", typeform!(["website"], "$.form_response.answers[?@.type=='url'].url")),
    ("title", typeform!(["title", "job_title"])),
    ("country", typeform!(["country"])),
    ("region", typeform!(["region", "state"])),
    ("city", typeform!(["city"])),
    ("postal_code", typeform!(["postal_code", "zip"])),
    ("employees", typeform!(["employees", "company_size"])),
    ("industry", typeform!(["industry"])),
    ("persona", typeform!(["persona", "role"])),
    ("language", typeform!(["language"])),
    ("message", typeform!(["message", "comment"])),
    ("form", typeform!([], "$.form_response.definition.title", "$.form_response.form_id")),
    ("campaign", typeform!(["campaign"])),
    ("utm_source", typeform!(["utm_source"])),
    ("utm_medium", typeform!(["utm_medium"])),
    ("utm_campaign", typeform!(["utm_campaign"])),
    ("utm_term", typeform!(["utm_term"])),
    ("utm_content", typeform!(["utm_content"])),
];

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json_path::JsonPath;

    use super::*;
    use crate::intake::form;

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
                assert!(FIELDS.contains(field), "{field}");
                assert!(!paths.is_empty(), "{kind:?} {field}");
                for path in *paths {
                    assert!(JsonPath::parse(path).is_ok(), "{path}");
                }
            }
            let missing =
                FIELDS.iter().find(|name| !mapping.iter().any(|(field, _)| field == *name));
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
