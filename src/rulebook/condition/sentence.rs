//! A condition said back in English.
//!
//! Guarantees: says what is evaluated, however it was written; long lists are cut and counted.
//! Does not know: HTML; a page escapes what it shows.

use super::facts::Value;
use super::pred::{Leaf, Measure, Node, NumberField, Order, Part, Pred, Test, TextSet};
use super::syntax::Plainly;
use super::{field::Slot, schema::Schema};

/// So many values of a list are named, the rest is counted.
const NAMED: usize = 12;
/// A value is cut after so many characters.
const CUT: usize = 60;

impl Pred {
    /// The condition as a sentence without a full stop: `country is Germany or Austria and employees
    /// is 500 or more`.
    pub fn sentence(&self, schema: &Schema) -> String {
        self.root.sentence(schema, false)
    }
}

impl Node {
    fn sentence(&self, schema: &Schema, negated: bool) -> String {
        match self {
            Self::Const(truth) => if *truth == negated { "never" } else { "always" }.to_owned(),
            Self::Leaf(leaf) => leaf.sentence(schema, negated),
            Self::Not(inner) => inner.sentence(schema, !negated),
            Self::All(parts) | Self::Any(parts) => {
                // Not all is any not: the same holds with unknown.
                let all = matches!(self, Self::All(_)) != negated;
                let parts = parts.iter().map(|part| {
                    let said = part.sentence(schema, negated);
                    if part.is_compound() { format!("({said})") } else { said }
                });
                parts.collect::<Vec<_>>().join(if all { " and " } else { " or " })
            }
        }
    }

    fn is_compound(&self) -> bool {
        match self {
            Self::All(_) | Self::Any(_) => true,
            Self::Not(inner) => inner.is_compound(),
            Self::Const(_) | Self::Leaf(_) => false,
        }
    }
}

/// What is said of a subject.
pub(super) enum Phrase {
    /// `is …`
    Is(String),
    /// `ends with …`: the verb alone, with its s, and its object.
    Does(&'static str, &'static str, String),
}

impl Leaf {
    /// The clause as a sentence; or its opposite.
    pub(super) fn sentence(&self, schema: &Schema, opposite: bool) -> String {
        let subject = self.test.subject(schema);
        let negated = self.negated != opposite;
        match self.test.phrase(schema, negated) {
            Phrase::Is(what) => format!("{subject} is {what}"),
            Phrase::Does(verb, _, object) if negated => {
                format!("{subject} does not {verb} {object}")
            }
            Phrase::Does(_, verb, object) => format!("{subject} {verb} {object}"),
        }
    }
}

impl Test {
    pub(super) fn subject(&self, schema: &Schema) -> String {
        match self {
            Self::Number { field, .. } | Self::NumberIn { field, .. } => field.label(schema),
            Self::SameNumber { left, .. } => left.label(schema),
            Self::Is { slot, .. } => {
                let group = schema.field(*slot).and_then(|field| field.presence_of.as_deref());
                group.map_or_else(|| label(*slot, schema), ToOwned::to_owned)
            }
            _ => label(self.slots().0, schema),
        }
    }

    pub(super) fn phrase(&self, schema: &Schema, negated: bool) -> Phrase {
        let not = |what: String| Phrase::Is(if negated { format!("not {what}") } else { what });
        let (slot, other) = self.slots();
        let other = other.map(|other| label(other, schema)).unwrap_or_default();
        match self {
            Self::Known(_) => Phrase::Is(if negated { "unknown" } else { "known" }.to_owned()),
            Self::Is { want, .. } => {
                let presence = schema.field(slot).is_some_and(|field| field.presence_of.is_some());
                Phrase::Is(
                    match (presence, *want != negated) {
                        (true, true) => "known",
                        (true, false) => "unknown",
                        (false, true) => "true",
                        (false, false) => "false",
                    }
                    .to_owned(),
                )
            }
            Self::Number { order, value, .. } => {
                Phrase::Is(order.said(negated, &Plainly(*value).to_string()))
            }
            Self::SameNumber { order, right, .. } => {
                Phrase::Is(order.said(negated, &right.label(schema)))
            }
            Self::Between { low, high, .. } => {
                not(format!("{} to {}", Plainly(*low), Plainly(*high)))
            }
            Self::NumberIn { values, .. } => {
                not(either(values.iter().map(|value| Plainly(*value).to_string()), values.len()))
            }
            Self::Text { values, .. } => not(values.said(slot, schema)),
            Self::SameText { .. } | Self::SameBool { .. } => not(format!("the same as {other}")),
            Self::ListHas { values, .. } => {
                Phrase::Does("include", "includes", values.said(slot, schema))
            }
            Self::ListHasField { .. } => Phrase::Does("include", "includes", other),
            Self::Matches { regex, .. } => Phrase::Does("match", "matches", quoted(regex.as_str())),
            Self::Part { part, needle, .. } => part.said(quoted(needle)),
            Self::PartField { part, .. } => part.said(other),
        }
    }
}

