//! The subset against an independent implementation of CEL.
//!
//! Random conditions are printed, read by both, and asked about random facts with missing values:
//! true is true, false is false, and unknown is the error "no such key", nothing else. Facts reach
//! the oracle as maps in which what is missing has no key; numbers are doubles there as here.
//! `HANDOFF_CEL_CASES` sets the number of comparisons.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, Env, ExecutionError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value as Json, json};

use super::arbitrary::{self, FIELDS};
use super::{Tri, Value, cel as compiled};

/// So many leads are asked about for each condition, since reading it costs the oracle most.
const LEADS: u32 = 10;

fn env() -> Arc<Env> {
    let mut env = Env::stdlib();
    env.add_extension(cel::extensions::strings).unwrap();
    Arc::new(env)
}

fn context(env: &Arc<Env>, known: &[Option<Value>]) -> Context<'static, 'static> {
    let mut tree =
        BTreeMap::from([("lead", json!({"utm": {}, "custom": {}})), ("account", json!({}))]);
    for ((name, _), value) in FIELDS.iter().zip(known) {
        let Some(value) = value else { continue };
        let (root, rest) = name.split_once('.').unwrap();
        let pointer = rest.rsplit_once('.').map_or(String::new(), |(front, _)| format!("/{front}"));
        let parent = tree.get_mut(root).and_then(|map| map.pointer_mut(&pointer)).unwrap();
        let leaf = rest.rsplit('.').next().unwrap();
        let parent: &mut Map<String, Json> = parent.as_object_mut().unwrap();
        parent.insert(leaf.to_owned(), serde_json::to_value(value).unwrap());
    }
    let mut context = Context::with_env(Arc::clone(env));
    for (root, value) in tree {
        context.add_variable_from_value(root, cel::to_value(value).unwrap());
    }
    // The oracle is built without its own; the expression itself is the same library's.
    let matches =
        |This(text): This<Arc<String>>, pattern: Arc<String>| -> Result<bool, ExecutionError> {
            Ok(regex::Regex::new(&pattern).unwrap().is_match(&text))
        };
    context.add_function("matches", matches).unwrap();
    context
}

fn outcome(program: &cel::Program, context: &Context<'_, '_>) -> Result<Tri, String> {
    match program.execute(context) {
        Ok(cel::Value::Bool(truth)) => Ok(truth.into()),
        Err(ExecutionError::NoSuchKey(_)) => Ok(Tri::Unknown),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn conditions_mean_what_they_mean_in_cel() {
    let cases = std::env::var("HANDOFF_CEL_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let config = Config { cases: u32::div_ceil(cases, LEADS), ..Config::default() };
    let schema = arbitrary::schema();
    let env = env();
    let mut seen = [0_u32; 3];
    let strategy =
        (arbitrary::condition(), proptest::collection::vec(arbitrary::facts(), LEADS as usize));
    let counted = std::cell::RefCell::new(&mut seen);
    TestRunner::new(config)
        .run(&strategy, |(expr, leads)| {
            let source = expr.to_string();
            let ours = compiled(&source, &schema)
                .map_err(|why| TestCaseError::fail(format!("{source}: {why:?}")))?;
            let theirs = env
                .compile(&source)
                .map_err(|why| TestCaseError::fail(format!("{source}: {why}")))?;
            for known in &leads {
                let found = ours.eval(&arbitrary::fill(&schema, known));
                let expected = outcome(&theirs, &context(&env, known));
                prop_assert_eq!(Ok(found), expected, "{} with {:?}", source, known);
                counted.borrow_mut()[found as usize] += 1;
            }
            Ok(())
        })
        .unwrap();
    // A generator that always says the same would prove nothing.
    let all: u32 = seen.iter().sum();
    assert!(all >= cases && seen.iter().all(|count| *count > all / 10), "{seen:?}");
}

#[test]
fn literals_mean_what_they_mean_in_cel() {
    let schema = arbitrary::schema();
    let env = env();
    for (source, text) in [
        (r"lead.email == '\a\b\f\n\r\t\v\\\?\`'", "\x07\x08\x0C\n\r\t\x0B\\?`"),
        (r#"lead.email == "\x41\X42\u00e4\U0001F600\101""#, "ABä😀A"),
        (r"lead.email == r'\d\n'", r"\d\n"),
        ("lead.email // comment\n == 'a'", "a"),
        ("lead.email in ['a', 'b',]", "b"),
        ("matches(lead.email, 'a') || lead.email.matches('a')", "a"),
    ] {
        let known = [None, Some(Value::text(text))];
        let theirs = env.compile(source).unwrap();
        assert_eq!(outcome(&theirs, &context(&env, &known)), Ok(Tri::True), "{source}");
        match compiled(source, &schema) {
            Ok(ours) => {
                assert_eq!(ours.eval(&arbitrary::fill(&schema, &known)), Tri::True, "{source}");
            }
            // Refusing is allowed, meaning something else is not.
            Err(_) => assert!(source.starts_with("matches"), "{source}"),
        }
    }
}
