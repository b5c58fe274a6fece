//! What a mapping may do with a value on its way into a field: a closed list.
//!
//! Guarantees: pure, total and bounded; a step that cannot do its work yields nothing, so that the
//! next path is tried.
//! Does not know: the field it is for; normalising comes later and is not a mapping's business.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::super::{clean, table};

/// Characters of a text that transforms look at.
const TEXT_MAX: usize = 16 * 1024;

/// One step.
#[derive(Clone, Debug)]
pub enum Transform {
    /// Without white space around it.
    Trim,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// The number that a text holds.
    Number,
    /// True or false, from yes and no and their like.
    Bool,
    /// The calendar day of a date, an RFC 3339 instant or seconds since 1970, as `2026-01-31`.
    Date,
    /// A phone number in E.164, or its digits when it does not say its country.
    Phone,
    /// What is behind the `@`.
    EmailDomain,
    /// A company's name without case, punctuation and legal form, for looking it up.
    CompanyKey,
    /// A list of the parts between separators, or one of them.
    Split(String, Option<usize>),
    /// One item of a list.
    Index(usize),
    /// A list as one text.
    Join(String),
    /// This, when there is nothing.
    Default(Value),
    /// Every match of an expression by this.
    RegexReplace(Box<Regex>, String),
    /// A word by another, regardless of case; what is not listed stays as it is.
    Map(BTreeMap<String, Value>),
}

/// Runs a value through steps. `None` is "nothing", which [`Transform::Default`] can end.
pub fn run(value: Option<Value>, steps: &[Transform]) -> Option<Value> {
    steps.iter().fold(value.filter(is_something), |value, step| match (step, value) {
        (Transform::Default(value), None) => Some(value.clone()),
        (_, None) => None,
        (step, Some(value)) => step.apply(value).filter(is_something),
    })
}

/// Neither null nor blank nor empty.
pub fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(is_something),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

impl Transform {
    fn apply(&self, value: Value) -> Option<Value> {
        match self {
            Self::Default(_) => Some(value),
            Self::Index(at) => match value {
                Value::Array(mut items) if *at < items.len() => Some(items.swap_remove(*at)),
                other => (*at == 0).then_some(other),
            },
            Self::Join(separator) => {
                let Value::Array(items) = value else { return Some(value) };
                let texts: Vec<String> = items.iter().filter_map(text_of).collect();
                Some(Value::String(texts.join(separator)))
            }
            // All others are about one value: of a list, each item by itself.
            _ => match value {
                Value::Array(items) => Some(Value::Array(
                    items.into_iter().filter_map(|item| self.one(item)).collect(),
                )),
                value => self.one(value),
            },
        }
    }

    fn one(&self, value: Value) -> Option<Value> {
        match self {
            Self::Number if value.is_number() => return Some(value),
            Self::Bool if value.is_boolean() => return Some(value),
            _ => {}
        }
        let text = text_of(&value)?;
        Some(match self {
            Self::Trim => text.trim().into(),
            Self::Lower => text.to_lowercase().into(),
            Self::Upper => text.to_uppercase().into(),
            Self::Number => {
                let number = table::number(&text, None).or_else(|| clean::number(&text))?;
                serde_json::Number::from_f64(number)?.into()
            }
            Self::Bool => clean::truth(&text)?.into(),
            Self::Date => date(&text)?.into(),
            Self::Phone => phone(&text)?.into(),
            Self::EmailDomain => {
                let (_, domain) = text.trim().rsplit_once('@')?;
                domain.to_lowercase().into()
            }
            Self::CompanyKey => clean::company_key(&text)?.into(),
            Self::Split(separator, at) => {
                let mut parts = text.split(separator.as_str()).map(|part| part.trim().to_owned());
                match at {
                    Some(at) => parts.nth(*at)?.into(),
                    None => Value::Array(parts.map(Value::String).collect()),
                }
            }
            Self::RegexReplace(regex, with) => {
                let replaced = regex.replace_all(&text, with.as_str());
                replaced.chars().take(TEXT_MAX).collect::<String>().into()
            }
            Self::Map(words) => words.get(&text.trim().to_lowercase()).cloned().unwrap_or(value),
            Self::Default(_) | Self::Index(_) | Self::Join(_) => value,
        })
    }
}

