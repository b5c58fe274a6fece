//! Sources: one `[[source]]` each, compiled into the scheme that verifies its deliveries.
//!
//! Guarantees: a [`Source`] that exists verifies; its secrets are resolved, and it shows none.
//! Does not know: what arrives.

use toml::de::DeTable;

use super::{
    bounds,
    parts::SourceLimits,
    report::{Report, join},
    secret::World,
    section::{Section, read},
};
use crate::intake::{Scheme, Secret, SourceSettings};

/// A source, or what proves a CRM's callbacks.
#[derive(Debug)]
pub struct Source {
    /// Its name: the last part of the address that it posts to.
    pub name: String,
    /// What proves its deliveries.
    pub scheme: Scheme,
    /// How much it may send.
    pub limits: SourceLimits,
}

/// Reads a `[[source]]`: what proves it, and how much it may send.
pub(super) fn read_source(
    path: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Source> {
    let mut own = DeTable::new();
    for (key, value) in table {
        if SourceLimits::KEYS.contains(&key.get_ref().as_ref()) {
            own.insert(key.clone(), value.clone());
        }
    }
    let at = Section { path, kind: None, secrets: &[], skip: &[], is_overlaid: false };
    let limits: Option<SourceLimits> = read(at, &own, report, world);
    let limits = limits.filter(|limits| bounds::of_source(path, *limits, report));
    let skip = [&["name"], SourceLimits::KEYS.as_slice()].concat();
    let source = read_proof(path, &skip, table, report, world);
    Some(Source { limits: limits?, ..source? })
}

/// Reads what proves a CRM's callbacks.
pub(super) fn read_callback(
    path: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Source> {
    read_proof(path, &["name"], table, report, world)
}

fn read_proof(
    path: &str,
    skip: &[&str],
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Source> {
    let at = Section { path, kind: None, secrets: &["secrets"], skip, is_overlaid: false };
    let settings: SourceSettings = read(at, table, report, world)?;
    let name = path.split_once('.').map_or(path, |(_, name)| name).to_owned();
    match Scheme::compile(&settings, &settings.secrets) {
        Ok(scheme) => Some(Source { name, scheme, limits: SourceLimits::default() }),
        Err(sentences) => {
            for sentence in sentences {
                report.complain(path, &sentence);
            }
            None
        }
    }
    .filter(|_| !is_repeated(&settings.secrets, path, report))
}

fn is_repeated(secrets: &[Secret], path: &str, report: &mut Report) -> bool {
    let same = |one: &Secret, other: &Secret| one.expose() == other.expose();
    let is_repeated = secrets
        .iter()
        .enumerate()
        .any(|(at, one)| secrets.iter().skip(at + 1).any(|other| same(one, other)));
    if is_repeated {
        report.error(
            &join(path, "secrets"),
            "secrets: the same secret stands here twice",
            "keep one of them; the list is for the old and the new one of a rotation",
        );
    }
    is_repeated
}
