//! The load generator as people use it, small: its figures, its proof, its exit code.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::run;

fn bench(arguments: &[&str]) -> (i32, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
    command.args(["bench", "road", "--json"]).args(arguments);
    let (code, out, error) = run(command, "");
    (code, serde_json::from_str(&out).unwrap_or(Value::Null), error)
}

#[test]
fn fifty_leads_are_driven_down_the_road_and_each_is_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let store = store.to_str().expect("UTF-8");
    // 40 a second for 1.25 s, in the middle of which the CRM is down for a quarter of a second.
    let (code, report, error) =
        bench(&["--rate", "40", "--for", "1s", "--outage", "250ms", "--store", store]);
    assert_eq!(code, 0, "{report:#} {error}");
    let proof = &report["proof"];
    for (name, wanted) in [
        ("acknowledged", 50),
        ("stored", 50),
        ("leads", 50),
        ("records", 50),
        ("unacknowledged", 0),
    ] {
        assert_eq!(proof[name], wanted, "{name} of {report:#}");
    }
    assert_eq!((&proof["balances"], &proof["recounts"]), (&true.into(), &true.into()));
    assert_eq!(report["leads"], 50);
    let ms = |name: &str, part: &str| report[name][part].as_f64().unwrap_or(0.0);
    assert!(ms("acknowledged_ms", "p50") > 0.0);
    assert!(ms("owned_ms", "p50") >= ms("recorded_ms", "p50"), "the record comes before its owner");
    // Each lead costs at least two answers of 20 ms: one that looks for it, one that makes it.
    assert!(ms("recorded_ms", "p50") >= 40.0, "{report:#}");
    assert!(report["outage"]["calls_while_down"].as_u64() > Some(0), "the CRM was really down");
    assert!(report["outage"]["recovered_s"].as_f64() > Some(0.0));
    assert!(report["cpu_us_each"].as_f64() > Some(0.0));
    assert!(report["memory"]["peak_mib"].as_f64() > Some(1.0));
    assert_eq!(report["stages"]["written"]["count"], 50, "{report:#}");
    assert!(folder.path().join("store/handoff.db").is_file(), "the store is kept");
}

#[test]
fn a_daemon_that_cannot_start_is_told_with_its_log() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("handoff.db")).expect("a folder");
    let (code, _, error) = bench(&["--store", folder.path().to_str().expect("UTF-8")]);
    assert_eq!(code, 5);
    assert!(error.contains("did not become ready; its log ends"), "{error}");
}

#[test]
fn a_stand_in_says_where_it_listens_and_obeys() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_handoff"))
        .args(["bench", "crm", "--delay", "1ms"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let url = line.trim().trim_start_matches("base_url = ").trim_matches('"').to_owned();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let is_there = std::net::TcpStream::connect(address).is_ok();
    child.kill().expect("it was running");
    child.wait().expect("it ends");
    assert!(is_there, "{line}");
}
