//! The shapes of HubSpot workflows and of Typeform.
//!
//! Guarantees: paths as the vendors document them; a question's reference is tried before its type.
//! Does not know: questions whose reference is a random id; a rulebook's mapping names those.

use super::Mapping;

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

/// Workflow webhooks; subscriptions carry ids only and are fetched.
pub(super) const HUBSPOT: Mapping = &[
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

/// Form responses.
pub(super) const TYPEFORM: Mapping = &[
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
