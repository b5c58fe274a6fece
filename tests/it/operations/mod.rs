//! What operators are given beside the program: alert rules, a dashboard, a page that says what to
//! do, and compose files. None of them can rot: each name in them is held against the real thing.
//!
//! Guarantees: alert rules and panels ask for metrics and labels that a daemon shows; every alert
//! has advice; commands of the page are run; settings in compose files exist.
//! Does not know: whether thresholds suit a house, nor what Grafana and Docker make of the files.

mod compose;
mod dashboard;
mod page;
mod promql;
mod rules;
mod scrape;

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::architecture::source::root;

/// A file of the project.
fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// A YAML file of the project, with its anchors and merges resolved. [`needs::yaml`] says whether
/// this can be done.
///
/// [`needs::yaml`]: crate::faults::needs::yaml
fn yaml(name: &str) -> Value {
    const READ: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
    let mut child = Command::new("python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child.stdin.take().expect("a pipe").write_all(text(name).as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{name} is not YAML");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The anchors of a page: its headings as links name them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// The rules of the file, alerts and records alike.
fn rules() -> Vec<Value> {
    let file = yaml("config/alerts.yml");
    let groups = file["groups"].as_array().expect("groups").clone();
    groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

/// What promtool says of these arguments, and whether it is content.
fn promtool(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("promtool").args(arguments).current_dir(root()).output();
    let output = output.expect("promtool runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
