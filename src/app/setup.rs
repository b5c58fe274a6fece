//! What is offered to a rulebook: sources with their usual mappings, channels, CRMs.
//!
//! Guarantees: a rulebook that compiles against settings compiles in the daemon that they make.
//! Does not know: rulebooks.

use super::Parts;
use crate::{
    intake::{Scheme, shape::default_mapping},
    notify::Channel,
    rulebook::{ChannelKind, Setup, SourceShape},
    settings::{self, Settings},
};

/// What the parts of a daemon offer.
#[must_use]
pub fn of_parts(parts: &Parts) -> Setup {
    let kind = |channel: &dyn Channel| {
        if channel.is_pager() {
            ChannelKind::Pager
        } else if channel.has_addresses() {
            ChannelKind::Addressed
        } else {
            ChannelKind::Plain
        }
    };
    Setup {
        sources: parts.sources.iter().map(|(name, scheme)| (name.clone(), shape(scheme))).collect(),
        channels: parts
            .channels
            .iter()
            .map(|(name, part)| (name.clone(), kind(part.channel.as_ref())))
            .collect(),
        crms: parts.crms.keys().cloned().collect(),
        asked: asked(parts.crms.iter().map(|(name, part)| (name, part.is_asked))),
        ..Setup::default()
    }
}

/// What settings offer, for checking a rulebook without starting anything.
#[must_use]
pub fn of_settings(settings: &Settings) -> Setup {
    use settings::ChannelKind as Is;
    let kind = |kind: &Is| match kind {
        Is::Email(_) => ChannelKind::Addressed,
        Is::PagerDuty(_) => ChannelKind::Pager,
        Is::Slack(_) | Is::Webhook(_) => ChannelKind::Plain,
    };
    Setup {
        sources: settings
            .sources
            .iter()
            .map(|one| (one.name.clone(), shape(&one.scheme)))
            .collect(),
        channels: settings
            .channels
            .iter()
            .map(|(name, one)| (name.clone(), kind(&one.kind)))
            .collect(),
        crms: settings.crms.iter().map(|(name, _)| name.clone()).collect(),
        asked: asked(settings.crms.iter().map(|(name, part)| (name, part.ask))),
        ..Setup::default()
    }
}

/// The connections that are asked before deciding.
fn asked<'a>(crms: impl Iterator<Item = (&'a String, bool)>) -> Vec<String> {
    crms.filter(|(_, is_asked)| *is_asked).map(|(name, _)| name.clone()).collect()
}

/// The mapping that a source of this kind brings.
fn shape(scheme: &Scheme) -> SourceShape {
    let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    SourceShape {
        mapping: default_mapping(scheme.kind())
            .iter()
            .map(|(field, paths)| ((*field).to_owned(), owned(paths)))
            .collect(),
    }
}
