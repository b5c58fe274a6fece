//! The dashboard: importable, with panels over metrics that exist.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::Value;

use super::{promtool, scrape, text};
use crate::faults::needs;

fn dashboard() -> Value {
    serde_json::from_str(&text("config/dashboard.json")).expect("JSON")
}

/// Every expression, with what Grafana puts into it.
fn expressions() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let of_annotations = dashboard["annotations"]["list"].as_array().into_iter().flatten();
    let all = targets.chain(of_annotations).filter_map(|target| target["expr"].as_str());
    all.map(|expr| expr.replace("$__rate_interval", "5m")).collect()
}

#[test]
fn it_can_be_imported_and_each_panel_has_an_id_a_place_and_its_data() {
    let dashboard = dashboard();
    assert_eq!(dashboard["title"], "handoff");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let kinds: Vec<_> = variables.iter().map(|one| (&one["name"], &one["type"])).collect();
    assert_eq!(kinds[0], (&"datasource".into(), &"datasource".into()), "no source is built in");
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "twice: {}", panel["id"]);
        let title = panel["title"].as_str().expect("a title");
        let place = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        assert!(place("x") + place("w") <= 24, "{title} is too wide");
        for y in place("y")..place("y") + place("h") {
            for x in place("x")..place("x") + place("w") {
                assert!(taken.insert((x, y)), "{title} lies over another panel");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().is_some_and(|said| said.len() > 5), "{title}");
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{title} shows nothing");
        for one in targets.iter().chain([panel]) {
            assert_eq!(one["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
    assert!(ids.len() > 30, "{}", ids.len());
}

#[test]
fn promtool_takes_every_expression() {
    if !needs::promtool("expressions of the dashboard") {
        return;
    }
    let mut file = String::from("groups:\n- name: dashboard\n  rules:\n");
    for (number, expression) in expressions().iter().enumerate() {
        let quoted = expression.replace('\'', "''");
        writeln!(file, "  - {{ record: 'panel:{number}', expr: '{quoted}' }}").expect("a line");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dashboard.yml");
    std::fs::write(&path, file).expect("a file");
    let (is_good, said) = promtool(&["check", "rules", path.to_str().expect("a name")]);
    assert!(is_good && said.contains("SUCCESS"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_asks_for_what_a_daemon_shows() {
    let lacking = scrape::lacking(&expressions(), &BTreeSet::new()).await;
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn every_metric_that_operators_need_has_a_panel() {
    let all = expressions().join("\n");
    let readme = text("README.md");
    let promised =
        readme.lines().filter_map(|line| line.strip_prefix("| `handoff_")?.split('`').next());
    for metric in promised {
        assert!(all.contains(&format!("handoff_{metric}")), "no panel shows handoff_{metric}");
    }
}
