//! `[[form]]` and `[[mapping]]`: what a fill asks for, and where its fields are.
//!
//! Guarantees: every path is RFC 9535, every transform is one of the list, a custom field has one
//! type wherever it is mapped.
//! Does not know: bodies.

use std::{collections::BTreeMap, ops::Range};

use toml::de::DeValue;

use super::{
    super::{
        Form,
        condition::Type,
        fields::kind_of,
        finding::{advice, nearest},
        mapping::{FieldMapping, path::Path, transform::Transform},
    },
    Cx, transforms,
    tree::{Item, Section},
};
use crate::model::field::CANONICAL;

/// All `[[form]]`.
pub fn forms(cx: &Cx<'_>, sections: &[Section<'_>], intents: &[String]) -> Vec<Form> {
    let mut all: Vec<Form> = Vec::new();
    for section in sections {
        let source = section.need("source", "source = \"<a source of the settings>\"");
        let source = source.and_then(|item| cx.names.refer("source", &item));
        let form = section.item("form").and_then(|item| item.text().map(str::to_owned));
        let intent = section.need("intent", "intent = \"demo\"");
        let intent = intent.and_then(|item| {
            let text = item.text()?;
            if intents.iter().any(|intent| intent == text) {
                return Some(text.to_owned());
            }
            let known = intents.iter().map(String::as_str);
            item.wrong(format!("unknown intent {text:?}"), advice(text, "intent", known));
            None
        });
        section.done();
        let (Some(source), Some(intent)) = (source, intent) else { continue };
        if all.iter().any(|other| other.source == source && other.form == form) {
            let what = form.map_or_else(String::new, |form| format!(" and the form {form:?}"));
            cx.log.wrong(
                &section.at,
                format!("there are two entries for the source {source:?}{what}"),
                "keep one, or name the form in the other",
            );
            continue;
        }
        all.push(Form { source, form, intent });
    }
    all
}

/// Custom fields with their types and where a type was said.
#[derive(Debug, Default)]
pub struct Custom {
    types: BTreeMap<String, (Type, Option<Range<usize>>)>,
}

impl Custom {
    /// The fields, sorted by name.
    pub fn list(&self) -> Vec<(String, Type)> {
        self.types.iter().map(|(name, (kind, _))| (name.clone(), *kind)).collect()
    }

