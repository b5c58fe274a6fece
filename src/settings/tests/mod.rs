//! Settings as people get them right and wrong.

mod many;
mod mistakes;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use super::{fields::fields_of, reference::key_of, reference::settings_of, *};
use crate::{
    crm::{hubspot::HubspotSettings, salesforce::SalesforceSettings},
    intake::{Scheme, Secret, SourceSettings},
    notify::{
        email::EmailSettings, pagerduty::PagerDutySettings, slack::SlackSettings,
        webhook::WebhookSettings,
    },
};

/// The environment of the tests; every name that is not here is not set.
fn env(name: &str) -> Option<String> {
    let value = match name {
        "LINK" | "HANDOFF_LINK_SECRET" => "0123456789abcdef0123456789abcdef",
        "SECRET"
        | "TYPEFORM_SECRET"
        | "WEBSITE_SECRET"
        | "HUBSPOT_TOKEN"
        | "HUBSPOT_CLIENT_SECRET"
        | "SALESFORCE_SECRET"
        | "SMTP_PASSWORD"
        | "DB_PASSWORD"
        | "PAGERDUTY_ROUTING_KEY" => "canary-7f3a91d2c4",
        "SLACK_WEBHOOK_URL" | "WAREHOUSE_URL" | "ADA_CALENDAR_URL" => {
            "https://hooks.example/canary-7f3a91d2c4"
        }
        "WAREHOUSE_SECRET" => "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "BLANK" => "  ",
        _ => return None,
    };
    Some(value.to_owned())
}

