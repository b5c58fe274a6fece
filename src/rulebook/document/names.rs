//! The names that a rulebook gives and the settings offer, and references to them.
//!
//! Guarantees: an id is unique in its kind; a reference that leads nowhere is a finding that
//! proposes the nearest name.
//! Does not know: what is behind a name.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    super::files::{ChannelKind, Setup},
    super::finding::{advice, nearest},
    tree::{Item, Log, Section},
};

/// Bytes of an id.
const ID_MAX: usize = 64;

/// An entry of the document under its id; the id is empty when it could not be read.
#[derive(Debug)]
pub struct Entry<'d> {
    pub id: &'d str,
    pub section: Section<'d>,
}

/// Every name by its kind.
#[derive(Debug, Default)]
pub struct Names<'d> {
    known: BTreeMap<&'static str, BTreeMap<&'d str, Range<usize>>>,
    /// What something refers to.
    used: RefCell<BTreeSet<(&'static str, String)>>,
    /// Reps who have left.
    left: BTreeSet<&'d str>,
}

impl<'d> Names<'d> {
    /// The names that the settings offer.
    pub fn new(setup: &'d Setup) -> Self {
        let mut names = Self::default();
        let nowhere = || 0..0;
        for source in setup.sources.keys() {
            names.kind("source").insert(source, nowhere());
        }
        for crm in &setup.crms {
            names.kind("CRM connection").insert(crm, nowhere());
        }
        for (channel, kind) in &setup.channels {
            let kind = match kind {
                ChannelKind::Addressed => "channel that reaches a person",
                ChannelKind::Plain => "channel",
                ChannelKind::Pager => "pager",
            };
            names.kind(kind).insert(channel, nowhere());
        }
        names
    }

