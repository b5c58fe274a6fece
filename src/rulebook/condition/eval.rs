//! Asking a condition about facts.
//!
//! Guarantees: no allocation (but for the cache a regex makes at first use in a thread), no panic;
//! the logic is CEL's, where a missing fact is an error that `true ||` and `false &&` absorb on
//! either side. `has` is never unknown.
//! Does not know: which clauses decided; that is [`explain`](super::Pred::explain).

use std::cmp::Ordering;

use super::facts::Facts;
use super::pred::{
    Leaf, Measure, Node, NumberField, Order, Part, Pred, Reading, Test, TextField, TextSet, Tri,
};

/// `matches`, and `contains` behind `lowerAscii()`, look at so many bytes of a text at most.
pub const MAX_HAYSTACK: usize = 16 * 1024;

impl Pred {
    /// Whether the condition holds for `facts`, which must be of the schema it was compiled with.
    pub fn eval(&self, facts: &Facts) -> Tri {
        self.root.eval(facts)
    }
}

impl Node {
    pub(super) fn eval(&self, facts: &Facts) -> Tri {
        match self {
            Self::Const(truth) => (*truth).into(),
            Self::Leaf(leaf) => leaf.eval(facts),
            Self::Not(inner) => inner.eval(facts).negated(),
            Self::All(parts) => settle(parts, facts, Tri::False, Tri::True),
            Self::Any(parts) => settle(parts, facts, Tri::True, Tri::False),
        }
    }
}

/// `absorbing` from any part wins, else an unknown part, else `neutral`.
fn settle(parts: &[Node], facts: &Facts, absorbing: Tri, neutral: Tri) -> Tri {
    let mut outcome = neutral;
    for part in parts {
        match part.eval(facts) {
            Tri::Unknown => outcome = Tri::Unknown,
            found if found == absorbing => return absorbing,
            _ => {}
        }
    }
    outcome
}

impl Leaf {
    pub(super) fn eval(&self, facts: &Facts) -> Tri {
        self.test.holds(facts).map_or(Tri::Unknown, |truth| (truth != self.negated).into())
    }
}

impl Test {
    /// `None` when a fact is missing.
    pub(super) fn holds(&self, facts: &Facts) -> Option<bool> {
        Some(match self {
            Self::Known(slot) => facts.get(*slot).is_some(),
            Self::Is { slot, want } => facts.bool(*slot)? == *want,
            Self::Number { field, .. } | Self::NumberIn { field, .. } => {
                self.holds_for(field.read(facts)?)
            }
            Self::Between { slot, .. } => self.holds_for(facts.number(*slot)?),
            Self::Text { field, values } => values.has(field.read(facts)?, field.reading),
            Self::Part { field, part, needle } => {
                let text = field.read(facts)?;
                part.holds(text, needle, field.reading, Reading::Exact)
            }
            Self::Matches { slot, regex } => regex.is_match(start_of(facts.text(*slot, false)?)),
            Self::ListHas { slot, folded, values } => {
                let items = facts.list(*slot, *folded)?;
                items.iter().any(|item| values.has(item, Reading::Exact))
            }
            Self::SameText { left, right } => {
                let (one, other) = (left.read(facts)?, right.read(facts)?);
                one.len() == other.len() && same(one, left.reading, other, right.reading)
            }
            Self::SameNumber { left, order, right } => {
                order.holds(left.read(facts)?, right.read(facts)?)
            }
            Self::SameBool { left, right } => facts.bool(*left)? == facts.bool(*right)?,
            Self::PartField { field, part, needle } => {
                let (text, sought) = (field.read(facts)?, needle.read(facts)?);
                part.holds(text, sought, field.reading, needle.reading)
            }
            Self::ListHasField { slot, item } => {
                let (items, sought) = (facts.list(*slot, false)?, item.read(facts)?);
                items.iter().any(|found| {
                    found.len() == sought.len() && same(found, Reading::Exact, sought, item.reading)
                })
            }
        })
    }

