//! `[[hours]]` and `[[rep]]`.
//!
//! Guarantees: every time zone, holiday file, CRM connection, channel and person named exists.
//! Does not know: who is away today; that is the events' business.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::{
    super::{
        Rep,
        calendar::{self, Hours, holidays_from_ics},
        files::{is_calendar, is_path_inside},
    },
    Cx,
    chains::Chain,
    names::Entry,
    tree::{Item, Section},
};

/// All `[[hours]]`.
pub fn hours(cx: &Cx<'_>, entries: &[Entry<'_>]) -> BTreeMap<String, Hours> {
    let mut all = BTreeMap::new();
    for Entry { id, section } in entries {
        let zone_item = section.need("zone", "zone = \"Europe/London\"");
        let zone = zone_item.as_ref().and_then(Item::text);
        let open_item = section.need("open", "open = { mon-fri = [\"09:00-17:00\"] }");
        let open = open_item.and_then(|item| item.section("open"));
        let holidays = section.item("holidays").and_then(|list| list.list()).unwrap_or_default();
        let holidays = holidays.iter().flat_map(|item| holidays_of(cx, item)).collect();
        section.done();
        let Some(open) = open else { continue };
        let blocks: Vec<(String, Vec<String>)> = open
            .all()
            .iter()
            .map(|day| {
                let blocks = day.one_or_many();
                let blocks = blocks.iter().filter_map(|block| block.text().map(str::to_owned));
                (day.key.to_owned(), blocks.collect())
            })
            .collect();
        // A missing zone has its finding; what else is wrong is found with any zone.
        match Hours::compile_with(&cx.setup.zones, zone.unwrap_or("UTC"), &blocks, holidays) {
            Ok(hours) => drop(all.insert((*id).to_owned(), hours)),
            Err(findings) => {
                for found in findings {
                    place(&found, zone_item.as_ref(), open_item.as_ref(), &open);
                }
            }
        }
    }
    all
}

/// Puts a finding of the calendar where its field stands.
fn place(
    found: &calendar::Finding,
    zone: Option<&Item<'_>>,
    open_item: Option<&Item<'_>>,
    open: &Section<'_>,
) {
    let (field, at) = match found.field.strip_suffix(']').and_then(|field| field.rsplit_once('[')) {
        Some((field, at)) => (field, at.parse::<usize>().ok()),
        None => (found.field.as_str(), None),
    };
    let message = found.message.as_str();
    let day = field.strip_prefix("open.");
    let day = day.and_then(|day| open.all().into_iter().find(|item| item.key == day));
    match (day, at, zone) {
        (Some(day), Some(at), _) => {
            let block = day.one_or_many().get(at).copied().unwrap_or(day);
            block.wrong(message, "");
        }
        (Some(day), None, _) => day.log.wrong(&day.key_at(), message, ""),
        (None, _, Some(zone)) if field == "zone" => zone.wrong(message, ""),
        _ => match open_item {
            Some(item) => item.wrong(message, ""),
            None => open.log.wrong(&open.at, message, ""),
        },
    }
}

/// A day, days, or a calendar file.
fn holidays_of(cx: &Cx<'_>, item: &Item<'_>) -> Vec<calendar::Holiday> {
    let written = match item.value {
        DeValue::Datetime(date) => date.to_string(),
        _ => match item.text() {
            Some(text) => text.to_owned(),
            None => return Vec::new(),
        },
    };
    let found = if is_calendar(&written) {
        let Some(text) = file(cx, item, &written) else { return Vec::new() };
        holidays_from_ics(text).map_err(|why| format!("{written}: {why}"))
    } else {
        calendar::Holiday::parse(&written).map(|day| vec![day])
    };
    found.unwrap_or_else(|why| {
        item.wrong(why, "");
        Vec::new()
    })
}

/// The text of a file beside the rulebook.
pub fn file<'d>(cx: &Cx<'d>, item: &Item<'_>, name: &str) -> Option<&'d str> {
    if !is_path_inside(name) {
        item.wrong(
            format!("{name:?} is not a file beside the rulebook"),
            "write its path from there with /, without .., as in \"tables/territory.csv\"",
        );
        return None;
    }
    let Some(bytes) = cx.files.others.get(name) else {
        let names = cx.files.others.keys().map(String::as_str);
        let mend = super::super::finding::nearest(name, names).map_or_else(
            || "put it beside the rulebook, or mend the name".to_owned(),
            |near| format!("did you mean {near:?}?"),
        );
        item.wrong(format!("there is no file {name:?}"), mend);
        return None;
    };
    if bytes.len() > super::BYTES_MAX {
        item.wrong(
            format!("{name:?} has {} bytes", bytes.len()),
            "4 MiB are read at most; split it",
        );
        return None;
    }
    // A workbook is an archive.
    if bytes.starts_with(b"PK\x03\x04") {
        item.wrong(
            format!("{name:?} is a workbook of a spreadsheet program, not a CSV file"),
            "open it there and save it as \"CSV UTF-8\"",
        );
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(why) => {
            let line = super::line_of(bytes, why.valid_up_to());
            item.wrong(
                format!("{name:?} is not UTF-8 (line {line})"),
                "save it as \"CSV UTF-8\" or as UTF-8 text",
            );
            None
        }
    }
}

