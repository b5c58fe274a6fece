//! Why a condition held, did not hold, or could not be said, for one lead.
//!
//! Guarantees: every clause is evaluated and named with the value it saw; the sentence names only
//! the clauses that decided.
//! Does not know: HTML and logs; the values are a stranger's and must be escaped where shown.

use serde::Serialize;

use super::facts::{Facts, Value};
use super::pred::{Leaf, Node, Pred, Test, Tri};
use super::schema::Schema;
use super::sentence::{Phrase, label, said};
use super::syntax::Plainly;

/// So many deciding clauses are named in a sentence, the rest is counted.
const NAMED: usize = 8;

/// What happened to a condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Whether it held.
    pub outcome: Tri,
    /// Every clause, by number.
    pub clauses: Vec<Seen>,
    /// Which clauses kept it from holding, and what they needed; nothing when it held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// What happened to one clause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Whether the clause held.
    pub outcome: Tri,
    /// The clause in canonical form.
    pub text: String,
    /// The dotted name of the field.
    pub field: String,
    /// Its value; nothing when it is unknown.
    pub value: Option<Value>,
    /// The field that it was compared with, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_field: Option<String>,
    /// That one's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_value: Option<Value>,
}

impl Pred {
    /// Evaluates every clause and says what decided. `schema` and `facts` are those of `eval`.
    pub fn explain(&self, schema: &Schema, facts: &Facts) -> Trace {
        let outcome = self.eval(facts);
        let mut leaves = Vec::with_capacity(self.clauses.len());
        self.root.leaves(&mut leaves);
        leaves.sort_by_key(|leaf| leaf.clause);
        let clauses = leaves.iter().zip(&self.clauses).map(|(leaf, clause)| {
            let (slot, other) = leaf.test.slots();
            Seen {
                outcome: leaf.eval(facts),
                text: clause.text.clone(),
                field: schema.name(slot).to_owned(),
                value: facts.get(slot).cloned(),
                other_field: other.map(|other| schema.name(other).to_owned()),
                other_value: other.and_then(|other| facts.get(other).cloned()),
            }
        });
        let clauses = clauses.collect();
        Trace {
            outcome,
            clauses,
            why_not: (outcome != Tri::True).then(|| self.why_not(schema, facts)),
        }
    }

    fn why_not(&self, schema: &Schema, facts: &Facts) -> String {
        let mut reasons = Vec::new();
        self.root.deciding(false, facts, &mut |leaf, opposite| {
            let reason = leaf.reason(opposite, schema, facts);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        });
        if reasons.is_empty() {
            return "the condition never holds".to_owned();
        }
        let more = reasons.len().saturating_sub(NAMED);
        reasons.truncate(NAMED);
        let named = reasons.join("; ");
        if more == 0 { named } else { format!("{named}; and {more} more") }
    }
}

impl Node {
    fn leaves<'a>(&'a self, found: &mut Vec<&'a Leaf>) {
        match self {
            Self::Const(_) => {}
            Self::Leaf(leaf) => found.push(leaf),
            Self::Not(inner) => inner.leaves(found),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.leaves(found)),
        }
    }

    /// The clauses that gave this node its outcome: those below it with the same outcome, since in
    /// an "all" a false one outweighs unknown ones, and in an "any" an unknown one outweighs false
    /// ones. `opposite` when the node should not have held.
    fn deciding<'a>(
        &'a self,
        opposite: bool,
        facts: &Facts,
        tell: &mut impl FnMut(&'a Leaf, bool),
    ) {
        match self {
            Self::Const(_) => {}
            Self::Leaf(leaf) => tell(leaf, opposite),
            Self::Not(inner) => inner.deciding(!opposite, facts, tell),
            Self::All(parts) | Self::Any(parts) => {
                let outcome = self.eval(facts);
                for part in parts.iter().filter(|part| part.eval(facts) == outcome) {
                    part.deciding(opposite, facts, tell);
                }
            }
        }
    }
}

