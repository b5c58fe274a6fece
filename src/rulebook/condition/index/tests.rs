//! The index never leaves out a rule that counts, and leaves out those that it should.

use proptest::prelude::*;

use super::super::arbitrary::{self, FIELDS};
use super::super::compile::compile;
use super::super::{Facts, PlainValue, Tri, Value, cel, plain};
use super::*;

#[test]
fn of_many_rules_only_those_that_could_hold_are_candidates() {
    let schema = arbitrary::schema();
    let text = |text: String| PlainValue::Text(text);
    let mut rules: Vec<_> = (0..1000)
        .map(|n| plain("country", &text(format!("Land {}", n % 500)), &schema).unwrap())
        .collect();
    rules.push(cel("lead.employees > 5", &schema).unwrap());
    let index = Index::build(&rules);
    let mut facts = Facts::new(&schema);
    assert_eq!(index.candidates(&facts).count(), 1001);
    let country = schema.slot("lead.country").unwrap();
    facts.set(country, Some(Value::text("LAND 7")));
    assert_eq!(index.candidates(&facts).collect::<Vec<_>>(), [7, 507, 1000]);
    facts.set(country, Some(Value::text("elsewhere")));
    assert_eq!(index.candidates(&facts).collect::<Vec<_>>(), [1000]);
    assert_eq!(Index::build([]).candidates(&facts).next(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What may hold holds, and what is open is not false; exactly so for all but a few rules.
    #[test]
    fn looking_up_says_what_asking_each_rule_says(
        exprs in proptest::collection::vec(arbitrary::condition(), 1..140),
        known in arbitrary::facts(),
    ) {
        let schema = arbitrary::schema();
        let rules: Vec<_> = exprs.iter().map(|expr| compile(expr, &schema).unwrap()).collect();
        let facts = arbitrary::fill(&schema, &known);
        let index = Index::build(&rules);
        let left = index.look(&facts);
        for (at, rule) in rules.iter().enumerate() {
            let outcome = rule.eval(&facts);
            let said = (left.holds.has(at), left.open.has(at));
            if index.is_exact(at) {
                let expected = (outcome == Tri::True, outcome != Tri::False);
                prop_assert_eq!(said, expected, "{}", exprs[at]);
            } else {
                prop_assert!(said.0 || outcome != Tri::True, "{}", exprs[at]);
                prop_assert!(said.1 || outcome == Tri::False, "{}", exprs[at]);
            }
        }
    }

    /// First match and everything unknown before it, with the index and without.
    #[test]
    fn candidates_give_what_a_scan_gives(
        exprs in proptest::collection::vec(arbitrary::condition(), 1..90),
        known in arbitrary::facts(),
    ) {
        let schema = arbitrary::schema();
        let rules: Vec<_> = exprs.iter().map(|expr| compile(expr, &schema).unwrap()).collect();
        let facts = arbitrary::fill(&schema, &known);
        let scan = |order: &mut dyn Iterator<Item = usize>| {
            order.map(|rule| (rule, rules[rule].eval(&facts)))
                .filter(|(_, outcome)| *outcome != Tri::False)
                .collect::<Vec<_>>()
        };
        let candidates: Vec<_> = Index::build(&rules).candidates(&facts).collect();
        prop_assert!(candidates.is_sorted());
        prop_assert_eq!(scan(&mut candidates.into_iter()), scan(&mut (0..rules.len())));
    }

    /// The same for plain conditions, which compare folded texts.
    #[test]
    fn candidates_of_plain_conditions_give_what_a_scan_gives(
        wanted in proptest::collection::vec((0..FIELDS.len(), arbitrary::plain_value()), 1..90),
        known in arbitrary::facts(),
    ) {
        let schema = arbitrary::schema();
        let rules: Vec<_> = wanted.iter()
            .filter_map(|(field, value)| plain(FIELDS[*field].0, value, &schema).ok())
            .collect();
        let facts = arbitrary::fill(&schema, &known);
        let expected: Vec<_> = (0..rules.len()).filter(|rule| rules[*rule].eval(&facts) != Tri::False).collect();
        let found: Vec<_> = Index::build(&rules).candidates(&facts)
            .filter(|rule| rules[*rule].eval(&facts) != Tri::False)
            .collect();
        prop_assert_eq!(found, expected);
    }
}
