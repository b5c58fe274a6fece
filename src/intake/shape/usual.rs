//! The usual shapes of form tools: flat, under `data`, and what a few well-known tools nest.
//!
//! Guarantees: the common place of a field is tried before a rare one.
//! Does not know: titles that a form's author made up; a rulebook's mapping names those.

use super::Mapping;

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

/// Flat or under `data`, with the shapes of common form tools behind.
pub(super) const USUAL: Mapping = &[
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
