//! Conditions as people type them into a form: a field and what it should be.
//!
//! A bare name is a field of the lead (`country` for `lead.country`) or a group (`account`); a
//! dotted name is taken as it is. The value is `"known"` or `"unknown"` (missing), a text, a number
//! or a range (`"500 or more"`), true or false, one of these behind `not`, or a list of which any
//! may hold (with `not`, none may). Texts are compared regardless of case: what the rulebook
//! says is folded here, what the lead says when [`Facts`](super::Facts) are filled. A text that is
//! one of these words itself is for CEL.
//!
//! Guarantees: the clause's text says in English what was understood; every wrong item is reported.
//! Does not know: where the field and the value stand in a file.

use std::sync::Arc;

use super::finding::{Finding, Place, did_you_mean};
use super::pred::{
    Clause, Leaf, Measure, Node, NumberField, Order, Pred, Reading, Test, TextField, TextSet, join,
};
use super::quantity::{Quantity, quantity};
use super::schema::{Field, Schema, Slot, Type, fold};

/// The value of a plain condition, as the document holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainValue {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Any of these.
    List(Vec<Self>),
}

/// Reads and compiles `field = value`.
///
/// # Errors
/// Everything that is wrong, pointing at the field, the value or an item of it.
pub fn plain(field: &str, value: &PlainValue, schema: &Schema) -> Result<Pred, Vec<Finding>> {
    let subject =
        subject(field, schema).map_err(|message| vec![Finding { place: Place::Field, message }])?;
    let mut findings = Vec::new();
    let mut note = |place: Place, message: String| findings.push(Finding { place, message });
    let mut wishes = Vec::new();
    match value {
        PlainValue::List(items) if items.is_empty() => {
            note(
                Place::Value,
                format!(
                    "no value is in an empty list; write what {field} may be, or leave the line out"
                ),
            );
        }
        PlainValue::List(items) => {
            for (at, item) in items.iter().enumerate() {
                match subject.read(item) {
                    Ok(wish) => wishes.push(wish),
                    Err(message) => note(Place::Item(at), message),
                }
            }
        }
        single => match subject.read(single) {
            Ok(wish) => wishes.push(wish),
            Err(message) => note(Place::Value, message),
        },
    }
    let negated = wishes.iter().filter(|wish| wish.negated).count();
    if negated > 0 && negated < wishes.len() {
        note(Place::Value, "a list says either what may be or, with not before each item, what may not; split it into two rules".to_owned());
    }
    if findings.is_empty() {
        Ok(build(&subject, wishes, negated > 0, schema))
    } else {
        Err(findings)
    }
}

/// What the condition is about.
enum Subject<'a> {
    Field(Slot, &'a Field),
    /// A group, by the slot that says whether it is there.
    Group(Slot, &'a str),
}

/// One item, understood.
struct Wish {
    negated: bool,
    what: What,
}

enum What {
    Known,
    Unknown,
    Text(String),
    Quantity(Quantity),
    Bool(bool),
}

fn subject<'a>(name: &'a str, schema: &'a Schema) -> Result<Subject<'a>, String> {
    let bare = !name.contains('.');
    let slot = bare.then(|| schema.slot(&format!("lead.{name}"))).flatten();
    if slot.is_none()
        && let Some(presence) = schema.group(name)
    {
        return Ok(Subject::Group(presence, name));
    }
    let slot = slot.or_else(|| schema.slot(name));
    match slot.and_then(|slot| Some((slot, schema.field(slot)?))) {
        Some((slot, field)) => Ok(Subject::Field(slot, field)),
        None if bare => {
            let names = schema.slots().map(|(_, name)| name.strip_prefix("lead.").unwrap_or(name));
            let advice = did_you_mean(name, names);
            Err(if advice.is_empty() {
                format!(
                    "unknown field {name}; one of your own is if.custom.{name}, from a [[mapping]]"
                )
            } else {
                format!("unknown field {name}{advice}")
            })
        }
        None => Err(schema.unknown_field(name)),
    }
}

impl Subject<'_> {
    fn read(&self, item: &PlainValue) -> Result<Wish, String> {
        let positive = |what| Ok(Wish { negated: false, what });
        if let PlainValue::Text(text) = item {
            match fold(text.trim()).as_str() {
                "known" | "not unknown" => return positive(What::Known),
                "unknown" | "not known" => return positive(What::Unknown),
                _ => {}
            }
        }
        let Self::Field(_, field) = self else {
            let Self::Group(_, name) = self else { return positive(What::Known) };
            return Err(format!(
                "{name} is \"known\" or \"unknown\"; to compare one of its fields write its dotted name, as in {name}.owner"
            ));
        };
        let name = &field.name;
        match (field.kind, item) {
            (_, PlainValue::List(_)) => {
                Err("a list inside a list says nothing more; write its items in the outer one"
                    .to_owned())
            }
            (Type::Bool, PlainValue::Bool(truth)) => positive(What::Bool(*truth)),
            (Type::Bool, PlainValue::Text(text)) => match fold(text.trim()).as_str() {
                "true" | "yes" => positive(What::Bool(true)),
                "false" | "no" => positive(What::Bool(false)),
                _ => Err(format!("{name} is true or false; write one of them without quotes")),
            },
            (Type::Number, PlainValue::Number(value)) if value.is_finite() => {
                positive(What::Quantity(Quantity::Compare(Order::Equal, *value)))
            }
            (Type::Number, PlainValue::Text(text)) => {
                let (negated, rest) = negation(text);
                Ok(Wish { negated, what: What::Quantity(quantity(rest)?) })
            }
            (Type::Text | Type::List, PlainValue::Text(text)) => words(field, text),
            (Type::Text | Type::List, PlainValue::Number(_) | PlainValue::Bool(_)) => {
                Err(format!("{name} is text; write the value in quotes"))
            }
            (kind, _) => Err(format!("{name} is {}, and this is not; write one", kind.described())),
        }
    }

    const fn slot(&self) -> Slot {
        match self {
            Self::Field(slot, _) | Self::Group(slot, _) => *slot,
        }
    }
}