fn file(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("/run/secrets/partner-hmac" | "/run/secrets/salesforce.pem") => {
            Ok("canary-7f3a91d2c4\n".into())
        }
        Some("/run/secrets/empty") => Ok("\n".into()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn read_with(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Broken> {
    Settings::read("handoff.toml", text, Path::new("etc"), World { env, file: &file })
}

fn read(text: &str) -> Result<Settings, Broken> {
    read_with(text, &env)
}

/// Everything that is said about a text, warnings included.
fn said(text: &str) -> Vec<String> {
    let findings = match read(text) {
        Ok(settings) => settings.warnings,
        Err(broken) => broken.findings,
    };
    findings.iter().map(ToString::to_string).collect()
}

/// So much is needed for silence.
const QUIET: &str = "[action_links]\nsecrets = ['env:LINK']\n[[source]]\nname = 'a'\n\
                     kind = 'typeform'\nsecrets = ['env:SECRET']\n";

#[test]
fn the_reference_reads_without_a_word() {
    let settings = read(REFERENCE).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(settings.warnings, []);
    assert_eq!(settings.sources.len(), 4);
    assert_eq!(settings.rulebook, Path::new("etc/rulebook.toml"));
    assert_eq!(settings.body_max, Size(1 << 20));
    let names: Vec<&str> = settings.channels.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["email", "inbound-alerts", "revops-oncall", "warehouse"]);
    assert!(settings.link_key.is_some());
}

/// The settings of a database, from what is written as the store.
fn database(store: &str) -> Result<PostgresSettings, String> {
    let read = read(&format!("store = {store}\n{QUIET}")).map_err(|broken| broken.to_string())?;
    match read.store {
        StoreSettings::Postgres(settings) => Ok(*settings),
        StoreSettings::Sqlite { .. } => Err("a file".to_owned()),
    }
}

#[test]
fn a_database_is_named_by_an_address_or_a_reference_and_its_password_apart() {
    let plain = database("'postgres://handoff@db.acme.example/handoff'").unwrap();
    assert_eq!(plain.url.expose(), "postgres://handoff@db.acme.example/handoff");
    assert_eq!((plain.intake, plain.listen, plain.sslmode), (3, true, None));
    let by_name = database("'env:SLACK_WEBHOOK_URL'").unwrap();
    assert!(by_name.url.expose().contains("canary"), "whatever the variable holds");
    let whole = "{ kind = 'postgres', url = 'postgres://handoff@db/handoff', work = 20, \
                 password = 'env:SECRET', sslmode = 'verify-full', ca_file = 'ca.pem' }";
    let whole = database(whole).unwrap();
    assert_eq!(whole.password.as_ref().unwrap().expose(), "canary-7f3a91d2c4");
    assert_eq!((whole.work, whole.sslmode), (20, Some(SslMode::VerifyFull)));
    assert_eq!(whole.ca_file.as_deref(), Some(Path::new("etc/ca.pem")));
    assert!(!format!("{whole:?}").contains("canary"), "{whole:?}");
}

#[test]
fn what_is_wrong_about_a_database_is_said_without_its_password() {
    for (store, words) in [
        ("'postgres://handoff:canary-7@db/x'", "a password stands in the address"),
        ("{ kind = 'postgres', url = 'postgres://a:canary-7@db/x' }", "a password stands"),
        ("{ kind = 'postgres', url = 'postgres://a@db/x', password = 'canary-7' }", "env:NAME"),
        ("{ kind = 'postgres', url = 'postgres://a@db/x', sslmode = 'require' }", "verify-full"),
        ("{ kind = 'postgres', url = 'postgres://a@db/x', worker = 3 }", "worker"),
        ("{ kind = 'postgres', url = 'postgres://a@db/x', intake = 1 }", "between 2 and 200"),
        ("{ kind = 'postgres' }", "has no url"),
        ("'env:MISSING'", "MISSING is not set"),
        ("{ kind = 'oracle' }", "not known"),
    ] {
        let why = database(store).unwrap_err();
        assert!(why.contains(words), "{store}: {why}");
        assert!(!why.contains("canary-7"), "{store}: {why}");
    }
}

#[test]
fn nothing_written_means_what_the_reference_says() {
    let bare = read(QUIET).unwrap();
    let whole = read(REFERENCE).unwrap();
    assert_eq!(bare.warnings, []);
    assert_eq!(bare.listen, whole.listen);
    assert_eq!(bare.public_url.as_str(), "http://127.0.0.1:8080");
    assert_eq!(format!("{:?}", bare.store), format!("{:?}", whole.store));
    assert_eq!(bare.rulebook, whole.rulebook);
    assert_eq!((bare.body_max, bare.body_within), (whole.body_max, whole.body_within));
    assert_eq!((bare.log, bare.keep, bare.limits), (whole.log, whole.keep, whole.limits));
    assert_eq!(bare.links_expire, whole.links_expire);
}

#[test]
fn every_line_of_the_reference_that_is_commented_out_can_be_used() {
    let lines: Vec<&str> = REFERENCE.lines().collect();
    let mut tried = 0;
    for (number, line) in lines.iter().enumerate() {
        let Some(key) = line.strip_prefix("# ").and_then(key_of) else { continue };
        let Some(bare) = line.strip_prefix("# ").filter(|bare| bare.parse::<toml::Table>().is_ok())
        else {
            continue;
        };
        // A commented header wakes with its keys, and a key takes the place of its twin nearby.
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, other)| match other.strip_prefix("# ") {
                _ if at == number => bare.to_owned(),
                Some(header) if header == "[crm.hubspot.callback]" => header.to_owned(),
                // Of several connections it must name one.
                Some(known) if ["[observe]", "crm = \"hubspot\""].contains(&known) => {
                    known.to_owned()
                }
                Some(near)
                    if at > 1 && lines[at - 1] == "# [crm.hubspot.callback]"
                        || lines.get(at.wrapping_sub(2)) == Some(&"# [crm.hubspot.callback]") =>
                {
                    near.to_owned()
                }
                _ if key_of(other) == Some(key) && at.abs_diff(number) < 3 => String::new(),
                _ => (*other).to_owned(),
            })
            .collect();
        let said = said(&text.join("\n")).join("\n");
        for sign in ["is not a setting", "is not known", "invalid type", "not TOML", "missing"] {
            assert!(!said.contains(sign), "{line}\n{said}");
        }
        tried += 1;
    }
    assert!(tried > 30, "{tried} lines were tried");
}

