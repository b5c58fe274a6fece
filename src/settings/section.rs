//! Reads one section of the settings into its struct, key by key.
//!
//! Guarantees: every key that is wrong is reported, not only the first; unknown keys come with a
//! guess at what was meant; secret references are followed before the struct sees them, and what
//! was refused in place of a secret is never quoted. Does not know: which sections there are.

use std::{borrow::Cow, ops::Range};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    fields::fields_of,
    report::{Origin, Report, join},
    secret::{World, resolve},
};

/// What is read.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    /// Its path: `log`, `channel.alerts`; empty for the root.
    pub(super) path: &'a str,
    /// Its kind, where sections of one family differ by it.
    pub(super) kind: Option<&'a str>,
    /// Keys whose values are secret references.
    pub(super) secrets: &'a [&'a str],
    /// Keys that somebody else reads.
    pub(super) skip: &'a [&'a str],
    /// Whether environment variables overlay it.
    pub(super) is_overlaid: bool,
}

impl<'a> Section<'a> {
    /// A section whose scalars the environment overlays.
    pub(super) const fn plain(path: &'a str) -> Self {
        Self { path, kind: None, secrets: &[], skip: &[], is_overlaid: true }
    }
}

/// Reads it. `None` when anything is wrong with it; the report says what.
pub(super) fn read<T: DeserializeOwned>(
    section: Section<'_>,
    table: &DeTable<'_>,
    report: &mut Report,
    world: World<'_>,
) -> Option<T> {
    let fields = fields_of::<T>();
    let overlays = overlays(section, fields, world);
    let mut table = table.clone();
    for (key, variable, text) in &overlays {
        report.stands(&join(section.path, key), Origin::Environment(variable.clone()));
        table
            .insert(Spanned::new(0..0, Cow::from(key.as_str())), Spanned::new(0..0, overlay(text)));
    }
    let mut good = DeTable::new();
    let mut is_whole = true;
    for (key, value) in &table {
        let name = key.get_ref().as_ref();
        if section.skip.contains(&name) {
            continue;
        }
        let path = join(section.path, name);
        if !fields.contains(&name) {
            unknown(section, name, key.span(), &[fields, section.skip].concat(), report);
            is_whole = false;
            continue;
        }
        if !report.has(&path) {
            report.stands(&path, Origin::File(value.span()));
        }
        let is_secret = section.secrets.contains(&name);
        let Some(value) = followed(value, is_secret, section.secrets, report, world) else {
            is_whole = false;
            continue;
        };
        match probe::<T>([(name, value.clone())]) {
            Err(error) if missing_of(&error, fields).is_none() => {
                is_whole = false;
                wrong(section, &path, &error, is_secret, report);
            }
            _ => drop(good.insert(key.clone(), value)),
        }
    }
    let whole = missing::<T>(section, &table, &good, report);
    whole.filter(|_| is_whole)
}

/// What the environment sets: key, the variable's name and its text. `HANDOFF_LOG_LEVEL` is for
/// `log.level`.
fn overlays(
    section: Section<'_>,
    fields: &[&str],
    world: World<'_>,
) -> Vec<(String, String, String)> {
    let open = |field: &&&str| section.is_overlaid && !section.secrets.contains(*field);
    fields
        .iter()
        .filter(open)
        .filter_map(|field| {
            let path = join(section.path, field);
            let name = format!("HANDOFF_{}", path.replace('.', "_").to_uppercase());
            let text = (world.env)(&name)?;
            Some(((*field).to_owned(), name, text))
        })
        .collect()
}

/// A number or a truth value is one; everything else is text, without quotes.
fn overlay(text: &str) -> DeValue<'_> {
    match DeValue::parse(text) {
        Ok(value) if value.get_ref().is_integer() || value.get_ref().is_bool() => {
            value.into_inner()
        }
        _ => DeValue::String(text.into()),
    }
}

fn unknown(
    section: Section<'_>,
    name: &str,
    span: Range<usize>,
    known: &[&str],
    report: &mut Report,
) {
    let place = match (section.path, section.kind) {
        ("", _) => "at the top".to_owned(),
        (path, Some(kind)) => format!("in {path} (kind {kind})"),
        (path, None) => format!("in [{path}]"),
    };
    let mend = nearest(name, known).map_or_else(
        || format!("known there: {}", known.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    // A mistyped `secrets` may have a secret beside it.
    report.hide_line_of(span.start);
    report.error_at(span, format!("{name:?} is not a setting {place}"), &mend);
}

/// The known word nearest to what was typed, if one is near.
pub(super) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let typed = plain(typed);
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(&typed, &plain(word)), *word))
        .filter(|(likeness, _)| *likeness > 0.84)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// Follows the references in a value: the value itself if it is a secret, else those further in.
fn followed<'t>(
    value: &Spanned<DeValue<'t>>,
    is_secret: bool,
    secrets: &[&str],
    report: &mut Report,
    world: World<'_>,
) -> Option<Spanned<DeValue<'t>>> {
    if is_secret {
        return resolved(value, report, world);
    }
    let DeValue::Table(table) = value.get_ref() else { return Some(value.clone()) };
    let mut followed_table = DeTable::new();
    let mut is_whole = true;
    for (key, inner) in table {
        let is_secret = secrets.contains(&key.get_ref().as_ref());
        match followed(inner, is_secret, secrets, report, world) {
            Some(inner) => drop(followed_table.insert(key.clone(), inner)),
            None => is_whole = false,
        }
    }
    is_whole.then(|| Spanned::new(value.span(), DeValue::Table(followed_table)))
}

