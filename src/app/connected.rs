//! What is connected, from settings: CRMs, channels, calendars.
//!
//! Guarantees: everything that a connection refuses about its settings is reported at once, in its
//! place of the file; nothing is called or read yet but files of certificates.
//! Does not know: the store, and how a daemon is joined.

use std::{collections::BTreeMap, fs, sync::Arc};

use super::{ChannelPart, CrmPart, feeds};
use crate::{
    crm::{Crm, hubspot::Hubspot, salesforce::Salesforce},
    notify::{Channel, email::Email, pagerduty::PagerDuty, slack::Slack, webhook::Webhook},
    outbound::gate::Limits,
    settings::{Broken, ChannelKind, CrmKind, PaceSettings, Settings},
    worker::calendar::Calendar,
};

/// What is connected.
pub struct Connected {
    /// CRM connections by name; callbacks are not joined to them yet.
    pub crms: BTreeMap<String, CrmPart>,
    /// Channels by name.
    pub channels: BTreeMap<String, ChannelPart>,
    /// Readers of people's calendars.
    pub calendars: Vec<Calendar>,
}

/// Makes all connections.
///
/// # Errors
/// What they refuse, each in its place of the settings.
pub fn from_settings(settings: &Settings) -> Result<Connected, Broken> {
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut connected =
        Connected { crms: BTreeMap::new(), channels: BTreeMap::new(), calendars: Vec::new() };
    for (name, part) in &settings.crms {
        match crm(&part.kind) {
            Ok((crm, limits)) => {
                let limits = paced(limits, part.pace);
                let part = CrmPart { crm, limits, is_asked: part.ask, callback: None };
                connected.crms.insert(name.clone(), part);
            }
            Err(why) => wrong.push((format!("crm.{name}"), why)),
        }
    }
    for (name, part) in &settings.channels {
        match channel(&part.kind) {
            Ok((channel, limits)) => {
                let limits = paced(limits, part.pace);
                connected.channels.insert(name.clone(), ChannelPart { channel, limits });
            }
            Err(why) => wrong.push((format!("channel.{name}"), why)),
        }
    }
    for part in &settings.calendars {
        match feeds::calendar(part) {
            Ok(calendar) => connected.calendars.push(calendar),
            Err(why) => wrong.push((format!("calendar.{}", part.name), why)),
        }
    }
    if wrong.is_empty() { Ok(connected) } else { Err(settings.refused(&wrong)) }
}

/// A CRM connection and the pace that its vendor allows.
///
/// # Errors
/// A sentence about its settings.
pub fn crm(kind: &CrmKind) -> Result<(Arc<dyn Crm>, Limits), String> {
    // Below what the smallest plans allow; every call of a step counts.
    let limits = Limits { per_second: 10, burst: 10, ..Limits::default() };
    Ok(match kind {
        CrmKind::Hubspot(settings) => (Arc::new(Hubspot::new((**settings).clone())?), limits),
        CrmKind::Salesforce(settings) => (Arc::new(Salesforce::new((**settings).clone())?), limits),
    })
}

fn channel(kind: &ChannelKind) -> Result<(Arc<dyn Channel>, Limits), String> {
    let per_second = |per_second| Limits { per_second, burst: per_second, ..Limits::default() };
    Ok(match kind {
        ChannelKind::Email(settings) => {
            let ca = match &settings.ca_file {
                None => None,
                Some(file) => Some(fs::read(file).map_err(|error| {
                    format!("ca_file: cannot be read: {error}; name a file of PEM certificates")
                })?),
            };
            (Arc::new(Email::new(settings, ca.as_deref())?), per_second(10))
        }
        // Slack takes one message a second from an incoming webhook.
        ChannelKind::Slack(settings) => (Arc::new(Slack::new(settings)?), per_second(1)),
        ChannelKind::PagerDuty(settings) => (Arc::new(PagerDuty::new(settings)?), per_second(2)),
        ChannelKind::Webhook(settings) => (Arc::new(Webhook::new(settings)?), per_second(20)),
    })
}

fn paced(limits: Limits, pace: PaceSettings) -> Limits {
    Limits {
        per_second: pace.per_second.unwrap_or(limits.per_second),
        burst: pace.burst.unwrap_or(limits.burst),
        ..limits
    }
}
