//! S14: values are bound, never written into SQL; and no body of the API holds more than its route
//! takes.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::caller,
    architecture::source::files,
    harness::{Config, Plant},
};

/// Statements that are not written out where they are used. Each was read: what is put in is a
/// constant, a number of ours, or one of a few literals.
const REVIEWED: &[(&str, &str)] = &[
    ("src/store/sqlite/list.rs", "&format!(\"{} ORDER BY {order} LIMIT {max}\", self.sql)"),
    ("src/store/sqlite/story.rs", "&format!(\"{sql} LIMIT {PAGE_MAX}\")"),
    ("src/store/sqlite/turn.rs", "sql)"),
    ("src/store/sqlite/decide.rs", "sql)"),
    ("src/store/sqlite/migrate.rs", "step.sql)"),
    ("src/store/sqlite/tally.rs", "if is_dead {"),
    ("src/store/sqlite/commit.rs", "if is_new {"),
    ("src/store/sqlite/commit.rs", "values)"),
    ("src/store/postgres/claim.rs", "sql,"),
    ("src/store/postgres/front.rs", "statement(known.is_some())"),
    ("src/store/postgres/list.rs", "&sql, &values)"),
    ("src/store/postgres/copy.rs", "statement.text(),"),
    ("src/store/postgres/copy.rs", "table.fetch,"),
    ("src/store/postgres/settle.rs", "&format!(\"{STANDING} {lock}\")"),
    ("src/store/postgres/story.rs", "&format!(\"{sql} LIMIT {PAGE_MAX}\")"),
    ("src/store/postgres/tx.rs", "sql, values)"),
    ("src/store/sqlite/backup.rs", "&format!(\"PRAGMA integrity_check({DAMAGE_MAX})\")"),
    ("src/store/sqlite/copy.rs", "statement.text())"),
    ("src/store/sqlite/copy.rs", "rows.text(),"),
];

/// Places where a statement is given to the database as something else than a literal.
fn unwritten(file: &str, text: &str) -> Vec<String> {
    const TAKERS: [&str; 6] =
        [".prepare(", ".prepare_cached(", ".execute_batch(", ".execute(", ".query_row(", ".query("];
    // Of the finished module only; what its tests do is no part of the product.
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for taker in TAKERS {
        for (at, _) in text.match_indices(taker) {
            let argument = text[at + taker.len()..].trim_start();
            // A statement that was prepared takes its values here.
            let values = ["params!", "params_from_iter", "[", "named_params!", "("];
            let is_written = argument.starts_with('"')
                || argument.starts_with("rows::sql_of_events!")
                || values.iter().any(|start| argument.starts_with(start));
            let is_reviewed = is_constant(argument, text)
                || REVIEWED.iter().any(|(of, start)| file == *of && argument.starts_with(start));
            if !is_written && !is_reviewed {
                let line = text[..at].matches('\n').count() + 1;
                let shown: String = argument.chars().take(60).collect();
                found.push(format!("{file}:{line}: {shown}"));
            }
        }
    }
    found
}

/// Whether an argument is a constant or a variable of the same file that is a literal by itself.
fn is_constant(argument: &str, text: &str) -> bool {
    let name: String = argument.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let is_literal = |text: &str| text.trim_start().starts_with('"');
    let constant = text.split_once(&format!("const {name}: &str ="));
    let begin = format!("let {name} =");
    let variables = text.split(&begin).skip(1);
    !name.is_empty()
        && (constant.is_some_and(|(_, value)| is_literal(value))
            || (variables.clone().count() > 0 && variables.clone().all(is_literal)))
}

#[test]
fn s14_every_statement_is_written_out_or_was_reviewed() {
    let sources = files(&["src/store"], ".rs");
    assert!(sources.len() > 10, "the sources were read");
    let found: Vec<String> =
        sources.iter().flat_map(|(file, text)| unwritten(file, text)).collect();
    assert!(
        found.is_empty(),
        "write the statement out and bind its values, or read it and add it to REVIEWED:\n{}",
        found.join("\n")
    );
    for (file, start) in REVIEWED {
        let text = sources.get(*file).unwrap_or_else(|| panic!("{file} is gone: strike it out"));
        assert!(text.contains(start), "{file}: {start} is gone: strike it out of REVIEWED");
    }
    for (text, count) in [
        ("conn.prepare(\"SELECT 1\")", 0),
        ("conn.prepare(\n    \"SELECT 1\",\n)", 0),
        ("found.query(params![id])", 0),
        ("conn.prepare(&format!(\"SELECT {x}\"))", 1),
        ("conn.execute(&text, [])", 1),
        ("const LOOK: &str =\n    \"SELECT 1\"; tx.query(LOOK, &[])", 0),
        ("let sql = \"SELECT 1\"; tx.query(sql, &[])", 0),
        ("let sql = format!(\"{x}\"); tx.query(sql, &[])", 1),
    ] {
        assert_eq!(unwritten("src/store/x.rs", text).len(), count, "{text}");
    }
}