/// Follows a reference, or each of a list.
fn resolved<'t>(
    value: &Spanned<DeValue<'t>>,
    report: &mut Report,
    world: World<'_>,
) -> Option<Spanned<DeValue<'t>>> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(reference) => match resolve(reference, world) {
            Ok(secret) => Some(Spanned::new(span, DeValue::String(secret.into()))),
            Err(wrong) => {
                if wrong.is_literal {
                    report.hide(span.clone());
                }
                report.error_at(span, wrong.message, &wrong.mend);
                None
            }
        },
        DeValue::Array(list) => {
            // Every one is followed, so that every problem shows.
            let all: Vec<_> = list.iter().map(|one| resolved(one, report, world)).collect();
            let array = all.into_iter().collect::<Option<_>>()?;
            Some(Spanned::new(span, DeValue::Array(array)))
        }
        _ => {
            report.hide(span.clone());
            report.error_at(
                span,
                "a secret is a reference in quotes",
                "write env:NAME or file:/path, in quotes",
            );
            None
        }
    }
}

/// Reads a struct from these keys alone.
fn probe<'t, T: DeserializeOwned>(
    keys: impl IntoIterator<Item = (impl Into<String>, Spanned<DeValue<'t>>)>,
) -> Result<T, toml::de::Error> {
    let mut table = DeTable::new();
    for (key, value) in keys {
        table.insert(Spanned::new(0..0, Cow::from(key.into())), value);
    }
    T::deserialize(toml::de::Deserializer::from(Spanned::new(0..0, table)))
}

/// The required key of this struct that the error misses, if it is such an error.
fn missing_of<'e>(error: &'e toml::de::Error, fields: &[&str]) -> Option<&'e str> {
    let name = error.message().strip_prefix("missing field `")?.split('`').next()?;
    fields.contains(&name).then_some(name)
}

/// Says what is wrong with a value in the words of the reference.
fn wrong(
    section: Section<'_>,
    path: &str,
    error: &toml::de::Error,
    is_secret: bool,
    report: &mut Report,
) {
    let key = path.rsplit('.').next().unwrap_or(path);
    let example = Report::example(path, section.kind);
    if is_secret {
        // The message would quote the secret.
        return report.error(
            path,
            format!("{key}: not the kind of value that is read here"),
            &example,
        );
    }
    let message = error.message().trim();
    if let Some((word, known)) = unknown_word(message) {
        let guess = nearest(&word, &known.iter().map(String::as_str).collect::<Vec<_>>())
            .map_or_else(String::new, |near| format!("did you mean {near}? "));
        let mend = format!("{guess}known: {}", known.join(", "));
        return report.error(path, format!("{key}: {word:?} is not known"), &mend);
    }
    let (message, mend) = message.split_once("; ").unwrap_or((message, &example));
    // The names of Rust's numbers say nothing to an operator.
    let message = ["expected usize", "expected u16", "expected u32", "expected u64"]
        .iter()
        .fold(message.to_owned(), |text, name| text.replace(name, "expected a whole number"));
    let message = format!("{key}: {message}");
    match error.span().filter(|span| !span.is_empty()) {
        Some(span) => report.error_at(span, message, mend),
        None => report.error(path, message, mend),
    }
}

/// The word and the known ones out of serde's sentence about a variant.
fn unknown_word(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown variant `")?;
    let mut quoted = rest.split('`').step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.filter(|word| !word.is_empty()).collect()))
}

/// Reads the whole; every required key that is not there is reported. To find the second, the
/// first is given something that fits.
fn missing<T: DeserializeOwned>(
    section: Section<'_>,
    table: &DeTable<'_>,
    good: &DeTable<'_>,
    report: &mut Report,
) -> Option<T> {
    const FITTING: [&str; 6] = ["'https://x.example'", "'env:X'", "'1s'", "1", "[]", "{}"];
    let fields = fields_of::<T>();
    let mut keys: Vec<(String, Spanned<DeValue<'_>>)> =
        good.iter().map(|(key, value)| (key.get_ref().to_string(), value.clone())).collect();
    let mut is_whole = true;
    loop {
        let error = match probe::<T>(keys.clone()) {
            Ok(whole) => return is_whole.then_some(whole),
            Err(error) => error,
        };
        is_whole = false;
        let Some(name) = missing_of(&error, fields) else {
            report.complain(section.path, error.message());
            return None;
        };
        if !table.contains_key(name) {
            let path = join(section.path, name);
            report.error(
                &path,
                format!("{name} is missing"),
                &Report::example(&path, section.kind),
            );
        }
        let fits = FITTING.iter().filter_map(|text| DeValue::parse(text).ok()).find(|value| {
            let error = probe::<T>([(name, value.clone())]).err();
            error.is_none_or(|error| missing_of(&error, fields).is_some())
        });
        keys.push((name.to_owned(), fits?));
    }
}
