//! The metrics and labels that a PromQL expression names.
//!
//! Guarantees: every selector with its matchers, and every label that is grouped by. Does not know:
//! PromQL; promtool parses the expressions beside this.

use std::collections::BTreeSet;

/// A metric with its matchers: label, whether it is an expression, value.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    pub matchers: Vec<(String, bool, String)>,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// The selectors of metrics of ours: `handoff_…`, `handoff:…`, `process_…` and `up`.
pub fn selectors(expression: &str) -> Vec<Selector> {
    let (mut found, mut rest) = (Vec::new(), expression);
    while let Some(start) = rest.find(|c: char| is_word(c) || c == '"') {
        rest = &rest[start..];
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted.split_once('"').expect("a text that ends").1;
            continue;
        }
        let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        rest = after;
        let is_ours =
            ["handoff_", "handoff:", "process_"].iter().any(|ours| word.starts_with(ours));
        if !is_ours && word != "up" {
            continue;
        }
        let mut selector = Selector { metric: word.to_owned(), matchers: Vec::new() };
        if let Some(inner) = rest.strip_prefix('{') {
            let (inner, after) = inner.split_once('}').expect("a selector that ends");
            selector.matchers = matchers(inner);
            rest = after;
        }
        found.push(selector);
    }
    found
}

/// No value of ours has a comma or a brace.
fn matchers(inner: &str) -> Vec<(String, bool, String)> {
    let of = |matcher: &str| {
        let (label, value) = matcher.split_once('"').expect("a quoted value");
        let (name, sign) = label.split_at(label.find(['=', '!']).expect("a sign"));
        let value = value.trim_end().trim_end_matches('"').to_owned();
        (name.trim().to_owned(), sign.contains('~'), value)
    };
    inner.split(',').filter(|one| !one.trim().is_empty()).map(of).collect()
}

/// The labels that are grouped by.
pub fn grouped(expression: &str) -> BTreeSet<String> {
    let lists = expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    lists.flat_map(|list| list.split(',')).map(|label| label.trim().to_owned()).collect()
}

#[test]
fn selectors_and_groups_are_found() {
    let expression = r#"sum by (source, le) (rate(handoff_x_total{a="b",c!~"d|e",}[5m])) > 1 and "up" == up{job="$job"} or handoff:x"#;
    let found = selectors(expression);
    let metrics: Vec<&str> = found.iter().map(|one| one.metric.as_str()).collect();
    assert_eq!(metrics, ["handoff_x_total", "up", "handoff:x"]);
    let matchers = [("a", false, "b"), ("c", true, "d|e")];
    let owned = matchers
        .map(|(label, is_expression, value)| (label.to_owned(), is_expression, value.to_owned()));
    assert_eq!(found[0].matchers, owned);
    assert_eq!(grouped(expression), ["le", "source"].map(str::to_owned).into());
}