/// A text value, in the form in which facts hold it. "not for profit" is a text and no negation
/// when it is one of the field's allowed values.
fn words(field: &Field, written: &str) -> Result<Wish, String> {
    let text = written.trim();
    if text.is_empty() {
        return Err(format!(
            "an empty text is no value; write \"unknown\" for a missing {}",
            field.name
        ));
    }
    let (negated, rest) = negation(text);
    let whole = negated && field.allowed.is_some() && field.canonical(text).is_ok();
    let (negated, rest) = if whole { (false, text) } else { (negated, rest) };
    Ok(Wish { negated, what: What::Text(field.canonical(rest)?) })
}

/// Whether a text begins with `not`, and what stands behind it.
fn negation(text: &str) -> (bool, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) if word.eq_ignore_ascii_case("not") => (true, rest.trim_start()),
        _ => (false, text),
    }
}

fn build(subject: &Subject<'_>, wishes: Vec<Wish>, negated: bool, schema: &Schema) -> Pred {
    let slot = subject.slot();
    let group = matches!(subject, Subject::Group(..));
    let list = schema.kind(slot) == Some(Type::List);
    let (mut words, mut numbers, mut tests) = (Vec::<Arc<str>>::new(), Vec::new(), Vec::new());
    let field = NumberField { slot, measure: Measure::Value };
    for wish in wishes {
        match wish.what {
            What::Known if group => tests.push((false, Test::Is { slot, want: true })),
            What::Unknown if group => tests.push((false, Test::Is { slot, want: false })),
            What::Known => tests.push((false, Test::Known(slot))),
            What::Unknown => tests.push((true, Test::Known(slot))),
            What::Text(text) => words.push(text.into()),
            What::Bool(want) => tests.push((false, Test::Is { slot, want })),
            What::Quantity(Quantity::Compare(Order::Equal, value)) => numbers.push(value),
            What::Quantity(Quantity::Compare(order, value)) => {
                tests.push((negated, Test::Number { field, order, value }));
            }
            What::Quantity(Quantity::Between(low, high)) => {
                tests.push((negated, Test::Between { slot, low, high }));
            }
        }
    }
    if let [value] = *numbers {
        tests.insert(0, (negated, Test::Number { field, order: Order::Equal, value }));
    } else if !numbers.is_empty() {
        numbers.sort_by(f64::total_cmp);
        tests.insert(0, (negated, Test::NumberIn { field, values: numbers.into() }));
    }
    if !words.is_empty() {
        let values = Box::new(folded(words));
        let text = if list {
            Test::ListHas { slot, folded: true, values }
        } else {
            Test::Text { field: TextField { slot, reading: Reading::Folded }, values }
        };
        tests.insert(0, (negated, text));
    }
    let (mut nodes, mut clauses) = (Vec::new(), Vec::new());
    for (clause, (negated, test)) in (0_u32..).zip(tests) {
        let leaf = Leaf { clause, negated, test };
        clauses.push(Clause { span: None, text: leaf.sentence(schema, false) });
        nodes.push(Node::Leaf(leaf));
    }
    let root = if negated { join(nodes, Node::All, true) } else { join(nodes, Node::Any, false) };
    Pred { root, clauses }
}

fn folded(shown: Vec<Arc<str>>) -> TextSet {
    let mut sorted: Vec<Arc<str>> = shown.iter().map(|text| fold(text).into()).collect();
    sorted.sort();
    sorted.dedup();
    TextSet { sorted: sorted.into(), shown: shown.into() }
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
