//! A decision's reasons, printed: the same for one that the daemon made and one made here.
//!
//! Guarantees: reads the JSON of `decide::explain::Why` and nothing else, so both print alike.
//! Does not know: how anything is decided.

use serde_json::Value;

use super::{
    row::Row,
    screen::{Screen, Tone, clean},
};

/// The longest line of a clause, in characters: lists of countries and of values can be long.
const LINE_MAX: usize = 500;

/// Prints why a lead went where it went.
pub fn print(screen: &mut Screen, why: &Value) {
    let why = Row(why);
    screen.toned(Tone::Good, &why.text("headline"));
    if !why.text("rule").is_empty() {
        screen.line(&why.text("rule"));
    }
    screen.line(&format!("Rulebook version {}.", version(&why.text("rulebook"))));
    screen.line("");
    for rule in why.rows("rules") {
        print_rule(screen, rule);
    }
    if !why.text("account.text").is_empty() {
        screen.line("");
        screen.line(&why.text("account.text"));
        let others = why.value("account.others").and_then(Value::as_array);
        for other in others.into_iter().flatten().filter_map(Value::as_str) {
            screen.toned(Tone::Dim, &format!("    {other}"));
        }
    }
    let candidates: Vec<Vec<String>> = why
        .rows("candidates")
        .map(|one| {
            let mark = if one.is("is_winner") { "→" } else { "" };
            vec![
                mark.to_owned(),
                one.text("rep"),
                one.text("pool"),
                one.text("standing"),
                format!("{:.2}", one.value("credit").and_then(Value::as_f64).unwrap_or(0.0)),
            ]
        })
        .collect();
    if !candidates.is_empty() {
        screen.line("");
        screen.table(&["", "candidate", "pool", "standing", "credit"], &candidates, "");
    }
}

fn version(number: &str) -> &str {
    if number == "0" { "0 (not published)" } else { number }
}

/// One line for the rule, one for each of its clauses with the value it saw.
fn print_rule(screen: &mut Screen, rule: Row<'_>) {
    let outcome = rule.text("outcome");
    let (mark, tone) = match outcome.as_str() {
        "true" => ("✓", Tone::Good),
        "false" => ("·", Tone::Dim),
        _ => ("?", Tone::Bad),
    };
    let why = match rule.text("why") {
        why if why.is_empty() => String::new(),
        why => format!(": {why}"),
    };
    screen.toned(tone, &format!("{mark} {} {outcome}{why}", rule.text("rule")));
    for clause in rule.rows("clauses") {
        let (outcome, text) = (clause.text("outcome"), clause.text("text"));
        let mut saw = format!("{} is {}", clause.text("field"), said(clause.value("value")));
        if !clause.text("other_field").is_empty() {
            let other = said(clause.value("other_value"));
            saw = format!("{saw}, {} is {other}", clause.text("other_field"));
        }
        let line = clean(&format!("{outcome}: {text}; {saw}"), LINE_MAX);
        screen.toned_as_it_is(Tone::Dim, &format!("    {line}"));
    }
}

/// A value as a clause saw it.
fn said(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "unknown".to_owned(),
        Some(Value::String(text)) => format!("{text:?}"),
        Some(value) => value.to_string(),
    }
}
