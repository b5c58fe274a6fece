//! What regions say of conditions, compared with what conditions say of facts.

use proptest::prelude::*;

use super::super::{Tri, arbitrary, cel, compile::compile};
use super::*;

/// More than the conditions here ever need.
const MOST: usize = 4096;

fn taken_away<'p>(from: &[Region<'p>], regions: &[Region<'p>]) -> Vec<Region<'p>> {
    regions
        .iter()
        .fold(from.to_vec(), |rest, region| rest.iter().flat_map(|one| one.minus(region)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn regions_are_where_a_condition_holds(
        one in arbitrary::condition(),
        two in arbitrary::condition(),
        known in arbitrary::facts(),
    ) {
        let schema = arbitrary::schema();
        let (one, two) = (compile(&one, &schema).unwrap(), compile(&two, &schema).unwrap());
        let facts = arbitrary::fill(&schema, &known);
        let (outcome, region) = one.around(&facts);
        prop_assert_eq!(outcome, one.eval(&facts));
        prop_assert!(region.has(&facts), "{:?}", region);
        if let Some(sample) = region.sample(&schema) {
            prop_assert_eq!(one.eval(&sample), outcome, "{:?} {:?}", region, sample);
        }
        let (Some(first), Some(second)) = (one.holding(MOST), two.holding(MOST)) else {
            return Ok(());
        };
        let holds = |regions: &[Region<'_>]| regions.iter().any(|region| region.has(&facts));
        prop_assert_eq!(holds(&first), outcome == Tri::True);
        let both: Vec<_> = first.iter().flat_map(|a| second.iter().filter_map(|b| a.and(b))).collect();
        prop_assert_eq!(holds(&both), holds(&first) && holds(&second));
        for (a, b) in first.iter().flat_map(|a| second.iter().map(move |b| (a, b))).take(16) {
            let expected = a.has(&facts) && !b.has(&facts);
            prop_assert_eq!(holds(&a.minus(b)), expected, "{:?} minus {:?}", a, b);
            prop_assert!(!(a.is_within(b) && expected), "{:?} within {:?}", a, b);
        }
    }
}

fn rest(of: &str, without: &[&str]) -> usize {
    let schema = arbitrary::schema();
    let of = cel(of, &schema).unwrap();
    let without: Vec<_> = without.iter().map(|source| cel(source, &schema).unwrap()).collect();
    let without: Vec<_> = without.iter().flat_map(|pred| pred.holding(MOST).unwrap()).collect();
    taken_away(&of.holding(MOST).unwrap(), &without).len()
}

#[test]
fn what_is_covered_is_seen_to_be() {
    for (of, by) in [
        ("lead.country == 'DE'", &["lead.country in ['AT', 'DE']"][..]),
        ("lead.country in ['AT', 'DE']", &["lead.country == 'DE'", "lead.country == 'AT'"]),
        ("lead.employees > 10", &["lead.employees <= 50", "lead.employees > 50"]),
        (
            "lead.free_mail && lead.score > 1",
            &["lead.score > 0 && lead.score < 9", "lead.free_mail"],
        ),
        ("lead.score >= 1 || lead.score < 1", &["has(lead.score)"]),
        ("lead.email.endsWith('.edu')", &["lead.email.endsWith('edu')"]),
        ("lead.email == 'a.edu'", &["lead.email.endsWith('.edu')"]),
        ("lead.email.matches('^a+$')", &["lead.email.matches('^a+$')"]),
        ("'a' in lead.tags", &["'a' in lead.tags && has(lead.score)", "!has(lead.score)"]),
        ("lead.country == 'DE' && lead.country == 'AT'", &[]),
        ("lead.country == 'DE' && lead.country.startsWith('A')", &[]),
        ("lead.email.startsWith('a') && lead.email.startsWith('b')", &[]),
        ("lead.employees > 5 && !(lead.employees > 2)", &[]),
        ("lead.country.lowerAscii() == 'DE'", &[]),
    ] {
        assert_eq!(rest(of, by), 0, "{of} without {by:?}");
    }
}

#[test]
fn what_is_not_covered_is_not_said_to_be() {
    for (of, by) in [
        // A lead whose country is unknown is in neither.
        ("true", &["lead.country == 'DE'", "lead.country != 'DE'"][..]),
        ("lead.employees >= 49", &["lead.employees <= 49", "lead.employees >= 50"]),
        ("lead.country == 'DE'", &["lead.country.lowerAscii() == 'at'", "has(lead.score)"]),
        ("lead.email.endsWith('edu')", &["lead.email.endsWith('.edu')"]),
        ("lead.email.contains('b')", &["lead.email.contains('ab')"]),
        ("lead.email.matches('^a+$')", &["lead.email.matches('^a*$')"]),
        ("!('a' in lead.tags)", &["!('a' in lead.tags) && has(lead.score)"]),
    ] {
        assert_ne!(rest(of, by), 0, "{of} without {by:?}");
    }
}
