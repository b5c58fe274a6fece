//! `[matching]`: how leads are matched to accounts; and what examples say of them.
//!
//! Guarantees: every way and every tie-breaker is there once at most.
//! Does not know: accounts.

use super::{
    super::{
        condition::{Type, Value},
        finding::advice,
    },
    Cx,
    tree::{Item, Section},
};
use crate::model::account::{By, Matching, Tie};

/// Scores that may be asked for: below, names share hardly anything.
const SCORES: std::ops::RangeInclusive<f64> = 0.5..=1.0;

/// Reads it; what it does not say is as usual.
pub fn matching(root: &Section<'_>) -> Matching {
    let usual = Matching::default();
    let Some(section) = root.item("matching").and_then(|item| item.section("[matching]")) else {
        return usual;
    };
    let ways: Vec<(&str, By)> = By::ALL.into_iter().filter(|(_, by)| *by != By::None).collect();
    let by = section.item("by").and_then(|item| words(&item, "way of matching", &ways));
    let ties = section.item("ties").and_then(|item| words(&item, "tie-breaker", &Tie::ALL));
    let score = section.item("min_score").and_then(|item| {
        let score = item.number()?;
        if !SCORES.contains(&score) {
            item.wrong(
                format!("\"min_score\" is {score}"),
                "write a number from 0.5 to 1; 0.85 takes names with a slip of the pen",
            );
        }
        Some(score)
    });
    section.done();
    Matching {
        by: by.unwrap_or(usual.by),
        min_score: score.unwrap_or(usual.min_score),
        ties: ties.unwrap_or(usual.ties),
    }
}

/// The words of a list, each known and there once.
fn words<T: Copy + PartialEq>(item: &Item<'_>, what: &str, known: &[(&str, T)]) -> Option<Vec<T>> {
    let mut found: Vec<T> = Vec::new();
    for (text, item) in item.texts()? {
        match known.iter().find(|(word, _)| *word == text) {
            Some((_, value)) if found.contains(value) => {
                item.wrong(format!("{text:?} is there twice"), "keep the first");
            }
            Some((_, value)) => found.push(*value),
            None => {
                let names = known.iter().map(|(word, _)| *word);
                item.wrong(format!("unknown {what} {text:?}"), advice(text, what, names));
            }
        }
    }
    Some(found)
}

/// What an example may say of an account beside its owner and name.
pub const MIRRORED: [(&str, Type); 10] = [
    ("match", Type::Text),
    ("score", Type::Number),
    ("id", Type::Text),
    ("tier", Type::Text),
    ("parent", Type::Text),
    ("parent_owner", Type::Text),
    ("open_opportunity", Type::Bool),
    ("opportunity_owner", Type::Text),
    ("opportunity_stage", Type::Text),
    ("opportunity_amount", Type::Number),
];

/// What an example says of an account that only the mirror has.
pub fn mirrored(cx: &Cx<'_>, item: &Item<'_>) -> Vec<(&'static str, Value)> {
    if !item.is_table() {
        return Vec::new();
    }
    let Some(section) = item.section("account") else { return Vec::new() };
    let value = |(fact, kind): (&'static str, Type)| {
        let item = section.item(fact)?;
        let value = match kind {
            Type::Number => Value::Number(item.number()?),
            Type::Bool => Value::Bool(item.truth()?),
            Type::Text | Type::List => Value::text(item.text()?),
        };
        if fact.ends_with("owner") {
            cx.names.find("rep", item.text()?, &item)?;
        }
        Some((fact, value))
    };
    MIRRORED.into_iter().filter_map(value).collect()
}