/// The text of a text, a number or a truth.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(TEXT_MAX).collect()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn date(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        // The day as the sender wrote it, not the one that it is in UTC.
        let day = text.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok());
        let day = day.unwrap_or_else(|| instant.to_zoned(jiff::tz::TimeZone::UTC).date());
        return Some(day.to_string());
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return Some(day.to_string());
    }
    let number = text.parse::<i64>().ok()?;
    // Milliseconds since 1970 have twelve digits or more for any day of use.
    let seconds = if number.abs() >= 100_000_000_000 { number / 1000 } else { number };
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// In E.164 when it says its country, else its digits, to be read with the lead's country.
fn phone(text: &str) -> Option<String> {
    clean::phone(text).or_else(|| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(steps: &[Transform], value: &Value, expected: Option<&Value>) {
        let found = run(Some(value.clone()), steps);
        assert_eq!(found.as_ref(), expected, "{steps:?} of {value}");
    }

    #[test]
    fn each_step_does_its_work() {
        use Transform as T;
        let yes = BTreeMap::from([("ja".to_owned(), json!(true))]);
        let digits = T::RegexReplace(Box::new(Regex::new("[^0-9]+").unwrap()), String::new());
        for (step, value, expected) in [
            (T::Trim, json!("  a "), json!("a")),
            (T::Lower, json!("ÄB"), json!("äb")),
            (T::Upper, json!("äb"), json!("ÄB")),
            (T::Number, json!("1.250,5"), json!(1250.5)),
            (T::Number, json!(7), json!(7)),
            (T::Bool, json!("Yes"), json!(true)),
            (T::Bool, json!(false), json!(false)),
            (T::Date, json!("2026-03-01T23:30:00-08:00"), json!("2026-03-01")),
            (T::Date, json!(1_767_225_600), json!("2026-01-01")),
            (T::Date, json!("1767225600000"), json!("2026-01-01")),
            (T::Phone, json!(" +49 (0)30 / 901820"), json!("+4930901820")),
            (T::EmailDomain, json!("Eva@Linden.Example"), json!("linden.example")),
            (T::CompanyKey, json!("Müller & Söhne GmbH & Co. KG"), json!("muller and sohne")),
            (T::Split(";".into(), None), json!("a; b"), json!(["a", "b"])),
            (T::Split(";".into(), Some(1)), json!("a; b"), json!("b")),
            (T::Index(1), json!(["a", "b"]), json!("b")),
            (T::Index(0), json!("a"), json!("a")),
            (T::Join(", ".into()), json!(["a", "b", 3]), json!("a, b, 3")),
            (T::Default(json!("x")), json!("a"), json!("a")),
            (T::Default(json!("x")), json!(""), json!("x")),
            (digits, json!("over 500 people"), json!("500")),
            (T::Map(yes.clone()), json!(" JA "), json!(true)),
            (T::Map(yes), json!("nein"), json!("nein")),
        ] {
            check(&[step], &value, Some(&expected));
        }
    }

    #[test]
    fn what_cannot_be_done_is_nothing_and_a_default_ends_it() {
        use Transform as T;
        check(&[T::Number], &json!("many"), None);
        check(&[T::Date], &json!("tomorrow"), None);
        check(&[T::EmailDomain], &json!("nobody"), None);
        check(&[T::Index(4)], &json!(["a"]), None);
        check(&[T::Lower], &json!({"a": 1}), None);
        check(&[T::Number, T::Default(json!(0))], &json!("many"), Some(&json!(0)));
    }
}
