//! Facts that lie in a region, made up.
//!
//! Guarantees: what is given lies in the region. That nothing is given says nothing.
//! Does not know: regular expressions, and long texts.

use std::sync::Arc;

use super::super::facts::{Facts, Value};
use super::super::pred::{Measure, NumberField, Order, Part, Test, TextField};
use super::super::{
    field::{Slot, Type},
    schema::Schema,
};
use super::{Hidden, Region, Set, Texts};

impl Region<'_> {
    /// Facts that lie in here: fields that are not asked about are unknown, and others if they may
    /// be. Nothing when none are found.
    #[must_use]
    pub fn sample(&self, schema: &Schema) -> Option<Facts> {
        let mut facts = Facts::new(schema);
        for (slot, domain) in &self.fields {
            let is_asked = self.hidden.iter().any(|hidden| {
                let (one, other) = hidden.test.slots();
                one == *slot || other == Some(*slot)
            });
            if domain.may_be_unknown && !is_asked {
                continue;
            }
            let value = match &domain.set {
                Set::None => continue,
                Set::Truth(truth) => Value::Bool(*truth),
                Set::Numbers(numbers) => Value::Number(numbers.some()?),
                Set::Texts(texts) => self.text(*slot, texts)?,
                Set::All => match schema.kind(*slot)? {
                    Type::Bool => Value::Bool(true),
                    Type::Number => Value::Number(1.0),
                    Type::Text => self.text(*slot, &Texts::ANY)?,
                    Type::List => self.list(*slot),
                },
            };
            facts.set(*slot, Some(value));
        }
        self.pairs(&mut facts);
        self.has(&facts).then_some(facts)
    }

    fn wanted(&self, slot: Slot) -> impl Iterator<Item = &Hidden<'_>> {
        self.hidden.iter().filter(move |hidden| hidden.holds && hidden.test.slots().0 == slot)
    }

    /// A text with the parts that are asked for.
    fn text(&self, slot: Slot, texts: &Texts) -> Option<Value> {
        let (mut start, mut middle, mut end) = ("", String::new(), "");
        for hidden in self.wanted(slot) {
            let Test::Part { part, needle, .. } = hidden.test else { continue };
            match part {
                Part::Starts if needle.len() > start.len() => start = needle,
                Part::Ends if needle.len() > end.len() => end = needle,
                Part::Contains => middle = middle + " " + needle,
                _ => {}
            }
        }
        if start.is_empty() && middle.is_empty() && end.is_empty() {
            return texts.some().map(|text| Value::text(&text));
        }
        let made = ["", "x", "y0"].map(|filler| format!("{start}{middle}{filler}{end}"));
        made.iter().find(|text| texts.has(text)).map(|text| Value::text(text))
    }

    /// A list with one of each of the texts that are asked for.
    fn list(&self, slot: Slot) -> Value {
        let firsts = self.wanted(slot).filter_map(|hidden| match hidden.test {
            Test::ListHas { values, .. } => values.sorted.first().cloned(),
            _ => None,
        });
        let items: Vec<Arc<str>> = firsts.collect();
        Value::List(items.into())
    }

    /// Makes fields that are compared with each other come out as they should.
    fn pairs(&self, facts: &mut Facts) {
        for hidden in self.hidden.iter().filter(|hidden| hidden.holds) {
            match hidden.test {
                Test::SameText { left, right } => {
                    facts.set(left.slot, facts.get(right.slot).cloned());
                }
                Test::SameNumber { left, order, right } => compare(facts, *left, *order, *right),
                Test::SameBool { left, right } => {
                    facts.set(*left, facts.get(*right).cloned());
                }
                Test::PartField { field, part, needle } => {
                    join(facts, *field, *part, *needle);
                }
                Test::ListHasField { slot, item } => {
                    let item = facts.get(item.slot).cloned();
                    if let (Some(Value::Text(item)), Some(Value::List(items))) =
                        (item, facts.get(*slot))
                    {
                        let items = items.iter().cloned().chain([item]).collect();
                        facts.set(*slot, Some(Value::List(items)));
                    }
                }
                _ => {}
            }
        }
    }
}

fn compare(facts: &mut Facts, left: NumberField, order: Order, right: NumberField) {
    let Some(Value::Number(number)) = facts.get(right.slot) else { return };
    if left.measure != Measure::Value || right.measure != Measure::Value {
        return;
    }
    let number = match order {
        Order::Equal | Order::AtMost | Order::AtLeast => *number,
        Order::Less => number - 1.0,
        Order::More => number + 1.0,
    };
    facts.set(left.slot, Some(Value::Number(number)));
}

fn join(facts: &mut Facts, field: TextField, part: Part, needle: TextField) {
    let (Some(Value::Text(text)), Some(Value::Text(sought))) =
        (facts.get(field.slot), facts.get(needle.slot))
    else {
        return;
    };
    let joined = match part {
        Part::Starts => format!("{sought}{text}"),
        Part::Ends | Part::Contains => format!("{text}{sought}"),
    };
    facts.set(field.slot, Some(Value::text(&joined)));
}
