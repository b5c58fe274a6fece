//! The alert rules: well formed, tested each, with advice for each, over metrics that exist.

use std::collections::BTreeSet;

use handoff::model::alert::{Alert, Severity};
use serde_json::Value;

use super::{anchors, promtool, rules, scrape, text, yaml};
use crate::faults::needs;

/// Tests of the rules: those that take hours, and those that take days.
const TESTS: [&str; 2] = ["config/alerts.test.yml", "config/alerts.days.test.yml"];

/// The alerts of the file, by name.
fn alerts() -> Vec<(String, Value)> {
    let named = |rule: &Value| Some((rule["alert"].as_str()?.to_owned(), rule.clone()));
    rules().iter().filter_map(named).collect()
}

#[test]
fn promtool_takes_the_rules_and_their_tests_hold() {
    if !needs::promtool("the alert rules") {
        return;
    }
    for arguments in
        [["check", "rules", "config/alerts.yml"], ["test", "rules", "config/alerts.test.yml"]]
    {
        let (is_good, said) = promtool(&arguments);
        assert!(is_good && said.contains("SUCCESS"), "promtool {arguments:?}:\n{said}");
    }
}

#[test]
fn every_alert_fires_in_a_test_says_what_it_means_and_leads_to_advice() {
    if !needs::yaml("advice for every alert rule") {
        return;
    }
    let tests = TESTS.map(|file| yaml(file).to_string()).concat();
    let anchors = anchors(&text("docs/operations.md"));
    let alerts = alerts();
    let names: BTreeSet<&String> = alerts.iter().map(|(name, _)| name).collect();
    assert!(names.len() == alerts.len() && names.len() > 20, "each has a name of its own");
    for (name, rule) in &alerts {
        let severity = rule["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning")), "{name}: {severity:?}");
        for words in ["summary", "description"] {
            let said = rule["annotations"][words].as_str().unwrap_or_default();
            assert!(said.len() > 15, "{name} has no {words}");
        }
        assert!(tests.contains(&format!("alertname=\\\"{name}\\\"")), "{name} fires in no test");
        let link = rule["annotations"]["runbook_url"].as_str().unwrap_or_default();
        let anchor = link.strip_prefix("docs/operations.md#");
        let anchor = anchor.unwrap_or_else(|| panic!("{name}: {link} leads elsewhere"));
        let all: Vec<&str> = Alert::all().map(Alert::name).collect();
        // Two of them are about handoff's own alerts, and lead to the advice for each.
        let led = if anchor == "{{ $labels.alert }}" { all } else { vec![anchor] };
        for anchor in led {
            assert!(anchors.contains(anchor), "{name}: there is no advice at {anchor}");
        }
        assert!(anchors.contains(&name.to_lowercase()), "{name} has no heading of its own");
    }
}

#[test]
fn the_two_rules_for_handoffs_own_alerts_divide_them_by_severity() {
    if !needs::yaml("severities of handoff's own alerts") {
        return;
    }
    let warnings: Vec<&str> = Alert::all()
        .filter(|alert| alert.severity() == Severity::Warning)
        .map(Alert::name)
        .collect();
    let list = warnings.join("|");
    let alerts = alerts();
    for (name, sign) in [("HandoffRaisedCritical", "!~"), ("HandoffRaisedWarning", "=~")] {
        let (_, rule) = alerts.iter().find(|(found, _)| found == name).expect(name);
        let expression = rule["expr"].as_str().expect("an expression");
        let want = format!("handoff_alert{{alert{sign}\"{list}\"}}");
        assert!(expression.contains(&want), "{name} should ask for {want}: {expression}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_asks_for_what_a_daemon_shows() {
    if !needs::yaml("metrics of the alert rules") {
        return;
    }
    let all = rules();
    let recorded = all.iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned));
    let recorded: BTreeSet<String> = recorded.collect();
    let expressions: Vec<String> =
        all.iter().map(|rule| rule["expr"].as_str().expect("expr").to_owned()).collect();
    let lacking = scrape::lacking(&expressions, &recorded).await;
    assert!(lacking.is_empty(), "{lacking:#?}");
}