#[test]
fn every_recipe_of_the_reference_compiles() {
    let mut names = Vec::new();
    for line in REFERENCE.lines().filter(|line| line.starts_with("#   ") && line.ends_with('}')) {
        let (name, recipe) = line.split_once(": ").unwrap();
        let recipe: SourceSettings =
            toml::from_str::<BTreeMap<String, _>>(&format!("x = {recipe}"))
                .unwrap()
                .remove("x")
                .unwrap();
        let scheme = Scheme::compile(&recipe, &[Secret::new("canary-7f3a91d2c4")]);
        assert!(scheme.is_ok(), "{line}: {scheme:?}");
        names.push(name.trim_start_matches(['#', ' ']));
    }
    assert_eq!(names.len(), 12, "{names:?}");
}

#[test]
fn every_setting_stands_in_the_reference() {
    let sections: [(&str, Option<&str>, &[&str]); 14] = [
        ("", None, fields_of::<parts::Top>()),
        ("log", None, fields_of::<LogSettings>()),
        ("keep", None, fields_of::<KeepSettings>()),
        ("limits", None, fields_of::<LimitSettings>()),
        ("action_links", None, fields_of::<ActionLinks>()),
        ("source", None, fields_of::<SourceSettings>()),
        ("source", None, fields_of::<SourceLimits>()),
        ("crm", Some("hubspot"), fields_of::<HubspotSettings>()),
        ("crm", Some("salesforce"), fields_of::<SalesforceSettings>()),
        ("crm", None, fields_of::<PaceSettings>()),
        ("channel", Some("email"), fields_of::<EmailSettings>()),
        ("channel", Some("pagerduty"), fields_of::<PagerDutySettings>()),
        ("channel", Some("slack"), fields_of::<SlackSettings>()),
        ("channel", Some("webhook"), fields_of::<WebhookSettings>()),
    ];
    for (family, kind, fields) in sections {
        assert!(!fields.is_empty(), "{family} {kind:?}");
        let shown: BTreeSet<&str> =
            settings_of(family, kind).into_iter().filter_map(key_of).collect();
        for field in fields {
            assert!(
                shown.contains(field),
                "config/handoff.toml lacks {field} of {family} {kind:?}"
            );
        }
    }
}

#[test]
fn the_environment_overlays_what_is_neither_list_nor_secret() {
    let overlaid = |name: &str| match name {
        "HANDOFF_LISTEN" => Some("0.0.0.0:9090".to_owned()),
        "HANDOFF_PUBLIC_URL" => Some("https://leads.acme.example".to_owned()),
        "HANDOFF_LOG_LEVEL" => Some("debug".to_owned()),
        "HANDOFF_LIMITS_WORKERS" => Some("7".to_owned()),
        "HANDOFF_KEEP_BODIES" => Some("2d".to_owned()),
        "HANDOFF_ACTION_LINKS_SECRETS" => panic!("a secret is not overlaid"),
        name => env(name),
    };
    let settings = read_with(&format!("listen = '127.0.0.1:1'\n{QUIET}"), &overlaid).unwrap();
    assert_eq!(settings.listen.to_string(), "0.0.0.0:9090");
    assert_eq!((settings.log.level.as_str(), settings.limits.workers), ("debug", 7));
    assert_eq!(settings.keep.bodies, Span::days(2));
}

#[test]
fn a_wrong_overlay_is_named_by_its_variable() {
    let overlaid = |name: &str| match name {
        "HANDOFF_LISTEN" => Some("nowhere".to_owned()),
        "HANDOFF_LIMITS_LEASE" => Some("1s".to_owned()),
        name => env(name),
    };
    let broken = read_with(QUIET, &overlaid).unwrap_err();
    let lines: Vec<String> = broken.findings.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[1].starts_with("$HANDOFF_LIMITS_LEASE:1:1: lease: 1s is not between"),
        "{lines:?}"
    );
    assert!(lines[0].starts_with("$HANDOFF_LISTEN:1:1: listen: \"nowhere\""), "{lines:?}");
}