impl Leaf {
    /// `employees is 120, needed 500 or more`.
    fn reason(&self, opposite: bool, schema: &Schema, facts: &Facts) -> String {
        let (slot, other) = self.test.slots();
        let subject = self.test.subject(schema);
        let negated = self.negated != opposite;
        let Some(value) = facts.get(slot) else {
            let presence = schema.field(slot).is_some_and(|field| field.presence_of.is_some());
            return match self.test {
                Test::Is { .. } if presence => format!("it is open whether {subject} is known"),
                _ => format!("{} is unknown", label(slot, schema)),
            };
        };
        let other = other.map(|other| (other, facts.get(other)));
        if let Some((other, None)) = other {
            return format!("{} is unknown", label(other, schema));
        }
        let against = other.and_then(|(other, value)| {
            Some(format!(" ({} is {})", label(other, schema), said(value?, other, schema)))
        });
        let against = against.unwrap_or_default();
        let seen = match &self.test {
            // What was seen is the opposite of what was needed.
            Test::Known(_) | Test::Is { .. } => match self.test.phrase(schema, !negated) {
                Phrase::Is(seen) => seen,
                Phrase::Does(..) => String::new(),
            },
            Test::Number { field, .. }
            | Test::NumberIn { field, .. }
            | Test::SameNumber { left: field, .. } => {
                field.read(facts).map(|number| Plainly(number).to_string()).unwrap_or_default()
            }
            _ => said(value, slot, schema),
        };
        match self.test.phrase(schema, negated) {
            Phrase::Is(needed) => format!("{subject} is {seen}, needed {needed}{against}"),
            Phrase::Does(_, verb, object) if negated => {
                format!("{subject} is {seen}, which {verb} {object}{against}")
            }
            Phrase::Does(verb, _, object) => {
                format!("{subject} is {seen}, which does not {verb} {object}{against}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Field, Type, cel};
    use super::*;

    fn schema() -> Schema {
        let name = |code: &str| if code == "DE" { "Germany".to_owned() } else { code.to_owned() };
        Schema::builder()
            .with(Field::new("lead.country", Type::Text).shown(name))
            .with(Field::new("lead.email", Type::Text))
            .with(Field::new("lead.employees", Type::Number))
            .with(Field::new("lead.tags", Type::List))
            .with(Field::new("account.known", Type::Bool))
            .with(Field::new("account.domain", Type::Text))
            .group("account", "account.known")
            .build()
            .unwrap()
    }

    fn trace(source: &str, known: &[(&str, Value)]) -> Trace {
        let schema = schema();
        let mut facts = Facts::new(&schema);
        for (name, value) in known {
            assert!(facts.set(schema.slot(name).unwrap(), Some(value.clone())), "{name}");
        }
        cel(source, &schema).unwrap().explain(&schema, &facts)
    }

    #[test]
    fn the_clauses_that_decided_are_named_with_what_they_needed() {
        let known = [
            ("lead.country", Value::text("FR")),
            ("lead.employees", Value::Number(120.0)),
            ("lead.email", Value::text("eva@linden.example")),
            ("lead.tags", Value::list(["a", "b"])),
        ];
        for (source, expected) in [
            ("lead.employees >= 500", "employees is 120, needed 500 or more"),
            ("lead.country == 'DE' && lead.employees > 1", "country is FR, needed Germany"),
            ("lead.country == 'DE' && account.domain == 'x'", "country is FR, needed Germany"),
            ("lead.country == 'FR' && account.domain == 'x'", "account domain is unknown"),
            ("account.known", "it is open whether account is known"),
            (
                "lead.country == 'DE' || lead.employees > 500",
                "country is FR, needed Germany; employees is 120, needed more than 500",
            ),
            ("lead.country == 'DE' || account.domain == 'x'", "account domain is unknown"),
            ("!(lead.employees > 5)", "employees is 120, needed 5 or less"),
            (
                "!(has(lead.email) && lead.employees != 7)",
                "email is known, needed unknown; employees is 120, needed 7",
            ),
            (
                "lead.email.endsWith('.edu')",
                "email is eva@linden.example, which does not end with \".edu\"",
            ),
            ("!lead.email.contains('eva')", "email is eva@linden.example, which contains \"eva\""),
            ("'vip' in lead.tags", "tags is a, b, which does not include vip"),
            ("has(account.domain)", "account domain is unknown"),
            (
                "lead.email == lead.country",
                "email is eva@linden.example, needed the same as country (country is FR)",
            ),
            ("size(lead.tags) > 2 && true", "the size of tags is 2, needed more than 2"),
            ("false", "the condition never holds"),
        ] {
            assert_eq!(trace(source, &known).why_not.as_deref(), Some(expected), "{source}");
        }
        let trace = trace("account.known", &[("account.known", Value::Bool(false))]);
        assert_eq!(trace.why_not.as_deref(), Some("account is unknown, needed known"));
    }

    #[test]
    fn every_clause_is_in_the_trace_as_json() {
        let trace = trace(
            "lead.country == 'DE' || lead.employees != 5 || lead.email == account.domain",
            &[("lead.country", Value::text("DE")), ("account.domain", Value::text("x"))],
        );
        let expected = serde_json::json!({
            "outcome": "true",
            "clauses": [
                {"outcome": "true", "text": "lead.country == \"DE\"", "field": "lead.country", "value": "DE"},
                {"outcome": "unknown", "text": "lead.employees != 5", "field": "lead.employees", "value": null},
                {"outcome": "unknown", "text": "lead.email == account.domain", "field": "lead.email", "value": null,
                 "other_field": "account.domain", "other_value": "x"},
            ],
        });
        assert_eq!(serde_json::to_value(trace).unwrap(), expected);
    }
}