    /// Whether a test of a text's part, form or size holds for it; nothing for another test.
    pub(super) fn holds_for_text(&self, text: &str) -> Option<bool> {
        match self {
            Self::Part { field, part, needle } if field.reading != Reading::Folded => {
                Some(part.holds(text, needle, field.reading, Reading::Exact))
            }
            Self::Matches { regex, .. } => Some(regex.is_match(start_of(text))),
            Self::Number { field, .. } | Self::NumberIn { field, .. }
                if field.measure == Measure::Size =>
            {
                Some(self.holds_for(text.chars().count() as f64))
            }
            _ => None,
        }
    }

    /// Whether a test of a number against constants holds for it; another test never does.
    pub(super) fn holds_for(&self, number: f64) -> bool {
        match self {
            Self::Number { order, value, .. } => order.holds(number, *value),
            Self::Between { low, high, .. } => *low <= number && number <= *high,
            // Equal, not total, order: 0 is -0.
            Self::NumberIn { values, .. } => values
                .binary_search_by(|value| value.partial_cmp(&number).unwrap_or(Ordering::Less))
                .is_ok(),
            _ => false,
        }
    }
}

impl TextField {
    /// Lower ASCII is applied while comparing, since that allocates nothing.
    fn read(self, facts: &Facts) -> Option<&str> {
        facts.text(self.slot, self.reading == Reading::Folded)
    }
}

impl NumberField {
    pub(super) fn read(self, facts: &Facts) -> Option<f64> {
        match self.measure {
            Measure::Value => facts.number(self.slot),
            Measure::Size => facts.text(self.slot, false).map_or_else(
                || facts.list(self.slot, false).map(|items| items.len() as f64),
                |text| Some(text.chars().count() as f64),
            ),
        }
    }
}

impl Order {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            // What people typed and what they wrote are the same decimal or they are not.
            Self::Equal => left.partial_cmp(&right) == Some(Ordering::Equal),
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl TextSet {
    /// Whether `text`, read so, is one of these.
    fn has(&self, text: &str, reading: Reading) -> bool {
        if reading != Reading::LowerAscii {
            return match &*self.sorted {
                [one] => **one == *text,
                many => many.binary_search_by(|known| (**known).cmp(text)).is_ok(),
            };
        }
        let found = self.sorted.binary_search_by(|known| {
            known.bytes().cmp(text.bytes().map(|byte| byte.to_ascii_lowercase()))
        });
        found.is_ok()
    }
}

impl Part {
    fn holds(self, text: &str, sought: &str, reading: Reading, sought_reading: Reading) -> bool {
        let plain = reading != Reading::LowerAscii && sought_reading != Reading::LowerAscii;
        if plain {
            return match self {
                Self::Starts => text.starts_with(sought),
                Self::Ends => text.ends_with(sought),
                Self::Contains => text.contains(sought),
            };
        }
        let fits = |part: &[u8]| same_bytes(part, reading, sought.as_bytes(), sought_reading);
        let (bytes, length) = (text.as_bytes(), sought.len());
        match self {
            Self::Starts => bytes.get(..length).is_some_and(fits),
            Self::Ends => {
                bytes.len().checked_sub(length).and_then(|from| bytes.get(from..)).is_some_and(fits)
            }
            Self::Contains if length == 0 => true,
            Self::Contains => start_of(text).as_bytes().windows(length).any(fits),
        }
    }
}

fn same(one: &str, reading: Reading, other: &str, other_reading: Reading) -> bool {
    same_bytes(one.as_bytes(), reading, other.as_bytes(), other_reading)
}

/// Whether two texts of the same length are the same, each read in its way.
fn same_bytes(one: &[u8], reading: Reading, other: &[u8], other_reading: Reading) -> bool {
    let read = |byte: &u8, reading| match reading {
        Reading::LowerAscii => byte.to_ascii_lowercase(),
        Reading::Exact | Reading::Folded => *byte,
    };
    one.iter().zip(other).all(|(a, b)| read(a, reading) == read(b, other_reading))
}

/// The first [`MAX_HAYSTACK`] bytes, ending between two characters.
pub(super) fn start_of(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_HAYSTACK)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::{Field, Schema, Type, Value, cel};
    use super::*;