/// Every route of the API that takes a body, and a body that it takes.
fn bodies(lead: &str) -> Vec<(String, Value)> {
    vec![
        (format!("/leads/{lead}/responses"), json!({ "kind": "call" })),
        (format!("/leads/{lead}/reassign"), json!({ "to": "ada" })),
        (format!("/leads/{lead}/why"), json!({ "files": {} })),
        ("/events/redo".into(), json!({ "fate": "rejected" })),
        ("/jobs/retry".into(), json!({ "jobs": [] })),
        ("/jobs/bury".into(), json!({ "jobs": [] })),
        ("/reps/ada/away".into(), json!({ "for": "1h" })),
        ("/rulebooks".into(), json!({ "files": {}, "dry_run": true })),
        ("/drafts/x".into(), json!({ "files": {} })),
        ("/shadow".into(), json!({ "draft": "x" })),
        ("/reroutes".into(), json!({ "select": {}, "to": "rules" })),
        ("/reroutes/x".into(), json!({ "leads": 1 })),
        ("/accounts".into(), json!({ "origin": "csv", "accounts": [] })),
        ("/accounts/retire".into(), json!({ "origin": "csv", "stamp": 1 })),
        ("/imported".into(), json!({ "leads": [] })),
        ("/imported/read".into(), json!({ "max": 1 })),
        ("/imported/remove".into(), json!({ "person": "x" })),
        ("/tokens".into(), json!({ "name": "x", "hash": "00" })),
        ("/backup".into(), json!({ "file": "relative" })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_no_body_of_the_api_may_hold_an_unknown_or_a_repeated_field() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    let ops = caller(&plant, "ops").await;
    for (path, good) in bodies(&lead.uuid.to_string()) {
        for field in ["is_admin", "role", "id", "owner", "__proto__", ""] {
            let mut more = good.clone();
            more[field] = json!(true);
            let why = ops.refused(&path, more, 400).await;
            assert!(why.contains("unknown field"), "{path} {field}: {why}");
        }
        let (name, value) = good.as_object().unwrap().iter().next().unwrap();
        let twice = format!("{{\"{name}\":{value},\"{name}\":{value}}}");
        let url = plant.url(&format!("/api/v1{path}"));
        let request = plant.http.post(url).bearer_auth(&ops.token).body(twice);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}: {name} twice");
        for wrong in ["[]", "1", "\"x\"", "null", "{", "{\"a\":", "\u{0}", "[[[["] {
            let url = plant.url(&format!("/api/v1{path}"));
            let request = plant.http.post(url).bearer_auth(&ops.token).body(wrong);
            assert_eq!(request.send().await.unwrap().status(), 400, "{path}: {wrong}");
        }
    }
    for path in ["/leads", "/events", "/jobs"] {
        let (status, _) = ops.call(Method::GET, &format!("{path}?is_admin=1"), None).await;
        assert_eq!(status, 400, "{path}");
    }
}

/// A new route with a body has to come into the table above.
#[test]
fn s14_the_table_has_every_route_that_takes_a_body() {
    let mut shapes = BTreeSet::new();
    for (file, text) in files(&["src/http/api"], ".rs") {
        for (at, _) in text.match_indices(": Sent<") {
            let shape = text[at + ": Sent<".len()..].split('>').next().unwrap();
            shapes.insert(format!("{file} {shape}"));
            let strict = format!("#[serde(deny_unknown_fields)]\nstruct {shape} ");
            assert!(text.contains(&strict), "{file}: {shape} takes unknown fields");
        }
    }
    // Two orders share `Jobs`.
    assert_eq!(shapes.len(), bodies("x").len() - 1, "{shapes:?}");
}