#[test]
fn no_debug_print_and_no_report_shows_a_secret() {
    let settings = read(REFERENCE).unwrap();
    let printed = format!("{settings:?} {settings:#?}");
    assert!(!printed.contains("canary") && !printed.contains("MDEyMzQ1"), "{printed}");
    assert!(!printed.contains("0123456789abcdef"), "{printed}");
    for text in [
        "[[source]]\nname = 'a'\nkind = 'typeform'\nsecrets = ['hunter2']",
        "[[source]]\nname = 'a'\nkind = 'typeform'\nsecret = 'hunter2'",
        "[[source]]\nname = 'a'\nkind = 'typeform'\nsecrets = ['hunter2\n",
        "[crm.x]\nkind = 'hubspot'\ntoken = 'hunter2'",
        "[crm.x]\nkind = 'salesforce'\ngrant = { client_credentials = { client_secret = 'hunter2' } }",
        "[channel.x]\nkind = 'webhook'\nurl = 'env:hunter2 '",
    ] {
        let broken = read(text).unwrap_err();
        assert!(!broken.to_string().contains("hunter2"), "{broken}");
        assert!(!format!("{:?}", broken.findings).contains("hunter2"), "{broken:?}");
    }
}

#[test]
fn a_part_that_refuses_later_is_shown_in_its_place() {
    let text = format!("{QUIET}[channel.alerts]\nkind = 'slack'\nurl = 'env:SLACK_WEBHOOK_URL'\n");
    let settings = read(&text).unwrap();
    let said = |sentence: &str| {
        let broken = settings.refused(&[("channel.alerts".to_owned(), sentence.to_owned())]);
        broken.findings.iter().find(|one| one.is_error()).map(ToString::to_string)
    };
    assert_eq!(
        said("url: not an address; write https://").as_deref(),
        Some("handoff.toml:9:7: url: not an address; write https://")
    );
    assert_eq!(said("there is no TLS").as_deref(), Some("handoff.toml:7:10: there is no TLS"));
}

#[test]
fn a_file_that_is_not_there_is_a_finding() {
    let broken = Settings::load(Path::new("nowhere/handoff.toml")).unwrap_err();
    let line = broken.findings[0].to_string();
    assert!(line.starts_with("nowhere/handoff.toml:1:1: cannot be read"), "{line}");
}

#[test]
fn observe_mode_is_on_when_its_section_is_there() {
    let crm = "[crm.hubspot]\nkind = \"hubspot\"\ntoken = \"env:SECRET\"\n";
    let whole = |more: &str| read(&format!("{crm}{more}"));
    assert_eq!(whole("").expect("settings").observe, None);
    let usual = whole("[observe]\n").expect("settings").observe.expect("it is on");
    assert_eq!(
        usual,
        Observing { crm: "hubspot".into(), after: Span::minutes(15), until: Span::hours(24) }
    );
    let two = "[crm.other]\nkind = \"hubspot\"\ntoken = \"env:SECRET\"\n";
    let named = whole(&format!("{two}[observe]\ncrm = \"other\"\nafter = \"1h\"\n"));
    assert_eq!(named.expect("settings").observe.expect("it is on").crm, "other");
    for (text, says) in [
        (format!("{two}[observe]\n"), "crm is missing, and there are: hubspot, other"),
        ("[observe]\ncrm = \"sf\"\n".to_owned(), "there is no connection \"sf\""),
        (
            "[observe]\nafter = \"2h\"\nuntil = \"1h\"\n".to_owned(),
            "until: 1h is before the first look after 2h",
        ),
        ("[observe]\nafter = \"5s\"\n".to_owned(), "after: 5s is not between 1m and 7d"),
        ("[observe]\nuntill = \"1h\"\n".to_owned(), "untill"),
    ] {
        let broken = whole(&text).expect_err(&text).to_string();
        assert!(broken.contains(says), "{says} in {broken}");
    }
    let none = read("[observe]\n").expect_err("no CRM").to_string();
    assert!(none.contains("no CRM is connected"), "{none}");
}
