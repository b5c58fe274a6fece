//! Conditions in CEL and as people type them.
//!
//! States: findings point into the source; what compiled says itself; `always` means always; the
//! explanation agrees with the evaluation, clause by clause; the index finds what a scan finds.
//! Input: lines. `=name value` is a fact, `?name json` a plain condition, all else CEL.

use std::sync::LazyLock;

use handoff::rulebook::condition::{
    Facts, Field, Index, PlainValue, Pred, Schema, Tri, Type, Value, cel, plain,
};
use serde_json::Value as Json;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let country = |text: &str| {
        handoff::model::country::parse(text)
            .map(str::to_owned)
            .ok_or_else(|| format!("{text:?} is no country"))
    };
    Schema::builder()
        .with(Field::new("lead.country", Type::Text).normalised(country))
        .with(Field::new("lead.email", Type::Text))
        .with(Field::new("lead.utm.source", Type::Text))
        .with(Field::new("lead.persona", Type::Text).allowed(["student", "buyer", "Partner"]))
        .with(Field::new("lead.employees", Type::Number))
        .with(Field::new("lead.custom.budget", Type::Number))
        .with(Field::new("lead.free_mail", Type::Bool))
        .with(Field::new("lead.tags", Type::List))
        .with(Field::new("account.known", Type::Bool))
        .with(Field::new("account.domain", Type::Text))
        .group("account", "account.known")
        .build()
        .expect("the schema is good")
});

pub fn run(bytes: &[u8]) {
    // Longer than the longest condition, so that its limit is met too.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > 10_000 {
        return;
    }
    let schema = &*SCHEMA;
    let mut facts = Facts::new(schema);
    let mut rules = Vec::new();
    for line in text.split('\n').take(80) {
        if let Some(fact) = line.strip_prefix('=') {
            set(&mut facts, fact);
        } else if let Some(typed) = line.strip_prefix('?') {
            rules.extend(typed_by_a_person(typed));
        } else {
            rules.extend(in_cel(line));
        }
    }
    let nothing = Facts::new(schema);
    for facts in [&facts, &nothing] {
        for rule in &rules {
            agrees_with_itself(rule, facts);
        }
        let scan: Vec<(usize, Tri)> = rules
            .iter()
            .map(|rule| rule.eval(facts))
            .enumerate()
            .filter(|(_, outcome)| *outcome != Tri::False)
            .collect();
        let found: Vec<usize> = Index::build(&rules).candidates(facts).collect();
        assert!(found.is_sorted());
        let found: Vec<(usize, Tri)> = found
            .into_iter()
            .map(|at| (at, rules[at].eval(facts)))
            .filter(|(_, outcome)| *outcome != Tri::False)
            .collect();
        assert_eq!(found, scan, "the index and a scan differ");
        let outcomes: Vec<Tri> = rules.iter().map(|rule| rule.eval(facts)).collect();
        let all = if outcomes.contains(&Tri::False) {
            Tri::False
        } else if outcomes.contains(&Tri::Unknown) {
            Tri::Unknown
        } else {
            Tri::True
        };
        assert_eq!(Pred::all(rules.iter().cloned()).eval(facts), all);
    }
}

fn set(facts: &mut Facts, fact: &str) {
    let (name, value) = fact.split_once(' ').unwrap_or((fact, ""));
    let Some(slot) = SCHEMA.slot(name) else { return };
    let value = match SCHEMA.kind(slot) {
        Some(Type::Text) => Some(Value::text(value)),
        Some(Type::Number) => value.parse().ok().map(Value::Number),
        Some(Type::Bool) => value.parse().ok().map(Value::Bool),
        Some(Type::List) => Some(Value::list(value.split(','))),
        None => None,
    };
    let is_nan = matches!(value, Some(Value::Number(number)) if number.is_nan());
    assert_eq!(facts.set(slot, value), !is_nan);
}

fn in_cel(source: &str) -> Option<Pred> {
    match cel(source, &SCHEMA) {
        Ok(rule) => {
            for clause in rule.clauses() {
                let span = clause.span.clone().expect("a clause of CEL stands somewhere");
                assert!(source.get(span.clone()).is_some(), "{span:?} of {source:?}");
            }
            Some(rule)
        }
        Err(findings) => {
            assert!(!findings.is_empty(), "{source:?} is refused without a reason");
            for finding in findings {
                let handoff::rulebook::condition::Place::Source(span) = &finding.place else {
                    panic!("{finding:?}")
                };
                assert!(source.get(span.clone()).is_some(), "{finding:?} of {source:?}");
                assert!(!finding.message.is_empty());
            }
            None
        }
    }
}

fn typed_by_a_person(text: &str) -> Option<Pred> {
    fn value(json: Json) -> PlainValue {
        match json {
            Json::Bool(truth) => PlainValue::Bool(truth),
            Json::Number(number) => PlainValue::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => PlainValue::Text(text),
            Json::Array(items) => PlainValue::List(items.into_iter().map(value).collect()),
            other => PlainValue::Text(other.to_string()),
        }
    }
    let (name, json) = text.split_once(' ').unwrap_or((text, ""));
    let wanted =
        serde_json::from_str(json).map_or_else(|_| PlainValue::Text(json.to_owned()), value);
    match plain(name, &wanted, &SCHEMA) {
        Ok(rule) => Some(rule),
        Err(findings) => {
            assert!(!findings.is_empty() && findings.iter().all(|one| !one.message.is_empty()));
            None
        }
    }
}

fn agrees_with_itself(rule: &Pred, facts: &Facts) {
    let outcome = rule.eval(facts);
    assert!(!rule.holds_always() || outcome == Tri::True, "what holds always does not");
    assert!(!rule.sentence(&SCHEMA).is_empty());
    assert!(rule.slots().iter().all(|slot| SCHEMA.kind(*slot).is_some()));
    let seen = rule.explain(&SCHEMA, facts);
    assert_eq!(seen.outcome, outcome);
    assert_eq!(seen.why_not.is_none(), outcome == Tri::True);
    assert_eq!(seen.clauses.len(), rule.clauses().len());
    for (clause, seen) in rule.clauses().iter().zip(&seen.clauses) {
        assert_eq!(clause.text, seen.text);
        // A clause in canonical form is the same clause.
        if clause.span.is_some() {
            let again = cel(&clause.text, &SCHEMA).expect("the canonical form reads back");
            assert_eq!(again.eval(facts), seen.outcome, "{}", clause.text);
        }
    }
}
