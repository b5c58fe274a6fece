//! `transform = …` of a mapping.
//!
//! Guarantees: every step is one of the closed list and has what it needs.
//! Does not know: values.

use std::collections::BTreeMap;

use regex::RegexBuilder;
use serde_json::Value;
use toml::de::DeValue;

use super::{
    super::{condition::Type, finding::advice, mapping::transform::Transform},
    tree::Item,
};

const STEPS_MAX: usize = 16;
const REGEX_MAX: usize = 256 * 1024;
const WORDS: [&str; 14] = [
    "trim",
    "lower",
    "upper",
    "number",
    "bool",
    "date",
    "phone",
    "email_domain",
    "company_key",
    "split",
    "join",
    "default",
    "regex_replace",
    "map",
];

/// A step or a list of steps.
pub fn read(item: &Item<'_>) -> Vec<Transform> {
    let items = item.one_or_many();
    if items.len() > STEPS_MAX {
        item.wrong(
            format!("{} steps are too many", items.len()),
            format!("write {STEPS_MAX} at most"),
        );
    }
    items.iter().take(STEPS_MAX).flat_map(step).collect()
}

/// The step that makes a value of a type.
pub fn of_type(kind: Type) -> Option<Transform> {
    match kind {
        Type::Number => Some(Transform::Number),
        Type::Bool => Some(Transform::Bool),
        Type::Text | Type::List => None,
    }
}

fn step(item: &Item<'_>) -> Vec<Transform> {
    if !item.is_table() {
        let Some(word) = item.text() else { return Vec::new() };
        return simple(item, word).into_iter().collect();
    }
    let Some(section) = item.section("a transform") else { return Vec::new() };
    section.all().iter().filter_map(with_argument).collect()
}

fn simple(item: &Item<'_>, word: &str) -> Option<Transform> {
    Some(match word {
        "trim" => Transform::Trim,
        "lower" => Transform::Lower,
        "upper" => Transform::Upper,
        "number" => Transform::Number,
        "bool" => Transform::Bool,
        "date" => Transform::Date,
        "phone" => Transform::Phone,
        "email_domain" => Transform::EmailDomain,
        "company_key" => Transform::CompanyKey,
        _ => {
            let (message, mend) = match example(word) {
                Some(example) => {
                    (format!("{word:?} needs to know more"), format!("write {example}"))
                }
                None => (format!("unknown transform {word:?}"), advice(word, "transform", WORDS)),
            };
            item.wrong(message, mend);
            return None;
        }
    })
}

fn example(word: &str) -> Option<&'static str> {
    Some(match word {
        "split" => "{ split = [\",\", 0] }",
        "join" => "{ join = \", \" }",
        "default" => "{ default = \"unknown\" }",
        "regex_replace" => "{ regex_replace = [\"[^0-9]\", \"\"] }",
        "map" => "{ map = { \"Enterprise\" = \"large\" } }",
        _ => return None,
    })
}

fn with_argument(item: &Item<'_>) -> Option<Transform> {
    let Some(example) = example(item.key) else {
        let at = item.key_at();
        if WORDS.contains(&item.key) {
            item.log.wrong(
                &at,
                format!("{:?} takes nothing", item.key),
                format!("write {:?} alone", item.key),
            );
        } else {
            item.log.wrong(
                &at,
                format!("unknown transform {:?}", item.key),
                advice(item.key, "transform", WORDS),
            );
        }
        return None;
    };
    let refuse = || {
        item.wrong(format!("{:?} is not written so", item.key), format!("write {example}"));
        None
    };
    match item.key {
        "join" => raw(item).map(Transform::Join).or_else(refuse),
        "default" => json(item).map(Transform::Default).or_else(refuse),
        "split" => split(item).or_else(refuse),
        "regex_replace" => match pair(item) {
            Some((pattern, with)) => regex_replace(item, &pattern, with),
            None => refuse(),
        },
        _ => words(item).map(Transform::Map).or_else(refuse),
    }
}

/// A separator may be blank, so it is not trimmed.
fn raw(item: &Item<'_>) -> Option<String> {
    item.value.as_str().map(str::to_owned)
}

/// `","` or `[",", 0]`.
fn split(item: &Item<'_>) -> Option<Transform> {
    let parts = item.one_or_many();
    let separator = parts.first().and_then(raw).filter(|text| !text.is_empty())?;
    match parts.as_slice() {
        [_] => Some(Transform::Split(separator, None)),
        [_, at] => Some(Transform::Split(separator, Some(at.whole(0, 1000)? as usize))),
        _ => None,
    }
}

fn pair(item: &Item<'_>) -> Option<(String, String)> {
    match item.one_or_many().as_slice() {
        [one, other] => Some((raw(one)?, raw(other)?)),
        _ => None,
    }
}

fn regex_replace(item: &Item<'_>, pattern: &str, with: String) -> Option<Transform> {
    match RegexBuilder::new(pattern).size_limit(REGEX_MAX).build() {
        Ok(regex) => Some(Transform::RegexReplace(Box::new(regex), with)),
        Err(why) => {
            let why = why.to_string();
            let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            item.wrong(format!("{pattern:?} is not a regular expression: {last}"), "mend it");
            None
        }
    }
}

/// `{ "Ja" = "yes" }`, whose words are matched regardless of case.
fn words(item: &Item<'_>) -> Option<BTreeMap<String, Value>> {
    let words = item.section("map")?.all();
    let words = words.iter().map(|item| Some((item.key.trim().to_lowercase(), json(item)?)));
    let words: Option<BTreeMap<String, Value>> = words.collect();
    words.filter(|words| !words.is_empty())
}

/// A plain value as JSON.
fn json(item: &Item<'_>) -> Option<Value> {
    Some(match item.value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Integer(_) | DeValue::Float(_) => {
            serde_json::Number::from_f64(item.number()?)?.into()
        }
        _ => return None,
    })
}
