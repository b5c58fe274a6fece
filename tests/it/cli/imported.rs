//! `handoff leads import`, and back-tests on what it brought: with a daemon and without.

use std::fmt::Write as _;

use serde_json::Value;

use super::{remote::Bench, run};
use crate::faults::daemon::Daemon;

/// Leads of the file.
const LEADS: usize = 2_000;
const COUNTRIES: [&str; 5] = ["Germany", "France", "DE", "Spain", ""];

/// The daemon's rulebook with two rotations that can be counted by hand.
fn known(rulebook: &str) -> String {
    let pools = "[[rep]]\nid = \"cyd\"\nname = \"Cyd Hall\"\nemail = \"cyd@acme.example\"\n\
                 manager = \"mary\"\n\n[[pool]]\nid = \"dach\"\nmembers = [\"ada\", \"cyd\"]\n\
                 rotation = \"round-robin\"\n\
                 if_nobody = \"assign anyway\"\n\n[[pool]]\nid = \"inbound\"\n\
                 rotation = \"round-robin\"";
    let rule = "[[rule]]\nid = \"dach\"\nif.country = \"DE\"\nassign_to = \"pool: dach\"\n\n\
                [[rule]]\nid = \"everyone\"";
    rulebook.replacen("[[pool]]\nid = \"inbound\"", pools, 1).replacen(
        "[[rule]]\nid = \"everyone\"",
        rule,
        1,
    )
}

/// What a router that goes round in order would have done.
fn history() -> String {
    let mut text = "Created,E-Mail,Country,Owner,Answered At,Record ID\n".to_owned();
    let (mut dach, mut inbound) = (["ada", "Cyd Hall"].into_iter().cycle(), {
        ["ada@acme.example", "bob"].into_iter().cycle()
    });
    for n in 0..LEADS {
        let country = COUNTRIES[n % COUNTRIES.len()];
        let is_german = country == "Germany" || country == "DE";
        let owner = if is_german { dach.next() } else { inbound.next() }.unwrap();
        let (day, minute) = (1 + n / 1_000, n % 1_000);
        let (hour, minute) = (minute / 60, minute % 60);
        // Every fourth is answered after ten minutes, which is too late.
        let wait = if n % 4 == 0 { "2025-02-20 09:00" } else { "" };
        let _ = writeln!(
            text,
            "2025-02-{day:02} {hour:02}:{minute:02},p{n}@linden.example,{country},{owner},{wait},{n}"
        );
    }
    text
}

const COLUMNS: &str = "--source website --zone Europe/Berlin --ignore";

