//! The engineers' settings: `handoff.toml`, and the environment over it.
//!
//! Guarantees: every problem is reported at once, each with file, line, column, what is wrong and
//! how to mend it; settings that exist are whole: typed, within bounds, with their secrets
//! resolved from `env:` or `file:` references, which no `Debug` shows. Beside the command line and
//! `main`, only this folder reads the environment.
//! Does not know: how any part is built from them (`app::parts` does), nor the rulebook.
//!
//! In reading order: `reference` (what there is), `parts` (our sections), `source`, `destination`,
//! then how they are read: `section`, `secret`, `value`, `fields`, `bounds`, `report`.

mod bounds;
mod calendar;
mod destination;
mod fields;
mod parts;
mod reference;
mod report;
mod secret;
mod section;
mod source;
mod store;
mod value;

#[cfg(test)]
mod tests;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use calendar::{CalendarSettings, CalendarSource};
pub use destination::{Channel, ChannelKind, Crm, CrmKind};
pub use parts::{
    AlertSettings, KeepSettings, LimitSettings, LogSettings, ObserveSettings, PaceSettings,
    SourceLimits,
};
pub use reference::REFERENCE;
pub use report::Broken;
pub use secret::World;
pub use source::Source;
pub use store::{PostgresSettings, SslMode, StoreSettings};
pub use value::{Listen, PublicUrl, Size};

use crate::{
    model::{finding::Finding, observe::Observing, time::Span},
    notify::link::LinkKey,
    telemetry::log,
};
use bounds::{addresses, bounds, link_key};
use parts::{ActionLinks, Top};
use report::{Origin, Report, join};
use section::{Section, read};

/// The sections, which `Top` does not read.
const SECTIONS: [&str; 10] = [
    "log",
    "source",
    "crm",
    "channel",
    "calendar",
    "action_links",
    "keep",
    "limits",
    "alerts",
    "observe",
];

/// Settings that can be used.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the world reaches us; the listener's own address if nothing was written.
    pub public_url: PublicUrl,
    /// Where everything is kept.
    pub store: StoreSettings,
    /// The rulebook's file.
    pub rulebook: PathBuf,
    /// The most bytes of one delivery.
    pub body_max: Size,
    /// How long a delivery's body may take.
    pub body_within: Span,
    /// How the daemon speaks to its operator.
    pub log: LogSettings,
    /// The sources, in the order of the file.
    pub sources: Vec<Source>,
    /// The CRM connections, by name.
    pub crms: Vec<(String, Crm)>,
    /// The notification channels, by name.
    pub channels: Vec<(String, Channel)>,
    /// People's calendar feeds.
    pub calendars: Vec<CalendarSettings>,
    /// What signs links in messages; `None` if nothing was written, so that links cannot outlive
    /// the process.
    pub link_key: Option<LinkKey>,
    /// How long such a link can be used.
    pub links_expire: Span,
    /// How long things are kept.
    pub keep: KeepSettings,
    /// How much at once.
    pub limits: LimitSettings,
    /// From when on the daemon tells people about itself.
    pub alerts: AlertSettings,
    /// Nothing is written and nobody is told: another router is watched.
    pub observe: Option<Observing>,
    /// What somebody should look at.
    pub warnings: Vec<Finding>,
    report: Report,
}

