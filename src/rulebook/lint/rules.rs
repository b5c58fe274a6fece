//! Rules that get no lead.
//!
//! | code | what it says |
//! |---|---|
//! | `rule.never` | The conditions of a rule contradict each other: it never holds. |
//! | `rule.shadowed` | Every lead that a rule is for is taken by rules above it. |
//! | `rule.always` | A rule holds for every lead, so those below it never get one. |
//!
//! Guarantees: what is said is proven; see [`cover`](super::cover). The last rule, which is for
//! every lead, is left alone: compiling asks for it.
//! Does not know: which leads come.

use super::{
    super::{IfUnknown, Rule, Target, Then, condition::Region},
    cover::{Cover, REGIONS_MAX, Verdict},
    ground::Ground,
    places::Places,
};
use crate::model::finding::Finding;

/// So many rules are named in a sentence.
const NAMED: usize = 3;

/// Everything that is to be said of rules.
pub fn lint(ground: &Ground<'_>, places: &Places<'_>) -> Vec<Finding> {
    let rules = &ground.book.rules;
    let mut found = Vec::new();
    let mut cover = Cover::new(ground);
    let last = rules.len().saturating_sub(1);
    for (at, rule) in rules.iter().enumerate().take(last) {
        match cover.verdict(at) {
            Verdict::Reached if cover.takes_all(at) => {
                found.push(always(places, rule, last - at));
                // All below are out of reach for this one reason.
                break;
            }
            Verdict::Reached | Verdict::Unsaid => {}
            Verdict::Never => found.push(never(ground, places, rule)),
            Verdict::Shadowed(by) => {
                let by: Vec<&Rule> = by.into_iter().filter_map(|at| rules.get(at)).collect();
                found.push(shadowed(places, rule, &by));
            }
        }
    }
    found
}

fn always(places: &Places<'_>, rule: &Rule, below: usize) -> Finding {
    let rest = match below {
        1 => "the rule below it never gets".to_owned(),
        many => format!("the {many} rules below it never get"),
    };
    places.warning(
        &places.at("rule", &rule.id, "id"),
        "rule.always",
        format!("the rule {:?} holds for every lead, so {rest} one", rule.id),
        "move it to the end, or give it a condition",
    )
}

/// What a rule that never takes a lead may still do to leads of which a fact is missing.
fn still(rule: &Rule) -> &'static str {
    match rule.if_unknown {
        IfUnknown::Skip => "",
        IfUnknown::Hold => "; at most it holds leads of which a fact is missing",
        IfUnknown::Wait { .. } => "; at most leads of which a fact is missing wait for it in vain",
    }
}

fn never(ground: &Ground<'_>, places: &Places<'_>, rule: &Rule) -> Finding {
    let (parts, table) = contradiction(ground, rule);
    let row = table
        .map_or_else(String::new, |table| format!(" (the table {table:?} has no row for that)"));
    let why = match parts.as_slice() {
        [one] => format!(": no lead can have {one:?}{row}"),
        [one, other] => format!(": {one:?} and {other:?} are never true together{row}"),
        _ => match &rule.then {
            Then::Assign { to: Target::Fact(slot), .. } if holds_somewhere(ground, rule) => {
                format!(": wherever it holds, {} names nobody", ground.book.schema.name(*slot))
            }
            _ => ": its conditions are never true together".to_owned(),
        },
    };
    places.warning(
        &places.at("rule", &rule.id, "id"),
        "rule.never",
        format!("the rule {:?} never takes a lead{why}{}", rule.id, still(rule)),
        "change one of the conditions, or remove the rule",
    )
}

fn holds_somewhere(ground: &Ground<'_>, rule: &Rule) -> bool {
    let regions = rule.when.holding(REGIONS_MAX).into_iter().flatten();
    regions.into_iter().any(|region| is_somewhere(ground, &region))
}

fn is_somewhere(ground: &Ground<'_>, region: &Region<'_>) -> bool {
    ground.close(region.clone()).is_some_and(|region| ground.without_row(&region).is_none())
}

/// The fewest conditions of a rule that contradict each other, one or two, and the table that says
/// so, if none of them does so by itself.
fn contradiction<'b>(ground: &Ground<'b>, rule: &Rule) -> (Vec<String>, Option<&'b str>) {
    let Some(parts) = rule.when.parts(REGIONS_MAX) else { return (Vec::new(), None) };
    let is_nowhere =
        |regions: &[Region<'_>]| regions.iter().all(|region| !is_somewhere(ground, region));
    let table = |regions: &[Region<'_>]| {
        let mut closed = regions.iter().filter_map(|region| ground.close(region.clone()));
        closed.find_map(|region| ground.without_row(&region))
    };
    if let Some((one, regions)) = parts.iter().find(|(_, regions)| is_nowhere(regions)) {
        return (vec![one.clone()], table(regions));
    }
    for (at, (one, regions)) in parts.iter().enumerate() {
        for (other, others) in parts.iter().skip(at + 1) {
            let pairs = regions.iter().flat_map(|a| others.iter().filter_map(|b| a.and(b)));
            let pairs: Vec<Region<'_>> = pairs.collect();
            if is_nowhere(&pairs) {
                return (vec![one.clone(), other.clone()], table(&pairs));
            }
        }
    }
    (Vec::new(), None)
}

fn shadowed(places: &Places<'_>, rule: &Rule, by: &[&Rule]) -> Finding {
    let named: Vec<String> =
        by.iter().take(NAMED).map(|rule| places.named("rule", &rule.id)).collect();
    let takers = match named.as_slice() {
        [one] => format!("the rule {one}"),
        _ if by.len() > NAMED => {
            format!("the rules {} and {} more", named.join(", "), by.len() - NAMED)
        }
        _ => format!("the rules {}", super::super::finding::all(&named)),
    };
    let mend = match by {
        [one] => format!("move it above {:?}, narrow that one, or remove this rule", one.id),
        _ => "move it above them, narrow one of them, or remove this rule".to_owned(),
    };
    places.warning(
        &places.at("rule", &rule.id, "id"),
        "rule.shadowed",
        format!(
            "the rule {:?} never takes a lead: {takers} above {} every one that it is for{}",
            rule.id,
            if by.len() == 1 { "takes" } else { "take" },
            still(rule)
        ),
        mend,
    )
}