    fn declare(&mut self, name: &str, kind: Option<(Type, &Item<'_>)>) {
        let place = self.types.entry(name.to_owned()).or_insert((Type::Text, None));
        let Some((kind, item)) = kind else { return };
        match place {
            (known, Some(first)) if *known != kind => {
                let line = item.log.source.line(first);
                item.wrong(
                    format!("custom.{name} has another type in line {line}"),
                    "give it one type everywhere",
                );
            }
            place => *place = (kind, Some(item.at())),
        }
    }
}

/// All `[[mapping]]`, joined with what sources bring, by source.
pub fn mappings(
    cx: &Cx<'_>,
    entries: Vec<Section<'_>>,
    custom: &mut Custom,
) -> BTreeMap<String, Vec<FieldMapping>> {
    let mut all = brought(cx, custom);
    let mut seen: Vec<String> = Vec::new();
    for section in entries {
        let source = section.need("source", "source = \"<a source of the settings>\"");
        let source = source.and_then(|item| Some((cx.names.refer("source", &item)?, item)));
        let replace = section.item("replace").and_then(|item| item.truth()).unwrap_or(false);
        let mut fields: Vec<FieldMapping> = Vec::new();
        for item in section.rest() {
            if item.key == "custom" {
                let Some(below) = item.section("custom") else { continue };
                fields.extend(below.all().iter().filter_map(|item| custom_field(item, custom)));
            } else if let Some(name) = item.key.strip_prefix("custom.") {
                item.log.wrong(
                    &item.key_at(),
                    "\"custom.…\" stands in quotes",
                    format!("write custom.{name} without them"),
                );
            } else if CANONICAL.contains(&item.key) {
                fields.extend(field(&item, item.key, false).map(|(mapping, _)| mapping));
            } else {
                unknown(&item);
            }
        }
        let Some((source, item)) = source else { continue };
        if seen.contains(&source) {
            item.wrong(format!("there are two mappings for {source:?}"), "join them");
            continue;
        }
        seen.push(source.clone());
        let place = all.entry(source).or_default();
        if replace {
            place.clear();
        }
        // A field that is mapped here is not looked for where the source has it.
        place.retain(|brought| fields.iter().all(|field| field.field != brought.field));
        place.extend(fields);
    }
    all
}

/// The mappings of the settings.
fn brought(cx: &Cx<'_>, custom: &mut Custom) -> BTreeMap<String, Vec<FieldMapping>> {
    let mut all = BTreeMap::new();
    for (source, shape) in &cx.setup.sources {
        let mut fields = Vec::new();
        for (field, paths) in &shape.mapping {
            if let Some(name) = field.strip_prefix("custom.") {
                custom.declare(name, None);
            }
            let mut read = Vec::new();
            for path in paths {
                match Path::parse(path) {
                    Ok(path) => read.push(path),
                    Err((_, why)) => cx.log.wrong(
                        &(0..0),
                        format!("the mapping of {source:?} has {path:?}, which is not a JSON path: {why}"),
                        "mend it in the settings of the source",
                    ),
                }
            }
            fields.push(FieldMapping { field: field.clone(), paths: read, steps: Vec::new() });
        }
        all.insert(source.clone(), fields);
    }
    all
}

fn unknown(item: &Item<'_>) {
    let known = CANONICAL.iter().copied().chain(["source", "replace", "custom"]);
    let mend = nearest(item.key, known).map_or_else(
        || format!("write custom.{} for a field of your own", item.key),
        |near| format!("did you mean {near:?}?"),
    );
    item.log.wrong(&item.key_at(), format!("unknown field {:?} in [[mapping]]", item.key), mend);
}

fn custom_field(item: &Item<'_>, custom: &mut Custom) -> Option<FieldMapping> {
    let name = item.key;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let reserved = ["in", "true", "false", "null"].contains(&name);
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(good) || reserved {
        item.log.wrong(
            &item.key_at(),
            format!("{name:?} cannot be the name of a custom field"),
            "write a lower-case letter, then letters, digits or _",
        );
        return None;
    }
    let (mapping, kind) = field(item, &format!("custom.{name}"), true)?;
    let typed = kind.as_ref().map(|(kind, item)| (*kind, item));
    custom.declare(name, typed);
    Some(mapping)
}

/// A path, paths, or a table with paths, transforms and, for a custom field, a type.
fn field<'d>(
    item: &Item<'d>,
    name: &str,
    may_have_type: bool,
) -> Option<(FieldMapping, Option<(Type, Item<'d>)>)> {
    let (mut steps, mut kind) = (Vec::new(), None);
    let paths = if item.is_table() {
        let section = item.section("a field of [[mapping]]")?;
        let path = section.item("path").or_else(|| section.item("paths"));
        let _known = section.item("paths");
        let transform = section.item("transform").or_else(|| section.item("transforms"));
        let _known = section.item("transforms");
        steps = transform.map(|item| transforms::read(&item)).unwrap_or_default();
        kind = section
            .item("type")
            .and_then(|item| Some((kind_named(&item, name, may_have_type)?, item)));
        section.done();
        let Some(path) = path else {
            // A field may have a default and nothing else.
            if !steps.iter().any(|step| matches!(step, Transform::Default(_))) {
                item.wrong(format!("{name} has no path"), "add path = \"$.…\"");
            }
            return Some((FieldMapping { field: name.to_owned(), paths: Vec::new(), steps }, kind));
        };
        path
    } else {
        *item
    };
    let listed = paths.one_or_many();
    if listed.is_empty() {
        paths.wrong(format!("{name} has no path"), "write one, as in \"$.answers.email\"");
    }
    let read: Vec<Path> = listed.iter().filter_map(path).collect();
    if let Some((kind, _)) = &kind {
        steps.extend(transforms::of_type(*kind));
    }
    Some((FieldMapping { field: name.to_owned(), paths: read, steps }, kind))
}

fn kind_named(item: &Item<'_>, name: &str, may_have_type: bool) -> Option<Type> {
    const TYPES: [(&str, Type); 3] =
        [("text", Type::Text), ("number", Type::Number), ("bool", Type::Bool)];
    let text = item.text()?;
    if !may_have_type {
        let kind = if kind_of(name) == Type::Number { "a number" } else { "text" };
        item.log.wrong(&item.key_at(), format!("{name} is always {kind}"), "remove \"type\"");
        return None;
    }
    let found = TYPES.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let words = TYPES.map(|(word, _)| word);
        item.wrong(format!("unknown type {text:?}"), advice(text, "type", words));
    }
    found.map(|(_, kind)| *kind)
}

fn path(item: &Item<'_>) -> Option<Path> {
    let DeValue::String(_) = item.value else {
        item.refuse("a JSON path in quotes, as in \"$.answers.email\"");
        return None;
    };
    let text = item.text()?;
    match Path::parse(text) {
        Ok(path) => Some(path),
        Err((at, why)) => {
            let mend = if text.starts_with('$') {
                "write it as in \"$.answers.email\" or \"$['First Name']\"".to_owned()
            } else {
                format!("a path starts with $, as in \"$.{text}\"")
            };
            // The library points behind what it did read.
            let place = item.inside(&(at.min(text.len())..text.len()));
            let place = if text.starts_with('$') && !place.is_empty() { place } else { item.at() };
            // All that the library often says is that it could not parse.
            let why = if why == "parser error" { String::new() } else { format!(": {why}") };
            item.log.wrong(&place, format!("{text:?} is not a JSON path{why}"), mend);
            None
        }
    }
}