impl Settings {
    /// Reads a file of this machine, with the environment of this process.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(file: &Path) -> Result<Self, Broken> {
        let world =
            World { env: &|name| std::env::var(name).ok(), file: &|path| fs::read_to_string(path) };
        let name = file.display().to_string();
        match fs::read_to_string(file) {
            Ok(text) => Self::read(&name, &text, file.parent().unwrap_or(Path::new("")), world),
            Err(error) => {
                let mut report = Report::new(&name, "");
                report.error(
                    "",
                    format!("cannot be read: {}", error.kind()),
                    "name a file with --config",
                );
                Err(Broken::from(&report))
            }
        }
    }

    /// Reads a text. `name` is what the file is called in findings, `folder` what its relative
    /// paths start from.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(name: &str, text: &str, folder: &Path, world: World<'_>) -> Result<Self, Broken> {
        let mut report = Report::new(name, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            report.hide_what_sounds_secret();
            report.error_at(
                error.span().unwrap_or_default(),
                format!("not TOML: {}", error.message().trim()),
                "texts stand in quotes, sections in [brackets], one setting a line",
            );
        }
        let table = table.into_inner();
        let read = errors.is_empty().then(|| whole(&table, folder, &mut report, world)).flatten();
        match read {
            Some(settings) if !report.is_broken() => {
                Ok(Self { warnings: report.findings(), report, ..settings })
            }
            _ => Err(Broken::from(&report)),
        }
    }

    /// Findings about sections (`channel.alerts`, `crm.hubspot`) in their parts' own sentences
    /// (`key: what is wrong; how to mend it`), so that what parts refuse later is still shown in its
    /// place.
    #[must_use]
    pub fn refused(&self, complaints: &[(String, String)]) -> Broken {
        let mut report = self.report.clone();
        for (section, sentence) in complaints {
            report.complain(section, sentence);
        }
        Broken::from(&report)
    }
}

/// Reads everything, even if a part of it is wrong, so that all problems show.
fn whole(
    table: &DeTable<'_>,
    folder: &Path,
    report: &mut Report,
    world: World<'_>,
) -> Option<Settings> {
    let at = Section { skip: &SECTIONS, secrets: &["password"], ..Section::plain("") };
    let top: Option<Top> = read(at, table, report, world);
    let log: Option<LogSettings> = plain("log", &[], table, report, world);
    let keep: Option<KeepSettings> = plain("keep", &[], table, report, world);
    let limits: Option<LimitSettings> = plain("limits", &[], table, report, world);
    let alerts: Option<AlertSettings> = plain("alerts", &[], table, report, world);
    let observe: Option<ObserveSettings> = plain("observe", &[], table, report, world);
    let observe = observe.filter(|_| table.contains_key("observe"));
    let links: Option<ActionLinks> = plain("action_links", &["secrets"], table, report, world);
    let sources = sources(table, report, world);
    let crms = named("crm", table, report, |path, table, report| {
        destination::crm(path, table, report, world)
    });
    let channels = named("channel", table, report, |path, table, report| {
        destination::channel(path, table, report, world)
    });
    let calendars = named("calendar", table, report, |path, table, report| {
        calendar::calendar(path, table, folder, report, world)
    });
    let calendars = calendars.into_iter().map(|(_, calendar)| calendar).collect();
    for (name, _) in crms.iter().filter(|(name, _)| channels.iter().any(|(other, _)| other == name))
    {
        let mend = "rename one of them: jobs and metrics go by this name";
        report.error(&join("channel", name), format!("{name:?} is a CRM connection already"), mend);
    }
    if let Some(log) = &log
        && let Err(error) = log::check_level(&log.level)
    {
        report.complain("log", &format!("level: {error}"));
    }
    if let (Some(keep), Some(limits), Some(links)) = (keep, limits, &links) {
        bounds(keep, limits, links, report);
    }
    if let (Some(alerts), Some(sources)) = (&alerts, &sources) {
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        bounds::alerts(alerts, &names, report);
    }
    let names: Vec<&str> = crms.iter().map(|(name, _)| name.as_str()).collect();
    let observe = observe.and_then(|observe| bounds::observe(observe, &names, report));
    let link_key = links.as_ref().and_then(|links| link_key(links, report));
    let top = top?;
    let public_url = addresses(&top, report);
    Some(Settings {
        listen: top.listen.0,
        public_url,
        store: top.store.whole(folder, table, report, world),
        rulebook: folder.join(top.rulebook),
        body_max: top.body_max,
        body_within: top.body_within,
        log: log?,
        sources: sources?,
        crms,
        channels,
        calendars,
        link_key,
        links_expire: links?.expire,
        keep: keep?,
        limits: limits?,
        alerts: alerts?,
        observe,
        warnings: Vec::new(),
        report: report.clone(),
    })
}

