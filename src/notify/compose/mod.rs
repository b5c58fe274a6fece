//! What to say: from leads, a reader and the rulebook to one [`Message`].
//!
//! Guarantees: pure; the same input makes the same message. However many leads there are, it is
//! one message: their number, the first five (oldest due first) and a link to all. A link that
//! acts is made for a rep only, and for nobody who no longer has the lead.
//! Does not know: channels, nor how leads are gathered (Monday's first minute is one message
//! because the caller gathered it).
//!
//! Paths under the base URL, served by `http`: `leads`, `leads/{uuid}`, `act/{token}`.

mod clock;
mod words;

use std::collections::BTreeMap;

use url::Url;

use self::words::Role;
use super::{
    Item, Link, Message, Purpose,
    link::{Grant, LinkKey},
};
use crate::{
    model::{
        country,
        field::{Field, Fields},
        job::Why,
        lead::Lead,
        text::Untrusted,
        time::{Span, Time},
    },
    rulebook::{Rep, Sla},
};

/// The most leads that a message shows in full.
pub const SHOWN_MAX: usize = 5;
/// How much of the stranger's message is shown, in characters.
const MESSAGE_MAX: usize = 200;
/// How much of any other fact.
const FACT_MAX: usize = 100;

/// A lead and why somebody is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The lead as it is.
    pub lead: &'a Lead,
    /// Why.
    pub why: Why,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recipient<'a> {
    /// The person; none if it goes to a channel.
    pub rep: Option<&'a Rep>,
    /// The time zone whose clock is shown, by its name in the tz database; UTC if none.
    pub zone: Option<&'a str>,
}

/// What is the same for every message of an installation.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// The rulebook's reps, for names.
    pub reps: &'a BTreeMap<String, Rep>,
    /// The rulebook's SLAs.
    pub slas: &'a BTreeMap<String, Sla>,
    /// Where people reach us; with or without a slash at its end.
    pub base: &'a Url,
    /// Signs links.
    pub key: &'a LinkKey,
    /// How long a link is good for.
    pub life: Span,
}

