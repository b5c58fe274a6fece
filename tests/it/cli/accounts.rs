//! `handoff accounts`: a file into the mirror, with a daemon and without, and leads that are matched
//! against it.

use std::fmt::Write as _;

use serde_json::Value;

use super::{remote::Bench, run};
use crate::faults::daemon::Daemon;

const FILE: &str = "\
Account ID,Account Name,Website,Country,Owner,Tier,Opportunity Stage
1,Linden Works GmbH,https://www.linden.example,Germany,ada@acme.example,A,Negotiation
2,Harrow Mills,harrow.example gmail.com,,,B,
";

fn import(bench: &Bench, more: &str) -> Value {
    let file = bench.daemon.folder.path().join("accounts.csv");
    bench.json(&format!("accounts import {} {more}", file.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_fills_the_mirror_and_leads_are_matched_against_it() {
    let bench = Bench::start().await;
    let file = bench.daemon.folder.path().join("accounts.csv");
    std::fs::write(&file, FILE).unwrap();
    assert_eq!(bench.json("accounts match --name Linden")["matched"], Value::Null);

    let dry = import(&bench, "--dry-run");
    assert_eq!((dry["good"].as_u64(), dry["added"].as_u64()), (Some(2), Some(0)));
    assert_eq!(import(&bench, "")["added"], 2);
    assert_eq!(import(&bench, "")["same"], 2, "again changes nothing");
    assert_eq!(bench.json("accounts")["accounts"], 2);

    let found = bench.json("accounts match --email eva@eu.linden.example");
    assert_eq!(found["matched"]["by"], "domain");
    assert_eq!(found["matched"]["account"]["name"], "Linden Works GmbH");
    let text = bench.says("accounts match --name harow-mills", 0);
    assert!(text.contains("Harrow Mills") && text.contains("0.9"), "{text}");
    assert_eq!(bench.json("accounts match --domain gmail.com")["matched"]["by"], "none");

    std::fs::write(&file, FILE.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(import(&bench, "--replace")["removed"], 1);
    assert_eq!(bench.json("accounts")["accounts"], 1);

    let body = r#"{"email": "eva@eu.linden.example", "company": "Somebody else"}"#;
    let (code, said) = bench.send("", body);
    assert_eq!(code, 0, "{said}");
    let leads = bench.until("leads", |answer| answer["leads"][0]["owner"].is_string()).await;
    let lead = leads["leads"][0]["uuid"].as_str().unwrap().to_owned();
    let why = bench.says(&format!("explain --lead {lead}"), 0);
    assert!(why.contains("Linden Works GmbH (1) has the domain linden.example"), "{why}");
    // A payload is matched against the same accounts, beside the daemon that has the store.
    let (code, why, err) = run(bench.command("explain - --source website"), body);
    assert_eq!(code, 0, "{err}");
    assert!(why.contains("Linden Works GmbH (1) has the domain linden.example"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_mistakes_changes_nothing_unless_they_may_be_left_out() {
    let mut daemon = Daemon::new();
    let file = daemon.folder.path().join("accounts.csv");
    let mut text = FILE.to_owned();
    let _ = writeln!(text, "3,Marlow,not-a-domain,,,,");
    std::fs::write(&file, &text).unwrap();
    let import = |daemon: &Daemon, more: &str| {
        let mut command = daemon.command();
        command.env("HANDOFF_URL", "http://127.0.0.1:9").args(["accounts", "import"]);
        command.arg(&file).args(more.split_whitespace());
        run(command, "")
    };
    let (code, out, err) = import(&daemon, "");
    assert_eq!(code, 1, "{out}{err}");
    for part in ["accounts.csv:4: \"not-a-domain\" is not a domain", "--skip-wrong"] {
        assert!(out.contains(part), "{part} in {out}");
    }
    // Nobody serves: the store is filled under its lock, and a daemon begins with it.
    let (code, out, err) = import(&daemon, "--skip-wrong");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2 accounts added"), "{out}");
    let mut create = daemon.command();
    create.args(["token", "create", "ops"]);
    let (_, token, _) = run(create, "");
    daemon.start().await;
    let mut asked = daemon.command();
    asked.env("HANDOFF_TOKEN", token.trim()).args(["accounts", "--json"]);
    let (code, out, err) = run(asked, "");
    assert_eq!(code, 0, "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["accounts"], 2);
}
