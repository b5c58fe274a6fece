//! CRM connections and notification channels: their kinds, and which of their keys are secret.
//!
//! Guarantees: a kind that is listed here is read into its own struct with its secrets resolved.
//! Does not know: how a destination is called.

use toml::de::DeTable;

use super::{
    parts::PaceSettings,
    report::{Origin, Report, join},
    secret::World,
    section::{Section, nearest, read},
    source::{Source, read_callback},
};
use crate::{
    crm::{hubspot::HubspotSettings, salesforce::SalesforceSettings},
    notify::{
        email::EmailSettings, pagerduty::PagerDutySettings, slack::SlackSettings,
        webhook::WebhookSettings,
    },
};

/// A notification channel by kind.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the kinds are explained where their settings are")]
pub enum ChannelKind {
    Email(EmailSettings),
    PagerDuty(PagerDutySettings),
    Slack(SlackSettings),
    Webhook(WebhookSettings),
}

/// A notification channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// What it is.
    pub kind: ChannelKind,
    /// How fast it may be called.
    pub pace: PaceSettings,
}

/// A CRM connection by kind.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the kinds are explained where their settings are")]
pub enum CrmKind {
    Hubspot(Box<HubspotSettings>),
    Salesforce(Box<SalesforceSettings>),
}

/// A CRM connection.
#[derive(Debug)]
pub struct Crm {
    /// What it is.
    pub kind: CrmKind,
    /// How fast it may be called.
    pub pace: PaceSettings,
    /// Whether it is asked about a person before deciding.
    pub ask: bool,
    /// What proves its callbacks, if it sends any.
    pub callback: Option<Source>,
}

/// The kinds of channel, with their secret keys.
const CHANNELS: [(&str, &[&str]); 4] = [
    ("email", &["password"]),
    ("pagerduty", &["routing_key"]),
    ("slack", &["url"]),
    ("webhook", &["url", "secrets"]),
];

/// The kinds of CRM, with their secret keys.
const CRMS: [(&str, &[&str]); 2] =
    [("hubspot", &["token"]), ("salesforce", &["client_secret", "private_key"])];

/// Reads `[channel.<name>]`.
pub(super) fn channel(
    path: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Channel> {
    let (named, secrets) = kind(path, table, &CHANNELS, report)?;
    let skip = [&["kind"], PaceSettings::KEYS.as_slice()].concat();
    let at = Section { path, kind: Some(named), secrets, skip: &skip, is_overlaid: false };
    let kind = match named {
        "email" => read(at, table, report, world).map(ChannelKind::Email),
        "pagerduty" => read(at, table, report, world).map(ChannelKind::PagerDuty),
        "slack" => read(at, table, report, world).map(ChannelKind::Slack),
        _ => read(at, table, report, world).map(ChannelKind::Webhook),
    };
    let pace = pace(path, table, report, world);
    Some(Channel { kind: kind?, pace: pace? })
}

/// Reads `[crm.<name>]`.
pub(super) fn crm(
    path: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Crm> {
    let (named, secrets) = kind(path, table, &CRMS, report)?;
    let skip = [&["kind", "ask", "callback"], PaceSettings::KEYS.as_slice()].concat();
    let at = Section { path, kind: Some(named), secrets, skip: &skip, is_overlaid: false };
    let kind = match named {
        "hubspot" => read(at, table, report, world).map(CrmKind::Hubspot),
        _ => read(at, table, report, world).map(CrmKind::Salesforce),
    };
    let pace = pace(path, table, report, world);
    let ask = match table.get("ask") {
        None => Some(true),
        Some(value) => value.get_ref().as_bool().or_else(|| {
            report.error_at(value.span(), "ask: not true or false", "write ask = false");
            None
        }),
    };
    let callback = match table.get("callback") {
        None => Some(None),
        Some(value) => {
            if let Some(table) = value.get_ref().as_table() {
                let path = join(path, "callback");
                report.stands(&path, Origin::File(value.span()));
                read_callback(&path, table, report, world).map(Some)
            } else {
                let mend = "see [crm.hubspot.callback] in config/handoff.toml";
                report.error_at(value.span(), "callback: not a section", mend);
                None
            }
        }
    };
    Some(Crm { kind: kind?, pace: pace?, ask: ask?, callback: callback? })
}

/// The kind of a destination, which must be one of these.
fn kind<'k>(
    path: &str,
    table: &DeTable<'_>,
    kinds: &[(&'k str, &'static [&'static str])],
    report: &mut Report,
) -> Option<(&'k str, &'static [&'static str])> {
    let words: Vec<&str> = kinds.iter().map(|(word, _)| *word).collect();
    let known = format!("known: {}", words.join(", "));
    let Some(value) = table.get("kind") else {
        report.error(path, "kind is missing", &known);
        return None;
    };
    let found = value.get_ref().as_str();
    if let Some(found) = kinds.iter().find(|(word, _)| Some(*word) == found) {
        return Some(*found);
    }
    let typed = found.unwrap_or_default();
    let guess =
        nearest(typed, &words).map_or(String::new(), |near| format!("did you mean {near}? "));
    report.error_at(
        value.span(),
        format!("kind: {typed:?} is not known"),
        &format!("{guess}{known}"),
    );
    None
}

/// Reads the keys that all destinations share.
fn pace(
    path: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<PaceSettings> {
    let mut own = DeTable::new();
    for (key, value) in table {
        if PaceSettings::KEYS.contains(&key.get_ref().as_ref()) {
            own.insert(key.clone(), value.clone());
        }
    }
    let at = Section { path, kind: None, secrets: &[], skip: &[], is_overlaid: false };
    let pace: PaceSettings = read(at, &own, report, world)?;
    for (key, value) in PaceSettings::KEYS.iter().zip([pace.per_second, pace.burst]) {
        if value == Some(0) {
            report.error(
                &join(path, key),
                format!("{key}: nothing could ever be sent"),
                "write 1 or more",
            );
            return None;
        }
    }
    Some(pace)
}
