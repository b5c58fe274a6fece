//! The compose files: closed to the outside, stopped with patience, and about settings that exist.

use std::collections::BTreeSet;

use handoff::settings::REFERENCE;
use serde_json::Value;

use super::{text, yaml};
use crate::faults::needs;

/// Variables that settings are overlaid by: `HANDOFF_LOG_LEVEL` for `level` in `[log]`.
fn overlays() -> BTreeSet<String> {
    let (mut section, mut all) = ("", BTreeSet::new());
    for line in REFERENCE.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line).trim();
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.split_once(" = ")
            && !section.contains(['.', ' '])
        {
            let place = if section.is_empty() { String::new() } else { format!("{section}_") };
            all.insert(format!("HANDOFF_{place}{key}").to_uppercase());
        }
    }
    all
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The services of a file by name.
fn services(file: &Value) -> Vec<(&String, &Value)> {
    file["services"].as_object().expect("services").iter().collect()
}

#[test]
fn every_service_is_confined_and_has_time_to_stop() {
    if !needs::yaml("compose files") {
        return;
    }
    for name in ["docker/compose.yaml", "docker/replicas.yaml"] {
        let file = yaml(name);
        for (service, what) in services(&file) {
            let about = format!("{service} of {name}");
            assert_eq!(what["read_only"], true, "{about}");
            assert_eq!(words(&what["cap_drop"]), ["ALL"], "{about}");
            assert_eq!(words(&what["security_opt"]), ["no-new-privileges:true"], "{about}");
            assert!(what["mem_limit"].is_string(), "{about} has no bound of memory");
            assert_eq!(what["restart"], "unless-stopped", "{about}");
            let grace = what["stop_grace_period"].as_str().and_then(|span| span.strip_suffix('s'));
            let grace: u32 = grace.and_then(|span| span.parse().ok()).expect("seconds");
            assert!(grace >= 40, "{about} has {grace} s to stop");
            // Our image has its user and is asked from outside.
            if what["image"] != "handoff" {
                let user = what["user"].as_str().unwrap_or("0");
                assert!(!user.starts_with('0'), "{about} is root");
                assert!(what["healthcheck"]["test"].is_array(), "{about} has no health check");
            }
            for port in words(&what["ports"]) {
                assert!(port.starts_with("127.0.0.1:"), "{about} listens to the world at {port}");
            }
            for secret in words(&what["secrets"]) {
                // Compose refuses variables as secrets where the root is read-only.
                assert!(file["secrets"][secret]["file"].is_string(), "{about}: {secret}");
            }
            for network in words(&what["networks"]) {
                assert!(file["networks"].get(network).is_some(), "{about}: {network}");
            }
        }
    }
}

#[test]
fn replicas_are_two_nodes_on_a_database_behind_a_proxy_that_asks_whether_they_are_ready() {
    if !needs::yaml("compose files") {
        return;
    }
    let file = yaml("docker/replicas.yaml");
    let services = services(&file);
    let is_node = |(_, what): &&(&String, &Value)| what["image"] == "handoff";
    let nodes: Vec<_> = services.iter().filter(is_node).collect();
    assert_eq!(nodes.len(), 2);
    let proxy = text("docker/replicas.haproxy.cfg");
    for (name, node) in nodes {
        assert_eq!(node["depends_on"]["db"]["condition"], "service_healthy", "{name}");
        assert!(proxy.contains(&format!("server {name} {name}:8080")), "{name} is not behind it");
        assert!(node.get("ports").is_none(), "{name} is reached past the proxy");
    }
    for line in ["option httpchk GET /health/ready", "retry-on conn-failure empty-response 503"] {
        assert!(proxy.lines().any(|found| found.trim() == line), "the proxy lacks {line}");
    }
    let db = &file["services"]["db"];
    assert!(words(&db["volumes"]).iter().any(|volume| volume.starts_with("database:")));
    assert_eq!(file["networks"]["store"]["internal"], true);
}

#[test]
fn every_variable_is_a_setting_or_a_secret_of_the_reference() {
    if !needs::yaml("compose files") {
        return;
    }
    let overlays = overlays();
    assert!(overlays.contains("HANDOFF_STORE") && overlays.contains("HANDOFF_KEEP_BODIES"));
    let is_known =
        |name: &str| overlays.contains(name) || REFERENCE.contains(&format!("env:{name}\""));
    for name in ["docker/compose.yaml", "docker/replicas.yaml"] {
        let file = yaml(name);
        for (service, what) in
            services(&file).into_iter().filter(|(_, what)| what["image"] == "handoff")
        {
            for variable in what["environment"].as_object().into_iter().flat_map(|all| all.keys()) {
                assert!(is_known(variable), "{service} of {name}: {variable} is no setting");
            }
            let example = words(&what["secrets"]).into_iter().filter(|one| *one != "database-url");
            for secret in example {
                let path = format!("file:/run/secrets/{secret}\"");
                assert!(REFERENCE.contains(&path), "{service} of {name}: nobody reads {path}");
            }
        }
    }
    let example = text("docker/handoff.env.example");
    for line in example.lines().filter(|line| !line.starts_with('#')) {
        let variable = line.split('=').next().expect("a name");
        assert!(is_known(variable), "docker/handoff.env.example: {variable} is no setting");
    }
}