    fn kind(&mut self, kind: &'static str) -> &mut BTreeMap<&'d str, Range<usize>> {
        self.known.entry(kind).or_default()
    }

    /// Reads the ids of all `sections`, before anything refers to them.
    pub fn gather(
        &mut self,
        kind: &'static str,
        sections: Vec<Section<'d>>,
        log: &'d Log<'d>,
    ) -> Vec<Entry<'d>> {
        let entry = |section: Section<'d>| {
            let item = section.need("id", "id = \"a-short-name\", in letters, digits and -");
            let id = item.and_then(|item| Some((read_id(&item)?, item)));
            let Some((id, item)) = id else { return Entry { id: "", section } };
            match self.kind(kind).entry(id) {
                std::collections::btree_map::Entry::Occupied(first) => {
                    item.wrong(
                        format!("there are two {kind} entries {id:?}"),
                        format!(
                            "rename one; the first is in line {}",
                            log.source.line(first.get())
                        ),
                    );
                }
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(item.at());
                }
            }
            Entry { id, section }
        };
        sections.into_iter().map(entry).collect()
    }

    pub fn has(&self, kind: &'static str, id: &str) -> bool {
        self.known.get(kind).is_some_and(|ids| ids.contains_key(id))
    }

    /// Notes which reps have left, so that whoever refers to one hears of it.
    pub fn note_left(&mut self, reps: &[Entry<'d>]) {
        let left = reps.iter().filter(|entry| {
            let left = entry.section.item("left");
            left.is_some_and(|item| item.value.as_bool() == Some(true))
        });
        self.left = left.map(|entry| entry.id).collect();
    }

    pub fn has_left(&self, rep: &str) -> bool {
        self.left.contains(rep)
    }

    /// Notes that something refers to this.
    pub fn use_it(&self, kind: &'static str, id: &str) {
        self.used.borrow_mut().insert((kind, id.to_owned()));
    }

    /// Warns of what nothing refers to.
    pub fn warn_of_unused(&self, log: &Log<'_>) {
        let used = self.used.borrow();
        for kind in ["hours", "pool", "sla", "escalation"] {
            for (id, at) in self.known.get(kind).into_iter().flatten() {
                if !used.contains(&(kind, (*id).to_owned())) {
                    let message = format!("nothing uses the {kind} {id:?}");
                    log.warn_as("unused", at, message, "use it, or remove it");
                }
            }
        }
    }

    /// All ids of a kind.
    pub fn all<'n>(&'n self, kind: &'static str) -> impl Iterator<Item = &'d str> + Clone + 'n {
        self.known.get(kind).into_iter().flat_map(|ids| ids.keys().copied())
    }

    /// The id, if there is something of that kind; a finding at `item` otherwise.
    pub fn find(&self, kind: &'static str, id: &str, item: &Item<'_>) -> Option<String> {
        if self.has(kind, id) {
            self.use_it(kind, id);
            if kind == "rep" && self.has_left(id) {
                let mend = "name somebody who is there";
                item.log.warn_as("rep.left", &item.at(), format!("{id} has left"), mend);
            }
            return Some(id.to_owned());
        }
        if item.log.is_full() {
            item.wrong("", "");
            return None;
        }
        if let Some((front, rest)) = id.split_once(':')
            && self.has(kind, rest.trim())
        {
            let rest = rest.trim();
            item.wrong(
                format!("{:?} takes the id alone, without {front:?}", item.key),
                format!("write {rest:?}"),
            );
            return None;
        }
        item.wrong(format!("unknown {kind} {id:?}"), advice(id, kind, self.all(kind)));
        None
    }

    /// The id that the text under `item` is.
    pub fn refer(&self, kind: &'static str, item: &Item<'_>) -> Option<String> {
        self.find(kind, item.text()?, item)
    }

    /// Of `pool: x`, the id of a kind among `kinds`; a finding if it is none of them, or dangling.
    /// `also` are words that stand alone.
    pub fn tagged(
        &self,
        kinds: &[&'static str],
        also: &[&str],
        item: &Item<'_>,
    ) -> Option<(&'static str, String)> {
        let text = item.text()?;
        let Some((tag, id)) = text.split_once(':') else {
            // A bare id whose kind is clear: say how to write it.
            let owner = kinds.iter().find(|kind| self.has(kind, text));
            let mend = match (owner, nearest(text, also.iter().copied())) {
                (Some(kind), _) => format!("write \"{kind}: {text}\""),
                (None, Some(near)) => format!("did you mean {near:?}?"),
                (None, None) => format!("write {}", ways(kinds, also)),
            };
            item.wrong(format!("{text:?} does not say what it refers to"), mend);
            return None;
        };
        let (tag, id) = (tag.trim(), id.trim());
        let Some(kind) = kinds.iter().find(|kind| **kind == tag) else {
            if let Some(kind) = kinds.iter().find(|kind| kind.eq_ignore_ascii_case(tag)) {
                let id = nearest(id, self.all(kind)).unwrap_or(id);
                item.wrong(
                    format!("{text:?} begins with a capital"),
                    format!("write \"{kind}: {id}\""),
                );
                return None;
            }
            item.wrong(
                format!("{:?} cannot be {text:?}", item.key),
                format!("write {}", ways(kinds, also)),
            );
            return None;
        };
        Some((kind, self.find(kind, id, item)?))
    }
}

fn ways(kinds: &[&str], also: &[&str]) -> String {
    let tagged = kinds.iter().map(|kind| format!("\"{kind}: …\""));
    let ways: Vec<String> = also.iter().map(|word| format!("{word:?}")).chain(tagged).collect();
    super::super::finding::either(&ways)
}

/// An id that can stand behind `kind: `.
fn read_id<'d>(item: &Item<'d>) -> Option<&'d str> {
    let id = item.text()?;
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let starts_well = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if id.len() <= ID_MAX && starts_well && id.chars().all(good) {
        return Some(id);
    }
    let allowed = format!("letters from a to z, digits, - _ or ., {ID_MAX} at most");
    let mend = match proposed(id) {
        Some(id) => format!("write {id:?}: {allowed}"),
        None => format!("write {allowed}"),
    };
    item.wrong(format!("{id:?} cannot be an id"), mend);
    None
}

/// An id like this name.
fn proposed(name: &str) -> Option<String> {
    let mut id = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => id.push_str("ae"),
            'ö' => id.push_str("oe"),
            'ü' => id.push_str("ue"),
            'ß' => id.push_str("ss"),
            c if c.is_ascii_alphanumeric() || "_.".contains(c) => id.push(c),
            _ if id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    let id = id.trim_matches(['-', '_', '.']);
    (!id.is_empty() && id.len() <= ID_MAX).then(|| id.to_owned())
}
