//! `[calendar.<name>]`: a person's calendar feed.
//!
//! Guarantees: it has one source, a file or an address, and an address is a secret.
//! Does not know: whether the rulebook has the person.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::DeTable;

use super::{
    report::Report,
    secret::World,
    section::{Section, read},
};
use crate::{model::time::Span, outbound::Secret};

/// A person's calendar feed.
#[derive(Clone, Debug)]
pub struct CalendarSettings {
    /// The section's name.
    pub name: String,
    /// The rep's id.
    pub rep: String,
    /// Where it is.
    pub source: CalendarSource,
    /// How often it is read.
    pub every: Span,
}

/// Where a calendar is.
#[derive(Clone, Debug)]
pub enum CalendarSource {
    /// A file of this machine.
    File(PathBuf),
    /// An address; who has it can read the calendar.
    Url {
        /// The address, resolved.
        url: Secret,
        /// Allow a private address and plain http.
        allow_private: bool,
    },
}

/// The keys of the section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    rep: Option<String>,
    url: Option<Secret>,
    file: Option<PathBuf>,
    every: Span,
    allow_private: bool,
}

impl Default for Written {
    fn default() -> Self {
        Self { rep: None, url: None, file: None, every: Span::minutes(10), allow_private: false }
    }
}

/// How often a calendar may be read.
const EVERY: (Span, Span) = (Span::minutes(1), Span::days(1));

/// Reads `[calendar.<name>]`; `folder` is what its file is relative to.
pub(super) fn calendar(
    path: &str,
    table: &DeTable<'_>,
    folder: &Path,
    report: &mut Report,
    world: World<'_>,
) -> Option<CalendarSettings> {
    let at = Section { path, kind: None, secrets: &["url"], skip: &[], is_overlaid: false };
    let written: Written = read(at, table, report, world)?;
    let name = path.rsplit('.').next().unwrap_or_default().to_owned();
    if written.every < EVERY.0 || written.every > EVERY.1 {
        report.complain(path, "every: out of bounds; write 1m to 1d");
    }
    let source = match (written.url, written.file) {
        (Some(url), None) => CalendarSource::Url { url, allow_private: written.allow_private },
        (None, Some(file)) => CalendarSource::File(folder.join(file)),
        (Some(_), Some(_)) => {
            report.complain(path, "file: a calendar has one source; keep url or file");
            return None;
        }
        (None, None) => {
            report.error(
                path,
                "this calendar has no source".to_owned(),
                "write url = \"env:…\" with the calendar's secret address, or file = \"….ics\"",
            );
            return None;
        }
    };
    let rep = written.rep.unwrap_or_else(|| name.clone());
    Some(CalendarSettings { name, rep, source, every: written.every })
}
