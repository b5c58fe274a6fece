//! What goes together: values within bounds, addresses that fit, keys that sign.
//!
//! Guarantees: settings that pass do not fail later for their values alone.
//! Does not know: how settings are read.

use super::{
    parts::{
        ActionLinks, AlertSettings, KeepSettings, LimitSettings, ObserveSettings, SourceLimits, Top,
    },
    report::{Report, join},
    value::{PublicUrl, Size},
};
use crate::{
    model::{observe::Observing, time::Span},
    notify::link::LinkKey,
};

/// The size of a body within what makes sense.
fn size(path: &str, size: Size, report: &mut Report) -> bool {
    let fits = (Size(1 << 10)..=Size(5 << 20)).contains(&size);
    if !fits {
        let message = format!("body_max: {size} is not between 1 KiB and 5 MiB");
        report.error(path, message, "1 MiB is far more than a form sends");
    }
    fits
}

/// What a source may send, within what makes sense.
pub(super) fn of_source(path: &str, limits: SourceLimits, report: &mut Report) -> bool {
    let fits = limits.body_max.is_none_or(|max| size(&join(path, "body_max"), max, report));
    for (key, value) in [("per_second", limits.per_second), ("burst", limits.burst)] {
        if value == Some(0) {
            let mend = "write 1 or more, or leave it out";
            report.error(&join(path, key), format!("{key}: nothing could ever come in"), mend);
            return false;
        }
    }
    if limits.burst.is_some() && limits.per_second.is_none() {
        let mend = "write per_second too, or leave burst out";
        report.error(&join(path, "burst"), "burst: it means nothing without a pace", mend);
        return false;
    }
    fits
}

/// Addresses that do not go together.
pub(super) fn addresses(top: &Top, report: &mut Report) -> PublicUrl {
    let is_local = top.listen.0.ip().is_loopback();
    size("body_max", top.body_max, report);
    within("body_within", top.body_within, Span::seconds(1), Span::minutes(1), report);
    let Some(url) = &top.public_url else {
        if !is_local {
            let message = "public_url is missing, and the listener's address is no link";
            report.error("public_url", message, &Report::example("public_url", None));
        }
        return PublicUrl::of(top.listen.0);
    };
    if url.is_exposed() {
        let mend = "put a proxy with a certificate before handoff and write https://";
        let message = "public_url: over plain http leads and links can be read on the way";
        report.warn("public_url", message, mend);
    }
    url.clone()
}

/// Lengths and numbers within what makes sense.
pub(super) fn bounds(
    keep: KeepSettings,
    limits: LimitSettings,
    links: &ActionLinks,
    report: &mut Report,
) {
    within("keep.bodies", keep.bodies, Span::hours(1), Span::days(3650), report);
    within("action_links.expire", links.expire, Span::hours(1), Span::days(30), report);
    within("limits.lease", limits.lease, Span::seconds(5), Span::minutes(10), report);
    within("limits.drain", limits.drain, Span::ZERO, Span::minutes(2), report);
    for (key, value, most) in [
        ("line", limits.line, 1_000_000),
        ("workers", limits.workers, 64),
        ("connections", limits.connections, 100_000),
    ] {
        if !(1..=most).contains(&value) {
            let message = format!("{key}: {value} is not between 1 and {most}");
            let path = join("limits", key);
            report.error(&path, message, &Report::example(&path, None));
        }
    }
}

/// Thresholds of alerts, and the sources that they name.
pub(super) fn alerts(alerts: &AlertSettings, sources: &[&str], report: &mut Report) {
    within("alerts.repeat", alerts.repeat, Span::hours(4), Span::days(7), report);
    for (path, span) in [
        ("alerts.stuck", alerts.stuck),
        ("alerts.jobs_late", alerts.jobs_late),
        ("alerts.reviews_late", alerts.reviews_late),
        ("alerts.held", alerts.held),
        ("alerts.refused", alerts.refused),
        ("alerts.old_secret", alerts.old_secret),
    ] {
        within(path, span, Span::minutes(1), Span::days(30), report);
    }
    for (name, span) in &alerts.silent {
        if !sources.contains(&name.as_str()) {
            let message = format!("silent: there is no source {name:?}");
            let mend = format!("the sources are: {}", sources.join(", "));
            report.error("alerts.silent", message, &mend);
        }
        within("alerts.silent", *span, Span::minutes(10), Span::days(90), report);
    }
}

/// Whom observe mode watches, and when.
pub(super) fn observe(
    observe: ObserveSettings,
    crms: &[&str],
    report: &mut Report,
) -> Option<Observing> {
    let ObserveSettings { after, until, crm } = observe;
    within("observe.after", after, Span::minutes(1), Span::days(7), report);
    within("observe.until", until, Span::minutes(1), Span::days(30), report);
    if until < after {
        let message = format!("until: {until} is before the first look after {after}");
        report.error("observe.until", message, "make it longer than after");
    }
    let crm = match (crm, crms) {
        (Some(crm), _) if crms.contains(&crm.as_str()) => crm,
        (Some(crm), _) => {
            let mend = format!("the connections are: {}", crms.join(", "));
            report.error("observe.crm", format!("crm: there is no connection {crm:?}"), &mend);
            return None;
        }
        (None, [only]) => (*only).to_owned(),
        (None, []) => {
            let mend = "add a [crm.name] section, or take [observe] out";
            report.error("observe", "no CRM is connected: there is nothing to look at", mend);
            return None;
        }
        (None, many) => {
            let message = format!("crm is missing, and there are: {}", many.join(", "));
            report.error("observe.crm", message, "name the one that the present router writes to");
            return None;
        }
    };
    Some(Observing { crm, after, until })
}

fn within(path: &str, span: Span, least: Span, most: Span, report: &mut Report) {
    if !(least..=most).contains(&span) {
        let key = path.rsplit('.').next().unwrap_or(path);
        let message = format!("{key}: {span} is not between {least} and {most}");
        report.error(path, message, &Report::example(path, None));
    }
}

/// What signs links, tried once.
pub(super) fn link_key(links: &ActionLinks, report: &mut Report) -> Option<LinkKey> {
    if links.secrets.is_empty() {
        let mend = Report::example("action_links.secrets", None);
        let message = "without action_links.secrets the links in messages end with the process";
        report.warn("action_links", message, &mend);
        return None;
    }
    let secrets: Vec<&[u8]> = links.secrets.iter().map(|one| one.expose().as_bytes()).collect();
    LinkKey::new(&secrets).map_err(|sentence| report.complain("action_links", &sentence)).ok()
}