#[tokio::test(flavor = "multi_thread")]
async fn history_agrees_with_the_rules_that_made_it_and_a_moved_rule_shows_its_leads() {
    let bench = Bench::start().await;
    let folder = bench.daemon.folder.path();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("leads.csv", &history());
    let text = known(&std::fs::read_to_string(folder.join("rulebook.toml")).unwrap());
    write("known.toml", &text);
    let moved = text.replace("assign_to = \"pool: dach\"", "assign_to = \"rep: bob\"");
    write("moved.toml", &moved);
    // What a draft names lies in its folder, and each is one file.
    let import = |more: &str| {
        let file = folder.join("leads.csv");
        let mut command = bench.command(&format!("leads import {} {COLUMNS}", file.display()));
        command.arg("Record ID").args(more.split_whitespace()).current_dir(folder).arg("--json");
        let (code, out, err) = run(command, "");
        assert_eq!(code, 0, "{out}{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    assert_eq!(import("--dry-run")["good"], LEADS);
    assert_eq!(bench.json("leads imported")["imported"]["leads"], 0);
    assert_eq!(import("")["added"], LEADS);
    assert_eq!(import("")["same"], LEADS, "again changes nothing");
    assert_eq!(bench.json("leads")["leads"].as_array().unwrap().len(), 0, "they are no leads");
    let there = bench.says("leads imported", 0);
    for part in ["2000 leads from 2025-01-31 23:00", "500 with the time", "Cyd Hall", "400"] {
        assert!(there.contains(part), "{part} in {there}");
    }

    let copy = folder.join("copy.db");
    bench.says(&format!("backup {}", copy.display()), 0);
    let backtest = |draft: &str, more: &str| {
        let draft = folder.join(draft);
        let line = format!(
            "rulebook backtest {} --store sqlite:{} {more}",
            draft.display(),
            copy.display()
        );
        let mut command = bench.command(&line);
        command.current_dir(folder);
        run(command, "")
    };
    let (code, out, err) = backtest("known.toml", "--imported --json");
    assert_eq!(code, 0, "{out}{err}");
    let tried = &serde_json::from_str::<Value>(&out).unwrap()["imported"];
    assert_eq!((&tried["compared"], &tried["same_owner"]), (&LEADS.into(), &LEADS.into()));
    assert_eq!(tried["by_rule"]["dach"]["leads"], LEADS * 2 / 5);
    assert_eq!((&tried["projected"], &tried["late_after"]), (&500.into(), &500.into()));
    assert_eq!(tried["reps"]["cyd"], serde_json::json!({ "before": 400, "after": 400 }));

    let list = folder.join("moved.csv");
    let (code, out, err) = backtest("moved.toml", &format!("--imported --csv {}", list.display()));
    assert_eq!(code, 0, "{out}{err}");
    for part in [
        "The same owner gets 60.0 %, the same or another of that pool 60.0 %; 800 leads go elsewhere",
        "p0@linden.example",
        "Projected from the real answers of 500 leads",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    let list = std::fs::read_to_string(list).unwrap();
    let rows: Vec<Vec<&str>> = list.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), LEADS);
    for (n, row) in rows.iter().enumerate() {
        let is_moved = matches!(n % 5, 0 | 2);
        assert_eq!(row[5], if is_moved { "elsewhere" } else { "owner" }, "{row:?}");
        assert_eq!(row[9], if is_moved { "dach" } else { "everyone" }, "{row:?}");
    }

    // Without recorded decisions the imported ones are offered.
    let (code, _, err) = backtest("known.toml", "");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("2000 leads are imported: --imported"), "{err}");
    // What rules leave out is seen in them too.
    let seen = bench
        .json(&format!("rulebook coverage --config {}", folder.join("handoff.toml").display()));
    assert_eq!(seen["seen"], true);

    assert_eq!(bench.json("leads imported --remove --person p7@linden.example")["removed"], 1);
    assert_eq!(bench.json("leads imported --remove")["removed"], LEADS - 1);
    assert_eq!(bench.json("leads imported")["imported"]["leads"], 0);
}

#[test]
fn a_file_with_mistakes_changes_nothing_unless_they_may_be_left_out() {
    let daemon = Daemon::new();
    let folder = daemon.folder.path();
    let text = "at,email,owner\n2025-02-01T09:00:00Z,=eva@linden.example,=cmd()\n\
                2025-02-01,max@linden.example,ada\n2025-02-01T09:00:00Z,max@linden.example,eve\n";
    std::fs::write(folder.join("leads.csv"), text).unwrap();
    let handoff = |line: &str| {
        let mut command = daemon.command();
        command.env("HANDOFF_URL", "http://127.0.0.1:9").args(line.split_whitespace());
        command.current_dir(folder).env("TZ", "UTC");
        run(command, "")
    };
    let (code, out, err) = handoff("leads import leads.csv --source website");
    assert_eq!(code, 1, "{out}{err}");
    for part in ["leads.csv:3: \"2025-02-01\" in at has no time of day", "--skip-wrong"] {
        assert!(out.contains(part), "{part} in {out}");
    }
    // Nobody serves: the store is filled under its lock.
    let (code, out, err) = handoff("leads import leads.csv --source website --skip-wrong");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2 leads imported, 0 changed"), "{out}");
    let (code, out, err) = handoff("rulebook backtest . --imported --csv out.csv");
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("2 had an owner whom the draft does not know: =cmd() (1), eve (1)"),
        "{out}"
    );
    let list = std::fs::read_to_string(folder.join("out.csv")).unwrap();
    assert!(list.contains(",'=eva@linden.example,'=cmd(),"), "no formula: {list}");
    let (code, _, err) = handoff("rulebook backtest . --imported --since 2025-03-01");
    assert_eq!(code, 1);
    assert!(err.contains("no leads of that time are imported"), "{err}");
}
