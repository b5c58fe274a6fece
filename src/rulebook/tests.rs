//! The rulebook as a whole: the smallest one, and the example that is shipped.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    ChannelKind, FactSource, Files, Found, Rulebook, Setup, SourceShape, Target, WhyPassed,
    calendar::Hours,
};
use crate::model::{
    field::{Field, Fields},
    finding::Finding,
    news::{Known, KnownRecord},
    time::{Span, Time},
};

/// The smallest rulebook that can be published without a warning.
pub(super) const SMALLEST: &str = r#"default_sla = "standard"
alarm = ["channel: inbound-alerts"]

[[rep]]
id = "ada"
name = "Ada Byron"
email = "ada@acme.example"
tell_by = ["email"]

[[pool]]
id = "inbound"
members = ["ada"]
if_nobody = "assign anyway"

[[sla]]
id = "standard"
respond_within = "15m"
escalation = "chain"

[[escalation]]
id = "chain"
step = [{ at = "100%", tell = ["owner", "channel: inbound-alerts"] }]

[[rule]]
id = "everyone"
assign_to = "pool: inbound"
"#;

/// The settings that the shipped example stands on.
pub(super) fn setup() -> Setup {
    let shape = |fields: &[(&str, &str)]| SourceShape {
        mapping: fields
            .iter()
            .map(|(field, path)| ((*field).to_owned(), vec![(*path).to_owned()]))
            .collect(),
    };
    let usual = [
        ("email", "$.email"),
        ("company", "$.company"),
        ("country", "$.country"),
        ("form", "$.form"),
    ];
    let typeform = [
        ("email", "$.form_response.answers[?@.field.ref=='email'].email"),
        ("company", "$.form_response.answers[?@.field.ref=='company'].text"),
    ];
    let hubspot =
        [("email", "$.properties.email.value"), ("country", "$.properties.country.value")];
    Setup {
        sources: [
            ("typeform-demo", shape(&typeform)),
            ("website", shape(&usual)),
            ("hubspot-forms", shape(&hubspot)),
            ("partner-hmac", shape(&usual)),
        ]
        .map(|(name, shape)| (name.to_owned(), shape))
        .into(),
        channels: [
            ("email", ChannelKind::Addressed),
            ("inbound-alerts", ChannelKind::Plain),
            ("revops-oncall", ChannelKind::Pager),
        ]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into(),
        crms: vec!["hubspot".to_owned(), "salesforce".to_owned()],
        asked: vec!["hubspot".to_owned()],
        ..Setup::default()
    }
}

/// The shipped example.
pub(super) fn shipped() -> Files {
    Files::new(include_str!("../../config/rulebook.toml"))
        .with("tables/territory.csv", include_str!("../../config/tables/territory.csv"))
        .with("tables/named_accounts.csv", include_str!("../../config/tables/named_accounts.csv"))
        .with("holidays/england.ics", include_str!("../../config/holidays/england.ics"))
        .with("holidays/germany.ics", include_str!("../../config/holidays/germany.ics"))
}

