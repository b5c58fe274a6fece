//! What somebody meets who does it for the first time: names instead of folders, a base that is
//! old, a file that undoes what was published, commands that find nothing. Each answer says what to
//! do.

use std::process::Output;

use serde_json::Value;

use crate::{faults::daemon::Daemon, harness::until};

const FILL: &str = r#"{"data":{"email":"eva@linden.example","company":"Linden","form":"demo"}}"#;

/// A daemon that runs, with a token for those who speak to it.
async fn running() -> Daemon {
    let mut daemon = Daemon::new();
    let (code, out, err) = run(&daemon, "token create ops");
    assert_eq!(code, 0, "{err}");
    daemon.environment.push(("HANDOFF_TOKEN".to_owned(), out.trim().to_owned()));
    daemon.start().await;
    daemon
}

/// Runs a command line of words without blanks.
fn run(daemon: &Daemon, line: &str) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        daemon.command().args(line.split_whitespace()).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

/// Runs one that must be done, and answers what it says.
fn said(daemon: &Daemon, line: &str) -> String {
    let (code, out, err) = run(daemon, line);
    assert_eq!(code, 0, "{line}: {out}{err}");
    out
}

/// Runs one that must not, and answers why.
fn refused(daemon: &Daemon, line: &str) -> String {
    let (code, out, err) = run(daemon, line);
    assert_ne!(code, 0, "{line}: {out}{err}");
    err
}

fn json(daemon: &Daemon, line: &str) -> Value {
    let out = said(daemon, &format!("{line} --json"));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}: {out}"))
}

/// A folder with the rulebook, in which the hot leads have so long.
fn folder(daemon: &Daemon, name: &str, minutes: u32) {
    let folder = daemon.folder.path().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("rulebook.toml"), book(daemon, minutes)).expect("a file");
}

/// The daemon's rulebook with another time to answer hot leads.
fn book(daemon: &Daemon, minutes: u32) -> String {
    let book = std::fs::read_to_string(daemon.folder.path().join("rulebook.toml")).expect("a file");
    assert!(book.contains("respond_within = \"5m\""), "{book}");
    let span = format!("respond_within = \"{minutes}m\"");
    book.replace("respond_within = \"5m\"", &span)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_on_the_server_is_checked_linted_explained_and_tested_by_its_name() {
    let daemon = running().await;
    std::fs::write(daemon.folder.path().join("lead.json"), FILL).expect("a file");
    said(&daemon, "send --source website --body lead.json");
    until("the lead is there", || async {
        json(&daemon, "leads list")["leads"][0]["uuid"].is_string()
    })
    .await;
    let lead = json(&daemon, "leads list")["leads"][0]["uuid"].as_str().unwrap().to_owned();
    folder(&daemon, "work", 9);
    said(&daemon, "rulebook draft save longer work");
    said(&daemon, "rulebook check longer");
    let (code, out, err) = run(&daemon, "rulebook lint longer --json");
    assert!(code <= 1 && out.contains("findings"), "{out}{err}");
    let explained = json(&daemon, &format!("explain --lead {lead} --rulebook longer"));
    assert!(explained.to_string().contains("9m"), "{explained}");
    let explained = said(&daemon, "explain lead.json --source website --rulebook longer");
    assert!(explained.contains("9m"), "{explained}");

    // The daemon has the store: the way round is named.
    let why = refused(&daemon, "rulebook backtest longer");
    for part in ["handoff backup copy.db", "--store sqlite:copy.db"] {
        assert!(why.contains(part), "{why}");
        assert!(refused(&daemon, "replay --verify").contains(part));
    }
    said(&daemon, "backup copy.db");
    let tested = json(&daemon, "rulebook backtest longer --store sqlite:copy.db");
    assert_eq!(tested["backtest"]["leads"], 1, "{tested}");

    let why = refused(&daemon, "rulebook backtest shorter --store sqlite:copy.db");
    for part in ["no folder shorter", "handoff rulebook draft list"] {
        assert!(why.contains(part), "{part} in {why}");
    }
    let out = said(&daemon, "rulebook show");
    assert!(out.contains("# version 1,") && out.contains("respond_within = \"5m\""), "{out}");
    let out = said(&daemon, "rulebook show --out begin");
    assert!(out.contains("of version 1 in begin"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_late_with_a_rulebook_is_told_what_to_do_and_nothing_is_undone_in_silence() {
    let daemon = running().await;
    folder(&daemon, "one", 7);
    folder(&daemon, "other", 9);
    said(&daemon, "rulebook draft save other other -m later");
    said(&daemon, "rulebook publish one -m sooner --based-on 1");
    let why = refused(&daemon, "rulebook publish --draft other");
    for part in ["made from version 1", "handoff rulebook diff 1 2", "--based-on 2"] {
        assert!(why.contains(part), "{part} in {why}");
    }
    let again = said(&daemon, "rulebook publish one -m again");
    assert!(again.contains("Version 2 is in force and says this already"), "{again}");
    said(&daemon, "rulebook draft save other other -m later --based-on 2");
    let out = said(&daemon, "rulebook publish --draft other");
    assert!(out.contains("Published as version 3."), "{out}");

    // The daemon's own file knows nothing of all this.
    let changed = book(&daemon, 8);
    std::fs::write(daemon.folder.path().join("rulebook.toml"), changed).expect("a file");
    until("the file is in force", || async { json(&daemon, "rulebook list")["in_force"] == 4 })
        .await;
    let history = said(&daemon, "rulebook history --max 1");
    assert!(history.contains("it was not made from version 3, which ops published"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_say_what_they_did_and_why_they_found_nothing() {
    let daemon = running().await;
    for (line, expected) in [
        ("reps away ada", "ada is out until their day ends."),
        (
            "reps away ada --from 2037-03-01 --until 2037-03-05",
            "is out from 2037-03-01 00:00 until",
        ),
        ("reps away ada --for 2h --paused", "ada is paused until "),
        ("reps statement bob", "Answered none of them; 0 wait for an answer."),
        ("leads reroute --rep ada", "No lead fits, so there is nothing to do"),
    ] {
        let out = said(&daemon, line);
        assert!(out.contains(expected), "{line}: {out}");
    }
    let accounts = "id;name;domains\n1;Linden Works;linden.example\n";
    std::fs::write(daemon.folder.path().join("accounts.csv"), accounts).expect("a file");
    said(&daemon, "accounts import accounts.csv");
    until("the mirror is there", || async { json(&daemon, "accounts")["accounts"] == 1 }).await;
    for (line, expected) in [
        ("accounts match --email eva@gmail.com", "gmail.com gives an address to everybody"),
        ("accounts match --domain fern.example", "No account has the domain fern.example."),
        ("accounts match --name Quince", "No name reaches min_score"),
    ] {
        let out = said(&daemon, line);
        assert!(out.contains(expected), "{line}: {out}");
    }
    let why = refused(&daemon, "reps away adda");
    assert!(why.contains("`handoff reps` has them all"), "{why}");
    said(&daemon, "backup copy.db");
    let why = refused(&daemon, "backup copy.db");
    assert!(why.contains("is there already; name a new file"), "{why}");
}
