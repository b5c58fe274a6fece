//! The command line as an operator meets it: the built binary, its words and its exit codes.

use std::{
    path::Path,
    process::{Command, Output},
};

use handoff::store::{LeadFilter, Store as _, sqlite::SqliteStore};
use serde_json::Value;

use crate::{
    faults::daemon::Daemon,
    harness::{RULEBOOK, until},
};

const FILL: &str = r#"{"data":{"email":"eva@linden.example","company":"Linden","form":"demo"}}"#;

/// Runs a command and answers its exit code and what it wrote.
fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

/// Runs one on the daemon's folder with a token.
fn with(daemon: &Daemon, token: &str, arguments: &[&str]) -> (i32, String, String) {
    run(daemon.command().env("HANDOFF_TOKEN", token).args(arguments))
}

/// Runs one that is done, and reads its JSON.
fn json(daemon: &Daemon, token: &str, arguments: &[&str]) -> Value {
    let (code, out, err) = with(daemon, token, &[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{arguments:?}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

fn write(daemon: &Daemon, name: &str, text: &str) {
    std::fs::write(daemon.folder.path().join(name), text).expect("a file");
}

fn read(daemon: &Daemon, name: &str) -> String {
    std::fs::read_to_string(daemon.folder.path().join(name)).expect("a file")
}

#[test]
fn check_passes_what_is_good_and_shows_the_place_of_what_is_not() {
    let daemon = Daemon::new();
    let (code, out, err) = run(daemon.command().arg("check"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("rulebook.toml: good; rules: 2, reps: 3"), "{out}");
    let (good_settings, good_rules) =
        (read(&daemon, "handoff.toml"), read(&daemon, "rulebook.toml"));
    let line =
        |text: &str, mark: &str| 1 + text.lines().position(|one| one.contains(mark)).unwrap();
    for (file, good, right, wrong) in [
        ("handoff.toml", &good_settings, "store = ", "stoer = "),
        ("rulebook.toml", &good_rules, "pool: inbound", "pool: inbuond"),
    ] {
        write(&daemon, file, &good.replacen(right, wrong, 1));
        let (code, out, err) = run(daemon.command().arg("check"));
        assert_eq!(code, 1, "{out}{err}");
        let place = format!("{file}:{}:", line(good, right));
        for mark in [place.as_str(), wrong.trim_end_matches(" = "), "did you mean"] {
            assert!(out.contains(mark), "{mark} in {out}");
        }
        let (code, _, err) = run(daemon.command().arg("serve"));
        assert!(code != 0 && err.contains(&place), "what is refused does not start: {code}: {err}");
        if file == "handoff.toml" {
            write(&daemon, file, good);
        }
    }
    let (code, out, _) = run(daemon.command().args(["check", "--json"]));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["ok"]), (1, &Value::Bool(false)));
    assert!(report["rulebook"]["findings"][0]["column"].as_u64().is_some(), "{report}");
    write(&daemon, "handoff.toml", &good_settings);
    write(&daemon, "rulebook.toml", &good_rules);
    let no_secret = run(daemon.command().env_remove("WEBSITE_SECRET").arg("check"));
    assert_eq!(no_secret.0, 1, "{no_secret:?}");
    assert!(no_secret.1.contains("WEBSITE_SECRET"), "{no_secret:?}");
    assert_eq!(
        run(daemon.command().args(["check", "--store"])).0,
        0,
        "no books yet: none are wrong"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_token_made_offline_opens_the_api_and_what_is_sent_is_listed() {
    let mut daemon = Daemon::new();
    let (code, token, err) = run(daemon.command().args(["token", "create", "ops"]));
    assert_eq!(code, 0, "{err}");
    let token = token.trim().to_owned();
    assert!(token.starts_with("hnd_") && !err.contains(&token), "{err}");
    daemon.start().await;
    write(&daemon, "lead.json", FILL);
    let sent = json(&daemon, &token, &["send", "--source", "website", "--body", "lead.json"]);
    assert_eq!(sent["sent"][0]["status"], 200, "{sent}");
    until("the lead is listed with its owner", || async {
        let list = json(&daemon, &token, &["leads", "list", "--state", "assigned"]);
        list["leads"].as_array().is_some_and(|leads| leads.len() == 1)
    })
    .await;
    let list = json(&daemon, &token, &["leads"]);
    let lead = list["leads"][0]["uuid"].as_str().expect("an id").to_owned();
    assert_eq!(list["leads"][0]["owner"], "ada", "{list}");
    let (code, table, _) = with(&daemon, &token, &["leads"]);
    assert!(code == 0 && table.contains("ada"), "{table}");
    let why = json(&daemon, &token, &["explain", "--lead", &lead]);
    assert!(why.to_string().contains("everyone"), "{why}");
    for (order, code) in [
        (vec!["send", "--source", "website", "--body", "lead.json", "--forge"], 0),
        (vec!["leads", "show", lead.as_str()], 0),
        (vec!["leads", "respond", lead.as_str(), "--kind", "call", "--by", "ada"], 0),
        (vec!["leads", "reassign", lead.as_str(), "--to", "bob", "--why", "a test"], 0),
        (vec!["leads", "reassign", lead.as_str(), "--to", "nobody"], 2),
        (vec!["leads", "show", "0197c1d2-0000-7000-8000-000000000000"], 1),
        (vec!["leads", "show", "not-an-id"], 2),
        (vec!["reps", "away", "ada", "--for", "2h"], 0),
        (vec!["reps", "list"], 0),
        (vec!["reps", "back", "ada"], 0),
        (vec!["reps", "back", "nobody"], 1),
        (vec!["events", "list"], 0),
        (vec!["jobs", "list"], 0),
        (vec!["token", "list"], 0),
        (vec!["token", "create", "ops"], 1),
        (vec!["check", "--store"], 0),
        (vec!["open"], 0),
        (vec!["fly"], 2),
        (vec!["send", "--source", "nobody", "--body", "lead.json"], 2),
    ] {
        let (got, out, err) = with(&daemon, &token, &order);
        assert_eq!(got, code, "{order:?}: {out}{err}");
        assert!(code == 0 || !err.is_empty(), "{order:?} says why");
        assert!(!err.contains(&token) && !out.contains(&token), "{order:?}");
    }
    assert_eq!(run(daemon.command().arg("leads")).0, 4, "without a token");
    assert_eq!(with(&daemon, "hnd_wrong", &["leads"]).0, 4);
    assert_eq!(with(&daemon, &token, &["token", "revoke", "ops"]).0, 0);
    assert_eq!(with(&daemon, &token, &["leads"]).0, 4, "a revoked one");
    daemon.stop();
    assert_eq!(with(&daemon, &token, &["leads"]).0, 3, "nobody is there");
    assert_eq!(with(&daemon, &token, &["check", "--store"]).0, 0);
}

#[test]
fn explain_decides_offline_with_the_example_and_stores_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let lead = folder.path().join("lead.json");
    let body = r#"{"email":"eva@linden.example","country":"Germany","employees":"800"}"#;
    std::fs::write(&lead, body).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
    command.current_dir(folder.path()).arg("explain").arg(&lead);
    command.args(["--source", "website", "--at", "2026-11-24T10:00:00Z", "--json"]);
    command.arg("--config").arg(config.join("handoff.toml"));
    command.arg("--rulebook").arg(config.join("rulebook.toml"));
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(run(&mut command).1, out, "the same answer every time");
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    assert!(answer.to_string().contains("dach"), "{answer}");
    std::fs::write(&lead, r#"{"company":"Linden"}"#).expect("a file");
    let (code, out, _) = run(&mut command);
    assert!(code == 1 && out.contains("unreadable"), "{out}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "no store was made: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_is_checked_compared_and_published_from_a_folder() {
    let mut daemon = Daemon::new();
    let (_, token, _) = run(daemon.command().args(["token", "create", "ops"]));
    let token = token.trim().to_owned();
    daemon.start().await;
    let good = read(&daemon, "rulebook.toml");
    let draft = daemon.folder.path().join("draft");
    std::fs::create_dir(&draft).expect("a folder");
    let longer = good.replace("respond_within = \"5m\"", "respond_within = \"7m\"");
    std::fs::write(draft.join("rulebook.toml"), &longer).expect("a file");
    let (code, out, err) = with(&daemon, &token, &["rulebook", "diff", "1", "draft"]);
    assert!(code <= 1 && out.contains("5m") && out.contains("7m"), "{code}: {out}{err}");
    assert_eq!(with(&daemon, &token, &["rulebook", "check", "draft"]).0, 0);
    let publish = ["rulebook", "publish", "draft", "-m", "longer", "--based-on", "1"];
    let (code, out, err) = with(&daemon, &token, &publish);
    assert!(code == 0 && out.contains("version 2"), "{out}{err}");
    let (code, _, err) = with(&daemon, &token, &publish);
    assert!(code == 1 && err.contains("version 2 is in force"), "a conflict: {code}: {err}");
    std::fs::write(draft.join("rulebook.toml"), longer.replace("pool: inbound", "pool: hto"))
        .expect("a file");
    let (code, out, err) = with(&daemon, &token, &["rulebook", "publish", "draft", "-m", "worse"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("rulebook.toml:") && out.contains("hto"), "{out}{err}");
    let list = json(&daemon, &token, &["rulebook", "list"]);
    assert_eq!(
        (&list["in_force"], list["rulebooks"].as_array().map(Vec::len)),
        (&2.into(), Some(2))
    );
    daemon.stop();
    daemon.start().await;
    assert_eq!(
        json(&daemon, &token, &["rulebook", "list"])["in_force"],
        2,
        "it survives a restart"
    );
    assert!(RULEBOOK.contains("5m") && good.contains("5m"), "the file still says otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_it_runs_opens_and_balances() {
    let mut daemon = Daemon::new();
    let (_, token, _) = run(daemon.command().args(["token", "create", "ops"]));
    let token = token.trim().to_owned();
    daemon.start().await;
    write(&daemon, "lead.json", FILL);
    let sends = ["send", "--source", "website", "--body", "lead.json", "--times", "5"];
    assert_eq!(with(&daemon, &token, &sends).0, 0);
    let (code, out, err) = with(&daemon, &token, &["backup", "copy.db"]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, _, err) = with(&daemon, &token, &["backup", "copy.db"]);
    assert!(code == 1 && err.contains("copy.db"), "never over a file: {code}: {err}");
    let missing = with(&daemon, &token, &["backup", "nowhere/copy.db"]);
    assert_eq!(missing.0, 1, "{missing:?}");
    assert_eq!(run(daemon.command().args(["backup", "other.db"])).0, 4, "not without a token");
    daemon.kill();
    let copy = SqliteStore::open_offline(&daemon.folder.path().join("copy.db")).expect("it opens");
    let now = handoff::model::time::Time(0);
    let (tally, recount) = (copy.tally(now).await.unwrap(), copy.recount(now).await.unwrap());
    assert!(tally.balances() && tally.accepted == 5, "{tally:?}");
    assert_eq!((tally.fates, tally.states), (recount.fates, recount.states));
    let leads = copy.leads(LeadFilter { max: 9, ..LeadFilter::default() }).await.unwrap();
    assert!(leads.rows.len() <= 1, "one person is one lead");
    let (code, out, err) = run(daemon.command().args(["backup", "offline.db"]));
    assert_eq!(code, 0, "without a daemon it opens the store: {out}{err}");
}