pub(super) fn lines(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

pub(super) fn compiled(files: &Files) -> Rulebook {
    Rulebook::compile(files, &setup(), 7).unwrap_or_else(|found| panic!("{}", lines(&found)))
}

#[test]
fn the_smallest_rulebook_compiles_without_a_warning() {
    let book = compiled(&Files::new(SMALLEST));
    assert_eq!(lines(&book.warnings), "");
    assert_eq!((book.version, book.rules.len()), (7, 1));
    assert_eq!(book.slas["standard"].on_it, Span::minutes(15));
    assert_eq!(book.rules[0].sla, "standard");
}

#[test]
fn the_shipped_example_compiles_without_a_warning_and_passes_its_examples() {
    let files = shipped();
    let book = compiled(&files);
    assert_eq!(lines(&book.warnings), "");
    let mut named = Files::named_in(&files.main);
    named.sort();
    assert_eq!(named, files.others.keys().cloned().collect::<Vec<_>>());
}

fn example_book() -> Rulebook {
    compiled(&shipped())
}

fn fields(values: &[(&str, Field)]) -> Fields {
    Fields(values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn text(value: &str) -> Field {
    Field::Text(value.into())
}

/// What the CRM knows of an account that this owner id has.
fn account(owner: Option<&str>) -> BTreeMap<String, Known> {
    let record = KnownRecord {
        record: "7".into(),
        name: Some("Linden".into()),
        owner: owner.map(str::to_owned),
    };
    let known = Known { account: Some(record), ..Known::default() };
    BTreeMap::from([("hubspot".to_owned(), known)])
}

fn facts_of(
    book: &Rulebook,
    fields: &Fields,
    known: &BTreeMap<String, Known>,
) -> Vec<(String, String)> {
    let facts = book.facts(&FactSource {
        fields,
        source: "website",
        intent: Some("demo"),
        known,
        account: None,
    });
    let said = |slot| facts.get(slot).map(|value| serde_json::to_string(value).unwrap());
    book.schema.slots().filter_map(|(slot, name)| Some((name.to_owned(), said(slot)?))).collect()
}

#[test]
fn facts_come_from_fields_the_crm_and_tables() {
    let book = example_book();
    let lead = fields(&[
        ("email", text("eva@mail.eiche.example")),
        ("country", text("DE")),
        ("region", text("Bavaria")),
        ("employees", Field::Number(800.0)),
        ("custom.budget", text("12.500")),
        ("custom.wants_call", text("yes")),
        ("phone_as_typed", text("none")),
    ]);
    let facts: BTreeMap<_, _> =
        facts_of(&book, &lead, &account(Some("41629779"))).into_iter().collect();
    let expected = [
        ("account.known", "true"),
        ("account.name", "\"Linden\""),
        ("account.owner", "\"ada\""),
        ("lead.country", "\"DE\""),
        ("lead.custom.budget", "12500"),
        ("lead.custom.wants_call", "true"),
        ("lead.domain", "\"eiche.example\""),
        ("lead.email", "\"eva@mail.eiche.example\""),
        ("lead.employees", "800"),
        ("lead.free_mail", "false"),
        ("lead.intent", "\"demo\""),
        ("lead.region", "\"Bavaria\""),
        ("lead.source", "\"website\""),
        ("named.known", "true"),
        ("named.owner", "\"ada\""),
        ("named.segment", "\"Manufacturing\""),
        ("named.strategic", "true"),
        ("person.known", "false"),
        ("territory.known", "true"),
        ("territory.pool", "\"dach-enterprise\""),
        ("territory.tier", "1"),
    ];
    assert_eq!(facts, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn that_somebody_is_no_customer_is_known_only_when_the_crm_has_answered() {
    let book = example_book();
    let lead = fields(&[("email", text("eva@linden.example"))]);
    let known = |known: &BTreeMap<String, Known>| {
        let facts = facts_of(&book, &lead, known);
        facts.into_iter().find(|(name, _)| name == "account.known").map(|(_, value)| value)
    };
    let nobody = BTreeMap::from([("hubspot".to_owned(), Known::default())]);
    let elsewhere = BTreeMap::from([("other".to_owned(), Known::default())]);
    assert_eq!(known(&BTreeMap::new()), None);
    assert_eq!(known(&elsewhere), None);
    assert_eq!(known(&nobody).as_deref(), Some("false"));
    assert_eq!(known(&account(None)).as_deref(), Some("true"));
}

#[test]
fn an_owner_whom_the_rulebook_does_not_know_is_nobody() {
    let book = example_book();
    let lead = fields(&[("email", text("eva@linden.example")), ("country", text("JP"))]);
    let known = account(Some("99"));
    let facts = book.facts(&FactSource {
        fields: &lead,
        source: "website",
        intent: None,
        known: &known,
        account: None,
    });
    let found = book.first_match(&facts, 0).unwrap();
    assert_eq!(found.rule.id, "existing-customer");
    let to = Target::Pool("customer-success".into());
    assert_eq!(found.found, Found::Assign { to, if_unavailable: None });
}

#[test]
fn a_rule_with_a_missing_fact_stops_skips_or_waits_and_matching_goes_on_behind_it() {
    let book = example_book();
    let lead = fields(&[("email", text("eva@linden.example")), ("country", text("DE"))]);
    let facts = book.facts(&FactSource {
        fields: &lead,
        source: "website",
        intent: None,
        known: &BTreeMap::new(),
        account: None,
    });
    let mut stops = Vec::new();
    let mut from = 0;
    while let Some(found) = book.first_match(&facts, from) {
        let passed = found.passed.iter().map(|passed| {
            assert_eq!(passed.why, WhyPassed::Unknown);
            book.rules[passed.at].id.as_str()
        });
        stops.push((found.rule.id.as_str(), found.found.clone(), passed.collect::<Vec<_>>()));
        from = found.at + 1;
        if found.found != Found::Unknown {
            break;
        }
    }
    let emea = Found::Assign { to: Target::Pool("emea".into()), if_unavailable: None };
    assert_eq!(
        stops,
        [
            ("existing-customer", Found::Unknown, vec!["job-applicants"]),
            ("dach-enterprise", Found::Unknown, vec!["strategic-account"]),
            ("territory", emea, vec!["agency-with-budget"]),
        ]
    );
}

#[test]
fn bodies_are_mapped_as_the_rulebook_says() {
    let book = example_book();
    let typeform = json!({ "form_response": {
        "hidden": { "company": "Linden" },
        "answers": [
            { "type": "email", "email": "eva@linden.example", "field": { "ref": "email" } },
            { "type": "choice", "choice": { "label": "201-500" }, "field": { "ref": "team_size" } },
            { "type": "choice", "choice": { "label": " Buyer " }, "field": { "ref": "role" } },
            { "type": "choices", "choices": { "labels": ["A", "B"] }, "field": { "ref": "tools" } },
        ],
    } });
    let mapped = book.map("typeform-demo", &typeform);
    let expected = json!({
        "email": "eva@linden.example", "company": "Linden", "employees": "201-500",
        "persona": "buyer", "custom.tools": "A, B",
    });
    assert_eq!(serde_json::to_value(&mapped.values).unwrap(), expected);
    assert_eq!(mapped.unfilled, ["custom.budget"]);

    let website = json!({
        "email": "a@b.example", "visitor": { "country": "DE" }, "budget": "€ 12,000", "call_me": "ja",
        "ref": " x1 ",
    });
    let mapped = book.map("website", &website);
    let expected = json!({
        "email": "a@b.example", "country": "DE", "language": "en", "custom.budget": 12000.0,
        "custom.wants_call": true, "custom.partner_code": "X1",
    });
    assert_eq!(serde_json::to_value(&mapped.values).unwrap(), expected);
    assert_eq!(mapped.unfilled, ["company", "form"]);

    let partner = json!({ "email": "not@there.example", "org": "Ahorn GmbH & Co. KG", "org_country": "d",
        "contact": { "mail_2": " leo@ahorn.example " }, "met": "2026-02-03T10:00:00Z" });
    let mapped = book.map("partner-hmac", &partner);
    let expected = json!({
        "email": "leo@ahorn.example", "company": "Ahorn GmbH & Co. KG", "country": "DE",
        "industry": "agency", "custom.company_key": "ahorn", "custom.met_on": "2026-02-03",
    });
    assert_eq!(serde_json::to_value(&mapped.values).unwrap(), expected);
    assert_eq!(book.map("nowhere", &partner).values.len(), 0);
}

#[test]
fn forms_say_what_a_fill_asks_for() {
    let book = example_book();
    for (source, form, expected) in [
        ("typeform-demo", None, Some("demo")),
        ("typeform-demo", Some("any"), Some("demo")),
        ("website", Some(" Newsletter "), Some("newsletter")),
        ("website", Some("other"), Some("contact")),
        ("partner-hmac", None, None),
    ] {
        assert_eq!(book.intent_of(source, form), expected, "{source} {form:?}");
    }
    for (intent, than, expected) in [
        (Some("demo"), Some("content"), true),
        (Some("content"), Some("content"), false),
        (Some("content"), Some("demo"), false),
        (Some("newsletter"), None, true),
        (None, Some("newsletter"), false),
        (Some("unheard of"), None, false),
    ] {
        assert_eq!(book.stronger(intent, than), expected, "{intent:?} {than:?}");
    }
}

#[test]
fn rules_are_said_back() {
    let book = example_book();
    let said = |id: &str| book.rules.iter().find(|rule| rule.id == id).unwrap().sentence(&book);
    for (rule, expected) in [
        (
            "dach-enterprise",
            "If country is Germany, Austria or Switzerland and employees is 500 or more, give it to \
             the pool dach-enterprise under the SLA hot (answer within 5m of the owner's working \
             time). If a fact is missing, wait for it until 1m after arrival, then go on with the \
             next rule.",
        ),
        (
            "partner-without-code",
            "If source is partner-hmac and partner code is unknown, give it to Mary Somerville, or \
             to the pool partners if that person is not available, under the SLA office (answer \
             within 4h of the hours london). If a fact is missing, hold it for an operator.",
        ),
        (
            "existing-customer",
            "If account is known, give it to the owner of the account, or to the pool \
             customer-success if that person is not available, under the SLA hot (answer within 5m \
             of the owner's working time). If a fact is missing, wait for it until 20s after \
             arrival, then go on with the next rule.",
        ),
        (
            "territory",
            "If territory is known, give it to the pool in the table territory under the SLA \
             standard (answer within 2h of the owner's working time).",
        ),
        ("job-applicants", "If persona is student or job seeker, set it aside as careers."),
        (
            "everyone-else",
            "Give it to the pool inbound under the SLA standard (answer within 2h of the owner's \
             working time).",
        ),
    ] {
        assert_eq!(said(rule), expected);
    }
}

#[test]
fn hours_know_the_holidays_of_their_files() {
    let book = example_book();
    let munich: &Hours = &book.hours["munich"];
    // 2026-12-24 10:00 and 2026-12-25 10:00 in Munich.
    assert!(!munich.is_open(Time(1_798_102_800_000)));
    assert_eq!(munich.holiday(Time(1_798_189_200_000)), Some("Weihnachten"));
}