/// All `[[rep]]`.
pub fn reps(cx: &Cx<'_>, entries: &[Entry<'_>]) -> BTreeMap<String, Rep> {
    let (mut managers, mut backups) = (Chain::default(), Chain::default());
    let mut crm_ids: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for Entry { id, section } in entries {
        let mut rep = Rep {
            id: (*id).to_owned(),
            name: (*id).to_owned(),
            email: String::new(),
            crm: BTreeMap::new(),
            hours: section.item("hours").and_then(|item| cx.names.refer("hours", &item)),
            manager: None,
            tell_by: Vec::new(),
            backup: None,
            has_left: section.item("left").and_then(|item| item.truth()).unwrap_or(false),
        };
        if let Some(name) =
            section.need("name", "name = \"Ada Byron\"").and_then(|item| item.text())
        {
            name.clone_into(&mut rep.name);
        }
        if let Some(item) = section.need("email", "email = \"ada@acme.example\"") {
            rep.email = email(&item).unwrap_or_default();
        }
        for (key, chain, place) in [
            ("manager", &mut managers, &mut rep.manager),
            ("backup", &mut backups, &mut rep.backup),
        ] {
            let Some(item) = section.item(key) else { continue };
            *place = cx.names.refer("rep", &item);
            if let Some(other) = place {
                chain.add(id, other, item.at());
            }
        }
        crm(cx, section, &mut rep, &mut crm_ids);
        tell_by(cx, section, &mut rep);
        section.done();
        if !id.is_empty() {
            all.entry(rep.id.clone()).or_insert(rep);
        }
    }
    managers.check(cx.log, "manager", "leave out the manager of whoever is at the top");
    backups.check(cx.log, "backup", "let one of them have no backup, or another one");
    all
}

fn email(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    if email_address::EmailAddress::is_valid(text) && text.contains('.') && !text.contains(' ') {
        return Some(text.to_owned());
    }
    item.wrong(format!("{text:?} is not a mail address"), "write one, as in \"ada@acme.example\"");
    None
}

fn crm(
    cx: &Cx<'_>,
    section: &Section<'_>,
    rep: &mut Rep,
    taken: &mut BTreeMap<(String, String), String>,
) {
    let Some(owners) = section.item("crm").and_then(|item| item.section("crm")) else { return };
    for item in owners.all() {
        let at = item.key_at();
        let named = cx.names.has("CRM connection", item.key);
        if !named {
            let mend = super::super::finding::advice(
                item.key,
                "CRM connection",
                cx.names.all("CRM connection"),
            );
            cx.log.wrong(&at, format!("unknown CRM connection {:?}", item.key), mend);
        }
        let owner = match item.value {
            // Owner ids look like numbers and spreadsheets make them such.
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            _ => item.text().map(str::to_owned),
        };
        let Some(owner) = owner.filter(|_| named) else { continue };
        let key = (item.key.to_owned(), owner.clone());
        match taken.get(&key) {
            Some(other) if *other != rep.id => item.wrong(
                format!("{owner:?} is the owner id of {other:?} already"),
                "give each rep an owner id of their own",
            ),
            _ => {
                taken.insert(key, rep.id.clone());
                rep.crm.insert(item.key.to_owned(), owner);
            }
        }
    }
}

fn tell_by(cx: &Cx<'_>, section: &Section<'_>, rep: &mut Rep) {
    const KIND: &str = "channel that reaches a person";
    let Some(item) = section.item("tell_by") else {
        if !rep.has_left {
            cx.log.warn_as(
                "rep.untold",
                &section.at,
                format!("{} never hears of a lead: there is no \"tell_by\"", rep.name),
                "write tell_by = [\"email\"], or the name of another channel that reaches a person",
            );
        }
        return;
    };
    for (channel, item) in item.texts().unwrap_or_default() {
        let other = ["channel", "pager"].into_iter().find(|kind| cx.names.has(kind, channel));
        match other {
            Some(kind) => item.wrong(
                format!("the {kind} {channel:?} reaches whoever looks there, not {}", rep.name),
                "name a channel that has addresses, such as mail, and tell this one from a step",
            ),
            None => rep.tell_by.extend(cx.names.find(KIND, channel, &item)),
        }
    }
}