/// The message about `told` for `recipient`. `key` is its deduplication key: the same on every
/// attempt. Nothing to tell makes a message of no leads; send none.
#[must_use]
pub fn compose(
    told: &[Told<'_>],
    recipient: &Recipient<'_>,
    house: &House<'_>,
    key: String,
    now: Time,
) -> Message {
    let mut sorted = told.to_vec();
    sorted.sort_by_key(|told| {
        let due = words::deadline(told.lead, told.why).unwrap_or(Time(i64::MAX));
        (due, told.lead.opened_at, told.lead.uuid)
    });
    let items: Vec<Item> =
        sorted.iter().take(SHOWN_MAX).map(|told| item(told, recipient, house, now)).collect();
    let headline = match (sorted.as_slice(), items.as_slice()) {
        ([only], [item]) => {
            let role = words::role(only.lead, recipient);
            words::headline(only, role, item.due.as_deref(), house)
        }
        _ => words::headline_of_many(&sorted, recipient),
    };
    Message {
        purpose: purpose(&sorted),
        to: recipient.rep.map(|rep| rep.email.clone()),
        key,
        headline,
        said: Vec::new(),
        total: sorted.len(),
        more: (sorted.len() > SHOWN_MAX).then(|| more(sorted.len(), recipient, house, now)),
        links: general_links(&sorted, recipient, house, now),
        items,
        at: now,
    }
}

/// A page that is open for one of several leads stays open.
fn purpose(told: &[Told<'_>]) -> Purpose {
    let has = |why: Why| told.iter().any(|told| told.why == why);
    if has(Why::Page) {
        Purpose::PageOpen
    } else if has(Why::PageOver) {
        Purpose::PageClose
    } else {
        Purpose::Tell
    }
}

fn item(told: &Told<'_>, recipient: &Recipient<'_>, house: &House<'_>, now: Time) -> Item {
    let (lead, role) = (told.lead, words::role(told.lead, recipient));
    // Who had it before has no deadline any more.
    let due_at = words::deadline(lead, told.why).filter(|_| role != Role::Former);
    let owner = lead.owner.as_deref().filter(|_| role != Role::Owner).map(|id| house.name(id));
    Item {
        lead: lead.uuid,
        why: told.why,
        who: who(&lead.fields),
        facts: facts(lead),
        because: words::because(told, role, house),
        owner,
        due: due_at.map(|due| clock::reads(due, now, recipient.zone)),
        due_at,
        links: links(told, role, recipient, house, now),
    }
}

fn who(fields: &Fields) -> Untrusted {
    let names = ["first_name", "last_name"].map(|name| fields.text(name).unwrap_or_default());
    let name = Untrusted::from(names.join(" ").trim());
    let known = |name: &str| fields.untrusted(name).filter(|text| !text.is_blank()).cloned();
    if name.is_blank() {
        ["name", "email", "phone"].into_iter().find_map(known).unwrap_or_default()
    } else {
        name
    }
}

fn facts(lead: &Lead) -> Vec<(&'static str, Untrusted)> {
    let field = |name: &str, max: usize| shown(lead.fields.0.get(name)?, max);
    let country = lead.fields.text("country").and_then(country::name).map(Untrusted::from);
    [
        ("Company", field("company", FACT_MAX)),
        ("Country", country.or_else(|| field("country", FACT_MAX))),
        ("Employees", field("employees", FACT_MAX)),
        ("Phone", field("phone", FACT_MAX)),
        ("Email", field("email", FACT_MAX)),
        ("Source", Some(Untrusted::from(lead.source.as_str()))),
        ("Intent", lead.intent.as_deref().map(Untrusted::from)),
        ("Message", field("message", MESSAGE_MAX)),
    ]
    .into_iter()
    .filter_map(|(label, text)| Some((label, text.filter(|text| !text.is_blank())?)))
    .collect()
}

fn shown(field: &Field, max: usize) -> Option<Untrusted> {
    match field {
        Field::Text(text) => Some(text.one_line(max)),
        Field::Number(number) => Some(Untrusted::from(number.to_string())),
        Field::Bool(_) => None,
    }
}

fn links(
    told: &Told<'_>,
    role: Role,
    recipient: &Recipient<'_>,
    house: &House<'_>,
    now: Time,
) -> Vec<Link> {
    let lead = told.lead.uuid;
    let mut links = vec![house.link("Open", &["leads", &lead.to_string()])];
    let can_act = role != Role::Former && told.why != Why::PageOver;
    if let Some(rep) = recipient.rep.filter(|_| can_act) {
        let grant = Grant::Act { lead, rep: rep.id.clone() };
        links.push(house.signed("On it, answered, not a fit …", &grant, now));
    }
    links
}

/// "I'm out today", for somebody who has just been given work.
fn general_links(
    told: &[Told<'_>],
    recipient: &Recipient<'_>,
    house: &House<'_>,
    now: Time,
) -> Vec<Link> {
    let is_owner = told.iter().any(|told| words::role(told.lead, recipient) == Role::Owner);
    let grant =
        recipient.rep.filter(|_| is_owner).map(|rep| Grant::OutToday { rep: rep.id.clone() });
    grant.map(|grant| house.signed("I'm out today", &grant, now)).into_iter().collect()
}

fn more(total: usize, recipient: &Recipient<'_>, house: &House<'_>, now: Time) -> Link {
    let label = format!("See all {total}");
    match recipient.rep {
        Some(rep) => house.signed(&label, &Grant::Board { rep: rep.id.clone() }, now),
        None => house.link(&label, &["leads"]),
    }
}

impl House<'_> {
    fn signed(&self, label: &str, grant: &Grant, now: Time) -> Link {
        self.link(label, &["act", &self.key.sign(grant, now.plus(self.life))])
    }

    fn link(&self, label: &str, path: &[&str]) -> Link {
        let mut url = self.base.clone();
        // A base that has no path (`mailto:`) is refused by the settings; it stays as it is here.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Link { label: label.to_owned(), url: url.into() }
    }
}

#[cfg(test)]
mod tests;