impl Part {
    const fn said(self, object: String) -> Phrase {
        match self {
            Self::Starts => Phrase::Does("start with", "starts with", object),
            Self::Ends => Phrase::Does("end with", "ends with", object),
            Self::Contains => Phrase::Does("contain", "contains", object),
        }
    }
}

impl Order {
    fn said(self, negated: bool, value: &str) -> String {
        match (self, negated) {
            (Self::Equal, false) => value.to_owned(),
            (Self::Equal, true) => format!("not {value}"),
            (Self::Less, false) | (Self::AtLeast, true) => format!("under {value}"),
            (Self::AtMost, false) | (Self::More, true) => format!("{value} or less"),
            (Self::More, false) | (Self::AtMost, true) => format!("more than {value}"),
            (Self::AtLeast, false) | (Self::Less, true) => format!("{value} or more"),
        }
    }
}

impl NumberField {
    fn label(self, schema: &Schema) -> String {
        let label = label(self.slot, schema);
        match self.measure {
            Measure::Value => label,
            Measure::Size => format!("the size of {label}"),
        }
    }
}

impl TextSet {
    fn said(&self, slot: Slot, schema: &Schema) -> String {
        either(self.shown.iter().map(|text| shown(text, slot, schema)), self.shown.len())
    }
}

pub(super) fn label(slot: Slot, schema: &Schema) -> String {
    schema.field(slot).map(|field| field.label.clone()).unwrap_or_default()
}

/// A value of a fact, for a sentence.
pub(super) fn said(value: &Value, slot: Slot, schema: &Schema) -> String {
    match value {
        Value::Text(text) => shown(text, slot, schema),
        Value::Number(number) => Plainly(*number).to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::List(items) if items.is_empty() => "empty".to_owned(),
        Value::List(items) => {
            let some: Vec<_> =
                items.iter().take(NAMED).map(|item| shown(item, slot, schema)).collect();
            match items.len() - some.len() {
                0 => some.join(", "),
                more => format!("{} and {more} more", some.join(", ")),
            }
        }
    }
}

fn shown(text: &str, slot: Slot, schema: &Schema) -> String {
    let shower = schema.field(slot).and_then(|field| field.shower.as_ref());
    let text = shower.map_or_else(|| text.to_owned(), |show| show(text));
    let plain = |c: char| c.is_alphanumeric() || " -_.@&/".contains(c);
    let bare = text.trim() == text && !text.is_empty() && text.chars().all(plain);
    if bare && text.len() <= CUT { text } else { quoted(&text) }
}

/// Between quotes, cut, with control characters escaped.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(CUT) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// `a, b or c`; many are cut and counted.
fn either(items: impl Iterator<Item = String>, count: usize) -> String {
    let mut items: Vec<_> = items.take(NAMED).collect();
    if count > items.len() {
        items.push(format!("{} more", count - items.len()));
    }
    match items.pop() {
        None => "one of no values".to_owned(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} or {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Field, Type, cel};
    use super::*;

    #[test]
    fn conditions_are_said_in_english() {
        let schema = Schema::builder()
            .with(Field::new("lead.country", Type::Text))
            .with(Field::new("lead.email", Type::Text))
            .with(Field::new("lead.employees", Type::Number))
            .with(Field::new("lead.custom.budget", Type::Number))
            .with(Field::new("lead.free_mail", Type::Bool))
            .with(Field::new("lead.tags", Type::List))
            .with(Field::new("account.known", Type::Bool))
            .with(Field::new("account.domain", Type::Text))
            .group("account", "account.known")
            .build()
            .unwrap();
        let many: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        for (source, expected) in [
            (
                r#"lead.country in ["DE", "AT", "CH"] && lead.employees >= 500"#,
                "country is DE, AT or CH and employees is 500 or more",
            ),
            (
                r"lead.free_mail && (has(lead.country) || !account.known)",
                "free mail is true and (country is known or account is unknown)",
            ),
            (
                r#"!(lead.employees < 5 && !lead.email.endsWith(".edu"))"#,
                "employees is 5 or more or email ends with \".edu\"",
            ),
            (r"lead.email.endsWith(account.domain)", "email ends with account domain"),
            (r"!('vip' in lead.tags)", "tags does not include vip"),
            (r"size(lead.tags) > 2", "the size of tags is more than 2"),
            (r"lead.custom.budget != lead.employees", "custom budget is not employees"),
            (r#"lead.country == "a\nb""#, "country is \"a\\nb\""),
            (r"lead.country in []", "country is one of no values"),
            ("true", "always"),
            ("!true", "never"),
            (
                &format!("lead.employees in [{}]", many.join(",")),
                "employees is 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 or 8 more",
            ),
        ] {
            assert_eq!(cel(source, &schema).unwrap().sentence(&schema), expected, "{source}");
        }
    }
}