    fn schema() -> Schema {
        Schema::builder()
            .with(Field::new("lead.title", Type::Text))
            .with(Field::new("lead.email", Type::Text))
            .with(Field::new("lead.employees", Type::Number))
            .with(Field::new("lead.tags", Type::List))
            .with(Field::new("account.domain", Type::Text))
            .with(Field::new("account.known", Type::Bool))
            .build()
            .unwrap()
    }

    fn facts(schema: &Schema, known: &[(&str, Value)]) -> Facts {
        let mut facts = Facts::new(schema);
        for (name, value) in known {
            assert!(facts.set(schema.slot(name).unwrap(), Some(value.clone())), "{name}");
        }
        facts
    }

    #[test]
    fn conditions_hold_fail_or_are_unknown() {
        let schema = schema();
        let facts = facts(
            &schema,
            &[
                ("lead.title", Value::text("VP of Größe")),
                ("lead.email", Value::text("Eva@Linden.example")),
                ("lead.employees", Value::Number(120.0)),
                ("lead.tags", Value::list(["vip", "Linden.example"])),
            ],
        );
        for (source, expected) in [
            ("lead.employees >= 120 && lead.employees < 120.5", Tri::True),
            ("lead.employees != 120", Tri::False),
            ("500 > lead.employees", Tri::True),
            ("lead.employees in [1, 120]", Tri::True),
            ("lead.title.startsWith('VP')", Tri::True),
            ("lead.title.lowerAscii().startsWith('vp of')", Tri::True),
            ("lead.title.lowerAscii().contains('OF')", Tri::False),
            ("lead.title.lowerAscii().contains('of')", Tri::True),
            ("lead.title.lowerAscii() in ['x', 'vp of größe']", Tri::True),
            ("lead.title.matches('^VP')", Tri::True),
            ("lead.title.size() == 11", Tri::True),
            ("size(lead.tags) == 2", Tri::True),
            ("'vip' in lead.tags", Tri::True),
            ("lead.title in lead.tags", Tri::False),
            ("account.known", Tri::Unknown),
            ("!account.known", Tri::Unknown),
            ("account.known || lead.employees == 120", Tri::True),
            ("lead.employees == 120 || account.known", Tri::True),
            ("account.known && lead.employees == 1", Tri::False),
            ("account.known && lead.employees == 120", Tri::Unknown),
            ("lead.email.endsWith(account.domain)", Tri::Unknown),
            ("has(account.domain)", Tri::False),
            ("!has(lead.email)", Tri::False),
            ("account.domain in []", Tri::Unknown),
        ] {
            let pred = cel(source, &schema).unwrap_or_else(|why| panic!("{source}: {why:?}"));
            assert_eq!(pred.eval(&facts), expected, "{source}");
        }
    }

    #[test]
    fn matching_looks_at_the_start_of_a_long_text_only() {
        let schema = schema();
        let pred = cel("lead.title.matches('b')", &schema).unwrap();
        for (length, expected) in [(MAX_HAYSTACK - 1, Tri::True), (MAX_HAYSTACK, Tri::False)] {
            let text = format!("{}b", "a".repeat(length));
            let facts = facts(&schema, &[("lead.title", Value::text(&text))]);
            assert_eq!(pred.eval(&facts), expected, "{length}");
        }
        assert_eq!(start_of(&"ä".repeat(MAX_HAYSTACK)).len(), MAX_HAYSTACK);
        assert_eq!(start_of(&format!("a{}", "ä".repeat(MAX_HAYSTACK))).len(), MAX_HAYSTACK - 1);
    }
}
