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
    let usual = [("email", "$.email"), ("company", "$.company"), ("country", "$.country"), ("form", "$.form")];
    let typeform = [
        ("email", "$.form_response.answers[?@.field.ref=='email'].email"),
        ("company", "$.form_response.answers[?@.field.ref=='company'].text"),
    ];
    let hubspot = [("email", "$.properties.email.value"), ("country", "$.properties.country.value")];
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
        crms: vec!["hubspot".to_owned()],
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

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(|found| format!("{found}\n")).collect()
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