/// One of our own sections; an absent one is an empty one.
fn plain<T: serde::de::DeserializeOwned>(
    path: &str,
    secrets: &[&str],
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<T> {
    let empty = DeTable::new();
    let own = match table.get_key_value(path) {
        None => &empty,
        Some((key, value)) => {
            report.stands(path, Origin::File(key.span()));
            section_of(path, value, report)?
        }
    };
    read(Section { secrets, ..Section::plain(path) }, own, report, world)
}

fn section_of<'t>(
    path: &str,
    value: &'t Spanned<DeValue<'t>>,
    report: &mut Report,
) -> Option<&'t DeTable<'t>> {
    let table = value.get_ref().as_table();
    if table.is_none() {
        report.error_at(
            value.span(),
            format!("{path} is not a section"),
            &format!("write [{path}] above its settings"),
        );
    }
    table
}

/// `[crm.<name>]` and `[channel.<name>]`.
fn named<T>(
    family: &str,
    table: &DeTable<'_>,
    report: &mut Report,
    mut read: impl FnMut(&str, &DeTable<'_>, &mut Report) -> Option<T>,
) -> Vec<(String, T)> {
    let Some(value) = table.get(family) else { return Vec::new() };
    let Some(all) = value.get_ref().as_table() else {
        let mend = format!("write [{family}.name] above its settings");
        report.error_at(value.span(), format!("{family} is not a list of named sections"), &mend);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in all {
        let name = key.get_ref().as_ref();
        let path = join(family, name);
        report.stands(&path, Origin::File(key.span()));
        if is_name(&path, name, report)
            && let Some(own) = section_of(&path, value, report)
            && let Some(one) = read(&path, own, report)
        {
            found.push((name.to_owned(), one));
        }
    }
    found
}

/// Names stand in addresses, job lists and metrics.
fn is_name(path: &str, name: &str, report: &mut Report) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let is_name = !name.is_empty() && name.len() <= 40 && name.chars().all(fits);
    if !is_name {
        report.error(
            path,
            format!("{name:?} cannot be a name"),
            "use up to 40 small letters, digits, - and _: it stands in addresses and metrics",
        );
    }
    is_name
}

/// `[[source]]`.
fn sources(table: &DeTable<'_>, report: &mut Report, world: World<'_>) -> Option<Vec<Source>> {
    let Some(value) = table.get("source") else {
        report.warn(
            "",
            "there is no [[source]]: nothing can come in",
            "config/handoff.toml shows one of each kind",
        );
        return Some(Vec::new());
    };
    let Some(all) = value.get_ref().as_array() else {
        report.error_at(
            value.span(),
            "source is not a list",
            "write [[source]], with two brackets, above each",
        );
        return None;
    };
    let mut found: Vec<Source> = Vec::new();
    for one in all {
        let Some(own) = one.get_ref().as_table() else {
            report.error_at(
                one.span(),
                "this source is not a section",
                "write [[source]] above its settings",
            );
            continue;
        };
        let Some((name, span)) = own
            .get("name")
            .and_then(|value| Some((value.get_ref().as_str()?.to_owned(), value.span())))
        else {
            report.error_at(
                header(one.span()),
                "this source has no name",
                &Report::example("source.name", None),
            );
            continue;
        };
        let path = join("source", &name);
        if report.has(&path) {
            report.error_at(
                span,
                format!("there is a source {name:?} already"),
                "names stand in addresses: give each its own",
            );
            continue;
        }
        report.stands(&path, Origin::File(span.clone()));
        if name == "unknown" {
            report.error_at(
                span,
                "\"unknown\" cannot be a name",
                "metrics count strangers under it",
            );
        } else if is_name(&path, &name, report)
            && let Some(source) = source::read_source(&path, own, report, world)
        {
            found.push(source);
        }
    }
    Some(found)
}

/// The first two bytes of a section: where its header begins.
fn header(span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    span.start..span.end.min(span.start + 2)
}
